import { describe, expect, it } from "vitest";
import { daysIn, midnightIn } from "./zone";

describe("days of a report", () => {
  it("begin in its time zone", () => {
    expect(daysIn("Asia/Bishkek", "2026-03-01", "2026-03-31")).toEqual({
      startTime: "2026-02-28T18:00:00.000Z",
      endTime: "2026-03-31T18:00:00.000Z",
    });
  });

  it("begin at midnight also where clocks are changed that night", () => {
    expect(midnightIn("Europe/Berlin", "2026-03-29", 0)?.toISOString()).toBe("2026-03-28T23:00:00.000Z");
    expect(midnightIn("Europe/Berlin", "2026-03-29", 1)?.toISOString()).toBe("2026-03-29T22:00:00.000Z");
  });

  it("are no period unless both are days", () => {
    expect(daysIn("UTC", "2026-03-01", "")).toBeUndefined();
    expect(daysIn("UTC", "all", "2026-03-01")).toBeUndefined();
    expect(daysIn("UTC", "2026-02-31", "2026-03-01")).toBeUndefined();
  });
});
