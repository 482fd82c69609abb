import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Client } from "../api/client";
import { changeLanguage, startTranslation } from "../i18n";
import { Comments } from "./Comments";

startTranslation("en");

const interval = (lower: number, upper: number) => ({ lower, upper, level: 0.95, method: "WILSON" });

const themes = {
  responseCount: "200",
  commentCount: "210",
  themes: [
    {
      aspect: "aspects/wait",
      responseCount: "40",
      share: 0.2,
      shareInterval: interval(0.15, 0.26),
      positiveCount: "2",
      negativeCount: "38",
      mixedCount: "0",
      neutralCount: "0",
      kind: "KIND_WEAKNESS",
      npsDifference: -81.3,
      npsDifferenceInterval: interval(-100.2, -62.3),
      npsAtStake: 16.25,
      evidence: [{ text: "😀 очередь ужасная!", span: { start: 2, end: 17 }, sentiment: "SENTIMENT_NEGATIVE" }],
    },
  ],
};

const comment = {
  name: "surveys/shop/responses/r1/comments/why",
  text: "Очередь ужасная. [PHONE]",
  countTime: "2026-03-01T10:00:00Z",
  npsScore: 3,
  analysis: {
    sentiment: "SENTIMENT_NEGATIVE",
    languageVariety: "ru",
    aspects: [{ aspect: "aspects/wait", sentiment: "SENTIMENT_NEGATIVE" }],
  },
};

/** Every call with its body, in order. */
let calls: { path: string; body: unknown }[] = [];

/** A client whose server answers by path; a path that is not there is a test that is wrong. */
function clientOf(answers: Record<string, unknown>): Client {
  return new Client("k", async (input, init) => {
    const path = String(input);
    calls.push({ path, body: init?.body === undefined ? undefined : JSON.parse(String(init.body)) });
    const found = Object.entries(answers).find(([prefix]) => path.split("?")[0] === prefix);
    if (found === undefined) {
      throw new Error(`unexpected call of ${path}`);
    }
    return Response.json(found[1]);
  });
}

const answers = {
  "/v1/surveys": { surveys: [{ name: "surveys/shop", displayName: "Shop" }], nextPageToken: "" },
  "/v1/aspects": { aspects: [{ name: "aspects/wait", displayName: { texts: { en: "Waiting", ru: "Ожидание" } } }] },
  "/v1/comments:themes": themes,
  "/v1/comments:emergingThemes": { themes: [], testedCount: "3" },
  "/v1/comments": { comments: [comment], nextPageToken: "" },
};

const everything = () => true;

beforeEach(() => {
  calls = [];
  history.replaceState(null, "", "/?page=comments");
  changeLanguage("en", localStorage);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("Comments", () => {
  it("shows weaknesses with n, interval and the words that show them", async () => {
    render(<Comments client={clientOf(answers)} may={everything} />);
    const row = await screen.findByRole("row", { name: /Waiting/ });
    for (const text of ["Weakness", "20.0\u00a0%", "15.0 … 26.0", "n = 40", "praise 2 · blame 38", "−81.3", "+16.3"]) {
      expect(within(row).getByText(text, { exact: false, normalizer: (s) => s }), text).toBeTruthy();
    }
    expect(row.querySelector("mark")?.textContent).toBe("очередь ужасная");
    expect(screen.getByText("210 comments in 200 responses")).toBeTruthy();
    expect(await screen.findByText("Nothing changed beyond chance.")).toBeTruthy();
  });

  it("lists the comments of a theme that is chosen, and those with words", async () => {
    render(<Comments client={clientOf(answers)} may={everything} />);
    fireEvent.click(await screen.findByRole("button", { name: "Waiting" }));
    expect(location.search).toContain("aspect=aspects/wait");
    await vi.waitFor(() => expect(calls.some(({ path }) => path.includes("filter.aspect=aspects%2Fwait"))).toBe(true));
    fireEvent.change(screen.getByLabelText("Search words"), { target: { value: " касса " } });
    fireEvent.click(screen.getByRole("button", { name: "Search" }));
    await vi.waitFor(() =>
      expect(calls.some(({ path }) => path.includes(`filter.query=${encodeURIComponent("касса")}`))).toBe(true),
    );
  });

  it("corrects a tone and shows what holds then", async () => {
    const corrected = { ...comment, analysis: { ...comment.analysis, sentiment: "SENTIMENT_MIXED" }, correction: {} };
    const client = clientOf({ ...answers, [`/v1/${comment.name}:correct`]: { comment: corrected } });
    render(<Comments client={client} may={everything} />);
    fireEvent.click(await screen.findByRole("button", { name: "Correct the tone" }));
    fireEvent.change(screen.getAllByLabelText("Tone").at(-1) as HTMLElement, { target: { value: "SENTIMENT_MIXED" } });
    expect(calls.some(({ path }) => path.endsWith(":correct"))).toBe(false);
    fireEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText(/corrected/)).toBeTruthy();
    expect(calls.at(-1)?.body).toEqual({ correction: { sentiment: "SENTIMENT_MIXED" } });
  });

  it("shows insights alone to those who read no comments", async () => {
    render(<Comments client={clientOf(answers)} may={(permission) => permission === "comment.insights.query"} />);
    await screen.findByRole("row", { name: /Waiting/ });
    expect(screen.queryByText("What they wrote")).toBeNull();
    expect(calls.some(({ path }) => path.startsWith("/v1/comments?"))).toBe(false);
  });

  it("says what to expect when nothing was written", async () => {
    render(
      <Comments
        client={clientOf({ ...answers, "/v1/comments:themes": { themes: [], commentCount: "0", responseCount: "0" } })}
        may={everything}
      />,
    );
    expect(await screen.findByText("No comments yet")).toBeTruthy();
  });
});
