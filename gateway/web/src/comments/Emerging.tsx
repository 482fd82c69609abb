import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { type EmergingAnswer, type EmergingTheme, integer } from "../api/types";
import { useFormat, useResource } from "../app/hooks";
import { Problem } from "../app/Problem";
import type { Names } from "./Comments";
import { recent } from "./filter";
import { Quote } from "./Quote";

const interval = 300_000;

/** What is written of more, or less, than before. */
export function Emerging({ client, filter, names }: { client: Client; filter: string; names: Names }) {
  const { t } = useTranslation();
  const load = useCallback(
    () =>
      client.send<EmergingAnswer>("POST", "comments:emergingThemes", {
        filter: { ...JSON.parse(filter), period: recent(new Date()) },
      }),
    [client, filter],
  );
  const answer = useResource(load, interval);
  const themes = answer.value?.themes ?? [];
  return (
    <section className="card">
      <h2>{t("comments.emerging.title")}</h2>
      <p className="muted">{t("comments.emerging.hint")}</p>
      {answer.error !== undefined && <Problem error={answer.error} retry={answer.reload} />}
      {answer.value !== undefined && themes.length === 0 && <p>{t("comments.emerging.none")}</p>}
      <ul className="emerging">
        {themes.map((theme) => (
          <Theme key={`${theme.aspect ?? theme.phrase}${theme.sentiment}`} theme={theme} names={names} />
        ))}
      </ul>
    </section>
  );
}

function Theme({ theme, names }: { theme: EmergingTheme; names: Names }) {
  const { t } = useTranslation();
  const format = useFormat();
  const up = theme.direction === "DIRECTION_EMERGING";
  const tone =
    theme.aspect === undefined
      ? ""
      : t(`comments.sentimentOf.${theme.sentiment as "SENTIMENT_NEGATIVE"}`).toLowerCase();
  return (
    <li>
      <strong>
        {theme.aspect === undefined
          ? t("comments.emerging.phrase", { phrase: theme.phrase })
          : (names.get(theme.aspect) ?? theme.aspect)}
      </strong>{" "}
      {tone}{" "}
      <span className={`kind ${up ? "up" : "down"}`}>{t(up ? "comments.emerging.up" : "comments.emerging.down")}</span>
      <span className="detail">
        {t("comments.emerging.counts", {
          recent: format.integer(integer(theme.recentCount)),
          recentTotal: format.integer(integer(theme.recentTotal)),
          baseline: format.integer(integer(theme.baselineCount)),
          baselineTotal: format.integer(integer(theme.baselineTotal)),
        })}
      </span>
      {theme.evidence?.[0] !== undefined && <Quote evidence={theme.evidence[0]} />}
    </li>
  );
}
