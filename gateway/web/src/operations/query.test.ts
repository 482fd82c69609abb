import { describe, expect, it } from "vitest";
import { baselineOf, count, dayIn, daysOf, lastWeeks, queryOf, touching } from "./query";
import { mappingOf } from "./table";

describe("the days of operations", () => {
  it("are whole weeks, Monday to Sunday, that are over", () => {
    // A Wednesday, a Monday and a Sunday of one week: the week before is the last that is over.
    for (const day of [25, 23, 29]) {
      expect(lastWeeks(new Date(2026, 10, day), 1)).toEqual({ from: "2026-11-16", to: "2026-11-22" });
    }
    expect(count(lastWeeks(new Date(2026, 10, 25)))).toBe(56);
  });

  it("are none where they end before they begin, or do not exist", () => {
    const now = new Date(2026, 10, 25);
    expect(daysOf({ from: "", to: "" }, now)).toEqual(lastWeeks(now));
    expect(daysOf({ from: "2026-11-01", to: "" }, now)).toEqual({ from: "2026-11-01", to: "2026-11-25" });
    expect(daysOf({ from: "2026-11-02", to: "2026-11-01" }, now)).toBeUndefined();
    expect(daysOf({ from: "2026-02-30", to: "2026-03-01" }, now)).toBeUndefined();
  });

  it("are compared with as many before, unless others are named", () => {
    const days = { from: "2026-03-02", to: "2026-03-08" };
    expect(baselineOf(days, { beforeFrom: "", beforeTo: "" })).toEqual({ from: "2026-02-23", to: "2026-03-01" });
    expect(baselineOf(days, { beforeFrom: "2025-03-03", beforeTo: "2025-03-09" })?.to).toBe("2025-03-09");
    expect(baselineOf(days, { beforeFrom: "2026-02-23", beforeTo: "2026-03-02" })).toBeUndefined();
    expect(baselineOf(days, { beforeFrom: "2026-02-23", beforeTo: "2026-02-01" })).toBeUndefined();
  });

  it("end with the first day after in requests", () => {
    expect(queryOf({ from: "2026-02-01", to: "2026-02-28" }, { region: "regions/n", currency: "" })).toEqual({
      startDate: "2026-02-01",
      endDate: "2026-03-01",
      region: "regions/n",
    });
  });

  it.each(["Asia/Bishkek", "America/Los_Angeles", "UTC", "Asia/Vladivostok"])("are the same in %s", (zone) => {
    const { startTime, endTime } = touching({ from: "2026-03-02", to: "2026-03-08" });
    expect([dayIn(startTime, zone), dayIn(endTime, zone)]).toEqual(["2026-03-02", "2026-03-08"]);
  });
});

describe("the names of columns", () => {
  it("are one to a line, and may hold an equals sign", () => {
    expect(mappingOf("Магазин = location\n\n a=b = visitors ")).toEqual({ Магазин: "location", "a=b": "visitors" });
    expect(mappingOf("")).toEqual({});
    expect(mappingOf("Магазин")).toBeUndefined();
    expect(mappingOf("= location")).toBeUndefined();
  });
});
