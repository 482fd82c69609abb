import { useTranslation } from "react-i18next";
import { integer, type LocationCoverage, type QualityAnswer, type QualityRelation } from "../api/types";
import { useFormat } from "../app/hooks";
import { drawBars } from "../charts/Bars";
import { Figure } from "../charts/Figure";
import { useAnalysis } from "../priorities/analysis";
import { scaled } from "../priorities/numbers";
import { Corrected, Interval } from "../priorities/parts";
import { Computed } from "./Computed";
import { Csv } from "./Csv";
import { Foundation, useFoot } from "./Foundation";
import { percent, written } from "./measures";
import { PlaceLink } from "./PlaceLink";
import { queryOf } from "./query";
import { Rows } from "./Rows";
import type { View } from "./view";

/** The relations of days that are told. */
const relations = ["trafficQuality", "sellerEngagement", "perceivedQuality"] as const;

/** Whether the right visitors come, are served and are pleased. */
export function Quality({ view }: { view: View }) {
  const { t } = useTranslation();
  const answer = useAnalysis<QualityAnswer>(view.client, "quality:query", { query: queryOf(view.days, view.address) });
  return (
    <>
      <section className="card analysis">
        <h2>{t("operations.quality.title")}</h2>
        <p className="muted">{t("operations.quality.explain")}</p>
      </section>
      <Computed of={answer}>{(quality) => <Shown view={view} quality={quality} />}</Computed>
    </>
  );
}

function Shown({ view, quality }: { view: View; quality: QualityAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(quality.basis);
  const chosen = relations.find((relation) => relation === view.address.by) ?? relations[0];
  const bars = relations.map((relation) => ({
    id: relation,
    label: t(`operations.quality.of.${relation}`),
    ...scaled(quality[relation]?.typical),
    colour: "var(--accent)",
    note:
      quality[relation]?.typical === undefined
        ? t("operations.unknown")
        : t("operations.basis.n", {
            n: format.integer(quality[relation]?.locations?.filter(({ correlation }) => correlation).length ?? 0),
          }),
  }));
  return (
    <section className="card analysis">
      <p className="headline">
        {quality.coverage === undefined
          ? t("operations.quality.noCoverage")
          : t("operations.quality.coverage", { coverage: written(format, quality.coverage.value, percent) })}
        <Interval of={quality.coverage?.interval} digits={1} factor={100} unit={percent.unit} />
      </p>
      <Figure
        title={t("operations.quality.chart")}
        foot={foot}
        summary={t("operations.quality.summary", { count: bars.length })}
        file="otklik-quality"
        draw={(width) => drawBars(bars, t("operations.quality.axis"), format, width)}
        more={
          <Csv
            file="otklik-quality"
            head={[
              "relation",
              "location",
              "r",
              "lower",
              "upper",
              "days",
              "effective_days",
              "p_adjusted",
              "absent_reason",
            ]}
            rows={() =>
              relations.flatMap((relation) =>
                (quality[relation]?.locations ?? []).map((one) => [
                  relation,
                  one.location,
                  one.correlation?.value,
                  one.correlation?.interval?.lower,
                  one.correlation?.interval?.upper,
                  one.days,
                  one.effectiveDays,
                  one.test?.adjustedPValue,
                  one.absentReason,
                ]),
              )
            }
          />
        }
      />
      <p className="muted small">{t("operations.quality.how")}</p>
      <Coverages view={view} coverages={quality.coverages ?? []} />
      <h3>{t("operations.quality.places")}</h3>
      <div className="selectors">
        <label>
          <span>{t("operations.quality.relation")}</span>
          <select value={chosen} onChange={(e) => view.change({ by: e.target.value })}>
            {relations.map((relation) => (
              <option key={relation} value={relation}>
                {t(`operations.quality.of.${relation}`)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Relations view={view} relation={quality[chosen]} />
      <Foundation basis={quality.basis} view={view} />
    </section>
  );
}

function Coverages({ view, coverages }: { view: View; coverages: readonly LocationCoverage[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const labels = {
    coverage: t("operations.quality.coverageHead"),
    visitors: t("operations.visitors"),
    consultations: t("operations.consultations"),
  };
  return (
    <>
      <h3>{t("operations.quality.coverages")}</h3>
      <Rows
        columns={[{ label: t("operations.place") }, ...Object.values(labels).map((label) => ({ label, number: true }))]}
        items={coverages.toSorted((a, b) => (a.coverage?.value ?? 9) - (b.coverage?.value ?? 9))}
        row={(one: LocationCoverage) => (
          <tr key={one.location}>
            <th scope="row">
              <PlaceLink view={view} place={one.location} />
              <span className="detail">{t("operations.days", { count: one.days ?? 0 })}</span>
            </th>
            <td className="number" data-label={labels.coverage}>
              {written(format, one.coverage?.value, percent)}
              <Interval of={one.coverage?.interval} digits={1} factor={100} unit={percent.unit} />
            </td>
            <td className="number" data-label={labels.visitors}>
              {format.integer(integer(one.visitors))}
            </td>
            <td className="number" data-label={labels.consultations}>
              {format.integer(integer(one.consultations))}
            </td>
          </tr>
        )}
      />
    </>
  );
}

function Relations({ view, relation }: { view: View; relation: QualityRelation | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const labels = { r: t("operations.quality.r"), days: t("operations.quality.days"), p: t("priorities.p") };
  const absent = (reason: string | undefined) =>
    reason === "CONSTANT" ? t("operations.quality.constant") : t("operations.quality.tooFewDays");
  return (
    <>
      <Rows
        columns={[{ label: t("operations.place") }, ...Object.values(labels).map((label) => ({ label, number: true }))]}
        items={relation?.locations ?? []}
        row={(one) => (
          <tr key={one.location}>
            <th scope="row">
              <PlaceLink view={view} place={one.location} />
            </th>
            <td className="number" data-label={labels.r}>
              {one.correlation === undefined ? "—" : format.fixed(one.correlation.value ?? 0, 2)}
              {one.correlation === undefined ? (
                <span className="detail">{absent(one.absentReason)}</span>
              ) : (
                <Interval of={one.correlation.interval} digits={2} />
              )}
            </td>
            <td className="number" data-label={labels.days}>
              {format.integer(one.days ?? 0)}
              <span className="detail">
                {t("operations.quality.effective", { days: format.fixed(one.effectiveDays ?? 0, 0) })}
              </span>
            </td>
            <td className="number" data-label={labels.p}>
              <Corrected test={one.test} />
            </td>
          </tr>
        )}
      />
      <p className="muted small">{t("priorities.drivers.corrected", { count: relation?.family ?? 0 })}</p>
    </>
  );
}
