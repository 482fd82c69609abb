import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Client } from "../api/client";
import { changeLanguage, startTranslation } from "../i18n";
import * as saving from "../settings/download";
import { Priorities } from "./Priorities";

startTranslation("en");

const interval = (lower: number, upper: number) => ({ lower, upper, level: 0.95, method: "GROUP_BOOTSTRAP" });
const estimate = (value: number, lower: number, upper: number) => ({ value, interval: interval(lower, upper) });
const text = (en: string, ru: string) => ({ texts: { en, ru } });
const scale = { id: "1-5", min: 1, max: 5, step: 1 };

const food = { question: "food", text: text("The restaurants?", "Рестораны?"), scale, n: "2421", mean: 3.6 };
const signs = { question: "signs", text: text("The signs?", "Указатели?"), scale, n: "2703", mean: 4.1 };
const outcome = { question: "all", text: text("The airport as a whole?", "Аэропорт в целом?"), scale, n: "2688" };

const basis = (definition: string) => ({
  definition,
  definitionVersion: 1,
  responses: "2828",
  leftOut: [{ reason: "NO_ANSWER", count: "3" }],
  watermark: "2026-03-01T10:00:00Z",
  missing: "MISSING_METHOD_PAIRWISE",
  draws: 1000,
  conventions: ["UNWEIGHTED"],
  notes: [],
});

const matrix = {
  basis: basis("satisfaction_matrix"),
  outcome,
  items: [
    {
      question: food,
      priority: 1,
      importance: estimate(0.05, 0.041, 0.06),
      score: estimate(3.615, 3.58, 3.65),
      pairN: "2348",
      probabilities: [1, 0, 0, 0],
      stable: true,
    },
    {
      question: signs,
      priority: 3,
      importance: estimate(0.025, 0.019, 0.032),
      score: estimate(4.1, 4.06, 4.12),
      pairN: "2612",
      probabilities: [0.34, 0, 0.66, 0],
      stable: false,
    },
  ],
  importanceCut: 0.03,
  scoreCut: 3.9,
  normalized: false,
  rSquared: 0.64,
};

const test = { pValue: 0.001, adjustedPValue: 0.002 };
const chance = { pValue: 0.3, adjustedPValue: 0.4 };

const drivers = {
  basis: basis("drivers"),
  outcome,
  drivers: [
    {
      question: food,
      pairN: "2348",
      pearson: estimate(0.56, 0.53, 0.59),
      pearsonTest: test,
      coefficient: estimate(-0.12, -0.16, -0.08),
      coefficientTest: chance,
      varianceInflation: 2.4,
      relativeWeightShare: estimate(0.6, 0.5, 0.7),
      sign: 1,
    },
  ],
  rSquared: estimate(0.64, 0.61, 0.66),
  family: 26,
};

const bridge = {
  basis: basis("outcome_bridge"),
  baselineBasis: { ...basis("outcome_bridge"), responses: "900" },
  outcome,
  metric: "OUTCOME_METRIC_NPS",
  before: estimate(30, 25, 35),
  after: estimate(34, 30, 38),
  change: estimate(4, 1, 7),
  mix: { value: 1.5 },
  level: { value: 2.5 },
  by: "location",
  parts: [
    {
      value: "osh",
      countBefore: "400",
      countAfter: "300",
      shareBefore: 0.4,
      shareAfter: 0.3,
      levelBefore: 20,
      levelAfter: 25,
      mix: estimate(1.5, 0.5, 2.5),
      level: estimate(2.5, 1, 4),
      test,
    },
  ],
};

const strengths = {
  basis: basis("topic_effects"),
  outcome,
  metric: "OUTCOME_METRIC_NPS",
  overall: 35.85,
  family: 13,
  effects: [
    {
      value: "wait",
      count: "139",
      level: -12,
      effect: estimate(-3.4, -4.6, -2.3),
      test,
      verdict: "TOPIC_VERDICT_WEAKNESS",
    },
  ],
};

const crosstab = {
  basis: basis("crosstab"),
  rows: [{ value: "app", count: "60" }],
  columns: [{ value: "1", count: "20" }],
  cells: [{ row: 0, column: 0, count: "20", expected: 8, rowShare: estimate(0.333, 0.22, 0.46), residual: 3.1, test }],
  test: { statistic: 20, degreesOfFreedom: 1, pValue: 0.0001 },
  association: estimate(0.31, 0.2, 0.4),
};

const refused = (reason: string, items: string) => () =>
  Response.json(
    {
      error: {
        code: 400,
        message: "question food has 0 answers",
        details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, metadata: { items } }],
      },
    },
    { status: 400 },
  );

