import { describe, expect, it } from "vitest";
import { grainOf, numberOf, stepsOf, sumOf } from "./sums";
import { placesIn } from "./units";

describe("sums of what was recorded", () => {
  it("tell what was never recorded apart from 0", () => {
    const sums = sumOf([
      { visitors: "0", visitorDays: 1, sales: [], salesDays: 0 },
      { visitorDays: 0, sales: [{ currency: "KGS", receipts: "2", revenueMinor: "300", units: 1 }], salesDays: 1 },
      { visitors: "7", visitorDays: 1, sales: [{ currency: "USD", receipts: "1", revenueMinor: "9" }], salesDays: 1 },
    ]);
    expect([sums.visitors, sums.visitorDays, sums.consultations]).toEqual([7, 2, undefined]);
    expect(numberOf(sums, "revenue", "KGS")).toEqual({ value: 300, days: 2 });
    expect(numberOf(sums, "likes", "KGS")).toEqual({ value: undefined, days: 0 });
    expect(sumOf([{ visitors: "0", visitorDays: 1 }]).visitors).toBe(0);
  });

  it("have steps that begin with the days, with weeks and with months", () => {
    const days = { from: "2026-02-25", to: "2026-03-04" };
    expect(stepsOf(days, "day")).toHaveLength(8);
    expect(stepsOf(days, "week")).toEqual(["2026-02-25", "2026-03-02"]);
    expect(stepsOf(days, "month")).toEqual(["2026-02-25", "2026-03-01"]);
    expect([grainOf(28, 20), grainOf(56, 20), grainOf(28, 1000), grainOf(700, 20)]).toEqual([
      "day",
      "week",
      "week",
      "month",
    ]);
  });
});

describe("the places of a region", () => {
  it("are those in the regions within it, too", () => {
    const unit = (name: string, parent: string) => [name, { name, parent }] as const;
    const regions = new Map([unit("regions/d", "regions/c"), unit("regions/c", "regions/n"), unit("regions/n", "")]);
    const places = new Map([
      unit("locations/1", "regions/d"),
      unit("locations/2", ""),
      unit("locations/3", "regions/n"),
    ]);
    expect(placesIn("regions/n", places, regions)).toEqual(["locations/1", "locations/3"]);
  });
});
