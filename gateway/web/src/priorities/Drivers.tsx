import { useTranslation } from "react-i18next";
import { type AnalysisEstimate, type AnalysisTest, type Driver, type DriversAnswer, integer } from "../api/types";
import { Go } from "../app/Go";
import { useFormat } from "../app/hooks";
import { Table } from "../app/Table";
import { drawBars } from "../charts/Bars";
import { Figure } from "../charts/Figure";
import { saveTable } from "../charts/save";
import { Analysed } from "./Analysed";
import { useAnalysis } from "./analysis";
import { Basis, useFoot } from "./Basis";
import { scaled } from "./numbers";
import { Corrected, Interval } from "./parts";
import { choiceOf, queryOf, type Subject, titleOf } from "./subject";

/** A way to tell how much an item goes together with the outcome. */
interface Measure {
  readonly of: (driver: Driver) => AnalysisEstimate | undefined;
  /** The test that belongs to it; of shares of R² that of the correlation, since they have none of their own. */
  readonly test: (driver: Driver) => AnalysisTest | undefined;
  readonly factor: number;
  readonly digits: number;
  readonly unit: string;
}

const share = { factor: 100, digits: 1, unit: "\u00a0%" };
const number = { factor: 1, digits: 2, unit: "" };

const measures = {
  johnson: { ...share, of: (d) => d.relativeWeightShare, test: (d) => d.pearsonTest },
  shapley: { ...share, of: (d) => d.shapleyShare, test: (d) => d.pearsonTest },
  pearson: { ...number, of: (d) => d.pearson, test: (d) => d.pearsonTest },
  spearman: { ...number, of: (d) => d.spearman, test: (d) => d.spearmanTest },
  regression: { ...number, of: (d) => d.coefficient, test: (d) => d.coefficientTest },
} as const satisfies Record<string, Measure>;

type Name = keyof typeof measures;

const names = Object.keys(measures) as readonly Name[];

/** What goes together with the outcome, and how strongly. */
export function Drivers({ subject }: { subject: Subject }) {
  const answer = useAnalysis<DriversAnswer>(subject.client, "drivers:query", {
    query: queryOf(subject.address),
    ...choiceOf(subject),
  });
  return (
    <Analysed of={answer} subject={subject}>
      {(drivers) => <Shown subject={subject} answer={drivers} />}
    </Analysed>
  );
}

