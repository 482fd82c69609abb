import { useTranslation } from "react-i18next";
import { type ConfidenceInterval, integer, type ThemeInsight } from "../api/types";
import { useFormat } from "../app/hooks";
import { Table } from "../app/Table";
import type { Names } from "./Comments";
import { Quote } from "./Quote";

type KindKey = "KIND_STRENGTH" | "KIND_WEAKNESS" | "KIND_UNDECIDED";

/** What comments speak of, with intervals; a click shows the comments. */
export function Themes(props: {
  themes: readonly ThemeInsight[];
  names: Names;
  chosen: string;
  choose: (aspect: string, sentiment: string) => void;
}) {
  const { t } = useTranslation();
  const columns = [
    { label: t("comments.themes.theme") },
    { label: t("comments.themes.share") },
    { label: t("comments.themes.praise") },
    { label: t("comments.themes.nps"), number: true },
    { label: t("comments.themes.stake"), number: true },
  ];
  return (
    <section className="card themes">
      <h2>{t("comments.themes.title")}</h2>
      <p className="muted">{t("comments.themes.hint")}</p>
      {props.themes.length === 0 ? (
        <p>{t("comments.themes.none")}</p>
      ) : (
        <Table columns={columns}>
          {props.themes.map((theme) => (
            <Row key={theme.aspect} theme={theme} {...props} />
          ))}
        </Table>
      )}
    </section>
  );
}

function Row(props: {
  theme: ThemeInsight;
  names: Names;
  chosen: string;
  choose: (aspect: string, sentiment: string) => void;
}) {
  const { theme, names } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const aspect = theme.aspect ?? "";
  const positive = integer(theme.positiveCount);
  const negative = integer(theme.negativeCount);
  const mixed = integer(theme.mixedCount);
  const neutral = integer(theme.neutralCount);
  const kind = (theme.kind ?? "KIND_UNDECIDED") as KindKey;
  return (
    <tr className={kind === "KIND_WEAKNESS" ? "weakness" : kind === "KIND_STRENGTH" ? "strength" : ""}>
      <th scope="row">
        <button
          type="button"
          className="link"
          aria-pressed={props.chosen === aspect}
          onClick={() => props.choose(props.chosen === aspect ? "" : aspect, "")}
        >
          {names.get(aspect) ?? aspect}
        </button>
        <span className={`kind ${kind}`}>{t(`comments.kind.${kind}`)}</span>
        {theme.evidence?.[0] !== undefined && <Quote evidence={theme.evidence[0]} />}
      </th>
      <td data-label={t("comments.themes.share")}>
        <Share value={theme.share ?? 0} interval={theme.shareInterval} />
        <span className="detail">{t("score.n", { n: format.integer(integer(theme.responseCount)) })}</span>
      </td>
      <td data-label={t("comments.themes.praise")}>
        <div className="bar" aria-hidden="true">
          <span className="promoters" style={{ flexGrow: positive }} />
          <span className="passives" style={{ flexGrow: neutral + mixed }} />
          <span className="detractors" style={{ flexGrow: negative }} />
        </div>
        <span className="detail">
          {(
            [
              ["praise", positive],
              ["both", mixed],
              ["neither", neutral],
              ["blame", negative],
            ] as const
          )
            .filter(([, n]) => n > 0)
            .map(([what, n]) => `${t(`comments.themes.of.${what}`)} ${format.integer(n)}`)
            .join(" · ")}
        </span>
      </td>
      <td className="number" data-label={t("comments.themes.nps")}>
        {theme.npsDifference === undefined ? "—" : signed(format.decimal(theme.npsDifference), theme.npsDifference)}
        {theme.npsDifferenceInterval !== undefined && (
          <span className="detail">{`${format.decimal(theme.npsDifferenceInterval.lower ?? 0)} … ${format.decimal(theme.npsDifferenceInterval.upper ?? 0)}`}</span>
        )}
      </td>
      <td className="number" data-label={t("comments.themes.stake")}>
        {theme.npsAtStake === undefined ? "—" : signed(format.decimal(theme.npsAtStake), theme.npsAtStake)}
      </td>
    </tr>
  );
}

function signed(text: string, value: number): string {
  return value > 0 ? `+${text}` : text;
}

/** A share with its interval, as a bar and in figures. */
export function Share({ value, interval }: { value: number; interval: ConfidenceInterval | undefined }) {
  const format = useFormat();
  const lower = interval?.lower ?? value;
  const upper = interval?.upper ?? value;
  const percent = (share: number) => `${format.decimal(100 * share)}\u00a0%`;
  return (
    <>
      <div className="share" aria-hidden="true">
        <span className="value" style={{ width: `${100 * value}%` }} />
        <span className="interval" style={{ left: `${100 * lower}%`, width: `${100 * (upper - lower)}%` }} />
      </div>
      {percent(value)}{" "}
      <span className="muted">{`${format.decimal(100 * lower)} … ${format.decimal(100 * upper)}`}</span>
    </>
  );
}
