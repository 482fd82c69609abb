import { type FormEvent, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { Comment, CommentPage } from "../api/types";
import { useAction } from "../app/action";
import type { Address } from "../app/address";
import { useResource } from "../app/hooks";
import { Problem } from "../app/Problem";
import type { Names } from "./Comments";
import { filterOf, parametersOf } from "./filter";
import { Said } from "./Said";
import { sentiments } from "./sentiments";

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
  const action = useAction();
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
      {action.error !== undefined && <Problem error={action.error} />}
      {token !== "" && (
        <button type="button" disabled={action.busy} onClick={() => void action.run(next)}>
          {t("more")}
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
