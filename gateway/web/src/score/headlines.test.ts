import { describe, expect, it } from "vitest";
import { Client } from "../api/client";
import type { Score, Survey } from "../api/types";
import { firstSurvey, loadHeadlines, withFresh } from "./headlines";

const nps = (n: string): Score => ({ metric: "METRIC_NPS", variant: "VARIANT_NPS_ANSWERED", n, estimate: 1 });

describe("loadHeadlines", () => {
  it("asks for every survey and leaves out those that fail", async () => {
    const asked: string[] = [];
    const client = new Client("k", async (_, init) => {
      const { survey } = (JSON.parse(String(init?.body)) as { query: { survey: string } }).query;
      asked.push(survey);
      return survey === "surveys/bad"
        ? new Response("{}", { status: 500 })
        : Response.json({ scores: survey === "surveys/texts" ? [] : [nps("5")] });
    });
    const names = ["surveys/a", "surveys/bad", "surveys/texts", "surveys/b", "surveys/c"];
    const headlines = await loadHeadlines(client, names, new AbortController().signal);
    expect(asked.sort()).toEqual([...names].sort());
    expect([...headlines.keys()].sort()).toEqual(["surveys/a", "surveys/b", "surveys/c"]);
  });
});

describe("firstSurvey", () => {
  const survey = (name: string, currentRevision = ""): Survey => ({
    name,
    currentRevision,
    draft: { title: { texts: {} } },
  });

  it("begins with the survey that has the most answers", () => {
    const surveys = [
      survey("a"),
      survey("b", "b/revisions/1"),
      survey("c", "c/revisions/1"),
      survey("d", "d/revisions/1"),
    ];
    expect(
      firstSurvey(
        surveys,
        new Map([
          ["c", nps("90")],
          ["d", nps("9")],
        ]),
      )?.name,
    ).toBe("c");
    expect(firstSurvey(surveys, new Map())?.name).toBe("b");
    expect(firstSurvey(surveys.slice(0, 1), new Map())?.name).toBe("a");
    expect(firstSurvey([], new Map())).toBeUndefined();
  });
});

describe("withFresh", () => {
  it("takes over a newer score of the same question and metric only", () => {
    const headlines = new Map([["a", nps("5")]]);
    expect(withFresh(headlines, "a", nps("6")).get("a")?.n).toBe("6");
    expect(withFresh(headlines, "a", { ...nps("6"), variant: "VARIANT_NPS_CONTACTED" }).get("a")?.n).toBe("5");
    expect(withFresh(headlines, "a", { ...nps("6"), slice: { question: "other" } }).get("a")?.n).toBe("5");
    expect(withFresh(headlines, "b", nps("6"))).toBe(headlines);
    expect(headlines.get("a")?.n).toBe("5");
  });
});
