import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type BenchmarkAnswer, type BenchmarkComparison, integer } from "../api/types";
import { useFormat } from "../app/hooks";
import { Table } from "../app/Table";
import { drawBars } from "../charts/Bars";
import { Figure } from "../charts/Figure";
import { saveTable } from "../charts/save";
import { useSpan } from "../operations/Foundation";
import { Analysed } from "../priorities/Analysed";
import { useAnalysis } from "../priorities/analysis";
import { Basis, useFoot } from "../priorities/Basis";
import { scaled } from "../priorities/numbers";
import { Corrected, Interval } from "../priorities/parts";
import { queryOf, type Subject } from "../priorities/subject";

const metrics = [
  "BENCHMARK_METRIC_NPS",
  "BENCHMARK_METRIC_CSAT",
  "BENCHMARK_METRIC_CES",
  "BENCHMARK_METRIC_MEAN",
] as const;

type Metric = (typeof metrics)[number];

/** So many differences are drawn; the table has all. */
const most = 20;

/** Own scores beside those of others. */
export function Benchmarks({ subject }: { subject: Subject }) {
  const { address, change } = subject;
  const { t } = useTranslation();
  const metric: Metric = metrics.find((candidate) => candidate === address.measure) ?? "BENCHMARK_METRIC_NPS";
  const answer = useAnalysis<BenchmarkAnswer>(subject.client, "benchmarks:query", {
    query: queryOf(address),
    metric,
    ...(address.outcome === "" ? {} : { question: address.outcome }),
  });
  return (
    <>
      <section className="card analysis">
        <h2>{t("journey.benchmarks.title")}</h2>
        <p className="muted">{t("journey.benchmarks.explain")}</p>
        <div className="selectors">
          <label>
            <span>{t("metric")}</span>
            <select value={metric} onChange={(e) => change({ measure: e.target.value })}>
              {metrics.map((candidate) => (
                <option key={candidate} value={candidate}>
                  {t(`metricTitles.${candidate.replace("BENCHMARK_", "") as "METRIC_NPS"}`)}
                </option>
              ))}
            </select>
          </label>
        </div>
      </section>
      <Analysed of={answer} subject={subject}>
        {(benchmarks) => <Shown subject={subject} answer={benchmarks} />}
      </Analysed>
    </>
  );
}

/** Why a difference is untested, for which the page has words of its own. */
const untested = ["NO_OWN_SCORE", "WITHHELD", "SCALES_DIFFER", "PRECISION_UNKNOWN", "OWN_PRECISION_UNKNOWN"] as const;

