import type { MapFeature, UnitColour } from "../api/types";
import type { Format } from "../score/format";
import { gridStep, place, project, type View } from "./mercator";

export const mapHeight = 460;

const colours: Readonly<Partial<Record<UnitColour, string>>> = {
  UNIT_COLOUR_RED: "var(--light-red)",
  UNIT_COLOUR_AMBER: "var(--light-amber)",
  UNIT_COLOUR_GREEN: "var(--light-green)",
};

/** The outlines of lights: not everybody tells red from green. */
const outlines: Readonly<Partial<Record<UnitColour, string>>> = {
  UNIT_COLOUR_RED: "M0 -11L11 8H-11z",
  UNIT_COLOUR_AMBER: "M0 -11L11 0L0 11L-11 0z",
};

const round = "M-9 0a9 9 0 1 0 18 0a9 9 0 1 0 -18 0z";

/** The mark of a light. */
export function markOf(light: UnitColour | undefined): { d: string; fill: string } {
  const colour = light ?? "UNIT_COLOUR_UNSPECIFIED";
  return { d: outlines[colour] ?? round, fill: colours[colour] ?? "var(--card)" };
}

interface Drawn {
  readonly features: readonly MapFeature[];
  readonly view: View;
  readonly pointed: string;
  readonly choose: (feature: MapFeature) => void;
}

/** Places with their lights over meridians and parallels; places that would lie upon each other as one circle with their number. */
export function drawMap({ features, view, pointed, choose }: Drawn, format: Format, width: number) {
  const [middleX, middleY] = project(view.longitude, view.latitude, view.zoom);
  const size = 256 * 2 ** view.zoom;
  const at = (longitude: number, latitude: number): readonly [number, number] => {
    const [x, y] = project(longitude, latitude, view.zoom);
    // The way round the Earth that is shorter.
    const across = ((((x - middleX + size / 2) % size) + size) % size) - size / 2;
    return [across + width / 2, y - middleY + mapHeight / 2];
  };
  const order = [...features].sort((a, b) => Number(a.id === pointed) - Number(b.id === pointed));
  const content = (
    <>
      <rect width={width} height={mapHeight} fill="var(--line)" opacity="0.25" />
      <Grid view={view} at={at} width={width} format={format} />
      {order.map((feature) => {
        const [longitude = 0, latitude = 0] = feature.geometry?.coordinates ?? [];
        const [x, y] = at(longitude, latitude);
        if (x < -40 || x > width + 40 || y < -40 || y > mapHeight + 40) {
          return null;
        }
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the list beside has a button for each of them
          <g key={feature.id} transform={`translate(${x} ${y})`} onClick={() => choose(feature)} cursor="pointer">
            {feature.properties?.cluster ? (
              <Cluster feature={feature} pointed={feature.id === pointed} format={format} />
            ) : (
              <Place feature={feature} pointed={feature.id === pointed} format={format} named={features.length <= 60} />
            )}
          </g>
        );
      })}
    </>
  );
  return { height: mapHeight, content };
}

interface GridProps {
  view: View;
  at: (longitude: number, latitude: number) => readonly [number, number];
  width: number;
  format: Format;
}

function Grid({ view, at, width, format }: GridProps) {
  const step = gridStep(view.zoom);
  const digits = Math.max(0, Math.ceil(-Math.log10(step)));
  const [x, y] = project(view.longitude, view.latitude, view.zoom);
  const top = place([x, y - mapHeight / 2], view.zoom).latitude;
  const bottom = place([x, y + mapHeight / 2], view.zoom).latitude;
  const half = ((width / 2 / (256 * 2 ** view.zoom)) * 360) % 361;
  const from = Math.ceil(Math.max(view.longitude - 180, view.longitude - half) / step);
  const to = Math.floor(Math.min(view.longitude + 179.99, view.longitude + half) / step);
  const meridians = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => (from + i) * step);
  const first = Math.ceil(bottom / step);
  const parallels = Array.from(
    { length: Math.max(0, Math.floor(top / step) - first + 1) },
    (_, i) => (first + i) * step,
  );
  return (
    <g stroke="var(--line)" fontSize="10" fill="var(--muted)">
      {meridians.map((longitude) => {
        const [left] = at(longitude, 0);
        const shown = ((((longitude + 180) % 360) + 360) % 360) - 180;
        return (
          <g key={longitude}>
            <line x1={left} x2={left} y1="0" y2={mapHeight} />
            <text x={left + 3} y={mapHeight - 4} stroke="none">
              {`${format.fixed(shown, digits)}°`}
            </text>
          </g>
        );
      })}
      {parallels.map((latitude) => {
        const [, height] = at(view.longitude, latitude);
        return (
          <g key={latitude}>
            <line x1="0" x2={width} y1={height} y2={height} />
            <text x="3" y={height - 3} stroke="none">
              {`${format.fixed(latitude, digits)}°`}
            </text>
          </g>
        );
      })}
    </g>
  );
}

interface MarkProps {
  feature: MapFeature;
  pointed: boolean;
  format: Format;
}

function Place({ feature, pointed, format, named }: MarkProps & { named: boolean }) {
  const { light, estimate, uncertain, displayName } = feature.properties ?? {};
  const { d, fill } = markOf(light);
  return (
    <>
      <path
        d={d}
        fill={fill}
        stroke="var(--text)"
        strokeWidth={pointed ? 3 : 1}
        strokeDasharray={uncertain ? "3 2" : undefined}
      />
      {(named || pointed) && (
        <text x="14" y="4" stroke="var(--card)" strokeWidth="3" paintOrder="stroke" fill="var(--text)">
          {`${displayName || feature.id?.split("/")[1]} ${estimate === undefined ? "—" : format.fixed(estimate, 1)}`}
        </text>
      )}
    </>
  );
}

/** A circle with the number of its places, and around it how many of them show which light. */
function Cluster({ feature, pointed, format }: MarkProps) {
  const { locations = 0, red = 0, amber = 0, green = 0, estimate } = feature.properties ?? {};
  const radius = 13 + Math.min(12, 3 * Math.log10(Math.max(1, locations)) * 2);
  const around = 2 * Math.PI * radius;
  const total = Math.max(1, locations);
  const parts = [
    ["var(--light-red)", red],
    ["var(--light-amber)", amber],
    ["var(--light-green)", green],
  ] as const;
  let start = 0;
  return (
    <>
      <circle r={radius} fill="var(--card)" stroke="var(--muted)" strokeWidth={pointed ? 7 : 5} />
      {parts.map(([colour, count]) => {
        const from = start;
        start += count / total;
        return count === 0 ? null : (
          <circle
            key={colour}
            r={radius}
            fill="none"
            stroke={colour}
            strokeWidth="5"
            strokeDasharray={`${(count / total) * around} ${around}`}
            strokeDashoffset={-from * around}
            transform="rotate(-90)"
          />
        );
      })}
      <text textAnchor="middle" y="4" fontWeight="600">
        {format.integer(locations)}
      </text>
      <text textAnchor="middle" y={radius + 16} fontSize="11" stroke="var(--card)" strokeWidth="3" paintOrder="stroke">
        {estimate === undefined ? "—" : format.fixed(estimate, 1)}
      </text>
    </>
  );
}
