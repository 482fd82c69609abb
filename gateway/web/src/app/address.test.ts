import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress } from "./address";

describe("address", () => {
  it("survives the way through the address bar", () => {
    const address = {
      survey: "surveys/a-b",
      question: "q_1",
      metric: "METRIC_NPS",
      grain: "TIME_GRAIN_WEEK",
      page: "",
      aspect: "",
      sentiment: "",
      words: "",
      kind: "",
      colour: "",
      order: "",
      inbox: "",
      case: "",
      settings: "keys",
    };
    expect(parseAddress(formatAddress(address))).toEqual(address);
    expect(
      formatAddress({
        survey: "surveys/a",
        question: "",
        metric: "",
        grain: "",
        page: "",
        aspect: "",
        sentiment: "",
        words: "",
        kind: "",
        colour: "",
        order: "",
        inbox: "",
        case: "",
        settings: "",
      }),
    ).toBe("?survey=surveys/a");
    expect(formatAddress(parseAddress("?unknown=1"))).toBe("");
  });
});