function Shown({ answer }: { subject: Subject; answer: BenchmarkAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const foot = useFoot(answer.basis);
  const [all, setAll] = useState(false);
  const digits = answer.metric === "BENCHMARK_METRIC_NPS" || answer.metric === "BENCHMARK_METRIC_CSAT" ? 1 : 2;
  const comparisons = answer.comparisons ?? [];
  const drawn = comparisons.filter(({ difference }) => difference !== undefined).slice(0, most);
  const listed = all ? comparisons : comparisons.slice(0, 50);
  if (comparisons.length === 0) {
    return (
      <section className="card analysis">
        <p>{t("journey.benchmarks.none")}</p>
        <Basis basis={answer.basis} />
      </section>
    );
  }
  return (
    <section className="card analysis">
      <p className="headline">
        {answer.own === undefined
          ? t("journey.benchmarks.noOwn")
          : t("journey.benchmarks.own", {
              score: format.fixed(answer.own.score?.value ?? 0, digits),
              n: format.integer(integer(answer.own.n)),
            })}
        {answer.own !== undefined && <Interval of={answer.own.score?.interval} digits={digits} />}
      </p>
      {drawn.length > 0 && (
        <Figure
          title={t("journey.benchmarks.chart")}
          foot={foot}
          summary={t("journey.benchmarks.summary", { count: drawn.length })}
          file="otklik-benchmarks"
          draw={(width) =>
            drawBars(
              drawn.map((one) => ({
                id: one.benchmark?.id ?? "",
                label: `${one.benchmark?.subject} (${one.benchmark?.series})`,
                ...scaled(one.difference),
                colour: colourOf(one),
                note: one.test === undefined ? t("journey.benchmarks.untested") : nOf(one),
              })),
              t("journey.benchmarks.difference"),
              format,
              width,
            )
          }
          more={
            <button type="button" className="quiet" onClick={() => save(comparisons)}>
              CSV
            </button>
          }
        />
      )}
      <Compared {...{ comparisons: listed, digits }} />
      {listed.length < comparisons.length && (
        <p>
          <button type="button" onClick={() => setAll(true)}>
            {t("more")}
          </button>
        </p>
      )}
      <p className="muted small">
        {t("priorities.drivers.corrected", { count: answer.family ?? 0 })} {t("journey.benchmarks.foreign")}
      </p>
      <Basis basis={answer.basis} />
    </section>
  );

  function nOf(one: BenchmarkComparison): string {
    return t("score.n", { n: format.integer(integer(one.own?.n)) });
  }
}

function Compared({ comparisons, digits }: { comparisons: readonly BenchmarkComparison[]; digits: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const span = useSpan();
  const labels = {
    theirs: t("journey.benchmarks.theirs"),
    own: t("journey.benchmarks.ours"),
    difference: t("journey.benchmarks.difference"),
    p: t("priorities.p"),
  };
  const why = (reason: string | undefined) => {
    const known = untested.find((candidate) => candidate === reason);
    return known === undefined ? (reason ?? "") : t(`journey.benchmarks.untestedOf.${known}`);
  };
  return (
    <Table
      columns={[
        { label: t("journey.benchmarks.subject") },
        ...Object.values(labels).map((label) => ({ label, number: true })),
      ]}
    >
      {comparisons.map(({ benchmark, own, difference, test, untestedReason }) => (
        <tr key={benchmark?.id}>
          <th scope="row">
            {benchmark?.subject}
            <span className="detail">
              {benchmark?.series} · {span(benchmark ?? {})}
            </span>
            <span className="detail">{t("journey.benchmarks.source", { source: benchmark?.source })}</span>
          </th>
          <td className="number" data-label={labels.theirs}>
            {format.fixed(benchmark?.value ?? 0, digits)}
            <span className="detail">
              {benchmark?.n === undefined
                ? t("journey.benchmarks.noN")
                : t("score.n", { n: format.integer(integer(benchmark.n)) })}
            </span>
          </td>
          <td className="number" data-label={labels.own}>
            {own === undefined ? (
              "—"
            ) : (
              <>
                {format.fixed(own.score?.value ?? 0, digits)}
                <Interval of={own.score?.interval} digits={digits} />
                <span className="detail">{t("score.n", { n: format.integer(integer(own.n)) })}</span>
              </>
            )}
          </td>
          <td className="number" data-label={labels.difference}>
            {difference === undefined ? (
              "—"
            ) : (
              <>
                {format.signed(difference.value ?? 0, digits)}
                <Interval of={difference.interval} digits={digits} />
              </>
            )}
          </td>
          <td className="number" data-label={labels.p}>
            {test === undefined ? <span className="detail">{why(untestedReason)}</span> : <Corrected test={test} />}
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** Only what is beyond chance has a colour. */
function colourOf({ test, difference }: BenchmarkComparison): string {
  if (test?.adjustedPValue === undefined || test.adjustedPValue >= 0.05) {
    return "var(--muted)";
  }
  return (difference?.value ?? 0) < 0 ? "var(--bad)" : "var(--good)";
}

function save(comparisons: readonly BenchmarkComparison[]): void {
  saveTable(
    "otklik-benchmarks",
    [
      "subject",
      "series",
      "start_date",
      "end_date",
      "source",
      "benchmark",
      "benchmark_n",
      "own",
      "own_lower",
      "own_upper",
      "own_n",
      "difference",
      "lower",
      "upper",
      "p_adjusted",
      "untested_reason",
    ],
    comparisons.map(({ benchmark, own, difference, test, untestedReason }) => [
      benchmark?.subject,
      benchmark?.series,
      benchmark?.startDate,
      benchmark?.endDate,
      benchmark?.source,
      benchmark?.value,
      benchmark?.n === undefined ? undefined : integer(benchmark.n),
      own?.score?.value,
      own?.score?.interval?.lower,
      own?.score?.interval?.upper,
      own === undefined ? undefined : integer(own.n),
      difference?.value,
      difference?.interval?.lower,
      difference?.interval?.upper,
      test?.adjustedPValue,
      untestedReason,
    ]),
  );
}
