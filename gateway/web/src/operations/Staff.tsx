import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import type { KpiDefinition, KpiDefinitionsAnswer, StaffAnswer, StaffKpi, StaffKpiComponent } from "../api/types";
import { useFormat, useResource } from "../app/hooks";
import { useAnalysis } from "../priorities/analysis";
import { Interval } from "../priorities/parts";
import { Behind } from "./Behind";
import { Computed } from "./Computed";
import { Csv } from "./Csv";
import { Foundation } from "./Foundation";
import { money, percent, written } from "./measures";
import { queryOf } from "./query";
import { Rows } from "./Rows";
import { titleIn, useUnits } from "./units";
import type { View } from "./view";

/** What key figures are measured by, for which the page has words. */
const sources = [
  "KPI_SOURCE_MEAN_SCORE",
  "KPI_SOURCE_NPS",
  "KPI_SOURCE_CSAT",
  "KPI_SOURCE_LIKE_SHARE",
  "KPI_SOURCE_STANDARDS_COMPLIANCE",
  "KPI_SOURCE_CONSULTATIONS_PER_HOUR",
  "KPI_SOURCE_UNITS_PER_RECEIPT",
  "KPI_SOURCE_AVERAGE_CHECK",
] as const;

/** How employees do, by definitions of the organisation's own, down to what each component is made of. */
export function Staff({ view }: { view: View }) {
  const { t } = useTranslation();
  const { client } = view;
  const load = useCallback(
    (signal: AbortSignal) => client.get<KpiDefinitionsAnswer>("kpiDefinitions?pageSize=100", signal),
    [client],
  );
  const definitions = useResource(load);
  return (
    <>
      <section className="card analysis">
        <h2>{t("operations.staff.title")}</h2>
        <p className="muted">{t("operations.staff.explain")}</p>
      </section>
      <Computed of={definitions}>
        {({ kpiDefinitions = [] }) => {
          const chosen = kpiDefinitions.find(({ name }) => name === view.address.kpi) ?? kpiDefinitions[0];
          return chosen === undefined ? (
            <p className="card">{t("operations.staff.none")}</p>
          ) : (
            <OfDefinition view={view} definition={chosen} definitions={kpiDefinitions} />
          );
        }}
      </Computed>
    </>
  );
}

function OfDefinition(props: { view: View; definition: KpiDefinition; definitions: readonly KpiDefinition[] }) {
  const { view, definition, definitions } = props;
  const { t } = useTranslation();
  const names = useUnits(view.client, view.may, "KIND_EMPLOYEE");
  const answer = useAnalysis<StaffAnswer>(view.client, "staffKpi:query", {
    kpiDefinition: definition.name,
    query: queryOf(view.days, view.address),
  });
  return (
    <>
      <section className="card analysis">
        <div className="selectors">
          <label>
            <span>{t("operations.staff.definition")}</span>
            <select value={definition.name} onChange={(e) => view.change({ kpi: e.target.value })}>
              {definitions.map(({ name, displayName }) => (
                <option key={name} value={name}>
                  {displayName}
                </option>
              ))}
            </select>
          </label>
        </div>
      </section>
      <Computed of={answer}>
        {(staff) => <Shown view={view} staff={staff} titleOf={(name) => titleIn(names, name)} />}
      </Computed>
    </>
  );
}

