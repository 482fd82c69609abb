import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Score, Survey } from "../api/types";
import { changeLanguage, startTranslation } from "../i18n";
import { App } from "./App";
import { RateCard } from "./RateCard";
import { ScoreCard } from "./ScoreCard";

startTranslation("en");

const forbidden = () => Response.json({}, { status: 403 });

/** Answers by path, by default of nobody who is logged in and of a key that may not ask who it is; a path that is not there is a test that is wrong. */
function serve(answers: Record<string, () => Response>): void {
  vi.stubGlobal("fetch", async (input: RequestInfo | URL) => {
    const path = String(input).split("?")[0] ?? "";
    const answer = answers[path] ?? (path === "/auth/session" ? nobody : path === "/v1/caller" ? forbidden : undefined);
    if (answer === undefined) {
      throw new Error(`unexpected call of ${path}`);
    }
    return answer();
  });
}

const nobody = () => Response.json({ loggedIn: false, development: false, providers: [] });

const surveys =
  (...list: Survey[]) =>
  () =>
    Response.json({ surveys: list, nextPageToken: "" });

beforeEach(() => {
  history.replaceState(null, "", "/");
  sessionStorage.clear();
  changeLanguage("en", localStorage);
  Element.prototype.scrollIntoView = () => undefined;
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("App", () => {
  it("asks for the key and says when it is missing", async () => {
    serve({});
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: "Show scores" }));
    expect(screen.getByRole("alert").textContent).toBe("Enter the key first.");
    expect(document.activeElement).toBe(screen.getByLabelText("Key"));
  });

  it("asks again when the server refuses the key", async () => {
    serve({ "/v1/surveys": () => Response.json({}, { status: 401 }) });
    render(<App />);
    fireEvent.change(await screen.findByLabelText("Key"), { target: { value: " wrong " } });
    fireEvent.click(screen.getByRole("button", { name: "Show scores" }));
    expect((await screen.findByRole("alert")).textContent).toMatch(/does not accept this key/);
    expect(sessionStorage.length).toBe(0);
  });

  it("says what to do when there are no surveys", async () => {
    sessionStorage.setItem("otklik.key", "k");
    serve({ "/v1/surveys": surveys() });
    render(<App />);
    expect(await screen.findByRole("heading", { name: "No surveys yet" })).toBeTruthy();
    expect(screen.getByText(/otklik import/)).toBeTruthy();
  });

  it("says why a draft has no score", async () => {
    sessionStorage.setItem("otklik.key", "k");
    serve({
      "/v1/surveys": surveys({
        name: "surveys/a",
        displayName: "Checkout",
        state: "STATE_DRAFT",
        draft: { title: {} },
      } as Survey),
    });
    render(<App />);
    expect(await screen.findByRole("heading", { name: "Checkout" })).toBeTruthy();
    expect(screen.getByText(/not published yet/)).toBeTruthy();
  });

  it("keeps trying when the server is away, and can be told to try at once", async () => {
    sessionStorage.setItem("otklik.key", "k");
    let up = false;
    vi.stubGlobal("fetch", async () => {
      if (!up) {
        throw new TypeError("failed to fetch");
      }
      return Response.json({ surveys: [] });
    });
    render(<App />);
    expect((await screen.findByRole("alert")).textContent).toMatch(/cannot be reached/);
    up = true;
    fireEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("heading", { name: "No surveys yet" })).toBeTruthy();
  });

  it("forgets the key", async () => {
    sessionStorage.setItem("otklik.key", "k");
    serve({ "/v1/surveys": surveys() });
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: "Forget the key" }));
    expect(await screen.findByLabelText("Key")).toBeTruthy();
    expect(sessionStorage.length).toBe(0);
  });

  it("speaks three languages and says so to the browser", async () => {
    serve({});
    render(<App />);
    await screen.findByLabelText("Key");
    for (const [language, title] of [
      ["ru", "Введите ключ"],
      ["ky", "Ачкычты киргизиңиз"],
      ["en", "Enter your key"],
    ] as const) {
      const chooser = within(screen.getByRole("navigation")).getByRole("combobox");
      act(() => {
        fireEvent.change(chooser, { target: { value: language } });
      });
      expect(screen.getByRole("heading", { level: 1 }).textContent).toBe(title);
      expect(document.documentElement.lang).toBe(language);
      expect(localStorage.getItem("otklik.language")).toBe(language);
    }
  });
});

const nps: Score = {
  metric: "METRIC_NPS",
  variant: "VARIANT_NPS_ANSWERED",
  n: "2746",
  estimate: 39.84,
  interval: { lower: 37.2, upper: 42.4, level: 0.95 },
  counts: {
    answered: "2746",
    promoters: "1436",
    passives: "968",
    detractors: "342",
    refused: "0",
    dismissed: "0",
    timedOut: "0",
  },
  band: "",
};

