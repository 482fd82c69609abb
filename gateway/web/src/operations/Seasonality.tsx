import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { SeasonalityAnswer, SeasonEffect, SeasonEffects } from "../api/types";
import { useFormat } from "../app/hooks";
import { drawBars } from "../charts/Bars";
import { Figure } from "../charts/Figure";
import { useAnalysis } from "../priorities/analysis";
import { scaled } from "../priorities/numbers";
import { Corrected, Interval } from "../priorities/parts";
import { Computed } from "./Computed";
import { Csv } from "./Csv";
import { Foundation, useFoot } from "./Foundation";
import { change, type Measure, measureOf, type Outcome, outcomeOf, written } from "./measures";
import { OutcomeField } from "./OutcomeField";
import { count, queryOf } from "./query";
import { Rows } from "./Rows";
import { factorOf, levelTitle } from "./season";
import type { View } from "./view";

/** What the calendar does to stores. */
export function Seasonality({ view }: { view: View }) {
  const { t } = useTranslation();
  const hours = view.address.by === "hours";
  const answer = useAnalysis<SeasonalityAnswer>(view.client, "seasonality:query", {
    query: queryOf(view.days, view.address),
    outcome: outcomeOf(view.address.measure),
    ...(hours ? { factors: factorsOfHours(count(view.days)) } : {}),
  });
  return (
    <>
      <section className="card analysis">
        <h2>{t("operations.seasonality.title")}</h2>
        <p className="muted">{t("operations.seasonality.explain")}</p>
        <div className="selectors">
          <OutcomeField view={view} />
          <label>
            <span>{t("operations.seasonality.steps")}</span>
            <select value={hours ? "hours" : ""} onChange={(e) => view.change({ by: e.target.value })}>
              <option value="">{t("operations.seasonality.ofDays")}</option>
              <option value="hours">{t("operations.seasonality.ofHours")}</option>
            </select>
          </label>
        </div>
        {hours && <p className="muted small">{t("operations.seasonality.hoursOnly")}</p>}
      </section>
      <Computed of={answer}>{(season) => <Shown view={view} season={season} />}</Computed>
    </>
  );
}

/** By what hours are told apart: with the days of the week where there is each of them twice. */
function factorsOfHours(days: number) {
  return days < 14 ? ["SEASON_FACTOR_HOUR"] : ["SEASON_FACTOR_HOUR", "SEASON_FACTOR_WEEKDAY"];
}

/** Whether hours are told apart rather than days. */
function ofHours({ factors = [] }: SeasonalityAnswer): boolean {
  return factors.some(({ factor }) => factor === "SEASON_FACTOR_HOUR");
}

/** What is explained; sums are those of an hour where hours are told apart. */
function titleOf(t: TFunction, outcome: Outcome, hours: boolean): string {
  return hours && (outcome === "PERFORMANCE_OUTCOME_REVENUE" || outcome === "PERFORMANCE_OUTCOME_VISITORS")
    ? t(`operations.seasonality.byHour.${outcome}`)
    : t(`operations.outcomeOf.${outcome}`);
}

function Shown({ view, season }: { view: View; season: SeasonalityAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const outcome = outcomeOf(season.outcome ?? "");
  const measure = measureOf(outcome, season.basis?.currency);
  const hours = ofHours(season);
  return (
    <section className="card analysis">
      <p className="headline">
        {t(hours ? "operations.seasonality.meanOfHours" : "operations.seasonality.mean", {
          outcome: titleOf(t, outcome, hours),
          mean: written(format, season.mean, measure),
          n: format.integer(season.n ?? 0),
        })}
      </p>
      <p>{t("operations.seasonality.explained", { share: format.fixed(100 * (season.withinRSquared ?? 0), 1) })}</p>
      {(season.factors ?? []).map((factor) => (
        <Factor key={factor.factor} {...{ season, factor, measure }} />
      ))}
      <p className="muted small">
        {t("operations.seasonality.how", { clusters: season.clusters ?? 0 })}{" "}
        {t("priorities.drivers.corrected", { count: season.family ?? 0 })}
      </p>
      <Foundation basis={season.basis} view={view} />
    </section>
  );
}

function Factor(props: { season: SeasonalityAnswer; factor: SeasonEffects; measure: Measure }) {
  const { season, factor, measure } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(season.basis);
  const hours = ofHours(season);
  const kind = factorOf(factor.factor);
  const effects = factor.effects ?? [];
  const title = t(`operations.seasonality.factorOf.${kind}`);
  const named = (level: string | undefined) => levelTitle(t, kind, level ?? "");
  const reference = named(effects.find((effect) => effect.reference)?.level);
  const labels = { difference: t("operations.seasonality.difference"), p: t("priorities.p") };
  return (
    <>
      <Figure
        title={t("operations.seasonality.chart", {
          factor: title,
          outcome: titleOf(t, outcomeOf(season.outcome ?? ""), hours),
          reference,
        })}
        foot={foot}
        summary={t("operations.seasonality.summary", { count: effects.length, factor: title })}
        file={`otklik-season-${kind.replace("SEASON_FACTOR_", "").toLowerCase()}`}
        draw={(width) =>
          drawBars(
            effects.map((effect) => ({
              id: effect.level ?? "",
              label: effect.reference
                ? `${named(effect.level)} (${t("operations.seasonality.reference")})`
                : named(effect.level),
              ...scaled(effect.difference, measure.factor),
              colour: colourOf(effect),
              note: t("score.n", { n: format.integer(effect.n ?? 0) }),
            })),
            `${labels.difference}${measure.unit === "" ? "" : `,${measure.unit}`}`,
            format,
            width,
          )
        }
        more={
          <Csv
            file={`otklik-season-${kind.replace("SEASON_FACTOR_", "").toLowerCase()}`}
            head={["level", "n", "reference", "difference", "lower", "upper", "relative", "p_adjusted"]}
            rows={() =>
              effects.map((one) => [
                one.level,
                one.n,
                one.reference ?? false,
                one.difference?.value,
                one.difference?.interval?.lower,
                one.difference?.interval?.upper,
                one.relative,
                one.test?.adjustedPValue,
              ])
            }
          />
        }
      />
      <Rows
        columns={[{ label: title }, ...Object.values(labels).map((label) => ({ label, number: true }))]}
        items={effects}
        row={(one) => (
          <tr key={one.level}>
            <th scope="row">
              {named(one.level)}
              <span className="detail">{t("score.n", { n: format.integer(one.n ?? 0) })}</span>
            </th>
            <td className="number" data-label={labels.difference}>
              {one.reference ? (
                t("operations.seasonality.reference")
              ) : (
                <>
                  {change(format, one.difference?.value, measure)}
                  {one.relative !== undefined && ` (${format.signed(100 * one.relative, 1)}\u00a0%)`}
                  <Interval
                    of={one.difference?.interval}
                    digits={measure.digits}
                    factor={measure.factor}
                    unit={measure.unit}
                  />
                </>
              )}
            </td>
            <td className="number" data-label={labels.p}>
              {one.reference ? "—" : <Corrected test={one.test} />}
            </td>
          </tr>
        )}
      />
    </>
  );
}

/** Only what is beyond chance has a colour. */
function colourOf({ test, difference }: SeasonEffect): string {
  if (test?.adjustedPValue === undefined || test.adjustedPValue >= 0.05) {
    return "var(--muted)";
  }
  return (difference?.value ?? 0) < 0 ? "var(--bad)" : "var(--good)";
}
