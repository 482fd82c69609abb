import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { Survey } from "../api/types";
import { type Address, useAddress } from "./address";
import { Problem } from "./Problem";
import { usePublished } from "./surveys";

/** The survey that is shown, and those that may be chosen instead. */
export interface OfSurvey {
  readonly survey: Survey;
  readonly surveys: readonly Survey[];
}

/** A page of one published survey: the one that the address names, otherwise the newest. */
export function SurveyPage(props: {
  client: Client;
  /** The page's own class of styles. */
  name: string;
  title: string;
  /** What stands there while the surveys are on their way. */
  waiting?: ReactNode;
  children: (of: OfSurvey) => ReactNode;
}) {
  const { client, name, title, waiting, children } = props;
  const { t } = useTranslation();
  const [address] = useAddress();
  const published = usePublished(client);
  const surveys = published.value;
  const survey = surveys?.find((candidate) => candidate.name === address.survey) ?? surveys?.[0];
  return (
    <main className={`${name} panel`} aria-label={title}>
      <header className="heading">
        <h1>{title}</h1>
      </header>
      {published.error !== undefined && <Problem error={published.error} retry={published.reload} />}
      {surveys === undefined && published.error === undefined && (waiting ?? <p role="status">{t("loading")}</p>)}
      {surveys?.length === 0 && <p className="card">{t("priorities.noSurvey")}</p>}
      {survey !== undefined && surveys !== undefined && children({ survey, surveys })}
    </main>
  );
}

/** Chooses the survey. */
export function SurveyField({ survey, surveys, choose }: OfSurvey & { choose: (name: string) => void }) {
  const { t } = useTranslation();
  return (
    <label>
      <span>{t("comments.survey")}</span>
      <select value={survey.name} onChange={(e) => choose(e.target.value)}>
        {surveys.map(({ name, displayName }) => (
          <option key={name} value={name}>
            {displayName}
          </option>
        ))}
      </select>
    </label>
  );
}

type Days = Pick<Address, "from" | "to">;

/** Chooses the first and the last day. */
export function DayFields({ days, change }: { days: Days; change: (days: Days) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <label>
        <span>{t("priorities.from")}</span>
        <input type="date" value={days.from} onChange={(e) => change({ from: e.target.value, to: days.to })} />
      </label>
      <label>
        <span>{t("priorities.to")}</span>
        <input type="date" value={days.to} onChange={(e) => change({ from: days.from, to: e.target.value })} />
      </label>
    </>
  );
}
