import { useTranslation } from "react-i18next";
import { integer, type OverviewAbsence, type OverviewTheme, type OverviewThemes } from "../api/types";
import type { Address } from "../app/address";
import { Go } from "../app/Go";
import { useFormat } from "../app/hooks";
import { Interval } from "../priorities/parts";
import { Absent } from "./Absent";

/** What comments praise and blame most, beyond chance. */
export function Themes(props: {
  themes: OverviewThemes | undefined;
  absences: readonly OverviewAbsence[];
  names: ReadonlyMap<string, string>;
  address: Address;
  change: (part: Partial<Address>) => void;
}) {
  const { themes, absences, names, address, change } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const list = (title: string, found: readonly OverviewTheme[]) => (
    <div>
      <h3>{title}</h3>
      {found.length === 0 && <p className="muted">{t("overview.themes.none")}</p>}
      <ul className="plain">
        {found.map((theme) => (
          <li key={theme.aspect}>
            <Go
              address={address}
              change={change}
              to={{ page: "comments", aspect: theme.aspect ?? "", sentiment: "", words: "" }}
            >
              {names.get(theme.aspect ?? "") ?? theme.aspect?.replace("aspects/", "")}
            </Go>
            <span className="detail">
              {t("overview.themes.share", {
                share: format.fixed(100 * (theme.share ?? 0), 1),
                n: format.integer(integer(theme.n)),
              })}
            </span>
            <Interval of={theme.shareInterval} digits={1} factor={100} unit={"\u00a0%"} />
            {theme.npsAtStake !== undefined && (
              <span className="detail">
                {t("overview.themes.stake", { points: format.fixed(theme.npsAtStake, 1) })}
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
  return (
    <section className="card">
      <h2>{t("comments.themes.title")}</h2>
      {themes !== undefined && (
        <>
          <p className="muted">{t("overview.themes.responses", { n: format.integer(integer(themes.responses)) })}</p>
          <div className="halves">
            {list(t("overview.themes.weaknesses"), themes.weaknesses ?? [])}
            {list(t("overview.themes.strengths"), themes.strengths ?? [])}
          </div>
        </>
      )}
      <Absent absences={absences} part="OVERVIEW_PART_THEMES" />
    </section>
  );
}
