import { beforeEach, expect, it, vi } from "vitest";

const stored = new Map<string, unknown>();
vi.stubGlobal("uni", {
  getStorageSync: (key: string) => stored.get(key) ?? "",
  setStorageSync: (key: string, value: unknown) => stored.set(key, value),
  removeStorageSync: (key: string) => stored.delete(key),
});
const { ApiError } = await import("@/api/error");
const { once } = await import("./keys");

beforeEach(() => stored.clear());

/** The keys of two asks of one wish, the first of which comes to this. */
async function keysAround(outcome: () => Promise<unknown>): Promise<[string, string]> {
  const keys: string[] = [];
  const ask = (key: string) => (keys.push(key), outcome());
  await once("case.1.2", ask).catch(() => undefined);
  await once("case.1.2", ask).catch(() => undefined);
  return keys as [string, string];
}
const refusal = (status: number) => () => Promise.reject(new ApiError(status, { code: "-", message: "-" }));

it.each([0, 502, 503, 504, 401])("asks again with the same key where nothing came of it (%i)", async (status) => {
  const [first, second] = await keysAround(refusal(status));
  expect(second).toBe(first);
});

it.each([400, 403, 409, 422])("asks anew with another key after a refusal (%i)", async (status) => {
  const [first, second] = await keysAround(refusal(status));
  expect(second).not.toBe(first);
});

it("asks anew with another key after an answer", async () => {
  const [first, second] = await keysAround(() => Promise.resolve());
  expect(second).not.toBe(first);
});
