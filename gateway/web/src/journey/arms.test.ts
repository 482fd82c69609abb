import { describe, expect, it } from "vitest";
import { armsOf } from "./arms";

describe("intended shares", () => {
  it("are read as people write them", () => {
    expect(armsOf("a = 50, b=50 %; new")).toEqual([
      { value: "a", share: 50 },
      { value: "b", share: 50 },
      { value: "new", share: 1 },
    ]);
    expect(armsOf(" ")).toEqual([]);
  });

  it.each(["a = 0", "a = x", "a =", "= 5", "a, a", "a = -1"])("are refused as %s", (text) => {
    expect(armsOf(text)).toBeUndefined();
  });
});
