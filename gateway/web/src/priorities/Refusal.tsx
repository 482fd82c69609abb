import { useTranslation } from "react-i18next";
import type { ApiError } from "../api/error";
import { Problem } from "../app/Problem";
import { type Subject, titleOf, withoutOf } from "./subject";

/** Why an analysis was refused, for which the page has words of its own. */
const reasons = [
  "TOO_FEW_ANSWERS",
  "ITEM_CONSTANT",
  "ITEMS_NEVER_TOGETHER",
  "ITEMS_SINGULAR",
  "NOT_CONVERGED",
  "TOO_MANY",
  "TOO_FEW_ITEMS",
  "NO_DATA",
  "OUTCOME_REQUIRED",
  "METRIC_MISMATCH",
  "KEY_UNKNOWN",
  "KEY_MULTIPLE",
  "PERIODS_OVERLAP",
  "FILTER_INVALID",
  "QUESTION_NOT_FOUND",
  "QUESTION_NOT_SCORED",
  "SCORING_UNAVAILABLE",
  "SURVEY_UNAVAILABLE",
  "NOT_PROTECTABLE",
] as const;

/** The reasons for which other or fewer questions help. */
const ofQuestions: readonly string[] = ["TOO_FEW_ANSWERS", "ITEM_CONSTANT", "ITEMS_NEVER_TOGETHER", "ITEMS_SINGULAR"];

/** Says in plain words why there is no analysis, and offers what can be done. */
export function Refusal({ error, retry, subject }: { error: ApiError; retry: () => void; subject: Subject }) {
  const { t } = useTranslation();
  const { address, change, questions } = subject;
  const reason = reasons.find((known) => known === error.reason);
  if (reason === undefined) {
    return <Problem error={error} retry={retry} />;
  }
  const named = (error.metadata.items ?? "").split(",").map((id) => id.trim());
  const items = named.filter((id) => id !== "");
  const narrowed = address.filter !== "" || address.from !== "" || address.to !== "";
  const mayLeaveOut =
    ofQuestions.includes(reason) && items.length > 0 && items.every((id) => id !== address.outcome) && known(items);
  function known(ids: readonly string[]): boolean {
    return ids.every((id) => questions.some((question) => question.id === id));
  }
  return (
    <section className="card refusal" role="alert">
      <h2>{t("priorities.refusal.title")}</h2>
      <p>{t(`priorities.refusal.${reason}`)}</p>
      {items.length > 0 && (
        <ul>
          {items.map((id) => {
            const question = questions.find((candidate) => candidate.id === id);
            return (
              <li key={id}>{question === undefined ? id : titleOf(subject, { question: id, text: question.text })}</li>
            );
          })}
        </ul>
      )}
      {reason === "FILTER_INVALID" && <p className="muted">{error.message}</p>}
      <p className="doing">
        {mayLeaveOut && (
          <button
            type="button"
            onClick={() => change({ without: [...new Set([...withoutOf(address), ...items])].join(",") })}
          >
            {t("priorities.refusal.leaveOut")}
          </button>
        )}
        {narrowed && (
          <button type="button" onClick={() => change({ filter: "", from: "", to: "" })}>
            {t("priorities.refusal.widen")}
          </button>
        )}
        {error.passing && (
          <button type="button" onClick={retry}>
            {t("error.retry")}
          </button>
        )}
      </p>
    </section>
  );
}
