import { useTranslation } from "react-i18next";
import type { ApiError } from "../api/error";
import { Problem } from "../app/Problem";
import { Failure } from "../settings/parts";

/** Why something of reports was refused, for which the page has words of its own. */
const reasons = [
  "REPORT_NOT_FOUND",
  "REPORT_EXISTS",
  "REPORT_BUILT_IN",
  "REPORT_CHANGED",
  "REPORT_SURVEY_REQUIRED",
  "REPORT_SUBJECT_REQUIRED",
  "REPORT_PERIOD_INVALID",
  "REPORT_LIMIT",
  "RENDITION_NOT_FOUND",
  "RENDITION_OF_OTHER_REACH",
  "MONTHS_NOT_WHOLE",
  "FILTER_INVALID",
  "SCHEDULE_NOT_FOUND",
  "SCHEDULE_CHANGED",
  "SCHEDULE_LIMIT",
  "RECURRENCE_INVALID",
  "RECIPIENT_INVALID",
  "ADDRESSES_FORBIDDEN",
  "DELIVERY_INVALID",
  "EXPORT_LIMIT",
  "EXPORT_NOT_FOUND",
  "EXPORT_NOT_READY",
  "EXPORT_OUTDATED",
  "EXPORT_FORBIDDEN",
  "EXPORT_KIND_MISMATCH",
  "EXPORT_FILTER_INVALID",
  "COLUMN_UNKNOWN",
  "COLUMN_FORBIDDEN",
  "SHARE_NOT_FOUND",
  "SHARE_CONTENT_INVALID",
  "SHARE_OF_PERSONS",
  "SHARE_EXPIRE_TIME_INVALID",
  "SHARE_LIMIT",
  "SHARE_ENDED",
  "SHARE_BUSY",
] as const;

/** The reasons whose message names what is wrong, so that it is told besides. */
const named: readonly string[] = [
  "FILTER_INVALID",
  "RECURRENCE_INVALID",
  "RECIPIENT_INVALID",
  "DELIVERY_INVALID",
  "EXPORT_KIND_MISMATCH",
  "EXPORT_FILTER_INVALID",
  "COLUMN_UNKNOWN",
  "COLUMN_FORBIDDEN",
];

/** Says why something failed, in plain words where it was refused for a reason that is known. */
export function Refused({ error, retry }: { error: ApiError | undefined; retry?: () => void }) {
  const { t } = useTranslation();
  const reason = reasons.find((known) => known === error?.reason);
  if (error === undefined) {
    return null;
  }
  if (reason === undefined) {
    return retry !== undefined && error.passing ? <Problem error={error} retry={retry} /> : <Failure error={error} />;
  }
  return (
    <div className="problem" role="alert">
      <p>{t(`reports.refusal.${reason}`)}</p>
      {named.includes(reason) && <p className="small">{error.message}</p>}
    </div>
  );
}
