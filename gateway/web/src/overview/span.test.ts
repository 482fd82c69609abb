import { describe, expect, it } from "vitest";
import { everything, grainOf, spanOf, stepsOf } from "./span";

const now = new Date(2026, 2, 15, 12);

describe("spanOf", () => {
  it("means four whole weeks that end today unless the address says otherwise", () => {
    expect(spanOf({ from: "", to: "" }, now)).toEqual({ from: "2026-02-16", to: "2026-03-15" });
    expect(spanOf({ from: "2026-01-01", to: "" }, now)).toEqual({ from: "2026-01-01", to: "" });
    expect(spanOf({ from: everything, to: "" }, now)).toEqual({ from: "", to: "" });
  });
});

describe("grainOf", () => {
  it("takes steps that can be read at a glance", () => {
    expect(grainOf({ from: "2026-03-09", to: "2026-03-15" })).toBe("TIME_GRAIN_DAY");
    expect(grainOf({ from: "2026-01-16", to: "2026-03-15" })).toBe("TIME_GRAIN_WEEK");
    expect(grainOf({ from: "2025-03-16", to: "2026-03-15" })).toBe("TIME_GRAIN_MONTH");
    expect(grainOf({ from: "", to: "" })).toBe("TIME_GRAIN_MONTH");
  });
});

describe("stepsOf", () => {
  it("covers the days and no more than can be drawn", () => {
    expect(stepsOf({ from: "2026-03-09", to: "2026-03-15" })).toBe(7);
    expect(stepsOf({ from: "2025-12-15", to: "2026-03-15" })).toBe(14);
    expect(stepsOf({ from: "2000-01-01", to: "2026-03-15" })).toBe(60);
    expect(stepsOf({ from: "", to: "2026-03-15" })).toBe(60);
  });
});