const given: Record<string, unknown> = {
  "/v1/surveys": { surveys: [{ name: "surveys/sfo", displayName: "SFO", currentRevision: "surveys/sfo/revisions/1" }] },
  "/v1/surveys/sfo/revisions/1": {
    revision: {
      questionnaire: {
        defaultLanguage: "en",
        questions: [
          { id: "all", text: outcome.text, csat: {} },
          { id: "food", text: food.text, rating: { scale } },
          { id: "signs", text: signs.text, rating: { scale } },
        ],
      },
    },
  },
  "/v1/aspects": { aspects: [{ name: "aspects/wait", displayName: { texts: { en: "Waiting" } } }] },
  "/v1/scores:query": { scores: [{ slice: { keys: [{ key: "location", value: "osh" }] }, n: "42" }] },
  "/v1/matrix:query": matrix,
  "/v1/drivers:query": drivers,
  "/v1/bridge:query": bridge,
  "/v1/strengths:query": strengths,
  "/v1/crosstab:query": crosstab,
};

let calls: { path: string; body: unknown }[] = [];

function show(search = "", answers: Record<string, unknown> = {}): void {
  history.replaceState(null, "", `/?page=priorities&survey=surveys/sfo${search}`);
  const client = new Client("k", async (input, init) => {
    const path = String(input).split("?")[0] ?? "";
    calls.push({ path, body: init?.body === undefined ? undefined : JSON.parse(String(init.body)) });
    const found = { ...given, ...answers }[path];
    if (found === undefined) {
      throw new Error(`unexpected call of ${path}`);
    }
    return typeof found === "function" ? found() : Response.json(found);
  });
  render(<Priorities client={client} may={() => true} />);
}

const asked = (path: string) => calls.filter((call) => call.path === path).at(-1)?.body;
const plain = (content: string | null) => (content ?? "").replaceAll("\u00a0", " ");

beforeEach(() => {
  calls = [];
  globalThis.scrollTo = () => undefined;
  changeLanguage("en", localStorage);
});

afterEach(cleanup);

describe("the matrix", () => {
  it("puts what is important and low first, each number with interval and n, and says what is unstable", async () => {
    show();
    const rows = (await screen.findAllByRole("row")).map((row) => plain(row.textContent));
    expect(rows[1]).toMatch(
      /^1\. The restaurants\?.*1 Fix now.*sure to 100 %.*5\.0 %.*4\.1 … 6\.0.*n = 2,348.*3\.62.*3\.58 … 3\.65.*n = 2,421/,
    );
    expect(rows[2]).toMatch(/UNSTABLE: sure to 66 % only/);
    const chart = screen.getByRole("img", {
      name: /Satisfaction matrix of 2 questions. To fix now: The restaurants\?/,
    });
    for (const name of ["1 Fix now", "2 Fix next", "3 Keep up", "4 Over-invested"]) {
      expect(within(chart).getByText(name)).toBeTruthy();
    }
    expect(chart.textContent).toMatch(/n = 2,828 · satisfaction_matrix @ 1 · Counted up to/);
    expect(screen.getByText("answered none of the questions", { exact: false })).toBeTruthy();
  });

  it("leads to the scores of a question among the same answers", async () => {
    show("&filter=location+%3D+%22osh%22&from=2026-02-01");
    fireEvent.click(await screen.findByRole("link", { name: "The restaurants?" }));
    const address = new URLSearchParams(location.search);
    expect(address.get("page")).toBeNull();
    expect(address.get("question")).toBe("food");
    expect(address.get("filter")).toBe('location = "osh"');
    expect(asked("/v1/matrix:query")).toMatchObject({
      query: { survey: "surveys/sfo", filter: 'location = "osh"', period: { startTime: expect.any(String) } },
    });
  });

  it("is saved as a table and as a picture without the page's colours", async () => {
    const saved = vi.spyOn(saving, "download").mockImplementation(() => undefined);
    show();
    fireEvent.click(await screen.findByRole("button", { name: "CSV" }));
    expect(saved.mock.calls[0]?.[2].join("")).toMatch(/number,question.*\r\n1,food,The restaurants\?,1,1,true,0\.05,/s);
    fireEvent.click(screen.getByRole("button", { name: "SVG" }));
    await waitFor(() => expect(saved).toHaveBeenCalledTimes(2));
    const picture = saved.mock.calls[1]?.[2].join("") ?? "";
    expect(picture).toContain("1 Fix now");
    expect(picture).toContain("#b4532f");
    expect(picture).not.toContain("var(");
  });

  it("speaks the reader's language", async () => {
    changeLanguage("ru", localStorage);
    show();
    expect(await screen.findByRole("link", { name: "Рестораны?" })).toBeTruthy();
    expect(within(screen.getByRole("img")).getByText("1 Исправить сейчас")).toBeTruthy();
  });
});

