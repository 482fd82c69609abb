import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { OperationRecords } from "../api/types";
import { useFormat, useResource } from "../app/hooks";
import { Figure } from "../charts/Figure";
import { drawLines } from "../charts/Lines";
import { dayText } from "../score/period";
import { Computed } from "./Computed";
import { Csv } from "./Csv";
import { money } from "./measures";
import { policyTitle } from "./policy";
import { count, dayAfter, dayIn, touching } from "./query";
import { type Recorded, readRecorded } from "./recorded";
import { type Drawable, drawable, grainOf, numberOf, stepsOf, sumOf } from "./sums";
import type { View } from "./view";

/** How something went over time, with the changes of policies. A step that nothing is known of is a gap, one that is known in part a hollow dot. */
export function Trend({ view, found }: { view: View; found: Recorded }) {
  const { t } = useTranslation();
  const { client, days } = view;
  const { from, to } = days;
  const places = JSON.stringify(found.summaries.map(({ location }) => location));
  const grain = grainOf(count(days), found.summaries.length);
  const load = useCallback(
    (signal: AbortSignal) => readRecorded(client, { from, to }, grain, JSON.parse(places), signal),
    [client, from, to, grain, places],
  );
  const steps = useResource(load);
  const what = drawable.find((candidate) => candidate === view.address.measure) ?? "visitors";
  return (
    <section className="card analysis">
      <h2>{t("operations.trend.title")}</h2>
      <div className="selectors">
        <label>
          <span>{t("operations.trend.what")}</span>
          <select value={what} onChange={(e) => view.change({ measure: e.target.value })}>
            {drawable.map((candidate) => (
              <option key={candidate} value={candidate}>
                {t(`operations.trend.of.${candidate}`)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Computed of={steps}>
        {(recorded) => <Drawn {...{ view, recorded, grain, what }} places={found.summaries.length} />}
      </Computed>
    </section>
  );
}

interface Step {
  readonly day: string;
  readonly value: number | undefined;
  /** On how many days of places it was recorded, and on how many it could have been. */
  readonly known: number;
  readonly possible: number;
}

function stepsIn(props: Parameters<typeof Drawn>[0], currency: string): readonly Step[] {
  const { view, recorded, grain, what, places } = props;
  const { days } = view;
  const starts = stepsOf(days, grain);
  const today = dayText(new Date());
  return starts.map((day, i) => {
    const rows = recorded.summaries.filter(({ startTime = "" }) => dayIn(startTime, recorded.timeZone) === day);
    const { value, days: known } = numberOf(sumOf(rows), what, currency);
    const next = starts[i + 1];
    const last = [next === undefined ? days.to : dayAfter(next, -1), today].toSorted()[0] ?? days.to;
    return { day, value, known, possible: places * Math.max(0, count({ from: day, to: last })) };
  });
}

function Drawn(props: {
  view: View;
  recorded: Recorded;
  grain: "day" | "week" | "month";
  what: Drawable;
  places: number;
}) {
  const { view, recorded, grain, what, places } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const policies = usePolicies(view);
  const currencies = [...sumOf(recorded.summaries).sales.keys()];
  const currency = currencies.find((code) => code === view.address.currency) ?? currencies[0] ?? "";
  const { factor, unit } = what === "revenue" ? money(currency) : { factor: 1, unit: "" };
  const steps = stepsIn(props, currency);
  const at = (day: string) => Date.parse(day) / 86_400_000;
  const day = (text: string) => format.day(new Date(`${text}T00:00:00Z`));
  const title = `${t(`operations.trend.of.${what}`)} ${t(`operations.trend.step.${grain}`)}`;
  const gaps = steps.filter(({ value }) => value === undefined).length;
  return (
    <>
      <Figure
        title={title}
        foot={`${t("operations.basis.n", { n: format.integer(places) })} · ${day(view.days.from)} – ${day(view.days.to)}`}
        summary={t("operations.trend.summary", { count: steps.length - gaps, gaps })}
        file={`otklik-${what}`}
        draw={(width) =>
          drawLines(
            {
              lines: [
                {
                  id: what,
                  label: t(`operations.trend.of.${what}`),
                  colour: "var(--accent)",
                  points: steps.map((step) => ({
                    at: at(step.day),
                    value: step.value === undefined ? undefined : step.value * factor,
                    partial: step.known < step.possible,
                  })),
                },
              ],
              marks: policies.map((policy) => ({ ...policy, at: at(policy.day) })),
              place: (value) => format.dayOfYear(new Date(value * 86_400_000)),
              axis: `${t(`operations.trend.of.${what}`)}${unit === "" ? "" : `,${unit}`}`,
              gap: t("operations.nothing"),
            },
            format,
            width,
          )
        }
        more={
          <Csv
            file={`otklik-${what}`}
            head={["first_day", what === "revenue" ? "revenue_minor" : what, "days_recorded", "days_possible"]}
            rows={() => steps.map((step) => [step.day, step.value, step.known, step.possible])}
          />
        }
      />
      <p className="muted small">{t("operations.trend.legend")}</p>
      {what === "revenue" && currencies.length > 1 && (
        <p className="muted small">{t("operations.trend.oneCurrency", { currency })}</p>
      )}
    </>
  );
}

/** The changes of policies in these days, for those who may list records. */
function usePolicies(view: View): readonly { id: string; day: string; label: string }[] {
  const { t } = useTranslation();
  const { client, may, days } = view;
  const { startTime, endTime } = touching({ from: dayAfter(days.from, -1), to: dayAfter(days.to) });
  const allowed = may("reporting.operations.list");
  const load = useCallback(
    (signal: AbortSignal) =>
      client.get<OperationRecords>(
        `operations?kind=OPERATION_KIND_POLICY_CHANGES&pageSize=50&period.startTime=${startTime}&period.endTime=${endTime}`,
        signal,
      ),
    [client, startTime, endTime],
  );
  const { value } = useResource(allowed ? load : undefined);
  return (value?.records ?? [])
    .filter(({ date = "" }) => date >= days.from && date <= days.to)
    .map(({ id = "", date = "", policyChange }) => ({
      id,
      day: date,
      label: policyTitle(t, policyChange?.policy ?? "", policyChange?.description ?? ""),
    }));
}
