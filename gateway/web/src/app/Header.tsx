import { useTranslation } from "react-i18next";
import type { Caller } from "../api/types";
import { changeLanguage, type Language, languages } from "../i18n";

/** The top of the page: name, places, language, who is there, and the way out. */
export function Header(props: {
  caller: Caller["principal"] | undefined;
  byKey: boolean;
  signOut: (() => void) | undefined;
  /** Where to go besides the scores; undefined when nowhere. */
  places?: { settings: boolean; go: (settings: boolean) => void } | undefined;
}) {
  const { caller, places, signOut } = props;
  const { t, i18n } = useTranslation();
  return (
    <header className="top">
      <div className="brand">
        <img src="/favicon.svg" alt="" width="28" height="28" />
        <span className="name">Otklik</span>
        <span className="subtitle">{t("app.subtitle")}</span>
      </div>
      <nav className="tools" aria-label={t("nav.title")}>
        {places !== undefined && (
          <>
            <button
              type="button"
              className="quiet"
              aria-current={places.settings ? undefined : "page"}
              onClick={() => places.go(false)}
            >
              {t("nav.scores")}
            </button>
            <button
              type="button"
              className="quiet"
              aria-current={places.settings ? "page" : undefined}
              onClick={() => places.go(true)}
            >
              {t("nav.settings")}
            </button>
          </>
        )}
        <a href="/docs">{t("nav.docs")}</a>
        <label className="inline">
          <span className="hidden">{t("nav.language")}</span>
          <select value={i18n.language} onChange={(e) => changeLanguage(e.target.value as Language, localStorage)}>
            {Object.entries(languages).map(([language, name]) => (
              <option key={language} value={language} lang={language}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {caller?.kind === "KIND_PERSON" && <span className="who">{caller.displayName || caller.id}</span>}
        {signOut && (
          <button type="button" className="quiet" onClick={signOut}>
            {t(props.byKey ? "nav.signOut" : "nav.logOut")}
          </button>
        )}
      </nav>
    </header>
  );
}
