import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Client } from "../api/client";
import { changeLanguage, startTranslation } from "../i18n";
import * as saving from "../settings/download";
import { page } from "./Reports";

startTranslation("en");
const Reports = page();

const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

const html = `<!doctype html><html lang="en"><head><style>h1{color:red}</style></head><body><main>
<h1>Executive summary</h1><script>window.ran = true</script><img src="x" onerror="window.ran = true">
<p onclick="window.ran = true" style="color:blue">NPS <a href="/?survey=surveys%2Fa&filter=x">31.6</a>, n = 1,005</p>
<a href="//elsewhere.example">away</a><svg viewBox="0 0 1 1"><circle r="1" onload="1"></circle></svg></main></body></html>`;

const reports = [
  { name: "reports/executive-summary", kind: "REPORT_KIND_EXECUTIVE_SUMMARY", builtIn: true, version: 1, sections: [] },
  { name: "reports/store-scorecard", kind: "REPORT_KIND_STORE_SCORECARD", builtIn: true, version: 1, sections: [] },
  {
    name: "reports/own-1",
    displayName: "Our shops",
    kind: "REPORT_KIND_EXECUTIVE_SUMMARY",
    version: 3,
    etag: "e3",
    sections: [{ type: "TYPE_SCORES" }, { type: "TYPE_HEAT", by: "location" }],
  },
];

const kinds = [
  {
    kind: "REPORT_KIND_EXECUTIVE_SUMMARY",
    titles: { en: "Executive summary" },
    sections: ["TYPE_SCORES", "TYPE_TREND"],
    periodRule: "REPORT_PERIOD_RULE_LAST_MONTH",
    cadence: "REPORT_CADENCE_MONTHLY",
  },
  {
    kind: "REPORT_KIND_STORE_SCORECARD",
    titles: { en: "Store scorecard" },
    sections: ["TYPE_SCORES"],
    periodRule: "REPORT_PERIOD_RULE_LAST_MONTH",
    cadence: "REPORT_CADENCE_MONTHLY",
    subjectCollection: "locations",
  },
];

const schedule = {
  name: "reportSchedules/monthly",
  displayName: "To the board",
  report: "reports/executive-summary",
  formats: ["REPORT_FORMAT_PDF"],
  recurrence: { frequency: "FREQUENCY_MONTHLY", dayOfMonth: 1, minuteOfDay: 480, timeZone: "Asia/Bishkek" },
  recipients: [{ address: "boss@shop.example", unsubscribeTime: "2026-03-01T00:00:00Z" }, {}],
  overdueSince: "2026-03-02T03:00:00Z",
  owner: "members/anna",
  etag: "s1",
};

type Call = { method: string; path: string; query: URLSearchParams; body: Record<string, unknown> };

let calls: Call[] = [];
let answers: Record<string, (call: Call) => unknown> = {};

const every = [
  "reporting.reports.list",
  "reporting.reports.render",
  "reporting.reports.create",
  "reporting.reports.update",
  "reporting.schedules.list",
  "reporting.schedules.create",
  "reporting.schedules.update",
  "reporting.schedules.run",
  "reporting.runs.list",
  "reporting.cadences.list",
  "reporting.exports.list",
  "reporting.exports.create",
  "reporting.exports.cancel",
  "reporting.exports.download",
  "reporting.shares.list",
  "reporting.shares.create",
  "reporting.shares.delete",
  "survey.responses.list",
  "segmentation.units.list",
];

function show(search = "", permissions: readonly string[] = every): void {
  history.replaceState(null, "", `/?page=reports${search}`);
  const client = new Client("k", async (input, init) => {
    const [path = "", query] = String(input).replace("/v1/", "").split("?");
    const body = init?.body === undefined ? {} : JSON.parse(String(init.body));
    const call = { method: init?.method ?? "GET", path, query: new URLSearchParams(query), body };
    calls.push(call);
    const answer = answers[`${call.method} ${path}`];
    if (answer === undefined) {
      return Response.json({ error: { code: 404, message: `no ${path}`, details: [] } }, { status: 404 });
    }
    const made = answer(call);
    return made instanceof Response ? made : Response.json(made);
  });
  render(<Reports client={client} may={(p) => permissions.includes(p)} caller={undefined} />);
}

const file = { content: base64(html), contentType: "text/html", fileName: "r.html", fingerprint: "abc" };

