import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAction } from "../app/action";
import { usePublished } from "../app/surveys";
import { languages } from "../i18n";
import { Field } from "../settings/parts";
import { kindTitle } from "./catalog";
import { Options, Select, Suggested } from "./fields";
import { Refused } from "./Refused";
import type { PartProps } from "./Reports";
import { SectionFields } from "./SectionFields";
import type { Report, ReportCadence, ReportComparison, ReportKind, ReportPeriodRule, ReportSection } from "./types";
import { zones } from "./zone";

export const periodRules = [
  "REPORT_PERIOD_RULE_UNSPECIFIED",
  "REPORT_PERIOD_RULE_LAST_DAY",
  "REPORT_PERIOD_RULE_LAST_WEEK",
  "REPORT_PERIOD_RULE_LAST_MONTH",
  "REPORT_PERIOD_RULE_LAST_QUARTER",
  "REPORT_PERIOD_RULE_LAST_HALF_YEAR",
  "REPORT_PERIOD_RULE_LAST_YEAR",
  "REPORT_PERIOD_RULE_LAST_12_MONTHS",
] as const satisfies readonly ReportPeriodRule[];

const comparisons = [
  "REPORT_COMPARISON_UNSPECIFIED",
  "REPORT_COMPARISON_PREVIOUS",
  "REPORT_COMPARISON_YEAR_BEFORE",
  "REPORT_COMPARISON_NONE",
] as const satisfies readonly ReportComparison[];

const cadences = [
  "REPORT_CADENCE_UNSPECIFIED",
  "REPORT_CADENCE_DAILY",
  "REPORT_CADENCE_WEEKLY",
  "REPORT_CADENCE_MONTHLY",
  "REPORT_CADENCE_QUARTERLY",
  "REPORT_CADENCE_HALF_YEARLY",
  "REPORT_CADENCE_YEARLY",
] as const satisfies readonly ReportCadence[];

/** Asks for what a report is, or what is to be changed of it. */
export function DefinitionForm(
  props: PartProps & { report?: Report; save: (report: Report) => Promise<void>; cancel: () => void },
) {
  const { client, catalog, report } = props;
  const { t, i18n } = useTranslation();
  const action = useAction();
  const surveys = usePublished(client).value ?? [];
  const [name, setName] = useState(report?.displayName ?? "");
  const [kind, setKind] = useState<ReportKind>(report?.kind ?? catalog.kinds[0]?.kind ?? "REPORT_KIND_SURVEY_REPORT");
  const [survey, setSurvey] = useState(report?.survey ?? "");
  const [sections, setSections] = useState<readonly ReportSection[]>(report?.sections ?? []);
  const [filter, setFilter] = useState(report?.filter ?? "");
  const [language, setLanguage] = useState<string>(report?.languageCode ?? "");
  const [zone, setZone] = useState(report?.timeZone ?? "");
  const [rule, setRule] = useState<ReportPeriodRule>(report?.periodRule ?? "REPORT_PERIOD_RULE_UNSPECIFIED");
  const [comparison, setComparison] = useState<ReportComparison>(report?.comparison ?? "REPORT_COMPARISON_UNSPECIFIED");
  const [cadence, setCadence] = useState<ReportCadence>(report?.cadence ?? "REPORT_CADENCE_UNSPECIFIED");
  const profile = catalog.kinds.find((candidate) => candidate.kind === kind);
  const submit = (e: FormEvent) => {
    e.preventDefault();
    void action.run(() =>
      props.save({
        ...(report === undefined ? { kind } : {}),
        displayName: name.trim(),
        survey,
        sections,
        filter: filter.trim(),
        languageCode: language as "ru",
        timeZone: zone.trim(),
        periodRule: rule,
        comparison,
        cadence,
      }),
    );
  };
  return (
    <form className="card form" onSubmit={submit}>
      <h3>{t(report === undefined ? "reports.definitions.create" : "settings.edit")}</h3>
      <div className="fields">
        <Field label={t("settings.displayName")} value={name} change={setName} required maxLength={200} />
        <Select
          label={t("reports.definitions.kind")}
          hint={report === undefined ? t("reports.definitions.kindHint") : t("reports.definitions.kindFixed")}
          value={kind}
          disabled={report !== undefined}
          change={(chosen) => {
            setKind(chosen as ReportKind);
            setSections([]);
          }}
        >
          <Options
            of={catalog.kinds.map((candidate) => candidate.kind ?? "REPORT_KIND_UNSPECIFIED")}
            text={(k) =>
              kindTitle(
                catalog.kinds.find((candidate) => candidate.kind === k),
                i18n.language,
              ) || k
            }
          />
        </Select>
        <Select label={t("comments.survey")} value={survey} change={setSurvey}>
          <option value="">{t("reports.definitions.anySurvey")}</option>
          <Options
            of={surveys.map((s) => s.name ?? "")}
            text={(n) => surveys.find((s) => s.name === n)?.displayName ?? n}
          />
        </Select>
        <Select label={t("reports.definitions.covers")} value={rule} change={(r) => setRule(r as ReportPeriodRule)}>
          <Options of={periodRules} text={(r) => t(`reports.rule.${r}`)} />
        </Select>
        <Select
          label={t("reports.definitions.comparison")}
          value={comparison}
          change={(c) => setComparison(c as ReportComparison)}
        >
          <Options of={comparisons} text={(c) => t(`reports.comparison.${c}`)} />
        </Select>
        <Select label={t("reports.definitions.cadence")} value={cadence} change={(c) => setCadence(c as ReportCadence)}>
          <Options of={cadences} text={(c) => t(`reports.cadence.${c}`)} />
        </Select>
        <Select label={t("reports.definitions.language")} value={language} change={setLanguage}>
          <option value="">{t("reports.definitions.usualLanguage")}</option>
          <Options of={Object.keys(languages) as (keyof typeof languages)[]} text={(l) => languages[l]} />
        </Select>
        <Suggested
          label={t("reports.definitions.zone")}
          hint={t("reports.definitions.zoneHint")}
          value={zone}
          change={setZone}
          suggestions={zones().map((z) => [z, z] as const)}
        />
        <Field
          label={t("reports.definitions.filter")}
          hint={t("reports.definitions.filterHint")}
          value={filter}
          change={setFilter}
          maxLength={4096}
        />
      </div>
      <SectionFields sections={sections} usual={profile?.sections ?? []} change={setSections} />
      <Refused error={action.error} />
      <div className="row">
        <button type="submit" disabled={action.busy}>
          {t("settings.save")}
        </button>
        <button type="button" onClick={props.cancel}>
          {t("settings.cancel")}
        </button>
      </div>
    </form>
  );
}
