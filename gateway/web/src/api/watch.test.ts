import { describe, expect, it, vi } from "vitest";
import { Client } from "./client";
import type { ApiError } from "./error";
import type { WatchScoresResponse } from "./types";
import { backoff, type WatchState, type WatchTimes, watchScores } from "./watch";

const times: WatchTimes = { firstWait: 1, longestWait: 4, silence: 1000 };

const event = (type: string, data: unknown) => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

/** A server that gives its answers one after another, and the last again and again. */
function serverOf(...answers: (() => Response | Promise<Response>)[]) {
  const fetcher = vi.fn(async (_input: RequestInfo | URL, _init?: RequestInit) => {
    const answer = answers[Math.min(fetcher.mock.calls.length, answers.length) - 1];
    return (answer as () => Response)();
  });
  return fetcher;
}

const streamOf =
  (...chunks: string[]) =>
  () =>
    new Response(chunks.join(""));

const openStreamOf =
  (...chunks: string[]) =>
  () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const chunk of chunks) {
            controller.enqueue(new TextEncoder().encode(chunk));
          }
        },
      }),
    );

const refusal = (status: number, reason: string) => () =>
  Response.json(
    {
      error: {
        code: status,
        status: "X",
        message: "said",
        details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason }],
      },
    },
    { status, headers: { "X-Request-Id": "id-1" } },
  );

/** Watches until `enough` says so, or the watch ends by itself. */
async function watch(fetcher: typeof fetch, enough: (seen: Seen) => boolean, silence = times.silence): Promise<Seen> {
  const seen: Seen = { messages: [], states: [], errors: [] };
  const controller = new AbortController();
  const check = () => enough(seen) && controller.abort();
  await watchScores(
    new Client("k", fetcher),
    { survey: "surveys/a" },
    {
      message: (message) => {
        seen.messages.push(message);
        check();
      },
      state: (state) => {
        seen.states.push(state);
        check();
      },
      failed: (error) => seen.errors.push(error),
    },
    controller.signal,
    { ...times, silence },
  );
  return seen;
}

interface Seen {
  messages: WatchScoresResponse[];
  states: WatchState[];
  errors: ApiError[];
}

describe("watchScores", () => {
  it("hands on scores and heartbeats", async () => {
    const server = serverOf(
      openStreamOf(event("scores", { scores: [{ n: "1" }] }), event("heartbeat", { heartbeat: true })),
    );
    const seen = await watch(server, ({ messages }) => messages.length === 2);
    expect(seen.messages[0]?.scores).toHaveLength(1);
    expect(seen.messages[1]?.heartbeat).toBe(true);
    expect(seen.states).toEqual(["connecting", "live", "live"]);
    const [path, init] = server.mock.calls[0] ?? [];
    expect(path).toBe("/v1/scores:watch");
    expect(init?.headers).toMatchObject({ Authorization: "Bearer k", Accept: "text/event-stream" });
    expect(init?.body).toBe('{"query":{"survey":"surveys/a"}}');
  });

  it("opens a lost stream again", async () => {
    const server = serverOf(
      streamOf(event("scores", {})),
      () => Promise.reject(new TypeError("failed to fetch")),
      refusal(503, "SERVER_STOPPING"),
      streamOf(event("scores", {}), event("error", { error: { code: 503, message: "stopping", details: [] } })),
      openStreamOf(event("scores", { scores: [{ n: "2" }] })),
    );
    const seen = await watch(server, ({ messages }) => messages.length === 3);
    expect(server).toHaveBeenCalledTimes(5);
    expect(seen.states.filter((state) => state === "waiting")).toHaveLength(4);
    expect(seen.states.at(-1)).toBe("live");
    expect(seen.errors).toEqual([]);
  });

  it("opens a silent stream again", async () => {
    const server = serverOf(openStreamOf(event("scores", {})));
    const seen = await watch(server, ({ messages }) => messages.length === 2, 20);
    expect(server).toHaveBeenCalledTimes(2);
    expect(seen.messages).toHaveLength(2);
  });

  it("gives up where trying again would not help", async () => {
    const seen = await watch(serverOf(refusal(404, "SURVEY_NOT_FOUND")), () => false);
    expect(seen.errors).toHaveLength(1);
    expect(seen.errors[0]).toMatchObject({
      status: 404,
      reason: "SURVEY_NOT_FOUND",
      requestId: "id-1",
      message: "said",
    });
    const midway = await watch(
      serverOf(streamOf(event("error", { error: { code: 403, message: "no", details: [] } }))),
      () => false,
    );
    expect(midway.errors[0]?.status).toBe(403);
  });

  it("stops when nobody watches", async () => {
    let cancelled = false;
    const server = serverOf(
      () =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(new TextEncoder().encode(event("scores", {}))),
            cancel: () => {
              cancelled = true;
            },
          }),
        ),
    );
    await watch(server as typeof fetch, ({ messages }) => messages.length === 1);
    expect(server).toHaveBeenCalledTimes(1);
    expect(cancelled || server.mock.calls[0]?.[1]?.signal?.aborted).toBe(true);
  });
});

describe("backoff", () => {
  it("grows to a limit and is scattered", () => {
    const limits = { firstWait: 1000, longestWait: 30_000, silence: 0 };
    for (const [failures, most] of [
      [0, 1000],
      [1, 2000],
      [4, 16_000],
      [5, 30_000],
      [1000, 30_000],
    ] as const) {
      for (let i = 0; i < 50; i++) {
        const wait = backoff(failures, limits);
        expect(wait).toBeGreaterThanOrEqual(most / 2);
        expect(wait).toBeLessThanOrEqual(most);
      }
    }
  });
});
