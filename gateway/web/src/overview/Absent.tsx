import { useTranslation } from "react-i18next";
import type { OverviewAbsence, OverviewPart } from "../api/types";
import { known } from "../attention/known";

/** What of an overview is missing, and why; of a part, or of one subject of it. */
export function Absent(props: { absences: readonly OverviewAbsence[]; part: OverviewPart; subject?: string }) {
  const { t } = useTranslation();
  const missing = props.absences.filter(
    ({ part, subject }) => part === props.part && (props.subject === undefined || subject === props.subject),
  );
  return missing.map(({ subject, reason, description }) => (
    <p key={subject} className="muted">
      {t(`overview.absent.${known(reason)}`)}
      {reason === "REASON_REFUSED" && <span lang="en"> {description}</span>}
    </p>
  ));
}
