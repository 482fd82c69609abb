import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import type journey from "../journey/texts/en.json";
import type operations from "../operations/texts/en.json";
import type reports from "../reports/texts/en.json";
import en from "./en.json";
import ky from "./ky.json";
import ru from "./ru.json";

/** The languages of the app, by their own names. */
export const languages = { ru: "Русский", ky: "Кыргызча", en: "English" } as const;

export type Language = keyof typeof languages;

declare module "i18next" {
  interface CustomTypeOptions {
    // With the texts of pages that are fetched when they are first shown.
    resources: { translation: typeof en & typeof journey & typeof operations & typeof reports };
  }
}

const storageName = "otklik.language";

/** The language chosen before, else the first of the browser's that the app has, else English. */
export function preferredLanguage(storage: Storage, wanted: readonly string[]): Language {
  for (const tag of [storage.getItem(storageName) ?? "", ...wanted]) {
    const language = tag.split("-")[0]?.toLowerCase() ?? "";
    if (Object.hasOwn(languages, language)) {
      return language as Language;
    }
  }
  return "en";
}

/** Starts translation and keeps the document's language equal to it. */
export function startTranslation(language: Language): i18n {
  i18next.on("languageChanged", (changed) => {
    document.documentElement.lang = changed;
  });
  // Resources are part of the bundle, so that nothing is waited for.
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: "en",
    resources: { en: { translation: en }, ru: { translation: ru }, ky: { translation: ky } },
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  return i18next;
}

/** Changes the language and remembers it. */
export function changeLanguage(language: Language, storage: Storage): void {
  storage.setItem(storageName, language);
  void i18next.changeLanguage(language);
}
