import { describe, expect, it } from "vitest";
import type { Score } from "../api/types";
import { axisRange, calendarDay, columnsOf, limitsOf, type Point, pointsOf } from "./trend";

const step = (startTime: string, estimate?: number, n = "10"): Score => ({
  slice: { period: { startTime } },
  n,
  ...(estimate === undefined ? {} : { estimate, interval: { lower: estimate - 5, upper: estimate + 5 } }),
});

const day = (text: string) => new Date(`${text}T00:00:00Z`);

describe("pointsOf", () => {
  it("keeps steps with an estimate, in order", () => {
    const points = pointsOf([
      step("2017-05-03T00:00:00Z", 3),
      step("2017-05-01T00:00:00Z", 1),
      step("2017-05-02T00:00:00Z"),
    ]);
    expect(points.map((point) => [point.day.toISOString().slice(0, 10), point.estimate, point.n])).toEqual([
      ["2017-05-01", 1, 10],
      ["2017-05-03", 3, 10],
    ]);
  });
});

describe("calendarDay", () => {
  it("finds the local day in the zones of the world", () => {
    for (const [start, expected] of [
      ["2017-04-30T18:00:00Z", "2017-05-01"], // Bishkek, +6
      ["2017-05-01T07:00:00Z", "2017-05-01"], // Los Angeles, -7
      ["2017-05-01T00:00:00Z", "2017-05-01"], // UTC
      ["2017-04-30T12:00:00Z", "2017-05-01"], // Auckland in winter, +12
      ["2017-05-01T11:00:00Z", "2017-05-01"], // Samoa, -11
    ] as const) {
      expect(calendarDay(new Date(start))).toEqual(day(expected));
    }
  });
});

describe("columnsOf", () => {
  it("breaks the line where days are missing and only there", () => {
    const points = pointsOf(["2017-05-01", "2017-05-02", "2017-05-05"].map((date) => step(`${date}T00:00:00Z`, 50)));
    const [x, lower, upper, estimate] = columnsOf(points, "TIME_GRAIN_DAY");
    expect(estimate).toEqual([null, 50, 50, null, 50, null]);
    expect(lower).toEqual([null, 45, 45, null, 45, null]);
    expect(upper).toEqual([null, 55, 55, null, 55, null]);
    expect(x[3]).toBe(day("2017-05-03").getTime() / 1000 + 43_200);
  });

  it("does not take short and long months for gaps", () => {
    const points = pointsOf(["2017-01-01", "2017-02-01", "2017-03-01"].map((date) => step(`${date}T00:00:00Z`, 50)));
    expect(columnsOf(points, "TIME_GRAIN_MONTH")[3]).toEqual([null, 50, 50, 50, null]);
  });

  it("does not take a change of the clock for a gap", () => {
    const points = pointsOf([
      step("2017-03-11T08:00:00Z", 1),
      step("2017-03-12T08:00:00Z", 2),
      step("2017-03-13T07:00:00Z", 3),
    ]);
    expect(columnsOf(points, "TIME_GRAIN_DAY")[3]).toEqual([null, 1, 2, 3, null]);
  });

  it("keeps an estimate that has no interval", () => {
    const points = pointsOf([{ slice: { period: { startTime: "2017-05-01T00:00:00Z" } }, estimate: 4, n: "1" }]);
    expect(columnsOf(points, "TIME_GRAIN_DAY").slice(1)).toEqual([
      [null, null, null],
      [null, null, null],
      [null, 4, null],
    ]);
    expect(columnsOf([], "TIME_GRAIN_DAY")).toEqual([[], [], [], []]);
  });
});

describe("axisRange", () => {
  const point = (lower: number, upper: number): Point => ({
    day: day("2017-05-01"),
    estimate: 0,
    lower,
    upper,
    n: 1,
    score: {},
  });

  it("goes hardly beyond what is possible", () => {
    const [low, high] = axisRange([point(-99, 100)], [-100, 100]);
    expect(low).toBeGreaterThan(-110);
    expect(high).toBeGreaterThan(100);
    expect(high).toBeLessThan(110);
  });

  it("leaves some air around what is drawn", () => {
    const [low, high] = axisRange([point(20, 40)], [-100, 100]);
    expect(low).toBeLessThan(20);
    expect(low).toBeGreaterThan(10);
    expect(high).toBeGreaterThan(40);
  });

  it("takes the whole range without points", () => {
    expect(axisRange([], [0, 100])).toEqual([0, 100]);
  });
});

describe("limitsOf", () => {
  it("knows the range of each metric", () => {
    expect(limitsOf({ variant: "VARIANT_NPS_CONTACTED" })).toEqual([-100, 100]);
    expect(limitsOf({ variant: "VARIANT_CSAT_SHARE" })).toEqual([0, 100]);
    expect(limitsOf({ variant: "VARIANT_CES_MEAN", scale: { min: 1, max: 7 } })).toEqual([1, 7]);
  });
});
