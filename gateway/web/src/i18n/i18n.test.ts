import { describe, expect, it } from "vitest";
import { texts as journey } from "../journey/texts";
import { texts as operations } from "../operations/texts";
import { texts as reports } from "../reports/texts";
import en from "./en.json";
import { preferredLanguage } from "./index";
import ky from "./ky.json";
import ru from "./ru.json";

type Texts = { [name: string]: string | Texts };

function flat(texts: Texts, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(texts)) {
    if (typeof value === "string") {
      found.set(prefix + name, value);
    } else {
      for (const [inner, text] of flat(value, `${prefix}${name}.`)) {
        found.set(inner, text);
      }
    }
  }
  return found;
}

const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

// With the texts of pages that are fetched when they are first shown.
describe.each([
  ["ru", { ...ru, ...journey.ru, ...operations.ru, ...reports.ru }],
  ["ky", { ...ky, ...journey.ky, ...operations.ky, ...reports.ky }],
])("%s", (_, texts) => {
  const english = flat({ ...en, ...journey.en, ...operations.en, ...reports.en });
  const translated = flat(texts);

  it("has every text and no other", () => {
    expect([...translated.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it("fills in the same values", () => {
    for (const [name, text] of english) {
      expect(placeholders(translated.get(name) ?? ""), name).toEqual(placeholders(text));
    }
  });

  it("is translated", () => {
    const same = [...english].filter(([name, text]) => translated.get(name) === text).map(([name]) => name);
    expect(same.sort()).toEqual([
      "metrics.METRIC_CES",
      "metrics.METRIC_CSAT",
      "metrics.METRIC_NPS",
      "score.interval",
      "score.n",
      "trend.nHead",
    ]);
  });
});

describe("preferredLanguage", () => {
  it("takes the chosen one, else the browser's, else English", () => {
    const storage = (value: string | null) => ({ getItem: () => value }) as unknown as Storage;
    expect(preferredLanguage(storage("ky"), ["ru"])).toBe("ky");
    expect(preferredLanguage(storage(null), ["de-DE", "ru-KG", "en"])).toBe("ru");
    expect(preferredLanguage(storage(null), ["ky-KG"])).toBe("ky");
    expect(preferredLanguage(storage("xx"), ["de"])).toBe("en");
    expect(preferredLanguage(storage("constructor"), [])).toBe("en");
  });
});