function Shown(props: { view: View; staff: StaffAnswer; titleOf: (name: string) => string }) {
  const { view, staff, titleOf } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const [opened, setOpened] = useState("");
  const people = staff.staff ?? [];
  const definition = staff.kpiDefinition;
  const labels = { score: t("operations.staff.score"), measured: t("operations.staff.measured") };
  if (people.length === 0) {
    return (
      <section className="card analysis">
        <p>{t("operations.staff.nobody")}</p>
        <Foundation basis={staff.basis} view={view} />
      </section>
    );
  }
  return (
    <section className="card analysis">
      <h3>
        {definition?.displayName}{" "}
        <span className="muted small">{t("operations.staff.version", { version: definition?.version ?? 0 })}</span>
      </h3>
      <Weights definition={definition} />
      <Rows
        columns={[
          { label: t("operations.staff.employee") },
          ...Object.values(labels).map((label) => ({ label, number: true })),
        ]}
        items={people}
        row={(one) => {
          const name = one.employee ?? "";
          const open = opened === name;
          return [
            <tr key={name}>
              <th scope="row">
                <button type="button" className="link" aria-expanded={open} onClick={() => setOpened(open ? "" : name)}>
                  {titleOf(name)}
                </button>
              </th>
              <td className="number" data-label={labels.score}>
                {one.score === undefined ? "—" : format.fixed(100 * (one.score.value ?? 0), 1)}
                {one.score === undefined ? (
                  <span className="detail">{t("operations.staff.tooLittle")}</span>
                ) : (
                  <Interval of={one.score.interval} digits={1} factor={100} />
                )}
              </td>
              <td className="number" data-label={labels.measured}>
                {written(format, one.measuredWeight, { ...percent, digits: 0 })}
              </td>
            </tr>,
            open && (
              <tr key={`${name} components`} className="pointed">
                <td colSpan={3}>
                  <Components view={view} definition={definition} of={one} currency={staff.basis?.currency} />
                </td>
              </tr>
            ),
          ];
        }}
      />
      <p className="saving">
        <span className="muted">{t("charts.save")}</span>
        <Csv
          file="otklik-staff"
          head={[
            "employee",
            "score",
            "lower",
            "upper",
            "measured_weight",
            "component",
            "value",
            "n",
            "attained",
            "effective_weight",
            "contribution",
            "absent_reason",
          ]}
          rows={() =>
            people.flatMap((one) =>
              (one.components ?? []).map((component) => [
                one.employee,
                one.score?.value,
                one.score?.interval?.lower,
                one.score?.interval?.upper,
                one.measuredWeight,
                component.id,
                component.value?.value,
                component.n,
                component.attained,
                component.effectiveWeight,
                component.contribution,
                component.absentReason,
              ]),
            )
          }
        />
      </p>
      <p className="muted small">{t("operations.staff.order")}</p>
      <Foundation basis={staff.basis} view={view} />
    </section>
  );
}

function useSource(): (source: string | undefined) => string {
  const { t } = useTranslation();
  return (source) => {
    const known = sources.find((candidate) => candidate === source);
    return known === undefined ? (source ?? "") : t(`operations.staff.sourceOf.${known}`);
  };
}

/** How the definition weighs, in a line for each component. */
function Weights({ definition }: { definition: KpiDefinition | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const source = useSource();
  const components = definition?.components ?? [];
  const all = components.reduce((sum, { weight = 0 }) => sum + weight, 0) || 1;
  return (
    <details className="basis">
      <summary>{t("operations.staff.how")}</summary>
      <ul>
        {components.map((component) => (
          <li key={component.id}>
            {t("operations.staff.weighs", {
              source: source(component.source),
              weight: format.fixed((100 * (component.weight ?? 0)) / all, 0),
              low: format.plain(component.low ?? 0),
              high: format.plain(component.high ?? 0),
            })}
          </li>
        ))}
      </ul>
      <p className="muted">{t("operations.staff.missing")}</p>
    </details>
  );
}

const absences = ["NO_DATA", "SUPPRESSED", "NO_SHIFTS"] as const;

function Components(props: {
  view: View;
  definition: KpiDefinition | undefined;
  of: StaffKpi;
  currency: string | undefined;
}) {
  const { view, definition, of, currency } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const source = useSource();
  const absent = ({ absentReason }: StaffKpiComponent) => {
    const known = absences.find((candidate) => candidate === absentReason);
    return known === undefined ? (absentReason ?? "") : t(`operations.staff.absentOf.${known}`);
  };
  const measure = (kind: string | undefined) => {
    if (kind === "KPI_SOURCE_AVERAGE_CHECK") {
      return money(currency, 2);
    }
    return kind === "KPI_SOURCE_LIKE_SHARE" || kind === "KPI_SOURCE_STANDARDS_COMPLIANCE"
      ? percent
      : { factor: 1, digits: 2, unit: "" };
  };
  return (
    <ul className="components">
      {of.components?.map((component) => {
        const kind = definition?.components?.find(({ id }) => id === component.id)?.source;
        const { factor, digits, unit } = measure(kind);
        return (
          <li key={component.id}>
            <strong>{source(kind)}</strong>{" "}
            {component.value === undefined ? (
              <span className="muted">— {absent(component)}</span>
            ) : (
              <>
                {written(format, component.value.value, measure(kind))}
                <Interval of={component.value.interval} digits={digits} factor={factor} unit={unit} />
                <span className="detail">
                  {t("score.n", { n: format.plain(component.n ?? 0) })} ·{" "}
                  {t("operations.staff.contributes", {
                    attained: format.fixed(100 * (component.attained ?? 0), 0),
                    weight: format.fixed(100 * (component.effectiveWeight ?? 0), 0),
                    points: format.fixed(100 * (component.contribution ?? 0), 1),
                  })}
                </span>
              </>
            )}
            <Behind view={view} links={component.links ?? []} />
          </li>
        );
      })}
    </ul>
  );
}
