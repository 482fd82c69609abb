import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { useAction } from "../app/action";
import { useFormat, useResource } from "../app/hooks";
import { Problem } from "../app/Problem";
import { Computed } from "./Computed";
import { Csv } from "./Csv";
import { Gaps } from "./Gaps";
import { money, percent, written } from "./measures";
import { PlaceLink } from "./PlaceLink";
import { count } from "./query";
import { Rows } from "./Rows";
import { lastRecorded, type Recorded, readRecorded } from "./recorded";
import { type Sums, sumOf } from "./sums";
import { Trend } from "./Trend";
import type { View } from "./view";

/** What was recorded of stores, where there are gaps, and how it went over time. */
export function Summary({ view }: { view: View }) {
  const { t } = useTranslation();
  const { client, days, address, places } = view;
  const { from, to } = days;
  const names = JSON.stringify(address.place === "" ? places : [address.place]) ?? "";
  const load = useCallback(
    (signal: AbortSignal) =>
      readRecorded(client, { from, to }, undefined, names === "" ? undefined : JSON.parse(names), signal),
    [client, from, to, names],
  );
  const recorded = useResource(load);
  return (
    <>
      {address.place !== "" && (
        <div className="narrowed" role="note">
          <p>
            {t("operations.summary.only")} <strong>{view.titleOf(address.place)}</strong>
          </p>
          <button type="button" className="quiet" onClick={() => view.change({ place: "" })}>
            {t("operations.summary.allPlaces")}
          </button>
        </div>
      )}
      <Computed of={recorded}>
        {(found) =>
          found.summaries.length === 0 ? (
            <Nothing view={view} />
          ) : (
            <>
              <Shown found={found} />
              <Trend view={view} found={found} />
              <Places view={view} found={found} />
              <Gaps view={view} found={found} />
            </>
          )
        }
      </Computed>
    </>
  );
}

/** Nothing was recorded in these days: leads to the last ones of which something is known. */
function Nothing({ view }: { view: View }) {
  const { t } = useTranslation();
  const action = useAction();
  const find = () =>
    void action.run(async () => {
      const last = await lastRecorded(view.client, new Date());
      view.change(last ?? { analysis: "import" });
    });
  return (
    <section className="card">
      <p>{t("operations.summary.none")}</p>
      {action.error !== undefined && <Problem error={action.error} />}
      <button type="button" disabled={action.busy} onClick={find}>
        {t("operations.summary.last")}
      </button>
    </section>
  );
}

function Shown({ found }: { found: Recorded }) {
  const { t } = useTranslation();
  const format = useFormat();
  const all = sumOf(found.summaries);
  const possible = found.summaries.reduce((sum, { days = 0 }) => sum + days, 0);
  const sold = [...all.sales].map(([currency, one]) => written(format, one.revenueMinor, money(currency)));
  const receipts = [...all.sales.values()].map((one) => format.integer(one.receipts));
  const whole = (value: number | undefined) => (value === undefined ? "—" : format.integer(value));
  const on = (days: number) =>
    t("operations.summary.recordedOn", { days: format.integer(days), all: format.integer(possible) });
  const figures: [string, string, string][] = [
    [t("operations.visitors"), whole(all.visitors), on(all.visitorDays)],
    [t("operations.revenueHead"), sold.join(" + ") || "—", on(all.salesDays)],
    [t("operations.receipts"), receipts.join(" + ") || "—", on(all.salesDays)],
    [t("operations.consultations"), whole(all.consultations), on(all.pressDays)],
    [
      t("operations.likes"),
      whole(all.likes),
      all.likes === undefined ? on(all.pressDays) : t("operations.summary.dislikes", { count: all.dislikes ?? 0 }),
    ],
  ];
  return (
    <section className="card analysis">
      <h2>{t("operations.summary.title")}</h2>
      <p className="muted">{t("operations.summary.explain")}</p>
      <dl className="figures">
        {figures.map(([title, value, detail]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              {value}
              <span className="detail">{detail}</span>
            </dd>
          </div>
        ))}
      </dl>
      {found.morePlaces && <p role="note">{t("operations.summary.morePlaces", { count: found.summaries.length })}</p>}
      <p className="muted small">{t("operations.summary.zone", { zone: found.timeZone })}</p>
    </section>
  );
}

/** The only currency of sums; undefined where there are several or none. */
function onlyOf({ sales }: Sums) {
  const [only] = sales;
  return sales.size === 1 ? only : undefined;
}

function Places({ view, found }: { view: View; found: Recorded }) {
  const { t } = useTranslation();
  const format = useFormat();
  const labels = {
    visitors: t("operations.visitors"),
    revenue: t("operations.revenueHead"),
    conversion: t("operations.conversion"),
    check: t("operations.averageCheck"),
    consultations: t("operations.consultations"),
  };
  const expected = count(view.days);
  const known = (days: number | undefined, of: number | undefined) =>
    days !== of && (
      <span className="detail missing">{t("operations.summary.gap", { days: days ?? 0, all: of ?? expected })}</span>
    );
  return (
    <section className="card analysis">
      <h2>{t("operations.summary.places")}</h2>
      <Rows
        columns={[{ label: t("operations.place") }, ...Object.values(labels).map((label) => ({ label, number: true }))]}
        items={found.summaries}
        row={(one) => {
          const sums = sumOf([one]);
          const [currency, sold] = onlyOf(sums) ?? [];
          // Of days on which only one of both was counted a ratio would tell of other days than it seems to.
          const alike = one.visitorDays === one.salesDays && sold !== undefined;
          return (
            <tr key={one.location}>
              <th scope="row">
                <PlaceLink view={view} place={one.location} />
              </th>
              <td className="number" data-label={labels.visitors}>
                {sums.visitors === undefined ? "—" : format.integer(sums.visitors)}
                {known(one.visitorDays, one.days)}
              </td>
              <td className="number" data-label={labels.revenue}>
                {[...sums.sales]
                  .map(([code, { revenueMinor }]) => written(format, revenueMinor, money(code)))
                  .join(" + ") || "—"}
                {known(one.salesDays, one.days)}
              </td>
              <td className="number" data-label={labels.conversion}>
                {alike && sums.visitors ? written(format, sold.receipts / sums.visitors, percent) : "—"}
              </td>
              <td className="number" data-label={labels.check}>
                {sold?.receipts ? written(format, sold.revenueMinor / sold.receipts, money(currency, 2)) : "—"}
              </td>
              <td className="number" data-label={labels.consultations}>
                {sums.consultations === undefined ? "—" : format.integer(sums.consultations)}
                {known(one.pressDays, one.days)}
              </td>
            </tr>
          );
        }}
      />
      <p className="saving">
        <span className="muted">{t("charts.save")}</span>
        <Csv
          file="otklik-operations"
          head={[
            "location",
            "days",
            "visitors",
            "visitor_days",
            "currency",
            "receipts",
            "revenue_minor",
            "units",
            "sales_days",
            "consultations",
            "likes",
            "dislikes",
            "helps",
            "press_days",
          ]}
          rows={() =>
            found.summaries.flatMap((one) =>
              (one.sales?.length ? one.sales : [undefined]).map((sold) => [
                one.location,
                one.days,
                one.visitors,
                one.visitorDays,
                sold?.currency,
                sold?.receipts,
                sold?.revenueMinor,
                sold?.units,
                one.salesDays,
                one.consultations,
                one.likes,
                one.dislikes,
                one.helps,
                one.pressDays,
              ]),
            )
          }
        />
      </p>
    </section>
  );
}
