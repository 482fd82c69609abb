/** Where the middle of a map is, in degrees, and how near: the zoom of a web map, of 256 dots a tile. */
export interface View {
  readonly longitude: number;
  readonly latitude: number;
  readonly zoom: number;
}

export const nearest = 18;

/** How far from the equator the projection reaches, in degrees. */
const farthest = 85.05;

/** A place on the whole map at a zoom, in dots from its upper left corner. */
export function project(longitude: number, latitude: number, zoom: number): readonly [number, number] {
  const size = 256 * 2 ** zoom;
  const radians = (Math.max(-farthest, Math.min(farthest, latitude)) * Math.PI) / 180;
  const y = 0.5 - Math.log(Math.tan(Math.PI / 4 + radians / 2)) / (2 * Math.PI);
  return [(longitude / 360 + 0.5) * size, y * size];
}

/** The place at dots of the whole map. */
export function place([x, y]: readonly [number, number], zoom: number): { longitude: number; latitude: number } {
  const size = 256 * 2 ** zoom;
  const latitude = (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / size))) * 180) / Math.PI;
  return { longitude: turned((x / size - 0.5) * 360), latitude };
}

/** A longitude from -180 to 180. */
function turned(longitude: number): number {
  return ((((longitude + 180) % 360) + 360) % 360) - 180;
}

/** Moves a map by dots. */
export function moved(view: View, x: number, y: number): View {
  const [left, top] = project(view.longitude, view.latitude, view.zoom);
  return { ...view, ...place([left + x, top + y], view.zoom) };
}

/** Brings a map nearer, or farther away. */
export function zoomed(view: View, by: number): View {
  return { ...view, zoom: Math.max(0, Math.min(nearest, view.zoom + by)) };
}

/** The view in which a part of the Earth is seen as large as it may be in so many dots; over the antimeridian where west is greater than east. */
export function fitted([west, south, east, north]: readonly number[], width: number, height: number): View {
  const [w, s, n] = [west ?? -180, south ?? -60, north ?? 75];
  const e = (east ?? 180) < w ? (east ?? 180) + 360 : (east ?? 180);
  const [left, bottom] = project(w, s, 0);
  const [right, top] = project(e, n, 0);
  const room = Math.min(width / Math.max(right - left, 1e-9), height / Math.max(bottom - top, 1e-9));
  // A single place has no extent: it is shown as a part of a town.
  const zoom = Math.max(0, Math.min(13, Math.floor(Math.log2(room) * 2) / 2));
  return { ...place([(left + right) / 2, (top + bottom) / 2], 0), zoom };
}

/** What holds all of `shown`, each from west and south to east and north, by the shorter way round the Earth. */
export function union(shown: readonly (readonly number[])[]): readonly number[] {
  const [first, ...others] = shown;
  let [west = -180, south = -60, east = 180, north = 75] = first ?? [];
  east = east < west ? east + 360 : east;
  for (const [w = 0, s = 0, e = 0, n = 0] of others) {
    const span = ((((e - w) % 360) + 360) % 360) / 2;
    const middle = (west + east) / 2;
    // The middle of the other one, no more than half a turn away.
    const at = w + span - 360 * Math.round((w + span - middle) / 360);
    west = Math.min(west, at - span);
    east = Math.max(east, at + span);
    south = Math.min(south, s);
    north = Math.max(north, n);
  }
  return east - west >= 360 ? [-180, south, 180, north] : [turned(west), south, turned(east), north];
}

/** What is seen in so many dots. */
export function boundsOf(view: View, width: number, height: number) {
  const [x, y] = project(view.longitude, view.latitude, view.zoom);
  const upper = place([x - width / 2, y - height / 2], view.zoom);
  const lower = place([x + width / 2, y + height / 2], view.zoom);
  const whole = width >= 256 * 2 ** view.zoom;
  return {
    west: whole ? -180 : upper.longitude,
    south: Math.max(-90, lower.latitude),
    east: whole ? 180 : lower.longitude,
    north: Math.min(90, upper.latitude),
  };
}

const steps = [45, 30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

/** How far apart meridians and parallels are drawn, in degrees. */
export function gridStep(zoom: number): number {
  return steps.findLast((step) => (step / 360) * 256 * 2 ** zoom >= 90) ?? 45;
}
