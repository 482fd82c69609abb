import { useTranslation } from "react-i18next";
import { type BridgeAnswer, type BridgePart, integer } from "../api/types";
import type { Address } from "../app/address";
import { useFormat } from "../app/hooks";
import { Table } from "../app/Table";
import { Figure } from "../charts/Figure";
import { saveTable } from "../charts/save";
import { daysBefore, dayText, periodOf } from "../score/period";
import { Analysed } from "./Analysed";
import { useAnalysis } from "./analysis";
import { Basis, useFoot } from "./Basis";
import { Behind } from "./Behind";
import { drawBridge, type Step } from "./BridgeChart";
import { KeyField } from "./KeyField";
import { scaled } from "./numbers";
import { Corrected, Interval } from "./parts";
import { queryOf, type Subject, titleOf, valueTitle } from "./subject";

/** So many parts are steps of their own; the others are one together. */
const most = 10;

/** Why the outcome moved between two periods. */
export function Bridge({ subject }: { subject: Subject }) {
  const { address } = subject;
  const { t } = useTranslation();
  const by = address.by || "theme";
  const periods = periodsOf(address);
  const request =
    periods === undefined
      ? undefined
      : {
          query: { ...queryOf(address), period: periodOf(periods.from, periods.to) },
          baselinePeriod: periodOf(periods.beforeFrom, periods.beforeTo),
          ...(address.outcome === "" ? {} : { outcome: address.outcome }),
          by,
        };
  const answer = useAnalysis<BridgeAnswer>(subject.client, "bridge:query", request);
  return (
    <>
      <section className="card analysis">
        <h2>{t("priorities.bridge.title")}</h2>
        <p className="muted">{t("priorities.bridge.explain")}</p>
        <Periods subject={subject} periods={periods} />
        <div className="selectors">
          <KeyField
            label={t("priorities.by")}
            subject={subject}
            value={by}
            choose={(key) => subject.change({ by: key })}
          />
        </div>
        {periods === undefined && <p>{t("priorities.bridge.choose")}</p>}
      </section>
      {request !== undefined && (
        <Analysed of={answer} subject={subject}>
          {(bridge) => <Shown subject={subject} bridge={bridge} by={by} />}
        </Analysed>
      )}
    </>
  );
}

interface Periods {
  readonly from: string;
  readonly to: string;
  readonly beforeFrom: string;
  readonly beforeTo: string;
}

/** The two periods; the one before is as long as the other unless it was chosen. Undefined until there are two. */
function periodsOf(address: Address): Periods | undefined {
  const to = address.to || dayText(new Date());
  const proposed = daysBefore(address.from, to);
  const beforeFrom = address.beforeFrom || proposed?.from;
  const beforeTo = address.beforeTo || proposed?.to;
  if (periodOf(address.from, "") === undefined || beforeFrom === undefined || beforeTo === undefined) {
    return undefined;
  }
  return { from: address.from, to, beforeFrom, beforeTo };
}

/** The first and the last day of a month, so many months from now. */
function month(offset: number): { from: string; to: string } {
  const now = new Date();
  return {
    from: dayText(new Date(now.getFullYear(), now.getMonth() + offset, 1)),
    to: dayText(new Date(now.getFullYear(), now.getMonth() + offset + 1, 0)),
  };
}

function Periods({ subject, periods }: { subject: Subject; periods: Periods | undefined }) {
  const { change } = subject;
  const { t } = useTranslation();
  const months = (offset: number) => {
    const [after, earlier] = [month(offset), month(offset - 1)];
    change({ ...after, beforeFrom: earlier.from, beforeTo: earlier.to });
  };
  return (
    <>
      <div className="selectors">
        <label>
          <span>{t("priorities.bridge.beforeFrom")}</span>
          <input
            type="date"
            value={periods?.beforeFrom ?? subject.address.beforeFrom}
            onChange={(e) => change({ beforeFrom: e.target.value })}
          />
        </label>
        <label>
          <span>{t("priorities.bridge.beforeTo")}</span>
          <input
            type="date"
            value={periods?.beforeTo ?? subject.address.beforeTo}
            onChange={(e) => change({ beforeTo: e.target.value })}
          />
        </label>
        <button type="button" onClick={() => months(0)}>
          {t("priorities.bridge.thisMonth")}
        </button>
        <button type="button" onClick={() => months(-1)}>
          {t("priorities.bridge.lastMonth")}
        </button>
      </div>
      <p className="muted small">{t("priorities.bridge.afterIsAbove")}</p>
    </>
  );
}

