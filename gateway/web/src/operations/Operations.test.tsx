import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Client } from "../api/client";
import { changeLanguage, startTranslation } from "../i18n";
import { page } from ".";

startTranslation("en");
const Operations = page();

interface Call {
  path: string;
  body: Record<string, unknown>;
}

let calls: Call[] = [];

const basis = {
  definition: "revenue_decomposition",
  definitionVersion: 1,
  startDate: "2026-03-30",
  endDate: "2026-04-27",
  locations: 7,
  leftOut: [{ location: "locations/till", reason: "GAP", missingDays: 1 }],
  currency: "KGS",
  conventions: ["LMDI"],
};

const totals = (visitors: string, revenueMinor: string) => ({
  visitors,
  receipts: "100",
  revenueMinor,
  conversion: 0.2,
  averageCheckMinor: 90000,
  days: 28,
  daysExpected: 28,
});

const change = {
  before: totals("1000", "9000000"),
  after: totals("900", "8400000"),
  changeMinor: "-600000",
  trafficEffectMinor: -900000,
  conversionEffectMinor: 100000,
  averageCheckEffectMinor: 200000,
};

const answers: Record<string, unknown> = {
  "/v1/units": { units: [{ name: "locations/osh", displayName: "Osh Centre" }] },
  "/v1/operations": { records: [] },
  "/v1/revenue:query": {
    basis,
    baselineStartDate: "2026-03-02",
    baselineEndDate: "2026-03-30",
    total: change,
    atOnce: change,
    locations: [{ location: "locations/osh", change }],
  },
  "/v1/reserve:query": {
    basis: { ...basis, definition: "hidden_reserve" },
    targetCoverage: 0.35,
    gained: { value: 120.4, interval: { lower: 90, upper: 150, level: 0.95 } },
    locations: [
      {
        coverage: { location: "locations/osh", coverage: { value: 0.2 }, days: 28 },
        gained: { value: 120.4, interval: { lower: 90, upper: 150, level: 0.95 } },
      },
    ],
    modelOutput: true,
  },
};

function show(search: string, may: (permission: string) => boolean = () => true, own: Record<string, unknown> = {}) {
  history.replaceState(null, "", `/?page=operations&from=2026-03-30&to=2026-04-26${search}`);
  const client = new Client("k", async (input, init) => {
    const path = String(input).split("?")[0] ?? "";
    calls.push({ path, body: init?.body === undefined ? {} : JSON.parse(String(init.body)) });
    const found = own[path] ?? answers[path];
    if (found === undefined) {
      throw new Error(`unexpected call of ${path}`);
    }
    return found instanceof Response ? found.clone() : Response.json(found);
  });
  render(<Operations client={client} may={may} />);
}

const plain = (element: Element | null) => (element?.textContent ?? "").replaceAll("\u00a0", " ");

const body = (path: string) => calls.filter((call) => call.path === path).map((call) => call.body);

beforeEach(() => {
  calls = [];
  globalThis.scrollTo = () => undefined;
  changeLanguage("en", localStorage);
});

afterEach(cleanup);

