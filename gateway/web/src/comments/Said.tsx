import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { Comment } from "../api/types";
import { useAction } from "../app/action";
import { useFormat } from "../app/hooks";
import { Problem } from "../app/Problem";
import type { Names } from "./Comments";
import { type SentimentKey, sentiments } from "./sentiments";

/** BCP 47 tags of the languages that comments are told to be in. */
const tags: Readonly<Record<string, string>> = {
  ru: "ru",
  ky: "ky",
  en: "en",
  kk: "kk",
  ru_lat: "ru-Latn",
  ky_lat: "ky-Latn",
};

interface Props {
  comment: Comment;
  client: Client;
  may: (permission: string) => boolean;
  names: Names;
}

/** One comment: what was written, what it expresses and speaks of, and where it was written. */
export function Said({ comment: loaded, client, may, names }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const [corrected, setCorrected] = useState<Comment>();
  const comment = corrected ?? loaded;
  const sentiment = (comment.analysis?.sentiment ?? "SENTIMENT_NEUTRAL") as SentimentKey;
  const where = [comment.context?.location, comment.context?.touchpoint, comment.context?.channel].filter(Boolean);
  return (
    <li>
      <p lang={tags[comment.analysis?.languageVariety ?? ""]}>{comment.text}</p>
      <div className="detail">
        <span className={`tone ${sentiment}`}>{t(`comments.sentimentOf.${sentiment}`)}</span>
        {comment.correction != null && ` ${t("comments.list.corrected")}`}
        {(comment.analysis?.aspects ?? []).map((mention) => (
          <span key={`${mention.aspect}${mention.sentiment}`} className={`mention ${mention.sentiment}`}>
            {names.get(mention.aspect ?? "") ?? mention.aspect}
          </span>
        ))}
        {comment.npsScore !== undefined && ` ${t("metrics.METRIC_NPS")} ${format.plain(comment.npsScore)} ·`}
        {` ${format.moment(comment.countTime ?? "")}`}
        {where.length > 0 && ` · ${where.join(" · ")}`}
        {(comment.duplicateCount ?? 0) > 0 &&
          ` · ${t("comments.list.similar", { n: format.integer(comment.duplicateCount ?? 0) })}`}
        {may("comment.comments.correct") && (
          <Correct client={client} name={comment.name ?? ""} sentiment={sentiment} corrected={setCorrected} />
        )}
      </div>
    </li>
  );
}

/** Says what a comment really expresses. */
function Correct(props: {
  client: Client;
  name: string;
  sentiment: SentimentKey;
  corrected: (comment: Comment | undefined) => void;
}) {
  const { t } = useTranslation();
  const action = useAction();
  const [wanted, setWanted] = useState<SentimentKey>();
  if (wanted === undefined) {
    return (
      <button type="button" className="link" onClick={() => setWanted(props.sentiment)}>
        {t("comments.list.correct")}
      </button>
    );
  }
  const save = () =>
    action.run(async () => {
      const answer = await props.client.send<{ comment?: Comment }>("POST", `${props.name}:correct`, {
        correction: { sentiment: wanted },
      });
      props.corrected(answer.comment);
      setWanted(undefined);
    });
  return (
    <span className="correct">
      <select
        aria-label={t("comments.list.sentiment")}
        value={wanted}
        onChange={(e) => setWanted(e.target.value as SentimentKey)}
      >
        {sentiments.map((candidate) => (
          <option key={candidate} value={candidate}>
            {t(`comments.sentimentOf.${candidate}`)}
          </option>
        ))}
      </select>
      <button type="button" disabled={action.busy} onClick={() => void save()}>
        {t("comments.list.save")}
      </button>
      <button type="button" className="quiet" onClick={() => setWanted(undefined)}>
        {t("comments.list.cancel")}
      </button>
      {action.error !== undefined && <Problem error={action.error} />}
    </span>
  );
}
