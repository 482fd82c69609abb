import { useTranslation } from "react-i18next";
import type { StandardsAnswer, StandardsCompliance, StandardsCriterion } from "../api/types";
import { useFormat } from "../app/hooks";
import { drawBars } from "../charts/Bars";
import { Figure } from "../charts/Figure";
import { useAnalysis } from "../priorities/analysis";
import { scaled } from "../priorities/numbers";
import { Corrected, Interval } from "../priorities/parts";
import { Computed } from "./Computed";
import { Csv } from "./Csv";
import { Foundation, useFoot } from "./Foundation";
import { outcomeOf, percent, written } from "./measures";
import { OutcomeField } from "./OutcomeField";
import { PlaceLink } from "./PlaceLink";
import { queryOf } from "./query";
import { Rows } from "./Rows";
import type { View } from "./view";

/** How far standards are complied with, and which of them go with what stores do. */
export function Standards({ view }: { view: View }) {
  const { t } = useTranslation();
  const answer = useAnalysis<StandardsAnswer>(view.client, "standards:query", {
    query: queryOf(view.days, view.address),
    outcome: outcomeOf(view.address.measure),
  });
  return (
    <>
      <section className="card analysis">
        <h2>{t("operations.standards.title")}</h2>
        <p className="muted">{t("operations.standards.explain")}</p>
        <div className="selectors">
          <OutcomeField view={view} />
        </div>
      </section>
      <Computed of={answer}>{(standards) => <Shown view={view} standards={standards} />}</Computed>
    </>
  );
}

const verdicts = ["VERDICT_UNTESTED", "VERDICT_RELATED", "VERDICT_UNRELATED"] as const;

function verdictOf(criterion: StandardsCriterion): (typeof verdicts)[number] {
  return verdicts.find((known) => known === criterion.verdict) ?? "VERDICT_UNTESTED";
}

function Shown({ view, standards }: { view: View; standards: StandardsAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(standards.basis);
  const criteria = standards.criteria ?? [];
  const total = standards.total?.compliance;
  const outcome = t(`operations.outcomeOf.${outcomeOf(standards.outcome ?? "")}`);
  const labels = {
    compliance: t("operations.standards.compliance"),
    r: t("operations.standards.r"),
    p: t("priorities.p"),
  };
  return (
    <section className="card analysis">
      <p className="headline">
        {t("operations.standards.total", {
          compliance: written(format, total?.value, percent),
          visits: format.integer(standards.total?.visits ?? 0),
        })}
        <Interval of={total?.interval} digits={1} factor={100} unit={percent.unit} />
      </p>
      {(standards.unrelated ?? []).length > 0 && (
        <p>{t("operations.standards.unrelated", { outcome, criteria: standards.unrelated?.join("; ") })}</p>
      )}
      <Figure
        title={t("operations.standards.chart")}
        foot={foot}
        summary={t("operations.standards.summary", { count: criteria.length })}
        file="otklik-standards"
        draw={(width) =>
          drawBars(
            criteria.map((criterion) => ({
              id: criterion.criterion ?? "",
              label: criterion.criterion ?? "",
              ...scaled(criterion.compliance?.compliance, 100),
              colour: "var(--accent)",
              note: t("score.n", { n: format.integer(criterion.compliance?.visits ?? 0) }),
            })),
            `${labels.compliance}, %`,
            format,
            width,
          )
        }
        more={
          <Csv
            file="otklik-standards"
            head={[
              "criterion",
              "visits",
              "compliance",
              "lower",
              "upper",
              "locations",
              "r",
              "r_lower",
              "r_upper",
              "p_adjusted",
              "verdict",
              "detectable",
            ]}
            rows={() =>
              criteria.map((one) => [
                one.criterion,
                one.compliance?.visits,
                one.compliance?.compliance?.value,
                one.compliance?.compliance?.interval?.lower,
                one.compliance?.compliance?.interval?.upper,
                one.locations,
                one.correlation?.value,
                one.correlation?.interval?.lower,
                one.correlation?.interval?.upper,
                one.test?.adjustedPValue,
                one.verdict,
                one.detectable,
              ])
            }
          />
        }
      />
      <Rows
        columns={[
          { label: t("operations.standards.criterion") },
          ...Object.values(labels).map((label) => ({ label, number: true })),
        ]}
        items={criteria}
        row={(one: StandardsCriterion) => (
          <tr key={one.criterion}>
            <th scope="row">
              {one.criterion}
              <span className={`detail ${verdictOf(one)}`}>
                {t(`operations.standards.verdict.${verdictOf(one)}`)}
                {verdictOf(one) === "VERDICT_UNRELATED" &&
                  one.detectable !== undefined &&
                  ` ${t("operations.standards.detectable", { r: format.fixed(one.detectable, 2) })}`}
              </span>
            </th>
            <Compliance label={labels.compliance} of={one.compliance} />
            <td className="number" data-label={labels.r}>
              {one.correlation === undefined ? "—" : format.fixed(one.correlation.value ?? 0, 2)}
              {one.correlation !== undefined && <Interval of={one.correlation.interval} digits={2} />}
              <span className="detail">{t("operations.basis.n", { n: format.integer(one.locations ?? 0) })}</span>
            </td>
            <td className="number" data-label={labels.p}>
              <Corrected test={one.test} />
            </td>
          </tr>
        )}
      />
      <p className="muted small">
        {t("operations.standards.how", { outcome })}{" "}
        {t("priorities.drivers.corrected", { count: standards.family ?? 0 })}
      </p>
      <h3>{t("operations.standards.places")}</h3>
      <Rows
        columns={[{ label: t("operations.place") }, { label: labels.compliance, number: true }]}
        items={standards.locations ?? []}
        row={(one) => (
          <tr key={one.location}>
            <th scope="row">
              <PlaceLink view={view} place={one.location} />
            </th>
            <Compliance label={labels.compliance} of={one.compliance} />
          </tr>
        )}
      />
      <Foundation basis={standards.basis} view={view} />
    </section>
  );
}

function Compliance({ of, label }: { of: StandardsCompliance | undefined; label: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <td className="number" data-label={label}>
      {written(format, of?.compliance?.value, percent)}
      <Interval of={of?.compliance?.interval} digits={1} factor={100} unit={percent.unit} />
      <span className="detail">{t("operations.standards.visits", { count: of?.visits ?? 0 })}</span>
    </td>
  );
}
