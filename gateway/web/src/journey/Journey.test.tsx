import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Client } from "../api/client";
import { changeLanguage, startTranslation } from "../i18n";
import { page } from ".";

startTranslation("en");
const Journey = page();

const interval = (lower: number, upper: number) => ({ lower, upper, level: 0.95 });

const basis = { definition: "journey", definitionVersion: 1, responses: "437", conventions: ["UNWEIGHTED"] };

const question = { question: "recommend", text: { texts: { en: "Recommend us?" } }, n: "437" };

const stage = (id: string, estimate: number | undefined, more: object = {}) => ({
  id,
  touchpoints: [id],
  question,
  metric: "JOURNEY_METRIC_NPS",
  responses: "80",
  share: 0.2,
  score: estimate === undefined ? { n: "0" } : { n: "80", estimate, interval: interval(estimate - 9, estimate + 9) },
  ...more,
});

const journey = {
  basis,
  baselineBasis: basis,
  stages: [
    stage("till", 22.1, {
      change: {
        difference: -5.2,
        interval: interval(-17, 7),
        pValue: 0.4,
        adjustedPValue: 0.6,
      },
      cases: { open: "3", overdue: "1", unowned: "2", first: [{ case: "cases/7", displayName: "A bad day" }] },
    }),
    stage("returns", -48.1, {
      worst: true,
      touchpoints: ["returns", "refunds"],
      contrast: {
        difference: -64.6,
        interval: interval(-80, -44),
        pValues: { pValue: 0.0001, adjustedPValue: 0.0002 },
      },
    }),
    stage("entrance", undefined),
  ],
  unplacedResponses: "4",
  changeFamily: 2,
  contrastFamily: 3,
};

const comparison = (value: string, more: object) => ({ value, n: "220", estimate: { value: 20 }, ...more });

const experiment = {
  basis: { ...basis, definition: "experiment" },
  key: "attributes.variant",
  control: "a",
  variants: [
    { value: "a", responses: "220", share: 0.5, intendedShare: 0.5 },
    { value: "b", responses: "217", share: 0.5, intendedShare: 0.5 },
  ],
  balance: { statistic: 0.1, degreesOfFreedom: 1, pValue: 0.9 },
  outcomes: [
    {
      question,
      metric: "OUTCOME_METRIC_NPS",
      variants: [
        comparison("a", {}),
        comparison("b", {
          estimate: { value: 33 },
          difference: { value: 13, interval: interval(1, 25) },
          testMethod: "ADJUSTED_TRINOMIAL_Z",
          test: { pValue: 0.03, adjustedPValue: 0.03 },
          different: true,
          detectable: 15.5,
        }),
      ],
    },
  ],
  family: 1,
  cautions: ["EXPERIMENT_CAUTION_STILL_RUNNING"],
};

const benchmark = (subject: string, more: object) => ({
  benchmark: {
    id: subject,
    subject,
    series: "Grocers",
    startDate: "2026-03-01",
    endDate: "2026-04-01",
    value: 30,
    source: "GfK",
  },
  own: { n: "100", score: { value: 41.5, interval: interval(35, 48) } },
  ...more,
});

const answers: Record<string, unknown> = {
  "/v1/surveys": { surveys: [{ name: "surveys/a", displayName: "Shop", currentRevision: "surveys/a/r" }] },
  "/v1/surveys/a/r": {
    revision: {
      questionnaire: { questions: [{ id: "recommend", nps: {}, text: { texts: { en: "Recommend us?" } } }] },
    },
  },
  "/v1/aspects": {},
  "/v1/journey:query": journey,
  "/v1/experiments:query": experiment,
  "/v1/benchmarks:query": {
    basis,
    metric: "BENCHMARK_METRIC_NPS",
    own: { n: "437", score: { value: 40 } },
    comparisons: [
      benchmark("Narodny", { difference: { value: 11.5, interval: interval(2, 21) }, test: { adjustedPValue: 0.02 } }),
      benchmark("Globus", { difference: { value: 11.5 }, untestedReason: "PRECISION_UNKNOWN" }),
    ],
    family: 1,
  },
  "/v1/collectors:query": {
    basis,
    outcome: question,
    metric: "OUTCOME_METRIC_NPS",
    key: "attributes.collector",
    within: "location",
    internal: { n: "140", score: { value: 30, interval: interval(20, 40) } },
    external: { n: "297", score: { value: 10, interval: interval(4, 16) } },
    difference: { value: 20, interval: interval(9, 31) },
    test: { adjustedPValue: 0.001 },
    withinDifference: { value: 6, interval: interval(-4, 16) },
    withinTest: { adjustedPValue: 0.2 },
    parts: [],
    sharedValues: 8,
    sharedShare: 0.9,
    cautions: ["MIX_DIFFERS"],
  },
};