describe("operations", () => {
  it("tell a gap from 0, and where the gaps are", async () => {
    show("", () => true, {
      "/v1/operations:query": {
        timeZone: "UTC",
        summaries: [
          {
            location: "locations/osh",
            startTime: "2026-03-30T00:00:00Z",
            endTime: "2026-04-27T00:00:00Z",
            days: 28,
            visitors: "0",
            visitorDays: 28,
            sales: [{ currency: "KGS", receipts: "10", revenueMinor: "123400", units: 3 }],
            salesDays: 27,
            pressDays: 0,
          },
        ],
        gaps: [
          {
            location: "locations/osh",
            measure: "MEASURE_SALES",
            startTime: "2026-04-01T00:00:00Z",
            endTime: "2026-04-02T00:00:00Z",
          },
        ],
      },
    });
    const row = (await screen.findByRole("columnheader", { name: "Conversion" })).closest("table");
    expect(plain(row)).toMatch(/Osh Centre0.*1,234 KGS.*known on 27 of 28 days.*—.*known on 0 of 28 days/);
    expect(plain(screen.getByRole("heading", { name: "Gaps" }).parentElement)).toMatch(
      /Osh Centre.*Sales.*Apr 1, 2026/,
    );
    // Days that a period touches count whole, in whatever zone the service is.
    expect(body("/v1/operations:query")[0]).toMatchObject({
      period: { startTime: "2026-03-30T12:00:00Z", endTime: "2026-04-26T12:00:01Z" },
    });
  });

  it("lead to the last days that are known where nothing was recorded", async () => {
    let asked = 0;
    const none = { timeZone: "UTC", summaries: [], gaps: [] };
    const last = {
      timeZone: "UTC",
      summaries: [{ startTime: "2025-12-01T00:00:00Z", endTime: "2026-01-01T00:00:00Z", salesDays: 3 }],
    };
    history.replaceState(null, "", "/?page=operations&from=2026-03-30&to=2026-04-26");
    const client = new Client("k", async (input) =>
      Response.json(String(input).includes("operations:query") ? (++asked === 1 ? none : last) : {}),
    );
    render(<Operations client={client} may={(permission) => permission === "reporting.operations.query"} />);
    fireEvent.click(await screen.findByRole("button", { name: /Go to the last days/ }));
    await waitFor(() => expect(location.search).toContain("from=2025-12-01&to=2025-12-31"));
    await screen.findByRole("heading", { name: "Gaps" });
  });

  it("split the change of revenue, and name who is left out", async () => {
    show("&analysis=revenue");
    const title = await screen.findByText(/90,000 KGS before, 84,000 KGS after: −6,000 KGS \(−6\.7/);
    const card = title.closest("section");
    expect(plain(card)).toMatch(/Traffic −9,000 KGS.*Conversion \+1,000 KGS.*Average check \+2,000 KGS/);
    expect(plain(card)).toMatch(/Places left out: 1.*till: days are missing: 1/);
    expect(within(card as HTMLElement).getByRole("img").textContent).toContain("places: 7");
    expect(body("/v1/revenue:query")[0]).toMatchObject({
      query: { startDate: "2026-03-30", endDate: "2026-04-27" },
      baselineStartDate: "2026-03-02",
      baselineEndDate: "2026-03-30",
    });
    fireEvent.click(screen.getByRole("link", { name: "Osh Centre" }));
    expect(new URLSearchParams(location.search).get("place")).toBe("locations/osh");
  });

  it("mark the reserve as a model", async () => {
    show("&analysis=reserve");
    await screen.findByText(/Consultations that would be gained: 120/);
    expect(screen.getByRole("heading", { name: "Hidden reserve a model" })).toBeTruthy();
    expect(screen.getByRole("note").textContent).toContain("not what was counted");
  });

  it("say in plain words what was refused, and what to do", async () => {
    const refused = Response.json(
      {
        error: {
          code: 400,
          message: "query.currency: amounts are in KGS, USD",
          details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "CURRENCIES_MIXED" }],
        },
      },
      { status: 400 },
    );
    show("&analysis=revenue", () => true, { "/v1/revenue:query": refused });
    expect((await screen.findByRole("alert")).textContent).toMatch(/several currencies.*KGS, USD/);
  });

  it("hide what somebody may not see", async () => {
    show("&analysis=staff", (permission) => permission === "reporting.reserve.query");
    await screen.findByText(/Consultations that would be gained: 120/);
    expect(screen.getAllByRole("button").map((button) => button.textContent)).not.toContain("Staff");
    expect(calls.some(({ path }) => path.includes("kpi"))).toBe(false);
  });

  it("ask for nothing where the days are none", async () => {
    show("&analysis=revenue&to=2026-01-01");
    history.replaceState(null, "", "/?page=operations&analysis=revenue&from=2026-03-30&to=2026-01-01");
    fireEvent(window, new PopStateEvent("popstate"));
    expect((await screen.findByRole("alert")).textContent).toContain("end before they begin");
  });
});

describe("an import", () => {
  it("tries a table first, tells refused rows with the reason, and stores it then", async () => {
    const tried = {
      import: {
        dryRun: true,
        receivedCount: "2",
        createdCount: "1",
        refusedCount: "1",
        refusals: [{ row: "2", line: "3", field: "visitors", reason: "NEGATIVE", description: "visitors are -4" }],
      },
    };
    show("&analysis=import", () => true, { "/v1/operations:import": tried });
    const store = screen.getByRole<HTMLButtonElement>("button", { name: "Import", current: false });
    const content = "location,time,visitors\nosh,2026-03-01,4\nosh,2026-03-02,-4\n";
    const file = new File([content], "v.csv");
    fireEvent.change(screen.getByLabelText("File"), { target: { files: [file] } });
    fireEvent.click(screen.getByRole("button", { name: "Try without changing anything" }));
    const found = (await screen.findByRole("heading", { name: "Tried: nothing was changed" })).parentElement;
    expect(plain(found)).toMatch(/Rows2.*New1.*Refused1.*3visitorsIt is below 0\.visitors are -4/);
    expect(store.disabled).toBe(false);
    fireEvent.click(store);
    await waitFor(() => expect(body("/v1/operations:import")).toHaveLength(2));
    const [first, second] = body("/v1/operations:import");
    expect(first).toMatchObject({
      dryRun: true,
      table: { kind: "OPERATION_KIND_VISITORS", timeZone: "organization" },
      data: btoa(content),
    });
    expect(second).toMatchObject({ dryRun: false });
  });

  it("does not store what was tried of something else", async () => {
    show("&analysis=import", () => true, {
      "/v1/operations:import": { import: { dryRun: true, receivedCount: "1", createdCount: "1" } },
    });
    fireEvent.change(screen.getByLabelText("File"), { target: { files: [new File(["a"], "v.csv")] } });
    fireEvent.click(screen.getByRole("button", { name: "Try without changing anything" }));
    await screen.findByRole("heading", { name: "Tried: nothing was changed" });
    fireEvent.change(screen.getByLabelText("What the rows are"), { target: { value: "OPERATION_KIND_SALES" } });
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Import", current: false }).disabled).toBe(true);
    expect(screen.queryByRole("heading", { name: "Tried: nothing was changed" })).toBeNull();
  });
});