beforeEach(() => {
  calls = [];
  answers = {
    "GET reports": () => ({ reports }),
    "GET reportKinds": () => ({ kinds }),
    "GET surveys": () => ({
      surveys: [{ name: "surveys/a", displayName: "Shop", currentRevision: "surveys/a/revisions/1" }],
    }),
    "GET units": () => ({ units: [{ name: "locations/osh", displayName: "Osh bazaar" }] }),
    "POST reports/executive-summary:download": () => file,
    "POST reports/store-scorecard:download": () => file,
  };
  globalThis.scrollTo = () => undefined;
  changeLanguage("en", localStorage);
});

afterEach(cleanup);

const shown = async () => {
  const root = await waitFor(() => {
    const found = document.querySelector(".printed")?.shadowRoot;
    expect(found?.querySelector("h1")).toBeTruthy();
    return found;
  });
  return root as ShadowRoot;
};

describe("a report", () => {
  it("is read as its page is, without anything that pages of reports do not hold", async () => {
    show();
    const root = await shown();
    expect(root.textContent).toContain("NPS 31.6, n = 1,005");
    expect(root.querySelectorAll("script, img, [onclick], [onload], [style]")).toHaveLength(0);
    expect([...root.querySelectorAll("a")].map((a) => a.getAttribute("href"))).toEqual([
      "/?survey=surveys%2Fa&filter=x",
      null,
    ]);
    expect((globalThis as { ran?: boolean }).ran).toBeUndefined();
    expect(calls.find(({ path }) => path.endsWith(":download"))?.body).toEqual({
      query: { languageCode: "en", survey: "surveys/a" },
      format: "REPORT_FORMAT_HTML",
    });
  });

  it("leads to what is behind its numbers without loading the app anew", async () => {
    show();
    fireEvent.click((await shown()).querySelector("a[href^='/']") as Element);
    expect(location.search).toBe("?survey=surveys/a&filter=x");
  });

  it("is taken along in another form, for the days of the address", async () => {
    const saved = vi.spyOn(saving, "download").mockImplementation(() => undefined);
    show("&from=2026-03-01&to=2026-03-31");
    await shown();
    fireEvent.click(screen.getByRole("button", { name: "XLSX" }));
    await waitFor(() => expect(saved).toHaveBeenCalledWith("r.html", "text/html", expect.anything()));
    const { query, format } = (calls.at(-1) as Call).body as {
      query: { period: { startTime: string } };
      format: string;
    };
    expect(format).toBe("REPORT_FORMAT_XLSX");
    expect(new Date(query.period.startTime).getDate()).toBe(1);
  });

  it("about one place asks which, by the names that people know", async () => {
    show("&report=reports/store-scorecard");
    expect(await screen.findByText(/about one place: choose it above/)).toBeTruthy();
    expect(calls.some(({ path }) => path.endsWith(":download"))).toBe(false);
    const field = screen.getByLabelText("About the place");
    await waitFor(() => expect(document.querySelector("datalist option")).toBeTruthy());
    fireEvent.change(field, { target: { value: "Osh bazaar" } });
    await shown();
    expect(calls.at(-1)?.body.query).toMatchObject({ subject: "locations/osh" });
  });

  it("that is refused says why and what to do", async () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "MONTHS_NOT_WHOLE" }];
    answers["POST reports/executive-summary:download"] = () =>
      Response.json({ error: { code: 400, message: "m", details } }, { status: 400 });
    show();
    expect(await screen.findByText(/Choose whole months/)).toBeTruthy();
  });

  it("is shared by a link, which is shown once", async () => {
    answers["POST reportShares"] = () => ({ reportShare: {}, secret: "s3cret", url: "/r/s3cret" });
    show();
    await shown();
    fireEvent.click(screen.getByRole("button", { name: "Share by a link" }));
    fireEvent.click(screen.getByRole("button", { name: "Make the link" }));
    expect(((await screen.findByLabelText(/Copy it now/)) as HTMLInputElement).value).toBe(
      `${location.origin}/r/s3cret`,
    );
    expect(calls.at(-1)?.body.reportShare).toMatchObject({
      rendition: "reportRenditions/abc",
      formats: ["REPORT_FORMAT_PDF"],
    });
  });
});