let calls: { path: string; body: Record<string, unknown> }[] = [];

function show(search: string): void {
  history.replaceState(null, "", `/?page=journey${search}`);
  const client = new Client("k", async (input, init) => {
    const path = String(input).split("?")[0] ?? "";
    calls.push({ path, body: init?.body === undefined ? {} : JSON.parse(String(init.body)) });
    if (answers[path] === undefined) {
      throw new Error(`unexpected call of ${path}`);
    }
    return Response.json(answers[path]);
  });
  render(<Journey client={client} may={() => true} />);
}

const plain = (element: Element | null | undefined) => (element?.textContent ?? "").replaceAll("\u00a0", " ");

const rowOf = (name: string) => screen.getByRole("rowheader", { name: new RegExp(name) }).closest("tr");

beforeEach(() => {
  calls = [];
  globalThis.scrollTo = () => undefined;
  changeLanguage("en", localStorage);
});

afterEach(cleanup);

describe("the journey", () => {
  it("tells each stage with score, interval, change and open cases, and the worst first", async () => {
    show("&from=2026-03-01&to=2026-03-28");
    await screen.findByText("Look here first: returns");
    expect(plain(rowOf("till"))).toMatch(/22\.1.*13\.1 … 31\.1.*n = 80.*−5\.2.*0\.600.*may be chance.*3late: 1/);
    expect(plain(rowOf("returns"))).toMatch(/lower than the others beyond chance.*−48\.1.*−64\.6.*< 0\.001/);
    expect(plain(rowOf("entrance"))).toContain("no score");
    expect(screen.getByRole("link", { name: "A bad day" }).getAttribute("href")).toContain("case=cases/7");
    fireEvent.click(screen.getByRole("link", { name: "returns" }));
    const address = new URLSearchParams(location.search);
    expect([address.get("page"), address.get("filter"), address.get("question")]).toEqual([
      null,
      '(touchpoint = "returns" OR touchpoint = "refunds")',
      "recommend",
    ]);
  });

  it("compares nothing without days, and offers some", async () => {
    const before = answers["/v1/journey:query"];
    answers["/v1/journey:query"] = { ...journey, baselineBasis: undefined };
    show("");
    fireEvent.click(await screen.findByRole("button", { name: "last 28 days" }));
    await waitFor(() => expect(new URLSearchParams(location.search).get("from")).toMatch(/^\d{4}-/));
    answers["/v1/journey:query"] = before;
  });
});

describe("an experiment", () => {
  it("tells differences with interval, what could have been missed, and what to be careful of", async () => {
    show("&analysis=experiment&column=a%3D50,b%3D50");
    await screen.findByText("Differ from a beyond chance: b");
    expect(screen.getByText(/who looks again and again/)).toBeTruthy();
    const rows = screen.getAllByRole("rowheader", { name: "b" }).map((cell) => plain(cell.closest("tr")));
    expect(rows.join()).toMatch(/50\.0 %50\.0 % intended.*33\.0.*\+13\.0.*1\.0 … 25\.0.*would be found: 15\.5.*0\.030/);
    expect(calls.find(({ path }) => path === "/v1/experiments:query")?.body).toMatchObject({
      key: "attributes.variant",
      variants: [
        { value: "a", share: 50 },
        { value: "b", share: 50 },
      ],
    });
  });

  it("is not asked for with shares that cannot be read", async () => {
    show("&analysis=experiment&column=a%3Dmany");
    expect((await screen.findByRole("alert")).textContent).toContain("Shares are written as");
    expect(calls.some(({ path }) => path === "/v1/experiments:query")).toBe(false);
  });
});

describe("others", () => {
  it("stand beside own scores of the same days, untested where nothing tells how precise they are", async () => {
    show("&analysis=benchmarks");
    await screen.findByText(/Own score: 40\.0, n = 437/);
    expect(plain(rowOf("Narodny"))).toMatch(/Grocers · Mar 1, 2026 – Mar 31, 2026.*GfK.*30\.0.*41\.5.*\+11\.5.*0\.020/);
    expect(plain(rowOf("Globus"))).toContain("nobody tells how precise their number is");
  });
});

describe("who asked", () => {
  it("is compared over all and within a place", async () => {
    show("&analysis=collectors");
    await screen.findByText(/Recommend us\?”: own less others \+20\.0/);
    expect(plain(rowOf("The same within one place"))).toMatch(/\+6\.0.*−4\.0 … 16\.0.*0\.200.*may be chance/);
    expect(screen.getByText(/Both asked at different places/)).toBeTruthy();
  });
});
