import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAction } from "../app/action";
import { usePublished } from "../app/surveys";
import { type Language, languages } from "../i18n";
import { Choices, Field, ListField } from "../settings/parts";
import { linesOf } from "../settings/units";
import { profileOf, reportOf, useReportTitle, useUnits } from "./catalog";
import { Options, Select } from "./fields";
import { type Form, formats, forms } from "./file";
import { RecurrenceFields } from "./RecurrenceFields";
import { Refused } from "./Refused";
import type { PartProps } from "./Reports";
import { tidied } from "./recurrence";
import { deliveryOf } from "./Schedules";
import { SubjectField } from "./SubjectField";
import type { Recurrence, ReportRecipient, ReportSchedule } from "./types";
import { ownZone } from "./zone";

const deliveries = ["DELIVERY_EMAIL", "DELIVERY_EMAIL_LINK", "DELIVERY_WEBHOOK"] as const;

/** Recipients as somebody types them, one to a line: members by name, addresses as they are. */
function recipientsOf(text: string): readonly ReportRecipient[] {
  return linesOf(text).map((line) => (line.includes("@") ? { address: line } : { member: memberOf(line) }));
}

function memberOf(line: string): string {
  return line.startsWith("members/") ? line : `members/${line}`;
}

/** Asks for what a schedule is, or what is to be changed of it. */
export function ScheduleForm(
  props: PartProps & {
    schedule?: ReportSchedule;
    /** The report and the subject that are taken at first. */
    report?: string;
    subject?: string;
    save: (schedule: ReportSchedule) => Promise<void>;
    cancel: () => void;
  },
) {
  const { client, may, caller, catalog, schedule } = props;
  const { t, i18n } = useTranslation();
  const titleOf = useReportTitle(catalog);
  const action = useAction();
  const surveys = usePublished(client).value ?? [];
  const outside = may("reporting.addresses.send");
  const me = caller?.kind === "KIND_PERSON" ? memberOf(caller.id ?? "") : "";
  const withheld = (schedule?.recipients ?? []).filter(({ member, address }) => !member && !address).length;
  const [report, setReport] = useState(schedule?.report ?? (props.report || "reports/executive-summary"));
  const [name, setName] = useState(schedule?.displayName ?? titleOf(reportOf(catalog, report), report));
  const [survey, setSurvey] = useState(schedule?.survey ?? "");
  const [subject, setSubject] = useState(schedule?.subject ?? props.subject ?? "");
  const [filter, setFilter] = useState(schedule?.filter ?? "");
  const [language, setLanguage] = useState<string>(schedule?.languageCode || i18n.language);
  const [chosen, setChosen] = useState<readonly Form[]>((schedule?.formats as Form[]) ?? ["REPORT_FORMAT_PDF"]);
  const [recurrence, setRecurrence] = useState<Recurrence>(
    schedule?.recurrence ?? {
      frequency: "FREQUENCY_MONTHLY",
      dayOfMonth: 1,
      weekdays: ["WEEKDAY_MONDAY"],
      minuteOfDay: 8 * 60,
      timeZone: ownZone(),
    },
  );
  const [all, setAll] = useState(schedule?.catchUp === "CATCH_UP_ALL");
  const [delivery, setDelivery] = useState<(typeof deliveries)[number]>(deliveryOf(schedule));
  const [recipients, setRecipients] = useState(
    schedule === undefined
      ? me
      : (schedule.recipients ?? [])
          .map(({ member, address }) => member || address || "")
          .filter((line) => line !== "")
          .join("\n"),
  );
  const collection = profileOf(catalog, reportOf(catalog, report))?.subjectCollection ?? "";
  const subjects = useUnits(client, collection, may("segmentation.units.list")).value ?? [];
  const submit = (e: FormEvent) => {
    e.preventDefault();
    void action.run(() =>
      props.save({
        displayName: name.trim(),
        report,
        survey: reportOf(catalog, report)?.survey ? "" : survey,
        subject: collection === "" ? "" : subject.trim(),
        filter: filter.trim(),
        languageCode: language as Language,
        formats: chosen,
        recurrence: tidied(recurrence),
        catchUp: all ? "CATCH_UP_ALL" : "CATCH_UP_LATEST",
        delivery,
        recipients: delivery === "DELIVERY_WEBHOOK" ? [] : recipientsOf(recipients),
      }),
    );
  };
  return (
    <form className="card form" onSubmit={submit}>
      <h3>{t(schedule === undefined ? "reports.schedules.create" : "settings.edit")}</h3>
      <div className="fields">
        <Select label={t("reports.read.report")} value={report} change={setReport}>
          <Options of={catalog.reports.map((r) => r.name ?? "")} text={(n) => titleOf(reportOf(catalog, n), n)} />
          {report.includes("@") && <option value={report}>{report}</option>}
        </Select>
        <Field label={t("settings.displayName")} value={name} change={setName} required maxLength={200} />
        {collection !== "" && (
          <SubjectField
            collection={collection as "locations"}
            value={subject}
            subjects={subjects}
            required
            choose={setSubject}
          />
        )}
        {!reportOf(catalog, report)?.survey && (
          <Select label={t("comments.survey")} value={survey} change={setSurvey}>
            <option value="">{t("reports.definitions.anySurvey")}</option>
            <Options
              of={surveys.map((s) => s.name ?? "")}
              text={(n) => surveys.find((s) => s.name === n)?.displayName ?? n}
            />
          </Select>
        )}
        <Select label={t("nav.language")} value={language} change={setLanguage}>
          <Options of={Object.keys(languages) as Language[]} text={(l) => languages[l]} />
        </Select>
        <Field
          label={t("reports.definitions.filter")}
          hint={t("reports.definitions.filterHint")}
          value={filter}
          change={setFilter}
          maxLength={4096}
        />
      </div>
      <RecurrenceFields value={recurrence} change={setRecurrence} />
      <label className="choice">
        <input type="checkbox" checked={all} onChange={(e) => setAll(e.target.checked)} />
        <span>{t("reports.schedules.catchUpAll")}</span>
      </label>
      <Select
        label={t("reports.schedules.delivery")}
        hint={t(`reports.deliveryHint.${delivery}`)}
        value={delivery}
        change={(d) => setDelivery(d as "DELIVERY_EMAIL")}
      >
        <Options of={deliveries} text={(d) => t(`reports.delivery.${d}`)} />
      </Select>
      <Choices<Form>
        legend={t("reports.schedules.formats")}
        options={forms}
        chosen={chosen}
        change={setChosen}
        text={(form) => formats[form]}
      />
      {delivery !== "DELIVERY_WEBHOOK" && (
        <ListField
          label={t("reports.schedules.recipients")}
          hint={t(outside ? "reports.schedules.recipientsHint" : "reports.schedules.membersHint")}
          value={recipients}
          change={setRecipients}
        />
      )}
      {withheld > 0 && <p className="problem">{t("reports.schedules.withheldLost", { n: withheld })}</p>}
      <Refused error={action.error} />
      <div className="row">
        <button type="submit" disabled={action.busy || chosen.length === 0 || chosen.length > 4}>
          {t("settings.save")}
        </button>
        <button type="button" onClick={props.cancel}>
          {t("settings.cancel")}
        </button>
      </div>
    </form>
  );
}
