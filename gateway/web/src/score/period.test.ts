import { describe, expect, it } from "vitest";
import { daysBefore, dayText, periodOf } from "./period";

describe("periodOf", () => {
  it("takes whole days of the reader, the last one included", () => {
    const period = periodOf("2026-02-27", "2026-02-28");
    expect(new Date(period?.startTime ?? "")).toEqual(new Date(2026, 1, 27));
    expect(new Date(period?.endTime ?? "")).toEqual(new Date(2026, 2, 1));
  });

  it("may be open at an end, and is none without any", () => {
    expect(periodOf("2026-02-27", "")).not.toHaveProperty("endTime");
    expect(periodOf("", "2026-02-27")).not.toHaveProperty("startTime");
    expect(periodOf("", "")).toBeUndefined();
    expect(periodOf("2026-02-31", "tomorrow")).toBeUndefined();
  });
});

describe("daysBefore", () => {
  it("has as many days and ends where the other begins", () => {
    expect(daysBefore("2026-03-01", "2026-03-31")).toEqual({ from: "2026-01-29", to: "2026-02-28" });
    expect(daysBefore("2026-03-01", "")).toBeUndefined();
    expect(daysBefore("2026-03-02", "2026-03-01")).toBeUndefined();
  });

  it("writes days as the address bar has them", () => {
    expect(dayText(new Date(2026, 0, 5))).toBe("2026-01-05");
  });
});
