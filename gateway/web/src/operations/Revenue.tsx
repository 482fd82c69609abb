import { useTranslation } from "react-i18next";
import { integer, type LocationRevenue, type RevenueAnswer, type RevenueChange } from "../api/types";
import { useFormat } from "../app/hooks";
import { Figure } from "../charts/Figure";
import { useAnalysis } from "../priorities/analysis";
import { drawBridge } from "../priorities/BridgeChart";
import { Computed } from "./Computed";
import { Csv } from "./Csv";
import { Foundation, useFoot, useSpan } from "./Foundation";
import { change, money, percent, written } from "./measures";
import { PlaceLink } from "./PlaceLink";
import { baselineOf, dayAfter, queryOf } from "./query";
import { Rows } from "./Rows";
import type { View } from "./view";

/** Why revenue changed: what traffic, conversion and the average check did. */
export function Revenue({ view }: { view: View }) {
  const { t } = useTranslation();
  const { address, days } = view;
  const baseline = baselineOf(days, address);
  const known = address.by === "known";
  const answer = useAnalysis<RevenueAnswer>(
    view.client,
    "revenue:query",
    baseline && {
      query: queryOf(days, address),
      baselineStartDate: baseline.from,
      baselineEndDate: dayAfter(baseline.to),
      ...(known ? { gaps: "GAP_TREATMENT_KNOWN_DAYS" } : {}),
    },
  );
  return (
    <>
      <section className="card analysis">
        <h2>{t("operations.revenue.title")}</h2>
        <p className="muted">{t("operations.revenue.explain")}</p>
        <div className="selectors">
          <label>
            <span>{t("priorities.bridge.beforeFrom")}</span>
            <input
              type="date"
              value={address.beforeFrom || baseline?.from || ""}
              onChange={(e) => view.change({ beforeFrom: e.target.value })}
            />
          </label>
          <label>
            <span>{t("priorities.bridge.beforeTo")}</span>
            <input
              type="date"
              value={address.beforeTo || baseline?.to || ""}
              onChange={(e) => view.change({ beforeTo: e.target.value })}
            />
          </label>
          <label>
            <span>{t("operations.revenue.gaps")}</span>
            <select value={known ? "known" : ""} onChange={(e) => view.change({ by: e.target.value })}>
              <option value="">{t("operations.revenue.leaveOut")}</option>
              <option value="known">{t("operations.revenue.knownDays")}</option>
            </select>
          </label>
        </div>
        {baseline === undefined && <p role="alert">{t("operations.refusal.PERIODS_OVERLAP")}</p>}
      </section>
      {baseline !== undefined && (
        <Computed of={answer}>{(revenue) => <Shown view={view} revenue={revenue} />}</Computed>
      )}
    </>
  );
}

const effects = ["traffic", "conversion", "averageCheck"] as const;

function effectOf(of: RevenueChange | undefined, effect: (typeof effects)[number]): number | undefined {
  return of?.[`${effect}EffectMinor`];
}