describe("schedules", () => {
  beforeEach(() => {
    answers["GET reportSchedules"] = () => ({ reportSchedules: [schedule] });
    answers["GET reportCadences"] = () => ({
      cadences: [
        { report: "reports/executive-summary", cadence: "REPORT_CADENCE_MONTHLY", overdue: true },
        { report: "reports/own-1", cadence: "REPORT_CADENCE_MONTHLY", lastDeliveryTime: "2026-03-01T00:00:00Z" },
      ],
    });
    answers["GET reportSchedules/monthly/runs"] = () => ({
      runs: [{ name: "reportSchedules/monthly/runs/r1", time: "2026-03-01T02:00:00Z", state: "STATE_RUNNING" }],
    });
    answers["GET reportSchedules/monthly/runs/r1/deliveries"] = () => ({
      deliveries: [
        {
          name: "d",
          recipient: {},
          state: "STATE_PENDING",
          attempts: 2,
          failure: "no mail server",
          nextAttemptTime: "2026-03-01T04:00:00Z",
        },
      ],
    });
  });

  it("say when, to whom, what is overdue, and what became of each run", async () => {
    show("&part=schedules");
    expect(await screen.findByText("every month, on day 1, 08:00 (Asia/Bishkek)")).toBeTruthy();
    expect(screen.getByText(/boss@shop.example/).textContent).toContain("unsubscribed");
    expect(screen.getByText("an address that you may not see")).toBeTruthy();
    expect(screen.getByText(/^overdue since/)).toBeTruthy();
    expect(await screen.findByText("Overdue: 1 of 2 reports.")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "What became of it" }));
    fireEvent.click(await screen.findByRole("button", { name: "To whom" }));
    expect(await screen.findByText("no mail server")).toBeTruthy();
    expect(screen.getByText(/attempts: 2; tried next/)).toBeTruthy();
  });

  it("are made for the report that was read, with what their frequency takes and nothing else", async () => {
    answers["POST reportSchedules"] = () => ({});
    show("&part=schedules&doing=new&report=reports/executive-summary");
    fireEvent.change(await screen.findByLabelText("How often"), { target: { value: "FREQUENCY_WEEKLY" } });
    fireEvent.change(screen.getByLabelText(/^Recipients/), { target: { value: "anna\nboss@shop.example" } });
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(calls.some(({ method }) => method === "POST")).toBe(true));
    expect(calls.find(({ method }) => method === "POST")?.body.reportSchedule).toMatchObject({
      displayName: "Executive summary",
      recurrence: { frequency: "FREQUENCY_WEEKLY", weekdays: ["WEEKDAY_MONDAY"], dayOfMonth: 0, minuteOfDay: 480 },
      recipients: [{ member: "members/anna" }, { address: "boss@shop.example" }],
      delivery: "DELIVERY_EMAIL",
    });
    await waitFor(() => expect(new URLSearchParams(location.search).get("doing")).toBeNull());
  });

  it("warn before addresses are lost that the reader may not see", async () => {
    show("&part=schedules");
    fireEvent.click(await screen.findByRole("button", { name: "Change" }));
    expect(screen.getByText("Saving takes out 1 recipients whose addresses you may not see.")).toBeTruthy();
  });

  it("are paused with nothing else changed", async () => {
    answers["PATCH reportSchedules/monthly"] = () => ({});
    show("&part=schedules");
    fireEvent.click(await screen.findByRole("button", { name: "Pause" }));
    await waitFor(() =>
      expect(calls.find(({ method }) => method === "PATCH")?.body).toEqual({
        reportSchedule: { paused: true, etag: "s1" },
        updateMask: "paused",
      }),
    );
  });
});

