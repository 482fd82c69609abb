import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Format } from "../score/format";
import { axisRange, type Columns, columnsOf, limitsOf, type Point, type TrendGrain } from "../score/trend";

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
    const zoomed = typeof min === "number" && (min !== before[0] || max !== before.at(-1));
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
      {
        ...axis,
        space: 84,
        values: (_, splits, __, ___, step) => splits.map((at, i) => tick(at, i === 0, step, format)),
      },
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
      draw: [(made) => drawLoneSteps(made, color("--accent"))],
    },
  };
}

/** The label of a moment on the time axis, as exact as the distance between labels needs; the year only where it changes. */
function tick(seconds: number, first: boolean, step: number, format: Format): string {
  const at = new Date(seconds * 1000);
  const days = step / 86_400;
  if (days < 1 && seconds % 86_400 !== 0) {
    return "";
  }
  if (days >= 360) {
    return format.year(at);
  }
  if (days >= 28) {
    return first || at.getUTCMonth() === 0 ? format.month(at, "short") : format.monthOfYear(at);
  }
  return format.dayOfYear(at);
}

function pointAt(made: uPlot, points: readonly Point[]): Point | undefined {
  const index = made.cursor.idx;
  const seconds = index === null || index === undefined ? undefined : made.data[0][index];
  return seconds === undefined ? undefined : points.find((point) => point.day.getTime() === seconds * 1000);
}

/** A step without neighbours has neither line nor band: it is drawn as a dot, its interval as a bar. */
function drawLoneSteps(made: uPlot, color: string): void {
  const [x, lower, upper, estimate] = made.data as unknown as Columns;
  const { ctx } = made;
  ctx.save();
  ctx.beginPath();
  ctx.rect(made.bbox.left, made.bbox.top, made.bbox.width, made.bbox.height);
  ctx.clip();
  ctx.strokeStyle = color;
  ctx.fillStyle = color;
  ctx.lineWidth = devicePixelRatio;
  for (const [i, at] of x.entries()) {
    const value = estimate[i] ?? null;
    if (value === null || (estimate[i - 1] ?? null) !== null || (estimate[i + 1] ?? null) !== null) {
      continue;
    }
    const left = made.valToPos(at, "x", true);
    ctx.globalAlpha = 1;
    ctx.beginPath();
    ctx.arc(left, made.valToPos(value, "y", true), 3 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.fill();
    const [low, high] = [lower[i] ?? null, upper[i] ?? null];
    if (low !== null && high !== null) {
      ctx.globalAlpha = 0.5;
      ctx.beginPath();
      ctx.moveTo(left, made.valToPos(low, "y", true));
      ctx.lineTo(left, made.valToPos(high, "y", true));
      ctx.stroke();
    }
  }
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
