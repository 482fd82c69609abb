import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { Metric, Score, ScoreQuery } from "../api/types";
import type { Format } from "../score/format";
import { mainVariant } from "../score/pick";
import { type Point, pointsOf, type TrendGrain, trendGrains } from "../score/trend";
import { Chart } from "./Chart";
import { useFormat, useResource, useThrottled } from "./hooks";
import { Problem } from "./Problem";

/** The trend is a heavier query than the score: it follows changes no faster than this, in milliseconds. */
const refreshInterval = 5000;

interface Props {
  client: Client;
  query: ScoreQuery;
  metric: Metric;
  grain: string;
  chooseGrain: (grain: TrendGrain) => void;
  /** Whatever changes when the scores do. */
  changed: unknown;
}

/** How the score changed over time. */
export function Trend({ client, query, metric, grain: wanted, chooseGrain, changed }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const grain = trendGrains.find((candidate) => candidate === wanted) ?? "TIME_GRAIN_DAY";
  const trigger = useThrottled(changed, refreshInterval);
  const points = usePoints(client, query, metric, grain, trigger);
  const [at, setAt] = useState<Point>();
  const list = points.value;
  const shown = (at && list?.find((point) => point.day.getTime() === at.day.getTime())) ?? list?.at(-1);
  const level = list?.find((point) => point.score.interval !== undefined)?.score;

  return (
    <section className="card trend">
      <header>
        <h2>{t("trend.title")}</h2>
        <label className="inline">
          <span>{t("trend.grain")}</span>
          <select value={grain} onChange={(e) => chooseGrain(e.target.value as TrendGrain)}>
            {trendGrains.map((option) => (
              <option key={option} value={option}>
                {t(`trend.${option}`)}
              </option>
            ))}
          </select>
        </label>
      </header>
      {points.error !== undefined && (list === undefined || !points.error.passing) && (
        <Problem error={points.error} retry={points.reload} />
      )}
      {list === undefined && points.error === undefined && <p className="muted">{t("loading")}</p>}
      {list !== undefined && list.length === 0 && points.withheld === 0 && <p className="muted">{t("trend.none")}</p>}
      {points.withheld > 0 && <p className="muted">{t("trend.withheld", { count: points.withheld })}</p>}
      {list !== undefined && shown !== undefined && (
        <>
          <Readout point={shown} grain={grain} isLast={shown === list.at(-1)} />
          <Chart
            points={list}
            grain={grain}
            format={format}
            pointed={setAt}
            summary={t("trend.summary", {
              metric: t(`metrics.${metric as "METRIC_NPS"}`),
              from: dateOf(list[0], grain, format),
              to: dateOf(list.at(-1), grain, format),
              count: list.length,
            })}
          />
          <p className="muted small">
            {t("trend.band", { level: (level && format.interval(level)?.level) ?? "95\u00a0%" })} {t("trend.zoom")}
          </p>
          <Table points={list} grain={grain} format={format} />
        </>
      )}
    </section>
  );
}

/** Loads the points again whenever the scores have changed; meanwhile those of before stay. */
function usePoints(client: Client, query: ScoreQuery, metric: Metric, grain: TrendGrain, trigger: unknown) {
  const [last, setLast] = useState<{ of: string; points: readonly Point[]; withheld: number }>();
  const variant = mainVariant(metric);
  const text = useMemo(
    () => JSON.stringify({ ...query, metrics: [metric], grain, ...(variant ? { variants: [variant] } : {}) }),
    [query, metric, grain, variant],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the trigger is what loads again
  const load = useCallback(
    async (signal: AbortSignal) => {
      const answer = await client.query(JSON.parse(text) as ScoreQuery, signal);
      const points = pointsOf(answer.scores ?? ([] as Score[]));
      setLast({ of: text, points, withheld: (answer.scores ?? []).filter((score) => score.suppression).length });
      return points;
    },
    [client, text, trigger],
  );
  const resource = useResource(load);
  const known = last?.of === text ? last : undefined;
  return { ...resource, value: resource.value ?? known?.points, withheld: known?.withheld ?? 0 };
}

/** The numbers of one step in words: what a tooltip would show, where everybody can read it. */
function Readout({ point, grain, isLast }: { point: Point; grain: TrendGrain; isLast: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const interval = format.interval(point.score);
  return (
    <p className="readout">
      <span>
        {dateOf(point, grain, format)}
        {isLast && ` (${t("trend.last").toLocaleLowerCase(format.language)})`}
      </span>
      <strong>{format.estimate(point.score)}</strong>
      <span>{interval && t("score.interval", interval)}</span>
      <span>{t("score.n", { n: format.integer(point.n) })}</span>
    </p>
  );
}

function Table({ points, grain, format }: { points: readonly Point[]; grain: TrendGrain; format: Format }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{t("trend.table")}</summary>
      {open && (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{t("trend.date")}</th>
                <th scope="col">{t("trend.score")}</th>
                <th scope="col">{t("trend.intervalHead")}</th>
                <th scope="col">{t("trend.nHead")}</th>
              </tr>
            </thead>
            <tbody>
              {points.toReversed().map((point) => (
                <Row key={point.day.getTime()} point={point} date={dateOf(point, grain, format)} format={format} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

function Row({ point, date, format }: { point: Point; date: string; format: Format }) {
  const interval = format.interval(point.score);
  return (
    <tr>
      <th scope="row">{date}</th>
      <td>{format.estimate(point.score)}</td>
      <td>{interval && `${interval.lower} … ${interval.upper}`}</td>
      <td>{format.integer(point.n)}</td>
    </tr>
  );
}

function dateOf(point: Point | undefined, grain: TrendGrain, format: Format): string {
  if (point === undefined) {
    return "";
  }
  return grain === "TIME_GRAIN_MONTH" ? format.month(point.day) : format.day(point.day);
}
