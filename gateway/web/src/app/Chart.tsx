import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Format } from "../score/format";
import { axisRange, columnsOf, limitsOf, type Point, type TrendGrain } from "../score/trend";

const height = 300;

interface Props {
  points: readonly Point[];
  grain: TrendGrain;
  format: Format;
  /** What the chart shows, for those who do not see it. */
  summary: string;
  /** Called with the step under the pointer. */
  pointed: (point: Point | undefined) => void;
}

/** A line with its interval as a band. */
export function Chart({ points, grain, format, summary, pointed }: Props) {
  const container = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(null);
  const latest = useRef({ points, pointed });
  latest.current = { points, pointed };
  const dark = useDarkScheme();
  const first = points[0];
  const limits = first === undefined ? undefined : limitsOf(first.score);
  const [low, high] = limits ?? [0, 1];

  useEffect(() => {
    const element = container.current;
    if (element === null) {
      return;
    }
    const made = new uPlot(
      optionsOf(element, format, [low, high], latest, dark),
      columnsOf(latest.current.points, grain) as uPlot.AlignedData,
      element,
    );
    chart.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.current = null;
      made.destroy();
    };
  }, [format, grain, low, high, dark]);

  // New numbers are put into the chart that is there: a zoom stays.
  useEffect(() => {
    const made = chart.current;
    if (made === null) {
      return;
    }
    const { min, max } = made.scales.x ?? {};
    const before = made.data[0];
    const zoomed = min !== before[0] || max !== before.at(-1);
    made.setData(columnsOf(points, grain) as uPlot.AlignedData, !zoomed);
    if (zoomed) {
      made.redraw();
    }
  }, [points, grain]);

  return <div ref={container} className="chart" role="img" aria-label={summary} />;
}

type Latest = { readonly current: { points: readonly Point[]; pointed: (point: Point | undefined) => void } };

function optionsOf(
  element: HTMLElement,
  format: Format,
  limits: readonly [number, number],
  latest: Latest,
  dark: boolean,
): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color("--muted"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { stroke: color("--line"), width: 1 },
    font: `12px ${style.fontFamily}`,
  };
  const bound = { stroke: "transparent", width: 0, points: { show: false } };
  return {
    width: element.clientWidth,
    height,
    // Days are given as midnights in UTC, whatever the zone of the organisation or the reader.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    legend: { show: false },
    cursor: { y: false, points: { size: 9 } },
    scales: { x: { time: true }, y: { range: () => axisRange(latest.current.points, limits) } },
    axes: [
      { ...axis, values: (_, splits, __, ___, step) => splits.map((at) => tick(at, step, format.language)) },
      { ...axis, size: 56, values: (_, splits) => splits.map((value) => format.plain(value)) },
    ],
    bands: [{ series: [2, 1], fill: color("--band") }],
    series: [
      {},
      bound,
      bound,
      {
        stroke: color("--accent"),
        width: 2,
        points: { size: 5, fill: color(dark ? "--accent" : "--card"), stroke: color("--accent") },
      },
    ],
    hooks: {
      setCursor: [(made) => latest.current.pointed(pointAt(made, latest.current.points))],
      draw: [(made) => drawLoneIntervals(made, color("--accent"))],
    },
  };
}

/** The label of a moment on the time axis, as exact as the distance between labels needs. */
function tick(seconds: number, step: number, language: string): string {
  const days = step / 86_400;
  const options: Intl.DateTimeFormatOptions =
    days >= 360
      ? { year: "numeric" }
      : days >= 28
        ? { month: "short", year: "numeric" }
        : { day: "numeric", month: "short" };
  return days < 1 && seconds % 86_400 !== 0
    ? ""
    : new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" }).format(new Date(seconds * 1000));
}

function pointAt(made: uPlot, points: readonly Point[]): Point | undefined {
  const index = made.cursor.idx;
  const seconds = index === null || index === undefined ? undefined : made.data[0][index];
  return seconds === undefined ? undefined : points.find((point) => point.day.getTime() === seconds * 1000);
}

/** A step without neighbours has no band: its interval is drawn as a bar, so that it is never without one. */
function drawLoneIntervals(made: uPlot, stroke: string): void {
  const [x, lower, upper, estimate] = made.data as unknown as [
    number[],
    (number | null)[],
    (number | null)[],
    (number | null)[],
  ];
  const { ctx } = made;
  ctx.save();
  ctx.beginPath();
  ctx.rect(made.bbox.left, made.bbox.top, made.bbox.width, made.bbox.height);
  ctx.clip();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  for (let i = 0; i < x.length; i++) {
    const [low, high, at] = [lower[i], upper[i], x[i]];
    const alone = (estimate[i - 1] ?? null) === null && (estimate[i + 1] ?? null) === null;
    if (at === undefined || typeof low !== "number" || typeof high !== "number" || !alone) {
      continue;
    }
    const left = made.valToPos(at, "x", true);
    ctx.moveTo(left, made.valToPos(low, "y", true));
    ctx.lineTo(left, made.valToPos(high, "y", true));
  }
  ctx.stroke();
  ctx.restore();
}

function useDarkScheme(): boolean {
  const [dark, setDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => setDark(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return dark;
}
