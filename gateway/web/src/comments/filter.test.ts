import { describe, expect, it } from "vitest";
import { parseAddress } from "../app/address";
import { cut, filterOf, parametersOf, recent } from "./filter";

describe("filter", () => {
  const address = parseAddress("?survey=surveys/shop&aspect=aspects/wait&sentiment=SENTIMENT_NEGATIVE&words=очередь");

  it("narrows lists and not insights", () => {
    expect(filterOf(address, false)).toEqual({ survey: "surveys/shop" });
    expect(filterOf(address, true)).toEqual({
      survey: "surveys/shop",
      aspect: "aspects/wait",
      sentiment: "SENTIMENT_NEGATIVE",
      query: "очередь",
    });
    expect(parametersOf(filterOf(address, false))).toBe("filter.survey=surveys%2Fshop");
  });

  it("takes the period and what comments can be chosen by, and nothing of other conditions", () => {
    const chosen = filterOf({ ...address, filter: 'location = "osh"', from: "2026-03-01" }, false);
    const startTime = new Date(2026, 2, 1).toISOString();
    expect(chosen).toEqual({ survey: "surveys/shop", location: "osh", period: { startTime } });
    expect(parametersOf(chosen)).toContain(`filter.period.startTime=${encodeURIComponent(startTime)}`);
    expect(filterOf({ ...address, filter: 'location = "osh" OR answers.nps = 9' }, false)).toEqual({
      survey: "surveys/shop",
    });
  });

  it("counts two weeks back", () => {
    expect(recent(new Date("2026-03-15T12:00:00Z"))).toEqual({
      startTime: "2026-03-01T12:00:00.000Z",
      endTime: "2026-03-15T12:00:00.000Z",
    });
  });

  it("cuts by code points", () => {
    expect(cut("😀 тез жана арзан", { start: 2, end: 5 })).toEqual(["😀 ", "тез", " жана арзан"]);
    expect(cut("nothing", undefined)).toEqual(["nothing", "", ""]);
  });
});
