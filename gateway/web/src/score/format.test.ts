import { describe, expect, it } from "vitest";
import type { Score } from "../api/types";
import { Format } from "./format";

const nps: Score = {
  variant: "VARIANT_NPS_ANSWERED",
  estimate: 39.84,
  interval: { lower: 38.14, upper: 41.46, level: 0.95 },
};

describe("Format", () => {
  it("shows one decimal and a true minus sign", () => {
    const format = new Format("en");
    expect(format.decimal(39.84)).toBe("39.8");
    expect(format.decimal(-7)).toBe("−7.0");
    expect(format.decimal(-0.04)).toBe("0.0");
    expect(format.decimal(100)).toBe("100.0");
  });

  it("keeps an estimate that is missing apart from one of zero", () => {
    const format = new Format("en");
    expect(format.estimate({ ...nps, estimate: 0 })).toBe("0.0");
    const { estimate: _, ...without } = nps;
    expect(format.estimate(without)).toBeUndefined();
    expect(format.interval({ ...without, interval: {} })).toBeUndefined();
  });

  it("marks shares as such", () => {
    expect(new Format("en").estimate({ variant: "VARIANT_CSAT_SHARE", estimate: 82.068 })).toBe("82.1\u00a0%");
    expect(new Format("ru").estimate({ variant: "VARIANT_CSAT_SHARE", estimate: 82.068 })).toBe("82,1\u00a0%");
    expect(new Format("en").estimate({ variant: "VARIANT_MEAN_SINGLE_QUESTION", estimate: 4.06436 })).toBe("4.1");
  });

  it("gives the parts of an interval", () => {
    expect(new Format("en").interval(nps)).toEqual({ level: "95\u00a0%", lower: "38.1", upper: "41.5" });
    expect(new Format("ru").interval({ ...nps, interval: { lower: -1, upper: 2, level: 0.999 } })).toEqual({
      level: "99,9\u00a0%",
      lower: "−1,0",
      upper: "2,0",
    });
  });

  it("shows a scale by its ends", () => {
    expect(new Format("en").scale({ scale: { min: 0.5, max: 10 } })).toBe("0.5–10");
    expect(new Format("en").scale({})).toBe("");
  });

  it("writes days as they are, whatever the zone of the reader", () => {
    const may = new Date("2017-05-05T00:00:00Z");
    expect(new Format("en").day(may)).toBe("May 5, 2017");
    expect(new Format("ru").day(may)).toContain("5 мая 2017");
    expect(new Format("ru").monthOfYear(may)).toBe("май");
    expect(new Format("en").year(may)).toBe("2017");
  });

  it("writes Kyrgyz without the words of another language where the browser has no Kyrgyz", () => {
    const may = new Date("2017-05-05T00:00:00Z");
    const format = new Format("ky", () => false);
    expect(format.decimal(1234.5)).toBe("1\u00a0234,5");
    expect(format.day(may)).toBe("05.05.2017");
    expect(format.month(may)).toBe("05.2017");
    expect(format.moment("2017-05-05T09:30:00Z")).toMatch(/^05\.05\.2017, \d\d:\d\d:\d\d$/);
  });
});
