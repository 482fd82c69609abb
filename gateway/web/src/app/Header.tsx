import { useTranslation } from "react-i18next";
import { changeLanguage, type Language, languages } from "../i18n";

/** The top of the page: name, language, and the way out. */
export function Header({ signOut }: { signOut: (() => void) | undefined }) {
  const { t, i18n } = useTranslation();
  return (
    <header className="top">
      <div className="brand">
        <img src="/favicon.svg" alt="" width="28" height="28" />
        <span className="name">Otklik</span>
        <span className="subtitle">{t("app.subtitle")}</span>
      </div>
      <nav className="tools">
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
        {signOut && (
          <button type="button" className="quiet" onClick={signOut}>
            {t("nav.signOut")}
          </button>
        )}
      </nav>
    </header>
  );
}
