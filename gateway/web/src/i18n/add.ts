import i18next from "i18next";
import type { Language } from "./index";

/** Adds the texts of a page that is fetched when it is first shown. What a language has already stays. */
export function addTexts(texts: Readonly<Record<Language, object>>): void {
  for (const [language, own] of Object.entries(texts)) {
    i18next.addResourceBundle(language, "translation", own, true);
  }
}