describe("who is there", () => {
  const caller =
    (principal: object, ...permissions: string[]) =>
    () =>
      Response.json({ principal, permissions });
  const session = (told: object) => () =>
    Response.json({ loggedIn: false, development: false, providers: [], ...told });

  it("offers the providers to log in with, and a key as another way", async () => {
    history.replaceState(null, "", "/?survey=surveys/a");
    serve({ "/auth/session": session({ providers: [{ id: "p1", displayName: "Kyrgyz ID" }] }) });
    render(<App />);
    const link = await screen.findByRole("link", { name: "Log in with Kyrgyz ID" });
    const address = new URL(link.getAttribute("href") ?? "", location.href);
    expect(address.pathname).toBe("/auth/login");
    expect(address.searchParams.get("provider")).toBe("p1");
    expect(address.searchParams.get("return_to")).toBe("/?survey=surveys/a");
    expect(screen.getByText("Use a key instead")).toBeTruthy();
  });

  it("says why a log-in failed, once, and without details", async () => {
    history.replaceState(null, "", "/?loginError=notMember&survey=surveys/a");
    serve({ "/auth/session": session({ providers: [{ id: "p1", displayName: "Kyrgyz ID" }] }) });
    render(<App />);
    expect((await screen.findByRole("alert")).textContent).toBe(
      "This account cannot log in here. Ask your administrator.",
    );
    expect(location.search).toBe("?survey=surveys/a");
  });

  it("shows who is logged in and lets them log out", async () => {
    const calls: string[] = [];
    vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
      const path = String(input).split("?")[0] ?? "";
      calls.push(`${init?.method ?? "GET"} ${path}`);
      expect(new Headers(init?.headers).has("Authorization")).toBe(false);
      const answers: Record<string, () => Response> = {
        "/auth/session": session({ loggedIn: true }),
        "/auth/logout": () => new Response(null, { status: 204 }),
        "/v1/surveys": surveys(),
        "/v1/caller": caller({ kind: "KIND_PERSON", displayName: "Айгүл", units: { locations: ["Ош", "Талас"] } }),
      };
      return answers[path]?.() ?? Response.json({}, { status: 404 });
    });
    render(<App />);
    expect(await screen.findByText("Айгүл")).toBeTruthy();
    expect(screen.getByRole("note").textContent).toBe("You see only what belongs to your units — Locations: Ош, Талас");
    expect(screen.queryByRole("button", { name: "Settings" })).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Log out" }));
    expect(await screen.findByLabelText("Key")).toBeTruthy();
    expect(calls).toContain("POST /auth/logout");
  });

  it("says when a session has ended", async () => {
    serve({ "/auth/session": session({ loggedIn: true }), "/v1/surveys": () => Response.json({}, { status: 401 }) });
    render(<App />);
    expect((await screen.findByRole("alert")).textContent).toBe("Your session has ended. Log in again.");
  });

  it("warns of development mode and needs no key in it", async () => {
    serve({ "/auth/session": session({ development: true }), "/v1/surveys": surveys() });
    render(<App />);
    expect((await screen.findByRole("note")).textContent).toMatch(/^Development mode/);
    expect(await screen.findByRole("heading", { name: "No surveys yet" })).toBeTruthy();
  });

  it("opens only the settings that the permissions allow", async () => {
    sessionStorage.setItem("otklik.key", "k");
    serve({
      "/v1/surveys": surveys(),
      "/v1/caller": caller({ kind: "KIND_MACHINE" }, "access.audit.list", "access.caller.get"),
      "/v1/auditEntries": () => Response.json({ entries: [] }),
    });
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: "Settings" }));
    expect(await screen.findByRole("heading", { name: "Audit log" })).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Keys" })).toBeNull();
    expect(screen.queryByRole("heading", { name: "Verify the log" })).toBeNull();
    expect(location.search).toBe("?settings=audit");
  });
});

describe("ScoreCard", () => {
  const textOf = () => document.body.textContent?.replaceAll("\u00a0", " ") ?? "";

  it("shows the score with interval, base and policy", () => {
    const contacted = { ...nps, variant: "VARIANT_NPS_CONTACTED" as const, estimate: 30, n: "3600" };
    render(<ScoreCard metric="METRIC_NPS" score={nps} beside={[contacted]} loaded />);
    expect(textOf()).toContain("39.8");
    expect(textOf()).toContain("95 %: 37.2 … 42.4 · n = 2,746");
    expect(textOf()).toContain("Counted among those who answered");
    expect(textOf()).toContain("1,436 52.3 %");
    expect(textOf()).toContain("30.0 95 %: 37.2 … 42.4 · n = 3,600");
    expect(textOf()).toContain("a refusal counts as neutral");
  });

  it("never shows zero for a score without answers", () => {
    const { estimate: _, interval: __, ...none } = { ...nps, n: "0" };
    render(<ScoreCard metric="METRIC_NPS" score={none} beside={[]} loaded />);
    expect(textOf()).toContain("No answers yet");
    expect(textOf()).not.toContain("0");
  });

  it("shows a withheld score as withheld, not as missing or zero", () => {
    const withheld: Score = {
      metric: "METRIC_NPS",
      variant: "VARIANT_NPS_ANSWERED",
      n: "0",
      suppression: "SUPPRESSION_FEW_ANSWERS",
    };
    render(<ScoreCard metric="METRIC_NPS" score={withheld} beside={[withheld]} loaded />);
    expect(textOf()).toContain("Withheld");
    expect(textOf()).toContain("Fewer answers than");
    expect(textOf()).not.toContain("No answers yet");
    expect(textOf()).not.toContain("0");
  });

  it("says when there is no interval", () => {
    const { interval: _, ...single } = { ...nps, n: "1" };
    render(<ScoreCard metric="METRIC_NPS" score={single} beside={[]} loaded />);
    expect(textOf()).toContain("No interval");
  });
});

describe("RateCard", () => {
  const rate: Score = {
    metric: "METRIC_RESPONSE_RATE",
    variant: "VARIANT_RESPONSE_RATE_OUTCOMES",
    n: "10",
    estimate: 100,
  };

  it("claims nothing where refusals are not recorded", () => {
    render(<RateCard score={{ ...rate, counts: { answered: "10" } }} loaded />);
    expect(document.body.textContent).not.toContain("100");
    expect(document.body.textContent).toContain("would say nothing");
  });

  it("shows both sides", () => {
    render(
      <RateCard score={{ ...rate, estimate: 80, counts: { answered: "8", refused: "1", dismissed: "1" } }} loaded />,
    );
    expect(document.body.textContent).toContain("80.0");
    expect(document.body.textContent).toContain("8 answered, 2 did not");
  });
});
