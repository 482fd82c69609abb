import { type FormEvent, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { asApiError, type Client } from "../api/client";
import type { ApiError } from "../api/error";
import type { Comment, CommentPage } from "../api/types";
import type { Address } from "../app/address";
import { useFormat, useResource } from "../app/hooks";
import { Problem } from "../app/Problem";
import type { Names } from "./Comments";
import { filterOf, parametersOf } from "./filter";

export const sentiments = ["SENTIMENT_POSITIVE", "SENTIMENT_NEGATIVE", "SENTIMENT_MIXED", "SENTIMENT_NEUTRAL"] as const;

type SentimentKey = (typeof sentiments)[number];

interface Props {
  client: Client;
  may: (permission: string) => boolean;
  address: Address;
  change: (part: Partial<Address>) => void;
  names: Names;
}

/** The comments themselves, found by theme, tone and words. */
export function CommentList(props: Props) {
  const { client, address } = props;
  const { t } = useTranslation();
  const parameters = parametersOf(filterOf(address, true));
  const [more, setMore] = useState<{ of: string; comments: readonly Comment[]; token: string }>();
  const load = useCallback(
    (signal: AbortSignal) => client.get<CommentPage>(`comments?pageSize=20&${parameters}`, signal),
    [client, parameters],
  );
  const first = useResource(load);
  const further = more?.of === parameters ? more : undefined;
  const comments = [...(first.value?.comments ?? []), ...(further?.comments ?? [])];
  const token = further?.token ?? first.value?.nextPageToken ?? "";
  const next = async () => {
    const page = await client.get<CommentPage>(
      `comments?pageSize=20&${parameters}&pageToken=${encodeURIComponent(token)}`,
    );
    setMore({
      of: parameters,
      comments: [...(further?.comments ?? []), ...(page.comments ?? [])],
      token: page.nextPageToken ?? "",
    });
  };
  return (
    <section className="card">
      <h2>{t("comments.list.title")}</h2>
      <Narrow {...props} />
      {first.error !== undefined && <Problem error={first.error} retry={first.reload} />}
      {first.value !== undefined && comments.length === 0 && <p>{t("comments.list.none")}</p>}
      <ul className="said">
        {comments.map((comment) => (
          <Said key={comment.name} comment={comment} {...props} />
        ))}
      </ul>
      {token !== "" && (
        <button type="button" onClick={() => void next()}>
          {t("comments.list.more")}
        </button>
      )}
    </section>
  );
}

/** What comments are chosen by. */
function Narrow({ address, change, names }: Props) {
  const { t } = useTranslation();
  const [words, setWords] = useState(address.words);
  useEffect(() => setWords(address.words), [address.words]);
  const search = (e: FormEvent) => {
    e.preventDefault();
    change({ words: words.trim() });
  };
  return (
    <form className="selectors" onSubmit={search}>
      <label>
        <span>{t("comments.list.aspect")}</span>
        <select value={address.aspect} onChange={(e) => change({ aspect: e.target.value })}>
          <option value="">{t("comments.clear")}</option>
          {[...names].map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{t("comments.list.sentiment")}</span>
        <select value={address.sentiment} onChange={(e) => change({ sentiment: e.target.value })}>
          <option value="">{t("comments.list.any")}</option>
          {sentiments.map((sentiment) => (
            <option key={sentiment} value={sentiment}>
              {t(`comments.sentimentOf.${sentiment}`)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{t("comments.list.words")}</span>
        <input type="search" value={words} onChange={(e) => setWords(e.target.value)} maxLength={500} />
      </label>
      <button type="submit">{t("comments.list.search")}</button>
    </form>
  );
}

function Said({ comment: loaded, client, may, names }: Props & { comment: Comment }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [corrected, setCorrected] = useState<Comment>();
  const [error, setError] = useState<ApiError>();
  const comment = corrected ?? loaded;
  const sentiment = (comment.analysis?.sentiment ?? "SENTIMENT_NEUTRAL") as SentimentKey;
  const correct = async (wanted: string) => {
    try {
      const answer = await client.send<{ comment?: Comment }>("POST", `${comment.name}:correct`, {
        correction: { sentiment: wanted },
      });
      setCorrected(answer.comment);
      setError(undefined);
    } catch (cause) {
      setError(asApiError(cause));
    }
  };
  const where = [comment.context?.location, comment.context?.touchpoint, comment.context?.channel].filter(Boolean);
  return (
    <li>
      <p lang={comment.analysis?.languageVariety}>{comment.text}</p>
      <p className="detail">
        {may("comment.comments.correct") ? (
          <select
            className={`tone ${sentiment}`}
            aria-label={t("comments.list.correct")}
            value={sentiment}
            onChange={(e) => void correct(e.target.value)}
          >
            {sentiments.map((candidate) => (
              <option key={candidate} value={candidate}>
                {t(`comments.sentimentOf.${candidate}`)}
              </option>
            ))}
          </select>
        ) : (
          <span className={`tone ${sentiment}`}>{t(`comments.sentimentOf.${sentiment}`)}</span>
        )}
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
      </p>
      {error !== undefined && <Problem error={error} />}
    </li>
  );
}
