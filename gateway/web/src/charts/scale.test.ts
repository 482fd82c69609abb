import { describe, expect, it } from "vitest";
import { inPrint } from "./colours";
import { digitsOf, extent, linear, ticks, wrap } from "./scale";

describe("scales", () => {
  it("put values where they belong", () => {
    const x = linear([0, 10], [100, 200]);
    expect([0, 5, 10].map(x)).toEqual([100, 150, 200]);
    expect(linear([3, 3], [0, 1])(3)).toBe(0);
  });

  it("have round ticks", () => {
    expect(ticks(0, 0.06, 5)).toEqual([0, 0.02, 0.04, 0.06]);
    expect(ticks(-7, 12, 4)).toEqual([-5, 0, 5, 10]);
    expect(ticks(1, 1, 4)).toEqual([1]);
    expect(digitsOf([0, 0.02])).toBe(2);
    expect(digitsOf([0, 20])).toBe(0);
  });

  it("hold all values, and say nothing of none", () => {
    const [low, high] = extent([1, 3]);
    expect(low).toBeLessThan(1);
    expect(high).toBeGreaterThan(3);
    expect(extent([Number.NaN])).toEqual([0, 1]);
  });
});

describe("wrap", () => {
  it("breaks between words and tells that something is left out", () => {
    expect(wrap("How do you rate the restaurants?", 12, 4)).toEqual(["How do you", "rate the", "restaurants?"]);
    expect(wrap("How do you rate the restaurants?", 12, 2)).toEqual(["How do you", "rate the…"]);
    expect(wrap("incomprehensibilities", 10, 1)).toEqual(["incompreh…"]);
  });
});

describe("inPrint", () => {
  it("puts colours in that do not depend on the page", () => {
    expect(inPrint('<path fill="var(--priority-1)" stroke="var(--text)"/>')).toBe(
      '<path fill="#b4532f" stroke="#1c2526"/>',
    );
  });
});
