import { describe, expect, it } from "vitest";
import type { Metric, Question, Score, Variant } from "../api/types";
import { besideOf, choose, hasRefusals, headlineOf, localized, mainOf, metricsOf } from "./pick";

const score = (metric: Metric, variant: Variant, estimate?: number, question = "q"): Score => ({
  metric,
  variant,
  slice: { question },
  scale: { id: "0-10" },
  ...(estimate === undefined ? {} : { estimate }),
});

const text = { texts: { ru: "Почему?", en: "Why?" } };
const questions: Question[] = [
  { id: "why", text, freeText: {} },
  { id: "staff", text, rating: {} },
  { id: "easy", text, ces: {} },
  { id: "overall", text, csat: {} },
  { id: "recommend", text, nps: {} },
];

describe("headlineOf", () => {
  it("prefers NPS, then CSAT, CES and mean", () => {
    const mean = score("METRIC_MEAN", "VARIANT_MEAN_SINGLE_QUESTION", 4);
    const ces = score("METRIC_CES", "VARIANT_CES_MEAN", 4);
    const csat = score("METRIC_CSAT", "VARIANT_CSAT_SHARE", 80);
    const nps = score("METRIC_NPS", "VARIANT_NPS_ANSWERED", 30);
    expect(headlineOf([mean, ces, csat, nps])).toBe(nps);
    expect(headlineOf([mean, ces, csat])).toBe(csat);
    expect(headlineOf([mean, ces])).toBe(ces);
    expect(headlineOf([mean])).toBe(mean);
    expect(headlineOf([score("METRIC_RESPONSE_RATE", "VARIANT_RESPONSE_RATE_OUTCOMES", 50)])).toBeUndefined();
  });

  it("prefers what has answers", () => {
    const ces = score("METRIC_CES", "VARIANT_CES_MEAN", 4);
    const empty = score("METRIC_CSAT", "VARIANT_CSAT_SHARE");
    expect(headlineOf([empty, ces])).toBe(ces);
    expect(headlineOf([empty])).toBe(empty);
  });
});

describe("besideOf", () => {
  it("keeps other variants of the same question and scale", () => {
    const answered = score("METRIC_NPS", "VARIANT_NPS_ANSWERED", 30);
    const contacted = score("METRIC_NPS", "VARIANT_NPS_CONTACTED", 24);
    const other = score("METRIC_NPS", "VARIANT_NPS_CONTACTED", 10, "other");
    const otherScale = { ...contacted, scale: { id: "1-10" } };
    const all = [contacted, answered, other, otherScale];
    expect(mainOf(all, "METRIC_NPS")).toBe(answered);
    expect(besideOf(all, answered)).toEqual([contacted]);
  });
});

describe("choose", () => {
  const nothing = { question: "", metric: "" };

  it("follows the address, then the headline, then the most telling question", () => {
    expect(choose(questions, { question: "easy", metric: "METRIC_MEAN" }, undefined)).toEqual({
      question: questions[2],
      metric: "METRIC_MEAN",
    });
    const headline = score("METRIC_CSAT", "VARIANT_CSAT_SHARE", 80, "overall");
    expect(choose(questions, nothing, headline)).toEqual({ question: questions[3], metric: "METRIC_CSAT" });
    expect(choose(questions, nothing, undefined)).toEqual({ question: questions[4], metric: "METRIC_NPS" });
  });

  it("passes over what the questionnaire does not have", () => {
    expect(choose(questions, { question: "gone", metric: "METRIC_NPS" }, undefined)?.question.id).toBe("recommend");
    expect(choose(questions, { question: "why", metric: "" }, undefined)?.question.id).toBe("recommend");
    expect(choose(questions, { question: "staff", metric: "METRIC_NPS" }, undefined)?.metric).toBe("METRIC_MEAN");
    expect(choose([questions[0] as Question], nothing, undefined)).toBeUndefined();
  });
});

describe("metricsOf", () => {
  it("counts satisfied ratings only where it is agreed which those are", () => {
    expect(metricsOf({ id: "q", text, rating: { scale: { min: 1, max: 7 } } })).toContain("METRIC_CSAT");
    expect(metricsOf({ id: "q", text, rating: { scale: { min: 0, max: 4 } } })).toEqual(["METRIC_MEAN"]);
  });
});

describe("hasRefusals", () => {
  it("counts all ways of not answering", () => {
    expect(hasRefusals({ counts: { refused: "0", dismissed: "0", timedOut: "0" } })).toBe(false);
    expect(hasRefusals({ counts: { refused: "0", dismissed: "0", timedOut: "2" } })).toBe(true);
    expect(hasRefusals({})).toBe(false);
  });
});

describe("localized", () => {
  it("falls back to the questionnaire's language, then to any", () => {
    expect(localized(text, "en", "ru")).toBe("Why?");
    expect(localized(text, "ky", "ru")).toBe("Почему?");
    expect(localized({ texts: { de: "Warum?" } }, "ky", "ru")).toBe("Warum?");
    expect(localized(undefined, "ky", "ru")).toBe("");
  });
});
