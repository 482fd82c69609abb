import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Client } from "../api/client";
import type { ApiKey, AuditEntry, Erasure, Member } from "../api/types";
import { startTranslation } from "../i18n";
import { queryOf } from "./Audit";
import { base64Of, hexOf } from "./hash";
import { stateOfKey } from "./Keys";
import { partsFor, Settings } from "./Settings";

startTranslation("en");

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** A server of a test: answers by method and path, and keeps what was asked. */
function serve(answers: Record<string, () => unknown>): { client: Client; calls: Call[] } {
  const calls: Call[] = [];
  const client = new Client("k", async (input, init) => {
    const method = init?.method ?? "GET";
    const path = String(input).split("?")[0]?.replace("/v1/", "") ?? "";
    calls.push({
      method,
      path: String(input).replace("/v1/", ""),
      body: init?.body ? JSON.parse(String(init.body)) : undefined,
    });
    const answer = answers[`${method} ${path}`];
    if (answer === undefined) {
      throw new Error(`unexpected ${method} ${path}`);
    }
    const body = answer();
    return body instanceof Response ? body : Response.json(body);
  });
  return { client, calls };
}

const everything: ReadonlySet<string> = new Set([
  ...["keys", "members", "webhooks"].flatMap((noun) =>
    ["list", "create", "update", "delete", "rotate", "revoke", "ping", "deliveries", "replay"].map(
      (verb) => `access.${noun}.${verb}`,
    ),
  ),
  "access.audit.list",
  "access.audit.verify",
  "access.persons.export",
  "access.erasures.create",
  "access.erasures.list",
]);

const show = (client: Client, part: string, permissions: ReadonlySet<string> = everything) =>
  render(<Settings client={client} permissions={permissions} shown={part} choose={() => undefined} />);

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const till: ApiKey = {
  name: "apiKeys/till",
  displayName: "Till",
  kind: "KIND_PUBLISHABLE",
  surveys: ["surveys/checkout"],
  secrets: [{ hint: "x9Zk", createTime: "2025-05-01T10:00:00Z" }],
  lastUseTime: "2025-05-02T10:00:00Z",
};

