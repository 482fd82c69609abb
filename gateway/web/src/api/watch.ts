import { asApiError, type Client } from "./client";
import { type ApiError, errorOf, networkError } from "./error";
import { EventParser } from "./events";
import type { ScoreQuery, WatchScoresResponse } from "./types";

/** How a watched query stands: never opened yet, fed by the server, or waiting to be opened again. */
export type WatchState = "connecting" | "live" | "waiting";

/** What a watcher is told. */
export interface WatchHandlers {
  /** New scores, or a heartbeat, which has no scores and may have a newer watermark. */
  readonly message: (message: WatchScoresResponse) => void;
  readonly state: (state: WatchState) => void;
  /** A failure that trying again would not mend; the watch has ended. */
  readonly failed: (error: ApiError) => void;
}

/** Times in milliseconds. */
export interface WatchTimes {
  readonly firstWait: number;
  readonly longestWait: number;
  /** Three heartbeats of the server: a connection that is silent for longer is taken for dead. */
  readonly silence: number;
}

const standardTimes: WatchTimes = { firstWait: 1000, longestWait: 30_000, silence: 50_000 };

/** Watches a query until the signal ends it, opening the stream again whenever it is lost, with growing waits. */
export async function watchScores(
  client: Client,
  query: ScoreQuery,
  handlers: WatchHandlers,
  signal: AbortSignal,
  times: WatchTimes = standardTimes,
): Promise<void> {
  let failures = 0;
  handlers.state("connecting");
  while (!signal.aborted) {
    let advice = 0;
    const outcome = await readStream(client, query, signal, times, (message) => {
      failures = 0;
      handlers.state("live");
      handlers.message(message);
    });
    if (signal.aborted) {
      return;
    }
    if (!outcome.error.passing) {
      handlers.failed(outcome.error);
      return;
    }
    handlers.state("waiting");
    advice = Math.max(outcome.error.retryAfter, outcome.retry ?? 0);
    await pause(Math.max(advice, backoff(failures++, times)), signal);
  }
}

/** The wait after so many failures: doubled each time up to a limit, scattered so that clients do not return all at once. */
export function backoff(failures: number, times: WatchTimes = standardTimes): number {
  const wait = Math.min(times.longestWait, times.firstWait * 2 ** Math.min(failures, 16));
  return wait * (0.5 + Math.random() / 2);
}

/** Reads one stream to its end, which is always an error: the server never ends a watch in good order. */
async function readStream(
  client: Client,
  query: ScoreQuery,
  signal: AbortSignal,
  times: WatchTimes,
  message: (message: WatchScoresResponse) => void,
): Promise<{ error: ApiError; retry: number | undefined }> {
  const parser = new EventParser();
  const connection = new AbortController();
  let reader: ReadableStreamDefaultReader<string> | undefined;
  const stop = () => {
    connection.abort();
    // A reader that waits is let go at once; that the stream may have failed meanwhile does not matter any more.
    reader?.cancel().catch(() => undefined);
  };
  signal.addEventListener("abort", stop);
  let watchdog = setTimeout(stop, times.silence);
  try {
    const response = await client.openWatch(query, connection.signal);
    reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
      if (done || value === undefined) {
        return { error: networkError(undefined), retry: parser.retry };
      }
      clearTimeout(watchdog);
      watchdog = setTimeout(stop, times.silence);
      for (const event of parser.push(value)) {
        if (event.type === "error") {
          return { error: errorOf(JSON.parse(event.data), { status: 0 }), retry: parser.retry };
        }
        if (event.type === "scores" || event.type === "heartbeat") {
          message(JSON.parse(event.data) as WatchScoresResponse);
        }
      }
    }
  } catch (cause) {
    return { error: asApiError(cause), retry: parser.retry };
  } finally {
    clearTimeout(watchdog);
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** Waits, but not beyond the end of the signal, and not on when the network has just come back. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      globalThis.removeEventListener?.("online", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
    globalThis.addEventListener?.("online", done);
  });
}
