import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Client } from "../api/client";
import { changeLanguage, startTranslation } from "../i18n";
import { Cases } from "./Cases";
import { Lights } from "./Lights";

startTranslation("en");

const acme = {
  name: "companies/acme/light",
  kind: "LIGHT_KIND_COMPANY",
  colour: "LIGHT_COLOUR_RED",
  uncertain: true,
  mean: 4.125,
  interval: { lower: 2.75, upper: 5.5, level: 0.95, method: "CLUSTERED_T" },
  answerCount: "1234",
  contactCount: "17",
  trend: "TREND_DOWN",
  trendDifference: -0.75,
  previousColour: "LIGHT_COLOUR_AMBER",
  colourTime: "2026-03-01T10:00:00Z",
  value: 90000,
  valueAtStake: 20000,
};

const one = { ...acme, name: "contacts/c-7/light", kind: "LIGHT_KIND_CONTACT", interval: undefined, answerCount: "1" };

const item = {
  name: "cases/7",
  displayName: "A bad day",
  state: "STATE_ASSIGNED",
  severity: "SEVERITY_HIGH",
  owner: "desk",
  company: "companies/acme",
  createTime: "2026-03-01T10:00:00Z",
  dueTime: "2026-03-02T10:00:00Z",
  resolutionBreached: true,
  etag: "e1",
  links: [{ resource: "surveys/shop/responses/r1" }],
};

/** Every call with its body, in order. */
let calls: { path: string; body: unknown }[] = [];

const answers: Record<string, unknown> = {
  "/v1/lights": {
    lights: [acme],
    counts: [
      { colour: "LIGHT_COLOUR_RED", count: "1" },
      { colour: "LIGHT_COLOUR_GREEN", count: "41" },
    ],
    watermark: "2026-03-01T10:00:00Z",
  },
  "/v1/workOrder": { entries: [{ company: acme, contacts: [one], redContactCount: "4" }] },
  "/v1/cases": { cases: [item] },
  "/v1/cases/7": { case: item },
  "/v1/cases/7/entries": { entries: [{ kind: "KIND_NOTED", text: "Called back", time: "2026-03-01T11:00:00Z" }] },
  "/v1/cases/7:move": { case: item },
  "/v1/cases/7:note": { case: item },
};

const client = () =>
  new Client("k", async (input, init) => {
    const path = String(input);
    calls.push({ path, body: init?.body === undefined ? undefined : JSON.parse(String(init.body)) });
    const found = answers[path.split("?")[0] ?? ""];
    if (found === undefined) {
      throw new Error(`unexpected call of ${path}`);
    }
    return Response.json(found);
  });

const everything = () => true;

beforeEach(() => {
  calls = [];
  history.replaceState(null, "", "/?page=lights");
  changeLanguage("en", localStorage);
});

afterEach(cleanup);

describe("lights", () => {
  it("are shown with interval, n, trend, what they were and what is at stake", async () => {
    render(<Lights client={client()} may={everything} units={undefined} />);
    const row = within(await screen.findByRole("row", { name: /acme/ }));
    for (const text of [
      "red",
      /uncertain/,
      /was amber until/,
      "4.1",
      /2.8 … 5.5/,
      "n = 1,234",
      "contacts: 17",
      "falls",
    ]) {
      expect(row.getByText(text)).toBeDefined();
    }
    expect(row.getByText("20,000")).toBeDefined();
    expect(screen.getByText("42 in all")).toBeDefined();
  });

  it("are chosen by colour", async () => {
    render(<Lights client={client()} may={everything} units={undefined} />);
    fireEvent.click(await screen.findByRole("button", { name: /green 41/ }));
    await screen.findByRole("button", { name: /green 41/, pressed: true });
    expect(calls.some(({ path }) => path.includes("&colour=LIGHT_COLOUR_GREEN"))).toBe(true);
  });

  it("of employees are offered to those who may see them only", async () => {
    history.replaceState(null, "", "/?page=lights&kind=staff");
    const mayNot = (permission: string) => permission !== "segmentation.persons.view";
    const offered = () => screen.getAllByRole("option").map((option) => option.textContent);
    const asked = () => calls.filter(({ path }) => path.includes("LIGHT_KIND_STAFF")).length;
    const { rerender } = render(<Lights client={client()} may={mayNot} units={{ locations: ["osh"] }} />);
    await screen.findByRole("row", { name: /acme/ });
    expect(offered()).not.toContain("Staff");
    expect(asked()).toBe(0);
    rerender(<Lights client={client()} may={mayNot} units={{ employees: ["ann"] }} />);
    expect(offered()).toContain("Staff");
    rerender(<Lights client={client()} may={everything} units={undefined} />);
    expect(offered()).toContain("Staff");
    await vi.waitFor(() => expect(asked()).toBeGreaterThan(0));
  });

  it("tell whom to speak to first, and who is not shown", async () => {
    history.replaceState(null, "", "/?page=lights&order=1");
    render(<Lights client={client()} may={everything} units={undefined} />);
    const row = within(await screen.findByRole("row", { name: /c-7/ }));
    expect(row.getByText("too few answers for an interval")).toBeDefined();
    expect(screen.getByText("more red contacts: 3")).toBeDefined();
  });
});

describe("cases", () => {
  it("are listed with what is late, opened, moved and noted", async () => {
    render(<Cases client={client()} may={everything} />);
    fireEvent.click(await screen.findByRole("button", { name: "A bad day" }));
    const shown = within(await screen.findByRole("region", { name: "A bad day" }));
    expect(shown.getByText("Called back")).toBeDefined();
    expect(shown.getByText(/surveys\/shop\/responses\/r1/)).toBeDefined();
    fireEvent.change(shown.getByLabelText("Root cause"), { target: { value: "ROOT_CAUSE_PROCESS" } });
    fireEvent.click(shown.getByRole("button", { name: "Resolve" }));
    await screen.findByRole("region", { name: "A bad day" });
    expect(calls.find(({ path }) => path.endsWith(":move"))?.body).toEqual({
      state: "STATE_RESOLVED",
      rootCause: "ROOT_CAUSE_PROCESS",
      etag: "e1",
    });
    expect(screen.getAllByText(/late/).length).toBeGreaterThan(0);
    fireEvent.change(screen.getByLabelText("Note"), { target: { value: " Will call " } });
    fireEvent.click(screen.getByRole("button", { name: "Add the note" }));
    await vi.waitFor(() =>
      expect(calls.find(({ path }) => path.endsWith(":note"))?.body).toMatchObject({ text: "Will call" }),
    );
  });

  it("offer nothing that one may not do", async () => {
    history.replaceState(null, "", "/?page=cases&case=cases/7");
    render(<Cases client={client()} may={() => false} />);
    await screen.findByText("Called back");
    expect(screen.queryByRole("button", { name: "Resolve" })).toBeNull();
    expect(screen.queryByLabelText("Note")).toBeNull();
  });
});
