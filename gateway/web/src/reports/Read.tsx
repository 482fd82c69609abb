import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { useAction } from "../app/action";
import { parseAddress, useAddress } from "../app/address";
import { Go } from "../app/Go";
import { useResource } from "../app/hooks";
import { Narrowed } from "../app/Narrowed";
import { DayFields } from "../app/SurveyPage";
import { usePublished } from "../app/surveys";
import type { Language } from "../i18n";
import { Again } from "./Again";
import { profileOf, reportOf, useReportTitle, useUnits } from "./catalog";
import { Options, Select } from "./fields";
import { formats, forms, saveFile, textOf } from "./file";
import { NewShare } from "./NewShare";
import { Printed } from "./Printed";
import { Refused } from "./Refused";
import type { PartProps } from "./Reports";
import { SubjectField } from "./SubjectField";
import type { ReportFile } from "./types";
import { daysIn, ownZone } from "./zone";

/** Reads a report as a page, and takes it along. */
export function Read({ client, may, catalog }: PartProps) {
  const { t, i18n } = useTranslation();
  const [address, change] = useAddress();
  const titleOf = useReportTitle(catalog);
  const surveys = usePublished(client).value;
  const usualReport = reportOf(catalog, "reports/executive-summary") ?? catalog.reports[0];
  const report = reportOf(catalog, address.report) ?? usualReport;
  const profile = profileOf(catalog, report);
  const collection = profile?.subjectCollection ?? "";
  const subjects = useUnits(client, collection, may("segmentation.units.list")).value ?? [];
  const [version] = address.report.split("@").slice(1);
  const name = version === undefined ? (report?.name ?? "") : `${report?.name}@${version}`;
  const subject = collection !== "" && address.subject.startsWith(`${collection}/`) ? address.subject : "";
  const survey = report?.survey ? "" : (surveys?.find((s) => s.name === address.survey) ?? surveys?.[0])?.name;
  const zone = report?.timeZone || ownZone();
  const days = { from: address.from === "all" ? "" : address.from, to: address.to };
  const period = daysIn(zone, days.from, days.to);
  const half = period === undefined && (days.from !== "" || days.to !== "");
  const ready = surveys !== undefined && !half && (collection === "" || subject !== "");
  const query = {
    languageCode: i18n.language as Language,
    ...(survey ? { survey } : {}),
    ...(subject === "" ? {} : { subject }),
    ...(address.filter === "" ? {} : { filter: address.filter }),
    ...(period === undefined ? {} : { period }),
  };
  const request = JSON.stringify({ query });
  const load = useCallback(
    async (signal: AbortSignal) => {
      const body = { ...JSON.parse(request), format: "REPORT_FORMAT_HTML" };
      const file = await client.send<ReportFile>("POST", `${name}:download`, body, signal);
      return { file, html: textOf(file) };
    },
    [client, name, request],
  );
  const made = useResource(ready ? load : undefined);
  const follow = useCallback(
    (path: string) => {
      change(parseAddress(new URL(path, location.origin).search));
      scrollTo(0, 0);
    },
    [change],
  );
  const rule = report?.periodRule ?? "REPORT_PERIOD_RULE_UNSPECIFIED";
  const usual = (rule === "REPORT_PERIOD_RULE_UNSPECIFIED" ? profile?.periodRule : rule) ?? rule;
  return (
    <>
      <section className="card" aria-label={t("reports.read.which")}>
        <div className="fields">
          <Select
            label={t("reports.read.report")}
            value={report?.name ?? ""}
            change={(chosen) => change({ report: chosen, subject: "" })}
          >
            <optgroup label={t("reports.read.builtIn")}>
              <Options
                of={catalog.reports.filter((r) => r.builtIn).map((r) => r.name ?? "")}
                text={(n) => titleOf(reportOf(catalog, n), n)}
              />
            </optgroup>
            {catalog.reports.some((r) => !r.builtIn) && (
              <optgroup label={t("reports.read.own")}>
                <Options
                  of={catalog.reports.filter((r) => !r.builtIn).map((r) => r.name ?? "")}
                  text={(n) => titleOf(reportOf(catalog, n), n)}
                />
              </optgroup>
            )}
          </Select>
          {collection !== "" && (
            <SubjectField
              key={`${collection} ${subject}`}
              collection={collection as "locations"}
              value={subject}
              subjects={subjects}
              choose={(chosen) => change({ subject: chosen })}
            />
          )}
          {!report?.survey && surveys !== undefined && surveys.length > 1 && (
            <Select label={t("comments.survey")} value={survey ?? ""} change={(chosen) => change({ survey: chosen })}>
              <Options
                of={surveys.map((s) => s.name ?? "")}
                text={(n) => surveys.find((s) => s.name === n)?.displayName ?? n}
              />
            </Select>
          )}
        </div>
        <div className="selectors">
          <DayFields days={days} change={change} />
          {(days.from !== "" || days.to !== "") && (
            <button type="button" className="quiet" onClick={() => change({ from: "", to: "" })}>
              {t("reports.read.usual")}
            </button>
          )}
        </div>
        <p className="muted small">
          {half
            ? t("reports.read.bothDays")
            : days.from === ""
              ? t("reports.read.rule", { rule: t(`reports.rule.${usual as "REPORT_PERIOD_RULE_LAST_DAY"}`) })
              : t("reports.read.zone", { zone })}
        </p>
      </section>
      <Narrowed address={{ ...address, from: "", to: "" }} change={({ filter }) => change({ filter: filter ?? "" })} />
      {collection !== "" && subject === "" && (
        <p className="card">{t(`reports.read.choose.${collection as "locations"}`)}</p>
      )}
      {surveys?.length === 0 && <p className="card">{t("priorities.noSurvey")}</p>}
      {ready && <Refused error={made.error} retry={made.reload} />}
      {ready && made.value === undefined && made.error === undefined && <p role="status">{t("reports.read.making")}</p>}
      {ready && made.value !== undefined && (
        <>
          <Taking client={client} path={`${name}:download`} request={request} />
          <div className="row">
            {may("reporting.schedules.create") && (
              <Go address={address} change={change} to={{ part: "schedules", doing: "new", report: name }}>
                {t("reports.read.schedule")}
              </Go>
            )}
            {may("reporting.shares.create") && (
              <NewShare
                client={client}
                title={titleOf(report, name)}
                report={name}
                rendition={made.value.file.fingerprint ?? ""}
                query={query}
                moving={period === undefined}
              />
            )}
          </div>
          <section className="card">
            <Printed html={made.value.html} follow={follow} />
          </section>
        </>
      )}
      <Again client={client} />
    </>
  );
}

/** Takes the report along in a form. */
function Taking({ client, path, request }: { client: PartProps["client"]; path: string; request: string }) {
  const { t } = useTranslation();
  const action = useAction();
  return (
    <>
      <fieldset className="saving" aria-label={t("reports.read.take")}>
        <span className="muted">{t("reports.read.take")}</span>
        {forms.map((form) => (
          <button
            key={form}
            type="button"
            disabled={action.busy}
            onClick={() =>
              void action.run(async () =>
                saveFile(await client.send<ReportFile>("POST", path, { ...JSON.parse(request), format: form })),
              )
            }
          >
            {formats[form]}
          </button>
        ))}
        {action.busy && <span role="status">{t("reports.read.making")}</span>}
      </fieldset>
      <Refused error={action.error} />
    </>
  );
}