describe("a refusal", () => {
  it("is said in plain words with what can be done", async () => {
    show("", { "/v1/matrix:query": refused("ITEM_CONSTANT", "food") });
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toMatch(/Everybody gave the same answer.*The restaurants\?/);
    fireEvent.click(within(alert).getByRole("button", { name: "Leave these questions out" }));
    await waitFor(() => expect(asked("/v1/matrix:query")).toMatchObject({ items: ["signs"] }));
    expect(screen.getByText("Left out: The restaurants?", { exact: false })).toBeTruthy();
  });

  it("of too few answers leads back to all of them", async () => {
    show("&filter=location+%3D+%22x%22", { "/v1/matrix:query": refused("TOO_FEW_ANSWERS", "all,food") });
    fireEvent.click(await screen.findByRole("button", { name: "Take all answers" }));
    await waitFor(() => expect(asked("/v1/matrix:query")).toEqual({ query: { survey: "surveys/sfo" } }));
  });
});

describe("drivers", () => {
  it("are shown by each measure with interval, n and corrected p", async () => {
    show("&analysis=drivers");
    const row = async () => plain((await screen.findByRole("row", { name: /restaurants/ })).textContent);
    expect(await row()).toMatch(/60\.0 %.*50\.0 … 70\.0.*0\.002.*2,348/);
    fireEvent.change(screen.getByLabelText("Measure"), { target: { value: "regression" } });
    await waitFor(async () => expect(await row()).toMatch(/−0\.12.*−0\.16 … −0\.08.*0\.400.*may be chance.*2\.4/));
    expect(screen.queryByRole("option", { name: /Spearman/ })).toBeNull();
  });
});

describe("the bridge", () => {
  it("asks for two periods, and shows parts that sum to the change", async () => {
    show("&analysis=bridge&by=location");
    expect(await screen.findByText(/Choose the two periods/)).toBeTruthy();
    expect(asked("/v1/bridge:query")).toBeUndefined();
    fireEvent.change(screen.getByLabelText("From day"), { target: { value: "2026-03-01" } });
    fireEvent.change(screen.getByLabelText("To day, included"), { target: { value: "2026-03-31" } });
    expect(await screen.findByText(/30\.0 before, 34\.0 after: \+4\.0/)).toBeTruthy();
    expect(screen.getByText(/mix \+1\.5 and level \+2\.5/)).toBeTruthy();
    expect(screen.getByRole("img", { name: /From 30\.0 before to 34\.0 after/ }).textContent).toMatch(/osh.*\+4\.0/);
    const { query, baselinePeriod } = asked("/v1/bridge:query") as Record<
      string,
      { period?: { startTime: string } } & { endTime?: string }
    >;
    expect(baselinePeriod?.endTime).toBe(query?.period?.startTime);
    fireEvent.click(screen.getByRole("link", { name: "osh" }));
    expect(new URLSearchParams(location.search).get("filter")).toBe('location = "osh"');
  });
});

describe("strengths", () => {
  it("lead from a theme to what was written of it", async () => {
    show("&analysis=strengths");
    const row = await screen.findByRole("row", { name: /Waiting/ });
    expect(plain(row.textContent)).toMatch(/Weakness.*−3\.4.*−4\.6 … −2\.3.*−12\.0.*139.*0\.002/);
    fireEvent.click(within(row).getByRole("link", { name: "Waiting" }));
    expect(location.search).toContain("aspect=aspects/wait");
    expect(location.search).toContain("page=comments");
  });
});

describe("the cross-table", () => {
  it("shows shares with intervals, and what is beyond chance", async () => {
    show("&analysis=crosstab");
    expect(await screen.findByText(/They go together: p < 0\.001, strength 0\.31/)).toBeTruthy();
    const cell = screen.getByRole("cell");
    expect(plain(cell.textContent)).toMatch(/33\.3 %.*more than by chance.*22\.0 … 46\.0.*n = 20/);
    fireEvent.click(within(cell).getByRole("link"));
    expect(new URLSearchParams(location.search).get("filter")).toBe('channel = "app" AND answers.all = 1');
  });
});

describe("conditions", () => {
  it("are added by choosing a value", async () => {
    show();
    await screen.findByRole("option", { name: "osh (42)", hidden: true });
    fireEvent.change(screen.getByLabelText("is"), { target: { value: "=osh" } });
    await waitFor(() => expect(asked("/v1/matrix:query")).toMatchObject({ query: { filter: 'location = "osh"' } }));
  });
});
