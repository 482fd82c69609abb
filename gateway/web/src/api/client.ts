import { ApiError, errorOf, networkError, readError } from "./error";
import type {
  GetRevisionResponse,
  ListSurveysResponse,
  QueryScoresResponse,
  Revision,
  ScoreQuery,
  Survey,
} from "./types";

/**
 * Calls the API with one key, or, when that is empty, by the session that the browser's cookie holds. Every method rejects with ApiError, or
 * with an AbortError when the signal says so.
 */
export class Client {
  readonly #key: string;
  readonly #fetch: typeof fetch;

  constructor(key = "", fetcher: typeof fetch = (input, init) => fetch(input, init)) {
    this.#key = key;
    this.#fetch = fetcher;
  }

  /** All surveys that are not archived, the newest first. */
  async surveys(signal?: AbortSignal): Promise<readonly Survey[]> {
    const surveys: Survey[] = [];
    let token = "";
    do {
      const page: ListSurveysResponse = await this.#json(
        `/v1/surveys?pageSize=500${token === "" ? "" : `&pageToken=${encodeURIComponent(token)}`}`,
        { signal },
      );
      surveys.push(...(page.surveys ?? []));
      token = page.nextPageToken ?? "";
    } while (token !== "");
    return surveys;
  }

  /** A published questionnaire by its name, `surveys/…/revisions/…`. */
  async revision(name: string, signal?: AbortSignal): Promise<Revision> {
    const answer: GetRevisionResponse = await this.#json(`/v1/${name}`, { signal });
    return answer.revision ?? {};
  }

  /** Scores as they are now. */
  query(query: ScoreQuery, signal?: AbortSignal): Promise<QueryScoresResponse> {
    return this.#json("/v1/scores:query", { body: { query }, signal });
  }

  /** Opens a stream of scores as server-sent events; the body is read by the caller. */
  async openWatch(query: ScoreQuery, signal: AbortSignal): Promise<Response> {
    return this.#call("/v1/scores:watch", { body: { query }, signal, accept: "text/event-stream" });
  }

  /** Gets a resource, for example `caller` or `apiKeys`. */
  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#json(`/v1/${path}`, { signal });
  }

  /** Gets all elements of a collection, page by page. */
  async all<T>(path: string, field: string, signal?: AbortSignal): Promise<readonly T[]> {
    const found: T[] = [];
    let token = "";
    do {
      const page: Record<string, unknown> = await this.get(
        `${path}?pageSize=500${token === "" ? "" : `&pageToken=${encodeURIComponent(token)}`}`,
        signal,
      );
      found.push(...((page[field] as T[] | undefined) ?? []));
      token = (page.nextPageToken as string | undefined) ?? "";
    } while (token !== "");
    return found;
  }

  /** Changes something, or asks a question that does not fit into an address. */
  send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    return this.#json(`/v1/${path}`, { method, body, signal });
  }

  /** Reads a stream of lines to its end. A line that is an error ends it by throwing. */
  async *lines<T>(path: string, body?: unknown, signal?: AbortSignal): AsyncGenerator<T> {
    const response = await this.#call(`/v1/${path}`, { body, signal, accept: "application/x-ndjson" });
    let rest = "";
    try {
      for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          yield lineOf<T>(line);
        }
      }
    } catch (cause) {
      if (cause instanceof ApiError || signal?.aborted) {
        throw cause;
      }
      throw networkError(cause);
    }
    if (rest !== "") {
      yield lineOf<T>(rest);
    }
  }

  async #json<T>(path: string, options: CallOptions): Promise<T> {
    const response = await this.#call(path, options);
    try {
      return (await response.json()) as T;
    } catch (cause) {
      if (options.signal?.aborted) {
        throw cause;
      }
      throw networkError(cause);
    }
  }

  async #call(path: string, options: CallOptions): Promise<Response> {
    const headers: Record<string, string> = { Accept: options.accept ?? "application/json" };
    if (this.#key !== "") {
      headers.Authorization = `Bearer ${this.#key}`;
    }
    const init: RequestInit = { headers, signal: options.signal ?? null, cache: "no-store" };
    if (options.method !== undefined) {
      init.method = options.method;
    }
    if (options.body !== undefined) {
      headers["Content-Type"] = "application/json";
      init.method ??= "POST";
      init.body = JSON.stringify(options.body);
    }
    let response: Response;
    try {
      response = await this.#fetch(path, init);
    } catch (cause) {
      if (options.signal?.aborted) {
        throw cause;
      }
      throw networkError(cause);
    }
    if (!response.ok) {
      throw await readError(response);
    }
    return response;
  }
}

interface CallOptions {
  method?: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
  accept?: string;
}

function lineOf<T>(line: string): T {
  const value = JSON.parse(line) as T & { error?: unknown };
  if (value.error !== undefined) {
    throw errorOf(value, { status: 0 });
  }
  return value;
}

/** Tells whether a failure only means that nobody waits for the answer any more. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Makes an ApiError of whatever was thrown. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : networkError(error);
}
