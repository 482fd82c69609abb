import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Client } from "../api/client";
import { changeLanguage, startTranslation } from "../i18n";
import { Overview } from "./Overview";

startTranslation("en");

const interval = (lower: number, upper: number) => ({ lower, upper, level: 0.95, method: "ADJUSTED_WALD" });

const score = (estimate: number, n: string) => ({ n, estimate, interval: interval(estimate - 4, estimate + 4) });

const nps = {
  definition: "metricDefinitions/nps",
  definitionVersion: 1,
  metric: "NPS",
  variant: "NPS_ANSWERED",
  question: "recommend",
  scale: { id: "0-10", min: 0, max: 10 },
  score: score(41.7, "915"),
  trend: [
    { ...score(40, "400"), period: { startTime: "2026-03-01T00:00:00Z", endTime: "2026-03-08T00:00:00Z" } },
    { ...score(43, "515"), period: { startTime: "2026-03-08T00:00:00Z", endTime: "2026-03-15T00:00:00Z" } },
  ],
  change: {
    baseline: score(31.5, "921"),
    difference: 10.3,
    interval: interval(3.9, 16.5),
    pValue: 0.001,
    adjustedPValue: 0.005,
  },
};

const overview = {
  basis: {
    definition: "overview",
    definitionVersion: 1,
    responses: "915",
    watermark: "2026-03-15T10:00:00Z",
    conventions: ["UNWEIGHTED"],
  },
  metrics: [nps, { ...nps, variant: "NPS_CONTACTED", score: score(32, "1192"), trend: [], change: undefined }],
  lights: [
    { kind: "locations", red: "1", amber: "0", green: "3", uncertain: "2", turned: [] },
    { kind: "companies", red: "0", amber: "0", green: "0", turned: [] },
  ],
  cases: {
    open: "7",
    unowned: "2",
    overdue: "3",
    due: "1",
    atLeast: true,
    first: [{ case: "cases/9", displayName: "A bad day", severity: "HIGH", overdue: true }],
  },
  alerts: [],
  absences: [{ part: "OVERVIEW_PART_ALERTS", subject: "", reason: "REASON_NOT_PERMITTED", description: "no" }],
};

const themes = {
  themes: {
    responses: "378",
    strengths: [],
    weaknesses: [
      { aspect: "aspects/wait", n: "63", share: 0.167, shareInterval: interval(0.13, 0.21), npsAtStake: 13.3 },
    ],
  },
};

let calls: { path: string; body: { parts?: string[]; query?: { period?: object } } }[] = [];

function show(search = "", main: object = overview): void {
  history.replaceState(null, "", `/?page=overview${search}`);
  const client = new Client("k", async (input, init) => {
    const path = String(input).split("?")[0] ?? "";
    const body = init?.body === undefined ? {} : JSON.parse(String(init.body));
    calls.push({ path, body });
    switch (path) {
      case "/v1/surveys":
        return Response.json({ surveys: [{ name: "surveys/a", displayName: "Shop", currentRevision: "surveys/a/r" }] });
      case "/v1/surveys/a/r":
        return Response.json({
          revision: {
            questionnaire: { questions: [{ id: "recommend", nps: {}, text: { texts: { en: "Recommend us?" } } }] },
          },
        });
      case "/v1/aspects":
        return Response.json({ aspects: [{ name: "aspects/wait", displayName: { texts: { en: "Waiting" } } }] });
      case "/v1/overview:query":
        return Response.json({ overview: body.parts.includes("OVERVIEW_PART_THEMES") ? themes : main });
      default:
        throw new Error(`unexpected call of ${path}`);
    }
  });
  render(<Overview client={client} may={() => true} />);
}

const plain = (element: HTMLElement) => (element.textContent ?? "").replaceAll("\u00a0", " ");

beforeEach(() => {
  calls = [];
  globalThis.scrollTo = () => undefined;
  changeLanguage("en", localStorage);
});

afterEach(cleanup);

describe("the overview", () => {
  it("tells each score with interval, n, definition, change and other ways of counting, up to when", async () => {
    show();
    const card = await screen.findByRole("region", { name: "Recommendation (NPS)" });
    expect(plain(card)).toMatch(/Recommend us\?.*41\.7.*37\.7 … 45\.7.*n = 915.*among those who answered.*nps @ 1/);
    expect(plain(card)).toMatch(
      /▲ \+10\.3 against the period before \(31\.5, n = 921\).*3\.9 … 16\.5.*beyond chance: p = 0\.005/,
    );
    expect(plain(card)).toMatch(/32\.0.*n = 1,192.*a refusal counts as neutral/);
    expect(within(card).getByRole("img", { name: /steps with answers: 2/ }).textContent).toContain("n = 915");
    expect(screen.getByRole("status").textContent).toMatch(/^Counted up to/);
    expect(calls.filter(({ path }) => path === "/v1/overview:query")).toHaveLength(2);
  });

  it("leads to lights, cases, comments and scores of the same days", async () => {
    show("&from=2026-03-01&to=2026-03-15");
    const red = await screen.findByRole("link", { name: "red 1" });
    expect(red.getAttribute("href")).toMatch(/page=lights&kind=location&colour=LIGHT_COLOUR_RED/);
    expect(screen.getByRole("link", { name: "A bad day" }).getAttribute("href")).toContain("case=cases/9");
    expect((await screen.findByRole("link", { name: "Waiting" })).getAttribute("href")).toContain(
      "aspect=aspects/wait",
    );
    fireEvent.click(screen.getByRole("link", { name: "Recommendation (NPS)" }));
    const address = new URLSearchParams(location.search);
    expect([address.get("page"), address.get("question"), address.get("from")]).toEqual([
      null,
      "recommend",
      "2026-03-01",
    ]);
  });

  it("says what is not shown, and why", async () => {
    show();
    const alerts = (await screen.findByRole("heading", { name: "Alerts" })).parentElement;
    expect(alerts?.textContent).toContain("You may not see this.");
    expect(screen.getByText("≥ 7")).toBeTruthy();
  });

  it("offers all answers where nobody answered in the days", async () => {
    show("", { ...overview, basis: { ...overview.basis, responses: "0" }, metrics: [] });
    fireEvent.click(await screen.findByRole("button", { name: "Show all answers" }));
    await waitFor(() =>
      expect(calls.some(({ path, body }) => path === "/v1/overview:query" && body.query?.period === undefined)).toBe(
        true,
      ),
    );
  });
});
