import { useTranslation } from "react-i18next";
import { integer, type Score } from "../api/types";
import { useFormat } from "./hooks";

const parts = ["detractors", "passives", "promoters"] as const;

/** Of an NPS: how many are promoters, passives and detractors. Nothing for other metrics. */
export function Parts({ score }: { score: Score }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { counts } = score;
  if (counts?.promoters === undefined) {
    return null;
  }
  const answered = integer(counts.answered);
  return (
    <figure className="parts">
      <figcaption className="hidden">{t("parts.title")}</figcaption>
      <div className="bar" aria-hidden="true">
        {parts.map((part) => (
          <span key={part} className={part} style={{ flexGrow: integer(counts[part]) }} />
        ))}
      </div>
      <dl>
        {parts.map((part) => (
          <div key={part}>
            <dt>
              <span className={`swatch ${part}`} aria-hidden="true" />
              {t(`parts.${part}`)}
            </dt>
            <dd>
              {format.integer(integer(counts[part]))}
              {answered > 0 && (
                <span className="muted">
                  {" "}
                  {format.decimal((100 * integer(counts[part])) / answered)}
                  {"\u00a0"}%
                </span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </figure>
  );
}