function Shown({ subject, bridge, by }: { subject: Subject; bridge: BridgeAnswer; by: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const parts = bridge.parts ?? [];
  const digits = bridge.metric === "OUTCOME_METRIC_NPS" ? 1 : 2;
  const outcome = titleOf(subject, bridge.outcome);
  const n = (responses: number | string | undefined) => t("score.n", { n: format.integer(integer(responses)) });
  const foot = useFoot(bridge.basis);
  const signed = (value: number | undefined) => format.signed(value ?? 0, digits);
  return (
    <section className="card analysis">
      <p className="headline">
        {t("priorities.bridge.moved", {
          outcome,
          before: format.fixed(bridge.before?.value ?? 0, digits),
          after: format.fixed(bridge.after?.value ?? 0, digits),
          change: signed(bridge.change?.value),
        })}
        <Interval of={bridge.change?.interval} digits={digits} />
      </p>
      <p>{t("priorities.bridge.split", { mix: signed(bridge.mix?.value), level: signed(bridge.level?.value) })}</p>
      <Figure
        title={t("priorities.bridge.chart", { outcome })}
        foot={`${t("priorities.bridge.before")} ${n(bridge.baselineBasis?.responses)} · ${t("priorities.bridge.after")} ${foot}`}
        summary={t("priorities.bridge.summary", {
          before: format.fixed(bridge.before?.value ?? 0, digits),
          after: format.fixed(bridge.after?.value ?? 0, digits),
          count: parts.length,
        })}
        file="otklik-bridge"
        draw={(width) =>
          drawBridge(
            {
              before: scaled(bridge.before),
              after: scaled(bridge.after),
              beforeTitle: `${t("priorities.bridge.before")}, ${n(bridge.baselineBasis?.responses)}`,
              afterTitle: `${t("priorities.bridge.after")}, ${n(bridge.basis?.responses)}`,
              steps: stepsOf(parts),
              digits,
            },
            format,
            width,
          )
        }
        more={
          <button type="button" className="quiet" onClick={() => save(parts)}>
            CSV
          </button>
        }
      />
      <p className="legend">
        <span className="swatch mix" aria-hidden="true" /> {t("priorities.bridge.mix")}{" "}
        <span className="swatch level" aria-hidden="true" /> {t("priorities.bridge.level")}
      </p>
      <Parts {...{ subject, parts, by, digits }} />
      <p className="muted small">{t("priorities.bridge.sums", { change: signed(bridge.change?.value) })}</p>
      <Basis basis={bridge.basis} />
    </section>
  );
  function stepsOf(list: readonly BridgePart[]): readonly Step[] {
    const own = list.slice(0, list.length > most + 1 ? most : list.length).map((part) => ({
      id: part.value ?? "",
      label: valueTitle(subject, t, by, part.value ?? ""),
      mix: part.mix?.value ?? 0,
      level: part.level?.value ?? 0,
    }));
    const others = list.slice(own.length);
    if (others.length === 0) {
      return own;
    }
    const sum = (of: (part: BridgePart) => number | undefined) =>
      others.reduce((total, part) => total + (of(part) ?? 0), 0);
    const label = t("priorities.bridge.others", { count: others.length });
    // No value of a key begins with a line feed.
    return [...own, { id: "\n", label, mix: sum((p) => p.mix?.value), level: sum((p) => p.level?.value) }];
  }
}

function Parts(props: { subject: Subject; parts: readonly BridgePart[]; by: string; digits: number }) {
  const { subject, parts, by, digits } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const labels = {
    share: t("priorities.bridge.share"),
    outcome: t("priorities.bridge.outcome"),
    mix: t("priorities.bridge.mix"),
    level: t("priorities.bridge.level"),
    p: t("priorities.p"),
  };
  const columns = [{ label: t("priorities.part") }, ...Object.values(labels).map((label) => ({ label, number: true }))];
  const level = (value: number | undefined) => (value === undefined ? "—" : format.fixed(value, digits));
  const percent = (share: number | undefined) => format.fixed(100 * (share ?? 0), 1);
  return (
    <Table columns={columns}>
      {parts.map((part) => (
        <tr key={part.value}>
          <th scope="row">
            <Behind subject={subject} by={by} value={part.value ?? ""} />
          </th>
          <td className="number" data-label={labels.share}>
            {percent(part.shareBefore)} → {percent(part.shareAfter)}
            {"\u00a0"}%
            <span className="detail">
              n = {format.integer(integer(part.countBefore))} → {format.integer(integer(part.countAfter))}
            </span>
          </td>
          <td className="number" data-label={labels.outcome}>
            {level(part.levelBefore)} → {level(part.levelAfter)}
          </td>
          <td className="number" data-label={labels.mix}>
            {format.signed(part.mix?.value ?? 0, digits)}
            <Interval of={part.mix?.interval} digits={digits} />
          </td>
          <td className="number" data-label={labels.level}>
            {format.signed(part.level?.value ?? 0, digits)}
            <Interval of={part.level?.interval} digits={digits} />
          </td>
          <td className="number" data-label={labels.p}>
            <Corrected test={part.test} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function save(parts: readonly BridgePart[]): void {
  saveTable(
    "otklik-bridge",
    [
      "value",
      "count_before",
      "count_after",
      "share_before",
      "share_after",
      "level_before",
      "level_after",
      "mix",
      "mix_lower",
      "mix_upper",
      "level",
      "level_lower",
      "level_upper",
      "p_adjusted",
    ],
    parts.map((part) => [
      part.value,
      integer(part.countBefore),
      integer(part.countAfter),
      part.shareBefore,
      part.shareAfter,
      part.levelBefore,
      part.levelAfter,
      part.mix?.value,
      part.mix?.interval?.lower,
      part.mix?.interval?.upper,
      part.level?.value,
      part.level?.interval?.lower,
      part.level?.interval?.upper,
      part.test?.adjustedPValue,
    ]),
  );
}
