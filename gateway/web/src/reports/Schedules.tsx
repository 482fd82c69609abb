import { useState } from "react";
import { useTranslation } from "react-i18next";
import { newRequestId } from "../api/request";
import { useAction } from "../app/action";
import { useAddress } from "../app/address";
import { useFormat } from "../app/hooks";
import { Fact } from "../settings/Keys";
import { Cards, ConfirmButton } from "../settings/parts";
import { Cadences } from "./Cadences";
import { reportOf, useAll, useReportTitle } from "./catalog";
import { type Form, formats } from "./file";
import { Refused } from "./Refused";
import type { PartProps } from "./Reports";
import { Runs } from "./Runs";
import { recurrenceText } from "./recurrence";
import { ScheduleForm } from "./ScheduleForm";
import type { ReportSchedule } from "./types";

/** How often schedules are looked at while they are shown, in milliseconds. */
const interval = 15_000;

/** The reports that are made and sent by themselves, and which are overdue. */
export function Schedules(props: PartProps) {
  const { client, may } = props;
  const { t } = useTranslation();
  const [address, change] = useAddress();
  const schedules = useAll<ReportSchedule>(client, "reportSchedules", "reportSchedules", interval);
  const making = address.doing === "new" && may("reporting.schedules.create");
  return (
    <>
      <p className="muted">{t("reports.schedules.hint")}</p>
      {may("reporting.cadences.list") && <Cadences {...props} />}
      {may("reporting.schedules.create") && !making && (
        <button type="button" className="primary" onClick={() => change({ doing: "new" })}>
          {t("reports.schedules.create")}
        </button>
      )}
      {making && (
        <ScheduleForm
          {...props}
          key={address.report}
          report={address.report}
          subject={address.subject}
          save={async (reportSchedule) => {
            await client.send("POST", "reportSchedules", { reportSchedule });
            change({ doing: "" });
            schedules.reload();
          }}
          cancel={() => change({ doing: "" })}
        />
      )}
      <Cards
        things={schedules}
        none={t("reports.schedules.none")}
        card={(schedule) => <ScheduleCard {...props} schedule={schedule} reload={schedules.reload} />}
      />
    </>
  );
}

/** All that the form may change. */
const mask = "displayName,report,survey,subject,filter,languageCode,formats,recurrence,catchUp,recipients,delivery";

function ScheduleCard(props: PartProps & { schedule: ReportSchedule; reload: () => void }) {
  const { client, may, catalog, schedule, reload } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const titleOf = useReportTitle(catalog);
  const action = useAction();
  const [editing, setEditing] = useState(false);
  const [open, setOpen] = useState(false);
  const [round, setRound] = useState(0);
  const name = schedule.name ?? "";
  const recipients = schedule.recipients ?? [];
  if (editing) {
    return (
      <ScheduleForm
        {...props}
        schedule={schedule}
        save={async (edited) => {
          await client.send("PATCH", name, {
            reportSchedule: { ...edited, etag: schedule.etag ?? "" },
            updateMask: mask,
          });
          setEditing(false);
          reload();
        }}
        cancel={() => setEditing(false)}
      />
    );
  }
  return (
    <>
      <div className="heading">
        <h3>{schedule.displayName}</h3>
        {schedule.paused && <span className="state off">{t("reports.schedules.paused")}</span>}
        {schedule.overdueSince && (
          <span className="state off">
            {t("reports.schedules.overdueSince", { time: format.moment(schedule.overdueSince) })}
          </span>
        )}
      </div>
      {schedule.pauseReason && (
        <p className="problem">{t("reports.schedules.pauseReason", { reason: schedule.pauseReason })}</p>
      )}
      <dl className="facts">
        <Fact name={t("reports.read.report")}>
          {titleOf(reportOf(catalog, schedule.report), schedule.report)}
          {schedule.subject && <code className="line">{schedule.subject}</code>}
        </Fact>
        <Fact name={t("reports.schedules.when")}>{recurrenceText(t, schedule.recurrence)}</Fact>
        <Fact name={t("reports.schedules.next")}>
          {schedule.nextRunTime ? format.moment(schedule.nextRunTime) : t("reports.schedules.notWhilePaused")}
        </Fact>
        <Fact name={t("reports.schedules.delivery")}>
          {t(`reports.delivery.${deliveryOf(schedule)}`)} ·{" "}
          {(schedule.formats ?? []).map((form) => formats[form as Form] ?? form).join(", ")}
        </Fact>
        <Fact name={t("reports.schedules.recipients")}>
          {recipients.length === 0 ? (
            <span className="muted">{t("reports.schedules.nobody")}</span>
          ) : (
            recipients.map((recipient, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: withheld addresses are all alike
              <span key={i} className="line">
                {recipient.member || recipient.address || t("reports.schedules.withheld")}
                {recipient.unsubscribeTime && <span className="muted"> — {t("reports.schedules.unsubscribed")}</span>}
              </span>
            ))
          )}
        </Fact>
        <Fact name={t("reports.schedules.owner")}>
          <code>{schedule.owner}</code>
        </Fact>
      </dl>
      <Refused error={action.error} />
      <div className="row">
        {may("reporting.runs.list") && (
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
            {t("reports.schedules.runs")}
          </button>
        )}
        {may("reporting.schedules.run") && (
          <button
            type="button"
            disabled={action.busy}
            onClick={() =>
              void action.run(async () => {
                await client.send("POST", `${name}:run`, { runId: `r${newRequestId()}` });
                setOpen(true);
                setRound((n) => n + 1);
              })
            }
          >
            {t("reports.schedules.run")}
          </button>
        )}
        {may("reporting.schedules.update") && (
          <>
            <button
              type="button"
              disabled={action.busy}
              onClick={() =>
                void action.run(async () => {
                  await client.send("PATCH", name, {
                    reportSchedule: { paused: !schedule.paused, etag: schedule.etag ?? "" },
                    updateMask: "paused",
                  });
                  reload();
                })
              }
            >
              {t(schedule.paused ? "reports.schedules.resume" : "reports.schedules.pause")}
            </button>
            <button type="button" onClick={() => setEditing(true)}>
              {t("settings.edit")}
            </button>
          </>
        )}
        {may("reporting.schedules.delete") && (
          <ConfirmButton
            label={t("settings.remove")}
            question={t("reports.schedules.removeQuestion")}
            confirm={t("settings.remove")}
            disabled={action.busy}
            act={() =>
              void action.run(async () => {
                await client.send("DELETE", name);
                reload();
              })
            }
          />
        )}
      </div>
      {open && <Runs key={round} client={client} schedule={name} />}
    </>
  );
}

/** How a schedule reaches its recipients. */
export function deliveryOf(
  schedule: ReportSchedule | undefined,
): "DELIVERY_EMAIL" | "DELIVERY_EMAIL_LINK" | "DELIVERY_WEBHOOK" {
  const { delivery } = schedule ?? {};
  return delivery === undefined || delivery === "DELIVERY_UNSPECIFIED" ? "DELIVERY_EMAIL" : delivery;
}