function Shown({ subject, answer }: { subject: Subject; answer: DriversAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(answer.basis);
  const all = answer.drivers ?? [];
  const open = names.filter((name) => all.some((driver) => measures[name].of(driver) !== undefined));
  const name = open.find((candidate) => candidate === subject.address.measure) ?? open[0] ?? "johnson";
  const measure: Measure = measures[name];
  const drivers = all
    .filter((driver) => measure.of(driver) !== undefined)
    .sort((a, b) => (measure.of(b)?.value ?? 0) - (measure.of(a)?.value ?? 0));
  const outcome = titleOf(subject, answer.outcome);
  const title = t(`priorities.drivers.measureOf.${name}`);
  return (
    <section className="card analysis">
      <h2>{t("priorities.drivers.title")}</h2>
      <p className="muted">{t("priorities.drivers.explain")}</p>
      <div className="selectors">
        <label>
          <span>{t("priorities.drivers.measure")}</span>
          <select value={name} onChange={(e) => subject.change({ measure: e.target.value })}>
            {open.map((candidate) => (
              <option key={candidate} value={candidate}>
                {t(`priorities.drivers.measureOf.${candidate}`)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p>{t(`priorities.drivers.means.${name}`)}</p>
      <p>
        {t("priorities.drivers.explained", {
          share: format.fixed(100 * (answer.rSquared?.value ?? 0), 1),
          outcome,
          n: format.integer(integer(answer.outcome?.n)),
        })}
        <Interval of={answer.rSquared?.interval} digits={1} factor={100} unit={"\u00a0%"} />
      </p>
      <Figure
        title={`${title}: ${outcome}`}
        foot={foot}
        summary={t("priorities.drivers.summary", { count: drivers.length, measure: title })}
        file={`otklik-drivers-${name}`}
        draw={(width) => drawBars(barsOf(drivers), title, format, width)}
        more={
          <button type="button" className="quiet" onClick={() => save(subject, all)}>
            CSV
          </button>
        }
      />
      <Rows {...{ subject, drivers, measure, title, name }} />
      <p className="muted small">{t("priorities.drivers.corrected", { count: answer.family ?? 0 })}</p>
      <Basis basis={answer.basis} />
    </section>
  );
  function barsOf(list: readonly Driver[]) {
    return list.map((driver) => ({
      id: driver.question?.question ?? "",
      label: titleOf(subject, driver.question),
      ...scaled(measure.of(driver), measure.factor),
      colour: (measure.of(driver)?.value ?? 0) < 0 || (driver.sign ?? 1) < 0 ? "var(--bad)" : "var(--accent)",
      note: t("score.n", { n: format.integer(integer(driver.pairN)) }),
    }));
  }
}

function Rows(props: { subject: Subject; drivers: readonly Driver[]; measure: Measure; title: string; name: Name }) {
  const { subject, measure, title, name } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const ofCorrelation = name === "johnson" || name === "shapley";
  const p = t(ofCorrelation ? "priorities.drivers.pOfCorrelation" : "priorities.p");
  const columns = [
    { label: t("priorities.item") },
    { label: title, number: true },
    { label: p, number: true },
    ...(name === "regression" ? [{ label: "VIF", number: true }] : []),
    { label: t("trend.nHead"), number: true },
  ];
  return (
    <Table columns={columns}>
      {props.drivers.map((driver) => (
        <tr key={driver.question?.question}>
          <th scope="row">
            <Go {...subject} to={{ page: "", question: driver.question?.question ?? "", metric: "METRIC_MEAN" }}>
              {titleOf(subject, driver.question)}
            </Go>
            {ofCorrelation && (driver.sign ?? 1) < 0 && (
              <span className="detail">{t("priorities.drivers.negative")}</span>
            )}
          </th>
          <td className="number" data-label={title}>
            {format.fixed((measure.of(driver)?.value ?? 0) * measure.factor, measure.digits) + measure.unit}
            <Interval of={measure.of(driver)?.interval} digits={measure.digits} factor={measure.factor} />
          </td>
          <td className="number" data-label={p}>
            <Corrected test={measure.test(driver)} />
          </td>
          {name === "regression" && (
            <td className="number" data-label="VIF">
              {driver.varianceInflation === undefined ? "—" : format.fixed(driver.varianceInflation, 1)}
            </td>
          )}
          <td className="number" data-label={t("trend.nHead")}>
            {format.integer(integer(driver.pairN))}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function save(subject: Subject, drivers: readonly Driver[]): void {
  const parts = [
    ["relative_weight_share", (d: Driver) => d.relativeWeightShare],
    ["shapley_share", (d: Driver) => d.shapleyShare],
    ["pearson", (d: Driver) => d.pearson],
    ["spearman", (d: Driver) => d.spearman],
    ["coefficient", (d: Driver) => d.coefficient],
    ["standardized_coefficient", (d: Driver) => d.standardizedCoefficient],
  ] as const;
  saveTable(
    "otklik-drivers",
    [
      "question",
      "text",
      "pair_n",
      "sign",
      ...parts.flatMap(([name]) => [name, `${name}_lower`, `${name}_upper`]),
      "pearson_p_adjusted",
      "spearman_p_adjusted",
      "coefficient_p_adjusted",
      "variance_inflation",
    ],
    drivers.map((driver) => [
      driver.question?.question,
      titleOf(subject, driver.question),
      integer(driver.pairN),
      driver.sign,
      ...parts.flatMap(([, of]) => [of(driver)?.value, of(driver)?.interval?.lower, of(driver)?.interval?.upper]),
      driver.pearsonTest?.adjustedPValue,
      driver.spearmanTest?.adjustedPValue,
      driver.coefficientTest?.adjustedPValue,
      driver.varianceInflation,
    ]),
  );
}
