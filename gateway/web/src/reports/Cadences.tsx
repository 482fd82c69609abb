import { useTranslation } from "react-i18next";
import { useAddress } from "../app/address";
import { Go } from "../app/Go";
import { useFormat } from "../app/hooks";
import { Table } from "../app/Table";
import { reportOf, useAll, useReportTitle } from "./catalog";
import { Refused } from "./Refused";
import type { PartProps } from "./Reports";
import type { ReportCadenceState } from "./types";

/** Which reports that are meant to be made at least so often were not. */
export function Cadences({ client, may, catalog }: PartProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const [address, change] = useAddress();
  const titleOf = useReportTitle(catalog);
  const cadences = useAll<ReportCadenceState>(client, "reportCadences", "cadences", 60_000);
  const list = cadences.value ?? [];
  const overdue = list.filter((cadence) => cadence.overdue);
  return (
    <section className="card" aria-label={t("reports.cadences.title")}>
      <h2>{t("reports.cadences.title")}</h2>
      <Refused error={cadences.error} retry={cadences.reload} />
      {cadences.value !== undefined && (
        <p className={overdue.length === 0 ? "good" : "late"} role="status">
          {overdue.length === 0
            ? t("reports.cadences.kept")
            : t("reports.cadences.overdue", { n: overdue.length, of: list.length })}
        </p>
      )}
      {list.length > 0 && (
        <details>
          <summary>{t("reports.cadences.each")}</summary>
          <p className="muted small">{t("reports.cadences.hint")}</p>
          <Table
            columns={[
              { label: t("reports.read.report") },
              { label: t("reports.definitions.cadence") },
              { label: t("reports.cadences.last") },
              { label: t("reports.cadences.due") },
            ]}
          >
            {list.map((cadence) => (
              <tr key={cadence.report}>
                <th scope="row">{titleOf(reportOf(catalog, cadence.report), cadence.report)}</th>
                <td>{t(`reports.cadence.${(cadence.cadence ?? "") as "REPORT_CADENCE_DAILY"}`)}</td>
                <td>
                  {cadence.lastDeliveryTime ? format.moment(cadence.lastDeliveryTime) : t("reports.cadences.never")}
                </td>
                <td>
                  {cadence.dueTime && format.moment(cadence.dueTime)}
                  {cadence.overdue && <span className="late line">{t("reports.cadences.isOverdue")}</span>}
                  {cadence.overdue && may("reporting.schedules.create") && (
                    <Go
                      address={address}
                      change={change}
                      to={{ doing: "new", report: cadence.report ?? "", subject: "" }}
                    >
                      {t("reports.schedules.create")}
                    </Go>
                  )}
                </td>
              </tr>
            ))}
          </Table>
        </details>
      )}
    </section>
  );
}
