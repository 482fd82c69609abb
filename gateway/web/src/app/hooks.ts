import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { asApiError, type Client, isAbort } from "../api/client";
import type { ApiError } from "../api/error";
import type { Score, ScoreQuery } from "../api/types";
import { type WatchState, watchScores } from "../api/watch";
import { Format } from "../score/format";

/** What was loaded, or why not. While something newer loads, the older stays. */
export interface Resource<T> {
  readonly value: T | undefined;
  readonly error: ApiError | undefined;
  readonly reload: () => void;
}

/** Loads something, again when `load` changes, again after `interval` milliseconds (0: never), and again on demand. */
export function useResource<T>(load: ((signal: AbortSignal) => Promise<T>) | undefined, interval = 0): Resource<T> {
  const [state, setState] = useState<{ of: unknown; value?: T; error?: ApiError }>({ of: undefined });
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt is what loads again
  useEffect(() => {
    if (load === undefined) {
      return;
    }
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async () => {
      try {
        const value = await load(controller.signal);
        setState({ of: load, value });
      } catch (cause) {
        if (controller.signal.aborted || isAbort(cause)) {
          return;
        }
        const error = asApiError(cause);
        setState((before) =>
          before.of === load && before.value !== undefined ? { ...before, error } : { of: load, error },
        );
      }
      if (interval > 0) {
        timer = setTimeout(run, interval);
      }
    };
    void run();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [load, interval, attempt]);

  const reload = useCallback(() => setAttempt((n) => n + 1), []);
  const current = state.of === load ? state : undefined;
  return { value: current?.value, error: current?.error, reload };
}

/** A watched query. */
export interface Watched {
  readonly scores: readonly Score[] | undefined;
  readonly watermark: string | undefined;
  readonly state: WatchState;
  readonly error: ApiError | undefined;
}

const unwatched: Watched = { scores: undefined, watermark: undefined, state: "connecting", error: undefined };

/** Watches a query for as long as it stays the same. */
export function useWatch(client: Client, query: ScoreQuery | undefined): Watched {
  const [watched, setWatched] = useState<Watched>(unwatched);
  const text = query === undefined ? undefined : JSON.stringify(query);

  useEffect(() => {
    setWatched(unwatched);
    if (text === undefined) {
      return;
    }
    const controller = new AbortController();
    void watchScores(
      client,
      JSON.parse(text) as ScoreQuery,
      {
        message: (message) =>
          setWatched((before) => ({
            ...before,
            scores: message.heartbeat ? before.scores : (message.scores ?? []),
            watermark: message.watermark ?? before.watermark,
          })),
        state: (state) => setWatched((before) => (before.state === state ? before : { ...before, state })),
        failed: (error) => setWatched((before) => ({ ...before, error })),
      },
      controller.signal,
    );
    return () => controller.abort();
  }, [client, text]);

  return watched;
}

/** The value, but changing at most once in an interval; the last change always arrives. */
export function useThrottled<T>(value: T, interval: number): T {
  const [shown, setShown] = useState(value);
  const changedAt = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, changedAt.current + interval - Date.now());
    const timer = setTimeout(() => {
      changedAt.current = Date.now();
      setShown(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, interval]);
  return shown;
}

/** Numbers and times in the reader's language. */
export function useFormat(): Format {
  const { i18n } = useTranslation();
  return useMemo(() => new Format(i18n.language), [i18n.language]);
}
