import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress } from "./address";

describe("address", () => {
  it("survives the way through the address bar", () => {
    const address = {
      ...parseAddress(""),
      survey: "surveys/a-b",
      question: "q_1",
      metric: "METRIC_NPS",
      grain: "TIME_GRAIN_WEEK",
      filter: 'location = "a&b" AND answers.nps >= 9',
      from: "2026-03-01",
      settings: "keys",
    };
    expect(parseAddress(formatAddress(address))).toEqual(address);
    expect(formatAddress({ ...parseAddress(""), survey: "surveys/a" })).toBe("?survey=surveys/a");
    expect(formatAddress(parseAddress("?unknown=1"))).toBe("");
  });
});
