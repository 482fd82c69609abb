import { useTranslation } from "react-i18next";
import {
  integer,
  type OverviewAbsence,
  type OverviewAlert,
  type OverviewCases,
  type OverviewLights,
  type UnitColour,
} from "../api/types";
import type { Address } from "../app/address";
import { Go } from "../app/Go";
import { useFormat } from "../app/hooks";
import { Interval } from "../priorities/parts";
import { Absent } from "./Absent";

interface Way {
  address: Address;
  change: (part: Partial<Address>) => void;
  absences: readonly OverviewAbsence[];
}

const colours = ["red", "amber", "green"] as const;

const kindOf: Readonly<Record<string, "company" | "location">> = { companies: "company", locations: "location" };

/** How many lights show which colour, and which turned lately. */
export function Lights({ lights, ...way }: Way & { lights: readonly OverviewLights[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <section className="card">
      <h2>{t("lights.title")}</h2>
      {lights.map((light) => {
        const kind = kindOf[light.kind ?? ""] ?? "location";
        const total = colours.reduce((sum, colour) => sum + integer(light[colour]), 0);
        return total === 0 ? null : (
          <div key={light.kind}>
            <p>
              {t(`lights.kind.${kind}`)}:{" "}
              {colours.map((colour) => (
                <span key={colour} className="count">
                  <span className={`light ${colour}`} aria-hidden="true" />{" "}
                  <Go {...way} to={{ page: "lights", kind, colour: `LIGHT_COLOUR_${colour.toUpperCase()}`, order: "" }}>
                    {t(`lights.colourOf.LIGHT_COLOUR_${colour.toUpperCase() as "RED"}`)}{" "}
                    {format.integer(integer(light[colour]))}
                  </Go>
                </span>
              ))}
            </p>
            {integer(light.uncertain) > 0 && (
              <p className="muted small">
                {t("overview.uncertain", { formatted: format.integer(integer(light.uncertain)) })}
              </p>
            )}
            <Turned light={light} />
          </div>
        );
      })}
      {lights.every((light) => colours.every((colour) => integer(light[colour]) === 0)) && (
        <p className="muted">{t("lights.none")}</p>
      )}
      <Absent absences={way.absences} part="OVERVIEW_PART_LIGHTS" />
    </section>
  );
}

function Turned({ light }: { light: OverviewLights }) {
  const { t } = useTranslation();
  const format = useFormat();
  const name = (colour: UnitColour | undefined) =>
    t(`lights.colourOf.LIGHT_COLOUR_${colour?.replace("UNIT_COLOUR_", "") as "RED"}`);
  if ((light.turned ?? []).length === 0) {
    return null;
  }
  return (
    <>
      <h3>{t("overview.turned")}</h3>
      <ul className="plain">
        {light.turned?.map((turned) => (
          <li key={turned.unit}>
            {turned.unit?.split("/")[1]}: {name(turned.previousColour)} → <strong>{name(turned.colour)}</strong>
            <span className="detail">
              {format.moment(turned.colourTime ?? "")} · {format.fixed(turned.mean ?? 0, 1)} ·{" "}
              {t("score.n", { n: format.integer(integer(turned.n)) })}
            </span>
            <Interval of={turned.interval} digits={1} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** How many cases are open and late, and the first of the inbox. */
export function Cases({ cases, ...way }: Way & { cases: OverviewCases | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const figures = (["open", "overdue", "due", "unowned"] as const).map(
    (name) => [name, integer(cases?.[name])] as const,
  );
  return (
    <section className="card">
      <h2>
        <Go {...way} to={{ page: "cases", inbox: "", case: "" }}>
          {t("cases.title")}
        </Go>
      </h2>
      {cases !== undefined && (
        <dl className="figures">
          {figures.map(([name, count]) => (
            <div key={name} className={name === "overdue" && count > 0 ? "late" : undefined}>
              <dt>{t(`overview.cases.${name}`)}</dt>
              <dd>{(cases.atLeast ? "≥ " : "") + format.integer(count)}</dd>
            </div>
          ))}
        </dl>
      )}
      <ul className="plain">
        {cases?.first?.map((item) => (
          <li key={item.case}>
            <Go {...way} to={{ page: "cases", case: item.case ?? "" }}>
              {item.displayName}
            </Go>
            <span className={item.overdue ? "detail late" : "detail"}>
              {t(`cases.severityOf.SEVERITY_${item.severity as "HIGH"}`)} ·{" "}
              {item.dueTime === undefined ? t("cases.noDue") : format.moment(item.dueTime)}
              {item.overdue && ` · ${t("cases.late")}`}
            </span>
          </li>
        ))}
      </ul>
      <Absent absences={way.absences} part="OVERVIEW_PART_CASES" />
    </section>
  );
}

/** Changes that a test found and that are not over. */
export function Alerts({ alerts, more, ...way }: Way & { alerts: readonly OverviewAlert[]; more: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const absent = way.absences.some(({ part }) => part === "OVERVIEW_PART_ALERTS");
  return (
    <section className="card">
      <h2>{t("overview.alerts.title")}</h2>
      {alerts.length === 0 && !absent && <p className="muted">{t("overview.alerts.none")}</p>}
      <ul className="plain">
        {alerts.map((alert) => (
          <li key={alert.alert}>
            {t(`metrics.METRIC_${alert.metric as "NPS"}`, { defaultValue: alert.metric })}
            {alert.unit && ` · ${alert.unit}`}: {format.fixed(alert.baseline ?? 0, 1)} →{" "}
            <strong>{format.fixed(alert.level ?? 0, 1)}</strong> ({format.signed(alert.change ?? 0, 1)})
            <Interval of={alert.interval} digits={1} />
            <span className="detail">
              {t("score.n", { n: format.integer(integer(alert.n)) })} ·{" "}
              {t("overview.alerts.since", { time: format.moment(alert.onsetTime ?? "") })}
              {alert.silenced && ` · ${t("overview.alerts.silenced")}`}
            </span>
          </li>
        ))}
      </ul>
      {more && <p className="muted">{t("overview.alerts.more")}</p>}
      <Absent absences={way.absences} part="OVERVIEW_PART_ALERTS" />
    </section>
  );
}