function Shown({ view, revenue }: { view: View; revenue: RevenueAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const span = useSpan();
  const { basis, total } = revenue;
  const amount = money(basis?.currency);
  const foot = useFoot(basis);
  const before = integer(total?.before?.revenueMinor);
  const after = integer(total?.after?.revenueMinor);
  const moved = integer(total?.changeMinor);
  const end = (minor: number) => ({ value: minor * amount.factor, lower: undefined, upper: undefined });
  const incomplete =
    (total?.before?.days ?? 0) < (total?.before?.daysExpected ?? 0) ||
    (total?.after?.days ?? 0) < (total?.after?.daysExpected ?? 0);
  const earlier = span({
    startDate: revenue.baselineStartDate ?? "",
    endDate: revenue.baselineEndDate ?? "",
  });
  const mix = moved === integer(revenue.atOnce?.changeMinor) ? mixOf(revenue) : undefined;
  const share = before === 0 ? "" : ` (${format.signed((100 * moved) / before, 1)}\u00a0%)`;
  return (
    <section className="card analysis">
      <p className="headline">
        {t("operations.revenue.moved", {
          before: written(format, before, amount),
          after: written(format, after, amount),
          change: change(format, moved, amount) + share,
        })}
      </p>
      <p>
        {effects.map((effect) => (
          <span key={effect} className="effect">
            {t(`operations.revenue.effect.${effect}`)} {change(format, effectOf(total, effect), amount)}
          </span>
        ))}
      </p>
      {incomplete && <p role="note">{t("operations.revenue.incomplete")}</p>}
      <Figure
        title={t("operations.revenue.chart")}
        foot={foot}
        summary={t("operations.revenue.summary", {
          before: written(format, before, amount),
          after: written(format, after, amount),
        })}
        file="otklik-revenue"
        draw={(width) =>
          drawBridge(
            {
              before: end(before),
              after: end(after),
              beforeTitle: t("operations.revenue.before", { days: earlier }),
              afterTitle: t("operations.revenue.after", { days: span(basis ?? {}) }),
              steps: effects.map((effect) => ({
                id: effect,
                label: t(`operations.revenue.effect.${effect}`),
                mix: 0,
                level: (effectOf(total, effect) ?? 0) * amount.factor,
              })),
              digits: 0,
            },
            format,
            width,
          )
        }
        more={
          <Csv
            file="otklik-revenue"
            head={csvHead}
            rows={() => [
              csvRow("", total),
              ...(revenue.locations ?? []).map((one) => csvRow(one.location ?? "", one.change)),
            ]}
          />
        }
      />
      <Factors revenue={revenue} />
      <p className="muted small">{t("operations.revenue.exact")}</p>
      {mix !== undefined && Math.abs(mix) > Math.abs(before) * 0.001 && (
        <p className="muted small">{t("operations.revenue.mix", { mix: written(format, mix, amount) })}</p>
      )}
      <Places view={view} revenue={revenue} />
      <Foundation basis={basis} view={view} />
    </section>
  );
}

/** How much of the effects is split otherwise when all places are taken as if they were one: mix between places. */
function mixOf({ total, atOnce }: RevenueAnswer): number {
  const differences = effects.map((effect) =>
    Math.abs((effectOf(total, effect) ?? 0) - (effectOf(atOnce, effect) ?? 0)),
  );
  return differences.reduce((sum, one) => sum + one, 0) / 2;
}

/** Visitors, conversion and average check before and after. */
function Factors({ revenue }: { revenue: RevenueAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { before, after } = revenue.total ?? {};
  const currency = revenue.basis?.currency;
  const whole = { factor: 1, digits: 0, unit: "" };
  const rows = [
    ["traffic", integer(before?.visitors), integer(after?.visitors), whole],
    ["conversion", before?.conversion, after?.conversion, { ...percent, digits: 2 }],
    ["averageCheck", before?.averageCheckMinor, after?.averageCheckMinor, money(currency, 2)],
  ] as const;
  const labels = [t("priorities.bridge.before"), t("priorities.bridge.after"), t("operations.change")] as const;
  const effectLabel = t("operations.revenue.effectOn");
  return (
    <Rows
      columns={[
        { label: t("operations.revenue.factor") },
        ...labels.map((label) => ({ label, number: true })),
        { label: effectLabel, number: true },
      ]}
      items={rows}
      row={([effect, one, other, measure]) => (
        <tr key={effect}>
          <th scope="row">{t(`operations.revenue.factorOf.${effect}`)}</th>
          <td className="number" data-label={labels[0]}>
            {written(format, one, measure)}
          </td>
          <td className="number" data-label={labels[1]}>
            {written(format, other, measure)}
          </td>
          <td className="number" data-label={labels[2]}>
            {one === undefined || other === undefined || one === 0
              ? "—"
              : `${format.signed(100 * (other / one - 1), 1)}\u00a0%`}
          </td>
          <td className="number" data-label={effectLabel}>
            {change(format, effectOf(revenue.total, effect), money(currency))}
          </td>
        </tr>
      )}
    />
  );
}

function Places({ view, revenue }: { view: View; revenue: RevenueAnswer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const amount = money(revenue.basis?.currency);
  const places = revenue.locations ?? [];
  const changeLabel = t("operations.change");
  const labels = effects.map((effect) => t(`operations.revenue.effect.${effect}`));
  return (
    <>
      <h3>{t("operations.revenue.places")}</h3>
      <Rows
        columns={[
          { label: t("operations.place") },
          ...[changeLabel, ...labels].map((label) => ({ label, number: true })),
        ]}
        items={places}
        row={({ location, change: one }: LocationRevenue) => (
          <tr key={location}>
            <th scope="row">
              <PlaceLink view={view} place={location} />
              <span className="detail">
                {t("operations.revenue.daysKnown", {
                  before: one?.before?.days ?? 0,
                  after: one?.after?.days ?? 0,
                })}
                {(one?.limitRule || one?.factorCarried) && ` · ${t("operations.revenue.rule")}`}
              </span>
            </th>
            <td className="number" data-label={changeLabel}>
              {change(format, integer(one?.changeMinor), amount)}
              <span className="detail">
                {written(format, integer(one?.before?.revenueMinor), { ...amount, unit: "" })} →{" "}
                {written(format, integer(one?.after?.revenueMinor), amount)}
              </span>
            </td>
            {effects.map((effect, i) => (
              <td key={effect} className="number" data-label={labels[i]}>
                {change(format, effectOf(one, effect), amount)}
              </td>
            ))}
          </tr>
        )}
      />
    </>
  );
}

const csvHead = [
  "location",
  "revenue_before_minor",
  "revenue_after_minor",
  "change_minor",
  "traffic_effect_minor",
  "conversion_effect_minor",
  "average_check_effect_minor",
  "visitors_before",
  "visitors_after",
  "receipts_before",
  "receipts_after",
  "days_before",
  "days_after",
];

function csvRow(location: string, one: RevenueChange | undefined) {
  return [
    location,
    integer(one?.before?.revenueMinor),
    integer(one?.after?.revenueMinor),
    integer(one?.changeMinor),
    one?.trafficEffectMinor,
    one?.conversionEffectMinor,
    one?.averageCheckEffectMinor,
    integer(one?.before?.visitors),
    integer(one?.after?.visitors),
    integer(one?.before?.receipts),
    integer(one?.after?.receipts),
    one?.before?.days,
    one?.after?.days,
  ];
}
