import type { TFunction } from "i18next";
import type { Client } from "../api/client";
import type { AnalysisQuery, AnalysisQuestion, LocalizedText, Question } from "../api/types";
import type { Address } from "../app/address";
import { periodOf } from "../score/period";
import { localized, metricsOf } from "../score/pick";

/** What is analysed, and how it is spoken of. */
export interface Subject {
  readonly client: Client;
  readonly address: Address;
  readonly change: (part: Partial<Address>) => void;
  /** The questions of the survey's current revision. */
  readonly questions: readonly Question[];
  /** Words in the reader's language. */
  readonly words: (text: LocalizedText | undefined) => string;
  /** How themes are called, by the name of the aspect. */
  readonly aspects: ReadonlyMap<string, string>;
}

/** Words of a questionnaire in a language. */
export function wordsIn(language: string, fallback: string | undefined): Subject["words"] {
  return (text) => localized(text, language, fallback);
}

/** Which answers the address means. */
export function queryOf(address: Address): AnalysisQuery {
  const period = periodOf(address.from, address.to);
  return {
    survey: address.survey,
    ...(address.filter === "" ? {} : { filter: address.filter }),
    ...(period === undefined ? {} : { period }),
  };
}

/** The questions that have numbers for answers. */
export function scored(questions: readonly Question[]): readonly Question[] {
  return questions.filter((question) => metricsOf(question).length > 0);
}

/** The outcome that is taken where none is named: likelihood to recommend before satisfaction. */
export function firstOutcome(questions: readonly Question[]): string {
  return (questions.find((question) => question.nps) ?? questions.find((question) => question.csat))?.id ?? "";
}

/** The questions that the address leaves out. */
export function withoutOf(address: Address): readonly string[] {
  return address.without === "" ? [] : address.without.split(",");
}

/** Outcome and items as a request has them. All items are named only where some of them are left out. */
export function choiceOf({ address, questions }: Subject): { outcome?: string; items?: readonly string[] } {
  const without = withoutOf(address);
  const outcome = address.outcome === "" ? {} : { outcome: address.outcome };
  if (without.length === 0) {
    return outcome;
  }
  const taken = address.outcome || firstOutcome(questions);
  const items = scored(questions)
    .map((question) => question.id ?? "")
    .filter((id) => id !== taken && !without.includes(id));
  return { ...outcome, items };
}

/** What a question asks. */
export function titleOf({ words }: Subject, question: AnalysisQuestion | undefined): string {
  return words(question?.text) || (question?.question ?? "");
}

/** Keys by which answers are told apart, the most telling first. */
export const keys = [
  "theme",
  "location",
  "region",
  "channel",
  "touchpoint",
  "company",
  "segment",
  "sentiment",
  "language",
] as const;

type Key = (typeof keys)[number];

/** What a key is called. */
export function keyTitle(subject: Subject, t: TFunction, key: string): string {
  if (key.startsWith("attributes.")) {
    return key.slice("attributes.".length);
  }
  if (key.startsWith("answers.")) {
    const id = key.slice("answers.".length);
    return subject.words(subject.questions.find((question) => question.id === id)?.text) || id;
  }
  return keys.includes(key as Key) ? t(`priorities.keyOf.${key as Key}`) : key;
}

/** What a value of a key is called. */
export function valueTitle(subject: Subject, t: TFunction, key: string, value: string): string {
  if (value === "") {
    return t("priorities.notStated");
  }
  if (key.startsWith("theme")) {
    return subject.aspects.get(`aspects/${value}`) ?? value;
  }
  if (key === "sentiment") {
    const name = `SENTIMENT_${value.toUpperCase()}` as const;
    return t(`comments.sentimentOf.${name as "SENTIMENT_POSITIVE"}`, { defaultValue: value });
  }
  if (key.startsWith("answers.")) {
    const question = subject.questions.find(({ id }) => id === key.slice("answers.".length));
    const options = question?.choice?.options ?? [];
    return subject.words(options.find(({ id }) => id === value)?.text) || value;
  }
  return value;
}
