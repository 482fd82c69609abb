import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Client } from "../api/client";
import { changeLanguage, startTranslation } from "../i18n";
import * as saving from "../settings/download";
import { page } from "./SharedPage";
import { secretOf } from "./secret";

startTranslation("en");
const Shared = page();

let paths: string[] = [];

function show(answer: () => Response): void {
  const client = new Client("", async (input, init) => {
    paths.push(String(input));
    expect(new Headers(init?.headers).has("Authorization")).toBe(false);
    return answer();
  });
  render(<Shared client={client} secret="s3cret" />);
}

const html = '<html lang="en"><main><h1>Summary</h1><a href="/?page=cases">12</a></main></html>';

const working = (): Response =>
  Response.json({
    content: btoa(html),
    contentType: "text/html",
    fileName: "r.html",
    sharedReport: { formats: ["REPORT_FORMAT_PDF"], expireTime: "2026-04-01T00:00:00Z" },
  });

beforeEach(() => {
  paths = [];
  localStorage.clear();
  sessionStorage.clear();
  changeLanguage("en", localStorage);
});

afterEach(cleanup);

describe("the page of a link", () => {
  it("shows the report without a login, and without ways into the app", async () => {
    show(working);
    const heading = await waitFor(() => {
      const found = document.querySelector(".printed")?.shadowRoot?.querySelector("h1");
      expect(found).toBeTruthy();
      return found;
    });
    expect(heading?.textContent).toBe("Summary");
    expect(heading?.parentElement?.querySelector("a")?.getAttribute("href")).toBeNull();
    expect(screen.getByText(/This link works until/)).toBeTruthy();
    expect(screen.queryByRole("link")).toBeNull();
    expect(paths).toEqual(["/v1/sharedReports/s3cret:download?format=REPORT_FORMAT_HTML&languageCode=en"]);
  });

  it("offers the forms of the link alone", async () => {
    const saved = vi.spyOn(saving, "download").mockImplementation(() => undefined);
    show(working);
    fireEvent.click(await screen.findByRole("button", { name: "PDF" }));
    await waitFor(() => expect(saved).toHaveBeenCalledTimes(1));
    expect(screen.queryByRole("button", { name: "XLSX" })).toBeNull();
  });

  it("is read in another language when its reader wants it", async () => {
    show(working);
    fireEvent.change(await screen.findByRole("combobox"), { target: { value: "ky" } });
    await waitFor(() => expect(paths.at(-1)).toContain("languageCode=ky"));
  });

  it("says of a link that ended what to do, and keeps its secret nowhere", async () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "SHARE_ENDED" }];
    show(() => Response.json({ error: { code: 404, message: "m", details } }, { status: 404 }));
    expect(await screen.findByText(/Ask whoever gave it to you for another one/)).toBeTruthy();
    expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain("s3cret");
  });

  it("is known by its path", () => {
    expect(secretOf("/r/otr_abc-DEF")).toBe("otr_abc-DEF");
    expect(secretOf("/")).toBe("");
    expect(secretOf("/r/a/b")).toBe("");
  });
});
