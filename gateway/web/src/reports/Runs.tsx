import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { useFormat } from "../app/hooks";
import { PagedTable } from "../attention/PagedTable";
import { usePaged } from "../attention/paging";
import { useAll } from "./catalog";
import { Refused } from "./Refused";
import type { ReportDelivery, ReportRun } from "./types";

/** How often runs are looked at while they are shown, in milliseconds. */
const interval = 3000;

interface RunPage {
  runs?: readonly ReportRun[];
  nextPageToken?: string;
}

const runsOf = (page: RunPage) => page.runs;

/** What became of the occurrences of a schedule, the latest first. */
export function Runs({ client, schedule }: { client: Client; schedule: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const list = usePaged<ReportRun, RunPage>(client, `${schedule}/runs?pageSize=10`, runsOf, interval);
  const [shown, setShown] = useState("");
  return (
    <>
      <PagedTable
        list={list}
        none={t("reports.runs.none")}
        columns={[
          { label: t("reports.runs.due") },
          { label: t("reports.runs.state") },
          { label: t("reports.runs.done") },
          { label: t("reports.runs.deliveries") },
        ]}
        row={(run) => (
          <tr key={run.name}>
            <th scope="row">
              {run.time && format.moment(run.time)}
              {run.manual && <span className="detail">{t("reports.runs.manual")}</span>}
              {run.caughtUp && <span className="detail">{t("reports.runs.caughtUp")}</span>}
            </th>
            <td>
              {t(`reports.runs.stateOf.${(run.state ?? "STATE_DUE") as "STATE_DUE"}`)}
              {run.overdueSince && (
                <span className="detail late">
                  {t("reports.schedules.overdueSince", { time: format.moment(run.overdueSince) })}
                </span>
              )}
              {run.failure && <span className="detail">{run.failure}</span>}
            </td>
            <td>{run.endTime ? format.moment(run.endTime) : "—"}</td>
            <td>
              <button
                type="button"
                className="link"
                aria-expanded={shown === run.name}
                onClick={() => setShown(shown === run.name ? "" : (run.name ?? ""))}
              >
                {t("reports.runs.who")}
              </button>
            </td>
          </tr>
        )}
      />
      {shown !== "" && <Deliveries key={shown} client={client} run={shown} />}
    </>
  );
}

/** What became of a run for each recipient. */
function Deliveries({ client, run }: { client: Client; run: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const deliveries = useAll<ReportDelivery>(client, `${run}/deliveries`, "deliveries", interval);
  return (
    <section aria-label={t("reports.runs.deliveries")}>
      <Refused error={deliveries.error} retry={deliveries.reload} />
      {deliveries.value?.length === 0 && <p className="muted">{t("reports.runs.noDeliveries")}</p>}
      <ul className="lines">
        {deliveries.value?.map((delivery) => (
          <li key={delivery.name}>
            {delivery.recipient?.member || delivery.recipient?.address || t("reports.schedules.withheld")}:{" "}
            <strong>{t(`reports.runs.deliveryOf.${(delivery.state ?? "STATE_PENDING") as "STATE_PENDING"}`)}</strong>{" "}
            {delivery.sendTime && format.moment(delivery.sendTime)}
            {delivery.nextAttemptTime && (
              <span className="detail">
                {t("reports.runs.again", {
                  attempts: delivery.attempts ?? 0,
                  time: format.moment(delivery.nextAttemptTime),
                })}
              </span>
            )}
            {delivery.failure && <span className="detail">{delivery.failure}</span>}
            {delivery.rendition && (
              <span className="detail">
                {t("reports.again.fingerprint")}: <code>{delivery.rendition.replace("reportRenditions/", "")}</code>
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
