import { describe, expect, it } from "vitest";
import { boundsOf, fitted, gridStep, moved, place, project, union, zoomed } from "./mercator";

describe("the projection", () => {
  it("leads there and back", () => {
    const { longitude, latitude } = place(project(74.57, 42.87, 10), 10);
    expect(longitude).toBeCloseTo(74.57, 9);
    expect(latitude).toBeCloseTo(42.87, 9);
    expect(project(0, 0, 0)).toEqual([128, 128]);
  });

  it("shows all of what is to be seen", () => {
    const bbox = [72.8, 40.5, 78.4, 42.9];
    const view = fitted(bbox, 600, 400);
    const { west, south, east, north } = boundsOf(view, 600, 400);
    expect(west).toBeLessThanOrEqual(72.8);
    expect(south).toBeLessThanOrEqual(40.5);
    expect(east).toBeGreaterThanOrEqual(78.4);
    expect(north).toBeGreaterThanOrEqual(42.9);
    expect(fitted([74.5, 42.8, 74.5, 42.8], 600, 400).zoom).toBe(13);
  });

  it("goes over the antimeridian", () => {
    const view = fitted([170, -10, -170, 10], 600, 400);
    expect(Math.abs(view.longitude)).toBeCloseTo(180, 6);
    const { west, east } = boundsOf(view, 600, 400);
    expect(west).toBeGreaterThan(east);
  });

  it("holds all that is to be seen, the shorter way round", () => {
    const rounded = (boxes: readonly (readonly number[])[]) =>
      union(boxes).map((degrees) => Number(degrees.toFixed(6)));
    const near = [72.8, 40.5, 73, 41];
    expect(rounded([near, [78.4, 42.5, 78.4, 42.5]])).toEqual([72.8, 40.5, 78.4, 42.5]);
    expect(
      rounded([
        [170, 0, 175, 1],
        [-175, -2, -170, 0],
      ]),
    ).toEqual([170, -2, -170, 1]);
  });

  it("moves and zooms within bounds", () => {
    const view = { longitude: 0, latitude: 0, zoom: 1 };
    expect(moved(view, 256, 0).longitude).toBeCloseTo(-180, 6);
    expect(zoomed(view, -5).zoom).toBe(0);
    expect(zoomed(view, 50).zoom).toBe(18);
    expect(boundsOf({ ...view, zoom: 0 }, 600, 400)).toMatchObject({ west: -180, east: 180 });
  });

  it("has lines that are neither crowded nor lonely", () => {
    expect(gridStep(0)).toBe(45);
    expect((gridStep(10) / 360) * 256 * 1024).toBeGreaterThanOrEqual(90);
  });
});
