import { beforeEach, describe, expect, it, vi } from "vitest";

const stored = new Map<string, unknown>();
vi.stubGlobal("uni", {
  getStorageSync: (key: string) => stored.get(key) ?? "",
  setStorageSync: (key: string, value: unknown) => stored.set(key, value),
  removeStorageSync: (key: string) => stored.delete(key),
});
const { ApiError } = await import("@/api/error");
const { enter } = await import("./session");
const { useWish } = await import("./wishing");

interface Redeem {
  points: number;
}
const offline = () => new ApiError(0, { code: "offline", message: "-" });
const refused = () => new ApiError(409, { code: "insufficient_points", message: "-" });

describe("a wish that moves money", () => {
  beforeEach(() => {
    stored.clear();
    enter({ token: "t", member_id: 1 });
  });

  it("is asked again with the same key until it is answered, then with another", async () => {
    const asked: [Redeem, string][] = [];
    let fails = true;
    const ask = async (wish: Redeem, key: string) => {
      asked.push([wish, key]);
      if (fails) throw offline();
      return "done";
    };
    await expect(useWish("redeem", ask).send({ points: 5 })).rejects.toThrow();
    const reloaded = useWish("redeem", ask);
    expect(reloaded.open.value).toEqual({ points: 5 });
    fails = false;
    // What is open goes first, whatever was typed meanwhile.
    expect(await reloaded.send({ points: 7 })).toBe("done");
    expect(reloaded.open.value).toBeNull();
    await reloaded.send({ points: 7 });
    expect(asked.map(([wish]) => wish.points)).toEqual([5, 5, 7]);
    expect(asked[0]![1]).toBe(asked[1]![1]);
    expect(asked[2]![1]).not.toBe(asked[1]![1]);
  });

  it("ends with a refusal", async () => {
    const wish = useWish("redeem", async () => {
      throw refused();
    });
    await expect(wish.send({ points: 5 })).rejects.toThrow();
    expect(wish.open.value).toBeNull();
  });

  it("is not another member's", async () => {
    const keys: string[] = [];
    const ask = async (_wish: Redeem, key: string) => {
      keys.push(key);
      throw offline();
    };
    await expect(useWish("redeem", ask).send({ points: 5 })).rejects.toThrow();
    enter({ token: "u", member_id: 2 });
    const other = useWish("redeem", ask);
    expect(other.open.value).toBeNull();
    await expect(other.send({ points: 9 })).rejects.toThrow();
    expect(other.open.value).toEqual({ points: 9 });
    expect(keys[0]).not.toBe(keys[1]);
  });
});
