import { expect, it } from "vitest";
import { useList } from "./loading";

/** A list of which each part is answered when the test says so. */
function asked() {
  const answers: ((part: { items: string[]; next: number | null }) => void)[] = [];
  const list = useList((_after: number | undefined) => new Promise<{ items: string[]; next: number | null }>((resolve) => answers.push(resolve)));
  return { list, answers };
}

it("drops a late answer to what was asked before", async () => {
  const { list, answers } = asked();
  const [before, now] = [list.reload(), list.reload()];
  answers[1]!({ items: ["now"], next: null });
  answers[0]!({ items: ["before"], next: 1 });
  await Promise.all([before, now]);
  expect([list.items.value, list.hasMore.value]).toEqual([["now"], false]);
});
