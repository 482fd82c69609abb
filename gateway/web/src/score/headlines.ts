import type { Client } from "../api/client";
import { integer, type Score, type Survey } from "../api/types";
import { headlineOf } from "./pick";

/** The headline of each published survey that has a question with a score, by the survey's name. */
export type Headlines = ReadonlyMap<string, Score>;

/** Calls at a time: a browser opens six connections to a server, and live scores need theirs. */
const atOnce = 3;

/** Asks for the headlines of all surveys. One that fails is left out: its own page tells why. */
export async function loadHeadlines(
  client: Client,
  surveys: readonly string[],
  signal: AbortSignal,
): Promise<Headlines> {
  const headlines = new Map<string, Score>();
  const waiting = [...surveys];
  const worker = async () => {
    for (let survey = waiting.shift(); survey !== undefined && !signal.aborted; survey = waiting.shift()) {
      try {
        const answer = await client.query({ survey }, signal);
        const headline = headlineOf(answer.scores ?? []);
        if (headline !== undefined) {
          headlines.set(survey, headline);
        }
      } catch {
        // Left out, see above.
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  signal.throwIfAborted();
  return headlines;
}

/** The survey to begin with: the one with the most answers, else the newest that is published, else the newest. */
export function firstSurvey(surveys: readonly Survey[], headlines: Headlines): Survey | undefined {
  let best: Survey | undefined;
  let most = 0;
  for (const survey of surveys) {
    const n = integer(headlines.get(survey.name ?? "")?.n);
    if (n > most) {
      best = survey;
      most = n;
    }
  }
  return best ?? surveys.find((survey) => survey.currentRevision) ?? surveys[0];
}

/** The headlines with a newer score of one survey, where that is the same question by the same metric. */
export function withFresh(headlines: Headlines, survey: string, fresh: Score | undefined): Headlines {
  const known = headlines.get(survey);
  if (fresh === undefined || known?.variant !== fresh.variant || known?.slice?.question !== fresh.slice?.question) {
    return headlines;
  }
  return new Map(headlines).set(survey, fresh);
}