describe("exports", () => {
  const done = {
    name: "exports/done",
    survey: "surveys/a",
    state: "STATE_SUCCEEDED",
    rows: "2000",
    bytes: "8",
    format: "FORMAT_CSV",
  };

  it("show how far they have come, and are called off", async () => {
    answers["GET exports"] = () => ({
      exports: [{ ...done, name: "exports/x", state: "STATE_RUNNING", rows: "500", totalRows: "2000" }],
    });
    answers["POST exports/x:cancel"] = () => ({});
    show("&part=exports");
    expect(await screen.findByText(/500 of about 2,000 rows/)).toBeTruthy();
    expect((screen.getByRole("progressbar") as HTMLProgressElement).value).toBe(500);
    fireEvent.click(screen.getByRole("button", { name: "Call it off" }));
    await waitFor(() => expect(calls.some(({ path }) => path === "exports/x:cancel")).toBe(true));
  });

  it("are downloaded part by part, and go on where they were cut off", async () => {
    const saved = vi.spyOn(saving, "download").mockImplementation(() => undefined);
    let broken = true;
    answers["GET exports"] = () => ({ exports: [done] });
    answers["GET exports/done:download"] = ({ query }) => {
      const offset = Number(query.get("offset"));
      if (offset === 4 && broken) {
        broken = false;
        return Response.json({ error: { code: 503, message: "away", details: [] } }, { status: 503 });
      }
      const data = base64("abcdefgh".slice(offset, offset + 4));
      return { data, nextOffset: String(offset + 4), size: "8", fileName: "a.csv", contentType: "text/csv" };
    };
    show("&part=exports");
    fireEvent.click(await screen.findByRole("button", { name: "Download" }));
    fireEvent.click(await screen.findByRole("button", { name: "Go on with the download" }));
    await waitFor(() => expect(saved).toHaveBeenCalledTimes(1));
    const [name, type, parts] = saved.mock.calls[0] ?? [];
    expect([name, type]).toEqual(["a.csv", "text/csv"]);
    expect((parts as Blob[]).map(({ size }) => size)).toEqual([4, 4]);
    expect(calls.filter(({ path }) => path.endsWith(":download")).map(({ query }) => query.get("offset"))).toEqual([
      "0",
      "4",
      "4",
    ]);
  });

  it("offer columns of persons to those alone who may see persons", async () => {
    answers["GET exports"] = () => ({ exports: [] });
    answers["GET surveys/a/revisions/1"] = () => ({
      revision: { questionnaire: { questions: [{ id: "nps", nps: {}, comment: { mode: "MODE_OPTIONAL" } }] } },
    });
    show("&part=exports");
    fireEvent.click(await screen.findByRole("button", { name: "Export rows" }));
    fireEvent.click(await screen.findByLabelText("answer.nps"));
    expect(screen.queryByLabelText(/comment.nps/)).toBeNull();
    expect(screen.queryByLabelText(/respondent/)).toBeNull();
    answers["POST exports"] = () => ({});
    fireEvent.click(screen.getByRole("button", { name: "Begin" }));
    await waitFor(() =>
      expect(calls.find(({ method, path }) => method === "POST" && path === "exports")?.body.export).toMatchObject({
        kind: "KIND_RESPONSES",
        survey: "surveys/a",
        columns: ["answer.nps"],
      }),
    );
  });
});

describe("definitions", () => {
  it("are changed as a whole, emptied fields included, from the version that was read", async () => {
    answers["PATCH reports/own-1"] = () => ({});
    show("&part=definitions");
    const card = (await screen.findByText("Our shops")).closest("li") as HTMLElement;
    fireEvent.click(within(card).getByRole("button", { name: "Change" }));
    fireEvent.click(within(card).getByRole("button", { name: "Questions by units: up" }));
    fireEvent.click(within(card).getByRole("button", { name: "Save" }));
    await waitFor(() => expect(calls.some(({ method }) => method === "PATCH")).toBe(true));
    const { report, updateMask } = (calls.find(({ method }) => method === "PATCH") as Call).body as {
      report: object;
      updateMask: string;
    };
    expect(report).toMatchObject({
      sections: [{ type: "TYPE_HEAT", by: "location" }, { type: "TYPE_SCORES" }],
      etag: "e3",
      filter: "",
    });
    expect(updateMask).toContain("filter");
  });

  it("that come with the product are read and not changed", async () => {
    show("&part=definitions");
    const card = (await screen.findByRole("heading", { name: "Store scorecard" })).closest("li") as HTMLElement;
    expect(within(card).queryByRole("button")).toBeNull();
    expect(within(card).getByRole("link", { name: "Read it" })).toBeTruthy();
  });
});

describe("the page", () => {
  it("shows to a reader of scores what he may do, and nothing else", async () => {
    show("", ["reporting.reports.list", "reporting.reports.render"]);
    await shown();
    const tabs = within(screen.getByRole("navigation", { name: "Parts of the page" })).getAllByRole("button");
    expect(tabs.map(({ textContent }) => textContent)).toEqual(["Read", "Definitions"]);
    expect(screen.queryByRole("button", { name: "Share by a link" })).toBeNull();
  });
});
