import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Client } from "../api/client";
import { changeLanguage, startTranslation } from "../i18n";
import { MapPage } from "./MapPage";

startTranslation("en");

const interval = { lower: 20, upper: 40, level: 0.95, method: "ADJUSTED_WALD" };

const osh = {
  type: "Feature",
  id: "locations/osh",
  geometry: { type: "Point", coordinates: [72.8, 40.5] },
  properties: { displayName: "Osh", n: 171, estimate: 30.5, interval, light: "UNIT_COLOUR_GREEN", locations: 1 },
};

const bishkek = {
  type: "Feature",
  id: "clusters/4/11/5",
  geometry: { type: "Point", coordinates: [74.56, 42.86] },
  properties: {
    cluster: true,
    n: 500,
    estimate: 44,
    interval,
    locations: 3,
    red: 1,
    amber: 0,
    green: 2,
    extent: [74.53, 42.83, 74.6, 42.87],
  },
};

const answer = {
  type: "FeatureCollection",
  bbox: [72.8, 40.5, 74.6, 42.87],
  features: [osh, bishkek],
  basis: { definition: "map", definitionVersion: 1, responses: "671", watermark: "2026-03-01T10:00:00Z" },
  variant: "NPS_ANSWERED",
  remainder: { unknownCount: 1, unknown: ["kiosk"], unstatedN: "12", otherScaleN: "8" },
};

let bodies: { zoom: number; bounds?: { west: number; east: number } }[] = [];

function show(map: object = answer): void {
  history.replaceState(null, "", "/?page=map");
  const client = new Client("k", async (input, init) => {
    if (String(input).startsWith("/v1/surveys")) {
      return Response.json({ surveys: [{ name: "surveys/a", displayName: "Shop", currentRevision: "surveys/a/r" }] });
    }
    bodies.push(JSON.parse(String(init?.body)));
    return Response.json(map);
  });
  render(<MapPage client={client} />);
}

beforeEach(() => {
  bodies = [];
  globalThis.scrollTo = () => undefined;
  changeLanguage("en", localStorage);
});

afterEach(cleanup);

describe("the map", () => {
  it("lists what it shows, what is red first, with score, interval, n and light", async () => {
    show();
    const rows = (await screen.findAllByRole("row")).map((row) => (row.textContent ?? "").replaceAll("\u00a0", " "));
    expect(rows[1]).toMatch(/3 places.*red 1 · green 2.*44\.0.*20\.0 … 40\.0.*500/);
    expect(rows[2]).toMatch(/Osh.*green.*30\.5.*20\.0 … 40\.0.*171/);
    const chart = screen.getByRole("img", { name: /Map of 2 places/ });
    expect(within(chart).getByText("Osh 30.5")).toBeTruthy();
    expect(chart.textContent).toMatch(/n = 671 · map @ 1/);
    expect(screen.getByText(/does not have \(1\): kiosk/)).toBeTruthy();
    expect(screen.getByText("Answers that name no place: 12")).toBeTruthy();
    expect(screen.getByText("Answers on an earlier scale, in no score: 8")).toBeTruthy();
  });

  it("says of a place that was answered on an earlier scale that it has no score", async () => {
    const { estimate: _, ...none } = osh.properties;
    show({ ...answer, features: [{ ...osh, properties: { ...none, n: 0, absenceReason: "OTHER_SCALE" } }] });
    const rows = await screen.findAllByRole("row");
    expect(rows[1]?.textContent).toContain("On an earlier scale");
  });

  it("is moved by buttons, and asks for what is seen then", async () => {
    show();
    fireEvent.click(await screen.findByRole("button", { name: "Nearer" }));
    await waitFor(() => expect(bodies).toHaveLength(3));
    const [first, second, third] = bodies;
    expect(first?.bounds).toBeUndefined();
    expect(third?.zoom).toBe((second?.zoom ?? 0) + 1);
    fireEvent.click(screen.getByRole("button", { name: "3 places" }));
    await waitFor(() => expect(bodies.at(-1)?.zoom).toBeGreaterThan(third?.zoom ?? 0));
  });

  it("leads to the scores of a place", async () => {
    show();
    fireEvent.click(await screen.findByRole("link", { name: "171" }));
    expect(new URLSearchParams(location.search).get("filter")).toBe('location = "osh"');
  });

  it("says what to do where no place has coordinates", async () => {
    show({ ...answer, features: [], bbox: [-180, -90, 180, 90] });
    expect(await screen.findByText(/otklik directory import/)).toBeTruthy();
  });
});
