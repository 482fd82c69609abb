import { type FormEvent, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { integer, type QueryScoresResponse } from "../api/types";
import { useFormat, useResource } from "../app/hooks";
import { DayFields, type OfSurvey, SurveyField } from "../app/SurveyPage";
import { both, condition } from "../score/filter";
import { KeyField } from "./KeyField";
import { queryOf, type Subject, scored, valueTitle, withoutOf } from "./subject";

/** Which answers are analysed: survey, outcome, period and conditions. */
export function Controls({ subject, survey, surveys, outcomes }: OfSurvey & { subject: Subject; outcomes: boolean }) {
  const { address, change } = subject;
  const { t } = useTranslation();
  const questions = scored(subject.questions);
  const without = withoutOf(address);
  return (
    <section className="card controls" aria-label={t("priorities.controls")}>
      <div className="selectors">
        <SurveyField
          {...{ survey, surveys }}
          choose={(name) =>
            change({ survey: name, outcome: "", without: "", filter: "", row: "", column: "", question: "" })
          }
        />
        {outcomes && (
          <label>
            <span>{t("priorities.outcome")}</span>
            <select
              value={address.outcome}
              onChange={(e) =>
                change({ outcome: e.target.value, without: without.filter((id) => id !== e.target.value).join(",") })
              }
            >
              <option value="">{t("priorities.automatic")}</option>
              {questions.map((question) => (
                <option key={question.id} value={question.id}>
                  {subject.words(question.text)}
                </option>
              ))}
            </select>
          </label>
        )}
        <DayFields days={address} change={change} />
      </div>
      {without.length > 0 && (
        <p className="muted">
          {t("priorities.without")}{" "}
          {without.map((id) => subject.words(subject.questions.find((q) => q.id === id)?.text) || id).join("; ")}{" "}
          <button type="button" className="quiet" onClick={() => change({ without: "" })}>
            {t("priorities.takeBack")}
          </button>
        </p>
      )}
      <details open={address.filter !== ""}>
        <summary>{t("priorities.filter.title")}</summary>
        <Filter subject={subject} />
      </details>
    </section>
  );
}

/** The conditions as the API takes them, and a way to add one without knowing how that is written. */
function Filter({ subject }: { subject: Subject }) {
  const { address, change } = subject;
  const { t } = useTranslation();
  const [text, setText] = useState(address.filter);
  useEffect(() => setText(address.filter), [address.filter]);
  const [key, setKey] = useState("location");
  const submit = (e: FormEvent) => {
    e.preventDefault();
    change({ filter: text.trim() });
  };
  return (
    <>
      <div className="selectors">
        <KeyField label={t("priorities.filter.key")} subject={subject} value={key} choose={setKey} />
        <Values
          key={key}
          subject={subject}
          by={key}
          choose={(value) => change({ filter: both(address.filter, condition(key, value)) })}
        />
      </div>
      <form className="selectors" onSubmit={submit}>
        <label>
          <span>{t("priorities.filter.text")}</span>
          <input value={text} maxLength={4096} onChange={(e) => setText(e.target.value)} />
        </label>
        <button type="submit">{t("priorities.filter.apply")}</button>
        {address.filter !== "" && (
          <button type="button" onClick={() => change({ filter: "" })}>
            {t("narrowed.clear")}
          </button>
        )}
      </form>
    </>
  );
}

/** The values that a key has among the answers, with how many have them. */
function Values({ subject, by, choose }: { subject: Subject; by: string; choose: (value: string) => void }) {
  const { client, address } = subject;
  const { t } = useTranslation();
  const format = useFormat();
  const query = JSON.stringify(queryOf(address));
  const load = useCallback(
    async (signal: AbortSignal) => {
      const answer: QueryScoresResponse = await client.query({ ...JSON.parse(query), groupBy: [by] }, signal);
      const counts = new Map<string, number>();
      for (const score of answer.scores ?? []) {
        const value = score.slice?.keys?.[0]?.value ?? "";
        counts.set(value, Math.max(counts.get(value) ?? 0, integer(score.n)));
      }
      return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 200);
    },
    [client, query, by],
  );
  const values = useResource(load);
  return (
    <label>
      <span>{t("priorities.filter.value")}</span>
      <select value="" disabled={values.value === undefined} onChange={(e) => choose(e.target.value.slice(1))}>
        <option value="">
          {t(values.value?.length === 0 ? "priorities.filter.noValues" : "priorities.filter.choose")}
        </option>
        {values.value?.map(([value, n]) => (
          // The value that is not stated is a choice of its own.
          <option key={value} value={`=${value}`}>
            {`${valueTitle(subject, t, by, value)} (${format.integer(n)})`}
          </option>
        ))}
      </select>
    </label>
  );
}
