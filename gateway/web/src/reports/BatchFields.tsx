import { useTranslation } from "react-i18next";
import { profileOf, reportOf, useReportTitle, useUnits } from "./catalog";
import { Options, Select } from "./fields";
import { type Form, formats, forms } from "./file";
import type { PartProps } from "./Reports";

/** Which report is made of many units, in which form, and of which region. */
export interface Batch {
  readonly report: string;
  readonly form: Form;
  /** `regions/…`; "" for all units that the reader sees. */
  readonly region: string;
}

/** Asks for a report of each unit: one file each, in one archive. */
export function BatchFields(props: PartProps & { value: Batch; change: (value: Batch) => void }) {
  const { client, may, catalog, value, change } = props;
  const { t } = useTranslation();
  const titleOf = useReportTitle(catalog);
  const regions = useUnits(client, "regions", may("segmentation.units.list")).value ?? [];
  const ofOne = catalog.reports.filter((report) => profileOf(catalog, report)?.subjectCollection);
  return (
    <>
      <Select label={t("reports.read.report")} value={value.report} change={(report) => change({ ...value, report })}>
        <Options of={ofOne.map((report) => report.name ?? "")} text={(n) => titleOf(reportOf(catalog, n), n)} />
      </Select>
      <Select
        label={t("reports.exports.eachFile")}
        value={value.form}
        change={(form) => change({ ...value, form: form as Form })}
      >
        <Options of={forms} text={(form) => formats[form]} />
      </Select>
      {regions.length > 0 && (
        <Select
          label={t("priorities.keyOf.region")}
          value={value.region}
          change={(region) => change({ ...value, region })}
        >
          <option value="">{t("reports.exports.allUnits")}</option>
          <Options
            of={regions.map((region) => region.name ?? "")}
            text={(n) => regions.find((region) => region.name === n)?.displayName || n.replace("regions/", "")}
          />
        </Select>
      )}
    </>
  );
}
