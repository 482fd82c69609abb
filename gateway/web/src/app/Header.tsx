import { useTranslation } from "react-i18next";
import type { Caller } from "../api/types";
import { changeLanguage, type Language, languages } from "../i18n";

/** The places of the app. */
export type Place =
  | "scores"
  | "overview"
  | "priorities"
  | "map"
  | "journey"
  | "operations"
  | "reports"
  | "comments"
  | "lights"
  | "cases"
  | "settings";

/** The top of the page: name, places, language, who is there, and the way out. */
export function Header(props: {
  caller: Caller["principal"] | undefined;
  byKey: boolean;
  signOut: (() => void) | undefined;
  /** Where to go; undefined when there is only one place. */
  places?: { open: readonly Place[]; current: Place; go: (place: Place) => void } | undefined;
}) {
  const { caller, places, signOut } = props;
  const { t } = useTranslation();
  return (
    <header className="top">
      <div className="brand">
        <img src="/favicon.svg" alt="" width="28" height="28" />
        <span className="name">Otklik</span>
        <span className="subtitle">{t("app.subtitle")}</span>
      </div>
      <nav className="tools" aria-label={t("nav.title")}>
        {places?.open.map((place) => (
          <button
            key={place}
            type="button"
            className="quiet"
            aria-current={place === places.current ? "page" : undefined}
            onClick={() => places.go(place)}
          >
            {t(`nav.${place}`)}
          </button>
        ))}
        <a href="/docs">{t("nav.docs")}</a>
        <LanguageChoice />
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

/** Chooses the language of the page. */
export function LanguageChoice() {
  const { t, i18n } = useTranslation();
  return (
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
  );
}