describe("Settings", () => {
  it("shows the parts that the permissions open", () => {
    expect(partsFor(everything)).toEqual(["keys", "members", "webhooks", "audit", "privacy"]);
    expect(partsFor(new Set(["access.audit.list", "access.erasures.list"]))).toEqual(["audit", "privacy"]);
    expect(partsFor(new Set(["survey.surveys.list"]))).toEqual([]);
  });

  it("lists keys with what they are for, and nothing to press where that is not allowed", async () => {
    const { client } = serve({ "GET apiKeys": () => ({ apiKeys: [till] }) });
    show(client, "keys", new Set(["access.keys.list"]));
    const card = (await screen.findByRole("heading", { name: "Till" })).closest("li");
    expect(card?.textContent).toContain("Publishable");
    expect(card?.textContent).toContain("surveys/checkout");
    expect(card?.textContent).toContain("…x9Zk");
    expect(within(card as HTMLElement).queryByRole("button")).toBeNull();
    expect(screen.queryByRole("button", { name: "Create a key" })).toBeNull();
  });

  it("creates a key and shows its secret once", async () => {
    const { client, calls } = serve({
      "GET apiKeys": () => ({ apiKeys: [] }),
      "GET surveys": () => ({ surveys: [{ name: "surveys/checkout", displayName: "Checkout" }] }),
      "POST apiKeys": () => ({ apiKey: till, secret: "otp_secret" }),
    });
    show(client, "keys");
    fireEvent.click(await screen.findByRole("button", { name: "Create a key" }));
    fireEvent.change(screen.getByLabelText("What people call it"), { target: { value: " Till " } });
    fireEvent.click(await screen.findByLabelText(/Checkout/));
    fireEvent.change(screen.getByLabelText("Pages that may use it"), { target: { value: "https://shop.example\n\n" } });
    fireEvent.click(screen.getByRole("button", { name: "Create a key" }));
    const secret = await screen.findByDisplayValue("otp_secret");
    expect(calls.find((call) => call.method === "POST")?.body).toEqual({
      apiKey: {
        displayName: "Till",
        kind: "KIND_PUBLISHABLE",
        surveys: ["surveys/checkout"],
        origins: ["https://shop.example"],
      },
    });
    fireEvent.click(screen.getByRole("button", { name: "I have kept it" }));
    expect(secret.isConnected).toBe(false);
  });

  it("rotates with the chosen overlap, and asks before it revokes", async () => {
    const { client, calls } = serve({
      "GET apiKeys": () => ({ apiKeys: [till] }),
      "POST apiKeys/till:rotate": () => ({ apiKey: till, secret: "otp_next" }),
      "POST apiKeys/till:revoke": () => ({ apiKey: till }),
    });
    show(client, "keys");
    fireEvent.change(await screen.findByLabelText("The old one works for"), { target: { value: "hour" } });
    fireEvent.click(screen.getByRole("button", { name: "Make a new secret" }));
    expect(await screen.findByDisplayValue("otp_next")).toBeTruthy();
    expect(calls.find((call) => call.path === "apiKeys/till:rotate")?.body).toEqual({ overlap: "3600s" });
    fireEvent.click(await screen.findByRole("button", { name: "Revoke" }));
    expect(calls.some((call) => call.path === "apiKeys/till:revoke")).toBe(false);
    fireEvent.click(within(screen.getByRole("alertdialog")).getByRole("button", { name: "Revoke" }));
    await waitFor(() => expect(calls.some((call) => call.path === "apiKeys/till:revoke")).toBe(true));
  });

  it("tells keys that work from those that do not", () => {
    const now = Date.parse("2025-06-01T00:00:00Z");
    expect(stateOfKey(till, now)).toBe("active");
    expect(stateOfKey({ ...till, expireTime: "2025-05-31T00:00:00Z" }, now)).toBe("expired");
    expect(stateOfKey({ ...till, revokeTime: "2025-05-01T00:00:00Z" }, now)).toBe("revoked");
  });

  it("asks for units where a role needs them, and says why the server refuses", async () => {
    const member: Member = { name: "members/m1", displayName: "Айгүл", roles: ["viewer"], etag: "e1" };
    const { client, calls } = serve({
      "GET members": () => ({ members: [member] }),
      "POST members": () =>
        Response.json(
          {
            error: {
              code: 400,
              message: "x",
              details: [{ "@type": "t/google.rpc.ErrorInfo", reason: "ROLES_CONFLICT" }],
            },
          },
          { status: 400 },
        ),
      "PATCH members/m1": () => ({ member }),
    });
    show(client, "members");
    fireEvent.click(await screen.findByRole("button", { name: "Disable" }));
    await waitFor(() =>
      expect(calls.find((call) => call.method === "PATCH")?.body).toEqual({
        member: { disabled: true, etag: "e1" },
        updateMask: "disabled",
      }),
    );
    fireEvent.click(screen.getByRole("button", { name: "Add a member" }));
    fireEvent.change(screen.getByLabelText("E-mail"), { target: { value: "a@example.org" } });
    fireEvent.click(screen.getByLabelText(/^Staff/));
    const save = screen.getByRole("button", { name: "Save" }) as HTMLButtonElement;
    expect(save.disabled).toBe(true);
    expect(screen.getByText(/need at least one unit/)).toBeTruthy();
    fireEvent.change(screen.getByLabelText("Locations"), { target: { value: "Ош\nТалас" } });
    fireEvent.click(save);
    expect((await screen.findByRole("alert")).textContent).toMatch(/cannot go together/);
    expect(calls.find((call) => call.method === "POST")?.body).toMatchObject({
      member: { email: "a@example.org", roles: ["viewer", "staff"], units: { locations: ["Ош", "Талас"] } },
    });
  });

  it("sends a ping and shows what became of it", async () => {
    const { client, calls } = serve({
      "GET webhooks": () => ({
        webhooks: [
          {
            name: "webhooks/w1",
            displayName: "CRM",
            url: "https://crm.example/x",
            events: ["WEBHOOK_EVENT_PERSON_ERASED"],
          },
        ],
      }),
      "POST webhooks/w1:ping": () => ({}),
      "GET webhooks/w1/deliveries": () => ({
        deliveries: [
          {
            name: "webhooks/w1/deliveries/d1",
            event: "WEBHOOK_EVENT_PING",
            state: "STATE_FAILED",
            attempts: 3,
            lastResult: "HTTP 500",
          },
        ],
      }),
      "POST webhooks/w1/deliveries/d1:replay": () => ({}),
    });
    show(client, "webhooks");
    fireEvent.click(await screen.findByRole("button", { name: "Send a ping" }));
    expect(await screen.findByText("HTTP 500")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Send again" }));
    await waitFor(() => expect(calls.some((call) => call.path.endsWith("d1:replay"))).toBe(true));
  });

  it("searches and turns the pages of the audit log", async () => {
    const entry: AuditEntry = {
      name: "auditEntries/9",
      sequence: "9",
      actor: "members/m1",
      method: "otklik.survey.v1.SurveyService/GetResponse",
      resource: "surveys/s/responses/r",
      outcome: "OUTCOME_DENIED",
      code: "PERMISSION_DENIED",
    };
    const { client, calls } = serve({ "GET auditEntries": () => ({ entries: [entry], nextPageToken: "t1" }) });
    show(client, "audit");
    expect(await screen.findByText("GetResponse")).toBeTruthy();
    expect(screen.getByText("surveys/s/responses/r")).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Older" }));
    await waitFor(() => expect(calls.at(-1)?.path).toBe("auditEntries?pageSize=50&pageToken=t1"));
    fireEvent.change(screen.getByLabelText("Who"), { target: { value: "members/m1" } });
    fireEvent.click(screen.getByRole("button", { name: "Search" }));
    await waitFor(() => expect(calls.at(-1)?.path).toBe("auditEntries?pageSize=50&actor=members%2Fm1"));
  });

  it("names the entry that does not fit", async () => {
    const { client, calls } = serve({
      "GET auditEntries": () => ({ entries: [] }),
      "POST auditEntries:verify": () => ({
        intact: false,
        entries: "12",
        firstFault: "7",
        fault: "hash differs",
        headHash: "AQ==",
      }),
    });
    show(client, "audit");
    fireEvent.change(screen.getByLabelText("A hash noted earlier (optional)"), { target: { value: "zz" } });
    expect((screen.getByRole("button", { name: "Verify the log" }) as HTMLButtonElement).disabled).toBe(true);
    fireEvent.change(screen.getByLabelText("A hash noted earlier (optional)"), { target: { value: "ab".repeat(32) } });
    fireEvent.click(screen.getByRole("button", { name: "Verify the log" }));
    expect(await screen.findByText(/entry 7 does not fit/)).toBeTruthy();
    expect(screen.getByText("01")).toBeTruthy();
    expect(calls.find((call) => call.method === "POST")?.body).toEqual({ knownHash: base64Of("ab".repeat(32)) });
  });

  it("saves the audit log as a file, but not one that broke off", async () => {
    const files: Blob[] = [];
    vi.stubGlobal(
      "URL",
      Object.assign(URL, {
        createObjectURL: (blob: Blob) => `blob:${files.push(blob)}`,
        revokeObjectURL: () => undefined,
      }),
    );
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => undefined);
    let lines = '{"entry":{"sequence":"1","actorName":"=cmd"}}\n';
    const { client } = serve({
      "GET auditEntries": () => ({ entries: [] }),
      "GET auditEntries:stream": () => new Response(lines),
    });
    show(client, "audit");
    fireEvent.click(screen.getByRole("button", { name: "Export as CSV" }));
    await waitFor(() => expect(files).toHaveLength(1));
    lines += '{"error":{"code":503,"status":"UNAVAILABLE","message":"away","details":[]}}\n';
    fireEvent.click(await screen.findByRole("button", { name: "Export as JSON lines" }));
    expect((await screen.findByRole("alert")).textContent).toMatch(/away/);
    expect(files).toHaveLength(1);
  });

  it("erases nobody before the identifier was entered twice, and shows the receipt", async () => {
    const erasure: Erasure = {
      name: "erasures/e1",
      person: "p_abc",
      state: "STATE_SUCCEEDED",
      removals: [{ service: "survey", kind: "responses", place: "database", count: "3" }],
    };
    const { client, calls } = serve({
      "GET erasures": () => ({ erasures: calls.some((call) => call.method === "POST") ? [erasure] : [] }),
      "POST erasures": () => ({ erasure }),
    });
    show(client, "privacy");
    const form = screen.getByRole("heading", { name: "Erase a person" }).closest("form") as HTMLElement;
    fireEvent.change(within(form).getByLabelText("Who, by your own identifier"), { target: { value: "c-17" } });
    fireEvent.click(within(form).getByRole("button", { name: "Erase a person" }));
    const now = within(form).getByRole("button", { name: "Erase for good" }) as HTMLButtonElement;
    expect(now.disabled).toBe(true);
    fireEvent.change(within(form).getByLabelText("The identifier once more"), { target: { value: "c-18" } });
    expect(now.disabled).toBe(true);
    fireEvent.change(within(form).getByLabelText("The identifier once more"), { target: { value: "c-17" } });
    fireEvent.click(now);
    expect(await screen.findByText("p_abc")).toBeTruthy();
    expect(screen.getByText("database").closest("tr")?.textContent).toBe("surveyresponsesdatabase3");
    const sent = calls.filter((call) => call.method === "POST");
    expect(sent).toHaveLength(1);
    expect(sent[0]?.body).toEqual({
      respondent: "c-17",
      reason: "",
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });
});

describe("queryOf", () => {
  it("leaves out what is empty and writes times in UTC", () => {
    const filter = {
      actor: " a ",
      method: "",
      resource: "surveys/s",
      outcome: "" as const,
      from: "",
      to: "2025-01-01T00:00",
    };
    const query = new URLSearchParams(queryOf(filter));
    expect([...query.keys()]).toEqual(["actor", "resource", "period.endTime"]);
    expect(query.get("actor")).toBe("a");
    expect(query.get("period.endTime")).toBe(new Date("2025-01-01T00:00").toISOString());
  });
});

describe("hashes", () => {
  it("survive the way to hexadecimal and back", () => {
    const hex = "00ff".repeat(16);
    expect(hexOf(base64Of(hex))).toBe(hex);
    expect(base64Of("00ff")).toBeUndefined();
    expect(hexOf(undefined)).toBe("");
  });
});
