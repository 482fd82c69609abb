import { useTranslation } from "react-i18next";
import { integer, type OverviewChange, type OverviewMetric, type OverviewScore, type Variant } from "../api/types";
import type { Address } from "../app/address";
import { Go } from "../app/Go";
import { useFormat } from "../app/hooks";
import { Figure } from "../charts/Figure";
import { saveTable } from "../charts/save";
import { drawTrend, type Step } from "../charts/Trend";
import { Interval } from "../priorities/parts";
import { unitOf } from "../score/format";

interface Props {
  metrics: readonly OverviewMetric[];
  address: Address;
  change: (part: Partial<Address>) => void;
  /** What the question of a metric asks. */
  titleOf: (question: string) => string;
  /** The days that are shown, as the page of scores takes them. */
  span: { from: string; to: string };
  foot: string;
}

/** The scores with interval, n, change and trend: one card for each metric, its other ways of counting beside it. */
export function Metrics(props: Props) {
  const groups = new Map<string, OverviewMetric[]>();
  for (const metric of props.metrics) {
    const key = metric.metric === "" ? (metric.definition ?? "") : `${metric.metric}/${metric.question}`;
    groups.set(key, [...(groups.get(key) ?? []), metric]);
  }
  return (
    <div className="metrics">
      {[...groups].map(([key, [main, ...beside]]) =>
        main === undefined ? null : <Card key={key} {...props} main={main} beside={beside} />,
      )}
    </div>
  );
}

function Card(props: Props & { main: OverviewMetric; beside: readonly OverviewMetric[] }) {
  const { main, beside, address, change, span } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const title =
    main.metric === ""
      ? (main.definition ?? "").replace("metricDefinitions/", "")
      : t(`metricTitles.METRIC_${main.metric as "NPS"}`);
  const steps = stepsOf(main.trend ?? []);
  const to = { ...span, page: "", question: main.question ?? "", metric: `METRIC_${main.metric}` };
  return (
    <section className="card metric" aria-label={title}>
      <h2>{main.question === "" ? title : <Go {...{ address, change, to }}>{title}</Go>}</h2>
      {main.question !== "" && <p className="muted small">{props.titleOf(main.question ?? "")}</p>}
      <Estimate metric={main} large />
      <Change of={main.change} digits={1} unit={unitText(main)} />
      {beside.map((other) => (
        <Estimate key={other.variant} metric={other} />
      ))}
      {steps.length > 0 && (
        <Figure
          title={title}
          foot={`${t("score.n", { n: format.integer(integer(main.score?.n)) })} · ${props.foot}`}
          summary={t("overview.trend", { metric: title, count: steps.length })}
          file={`otklik-${main.metric?.toLowerCase() || "score"}-trend`}
          draw={(width) => drawTrend(steps, format, width)}
          more={
            <button type="button" className="quiet" onClick={() => save(main)}>
              CSV
            </button>
          }
        />
      )}
    </section>
  );
}

function variantOf(metric: OverviewMetric): Variant {
  return `VARIANT_${metric.variant}` as Variant;
}

function unitText(metric: OverviewMetric): string {
  return unitOf(variantOf(metric)) === "percent" ? "\u00a0%" : "";
}

/** An estimate with its interval, n and way of counting; why there is none where that is so. */
function Estimate({ metric, large = false }: { metric: OverviewMetric; large?: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { score } = metric;
  const unit = unitText(metric);
  const scale =
    metric.scale === undefined ? "" : `${format.plain(metric.scale.min ?? 0)}–${format.plain(metric.scale.max ?? 0)}`;
  const counted = metric.variant
    ? t(`score.policy.${variantOf(metric) as "VARIANT_NPS_ANSWERED"}`, { scale, defaultValue: metric.variant })
    : "";
  const definition = `${metric.definition?.replace("metricDefinitions/", "")} @ ${metric.definitionVersion}`;
  if (score?.estimate === undefined) {
    const none = (score?.absenceReason ?? "NO_ANSWERS") === "NO_ANSWERS";
    return <p className="muted">{t(none ? "score.noAnswers" : "score.withheld")}</p>;
  }
  return (
    <div className={large ? "large" : "beside"}>
      <p className={large ? "figure" : undefined}>{format.fixed(score.estimate, 1) + unit}</p>
      <Interval of={score.interval} digits={1} unit={unit} />
      <span className="detail">
        {t("score.n", { n: format.integer(integer(score.n)) })} · {counted} · {definition}
      </span>
      {score.band && (
        <span className="detail">{t(`score.band.${score.band as "STRONG"}`, { defaultValue: score.band })}</span>
      )}
    </div>
  );
}

/** How the score changed, and whether that is beyond chance. */
function Change({ of, digits, unit }: { of: OverviewChange | undefined; digits: number; unit: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (of?.difference === undefined) {
    return <p className="detail">{t("overview.noChange")}</p>;
  }
  const beyond = (of.adjustedPValue ?? 1) < 0.05;
  const way = of.difference > 0 ? "up" : "down";
  const arrow = way === "up" ? "▲" : "▼";
  return (
    <p className={`change ${beyond ? way : ""}`}>
      {beyond && <span aria-hidden="true">{arrow} </span>}
      {t("overview.change", {
        difference: format.signed(of.difference, digits),
        before: format.fixed(of.baseline?.estimate ?? 0, digits) + unit,
        n: format.integer(integer(of.baseline?.n)),
      })}
      <Interval of={of.interval} digits={digits} />
      <span className="detail">
        {of.adjustedPValue === undefined
          ? t("overview.untested")
          : t(beyond ? "overview.beyondChance" : "overview.mayBeChance", {
              p: format.probability(of.adjustedPValue).replace(/^(?!<)/, "= "),
            })}
      </span>
    </p>
  );
}

function stepsOf(trend: readonly OverviewScore[]): readonly Step[] {
  return trend.flatMap(({ period, estimate, interval }) =>
    estimate === undefined || period?.startTime === undefined || period.endTime === undefined
      ? []
      : {
          start: new Date(period.startTime),
          end: new Date(period.endTime),
          value: estimate,
          lower: interval?.lower,
          upper: interval?.upper,
          open: new Date(period.endTime) > new Date(),
        },
  );
}

function save(metric: OverviewMetric): void {
  saveTable(
    `otklik-${metric.metric?.toLowerCase() || "score"}-trend`,
    ["start", "end", "definition", "version", "variant", "estimate", "lower", "upper", "n", "absence_reason"],
    (metric.trend ?? []).map((score) => [
      score.period?.startTime,
      score.period?.endTime,
      metric.definition,
      metric.definitionVersion,
      metric.variant,
      score.estimate,
      score.interval?.lower,
      score.interval?.upper,
      integer(score.n),
      score.absenceReason,
    ]),
  );
}
