import type { ErrorBody } from "./types";

/** A call that failed, in what the page needs of the documented shape. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status; 0 when the server could not be reached. */
  readonly status: number;
  /** The machine-readable reason, "" when there is none. */
  readonly reason: string;
  /** What else the reason tells, for example the questions that it is about. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The id that leads to the server's log, "" when there is none. */
  readonly requestId: string;
  /** How long to wait before another attempt, in milliseconds; 0 when the server did not say. */
  readonly retryAfter: number;

  constructor(
    message: string,
    details: {
      status: number;
      reason?: string;
      metadata?: Readonly<Record<string, string>>;
      requestId?: string;
      retryAfter?: number;
      cause?: unknown;
    },
  ) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.reason = details.reason ?? "";
    this.metadata = details.metadata ?? {};
    this.requestId = details.requestId ?? "";
    this.retryAfter = details.retryAfter ?? 0;
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status === 499 || this.status >= 500;
  }
}

/** The error of a server that cannot be reached. */
export function networkError(cause: unknown): ApiError {
  return new ApiError("the server cannot be reached", { status: 0, reason: "NETWORK", cause });
}

/** Reads the error of an answer. An answer of something else than the gateway (a proxy) keeps its status. */
export async function readError(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("X-Request-Id") ?? "";
  const retryAfter = Number(response.headers.get("Retry-After") ?? "0") * 1000 || 0;
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    body = undefined;
  }
  return errorOf(body, { status: response.status, requestId, retryAfter });
}

/** Makes an error of a decoded body, as answers and `event: error` carry it. */
export function errorOf(body: unknown, known: { status: number; requestId?: string; retryAfter?: number }): ApiError {
  if (!isErrorBody(body)) {
    return new ApiError(`HTTP ${known.status}`, known);
  }
  const { error } = body;
  let { retryAfter = 0 } = known;
  let reason = "";
  let metadata: Readonly<Record<string, string>> = {};
  for (const detail of error.details) {
    if (reason === "" && detail["@type"].endsWith("/google.rpc.ErrorInfo")) {
      reason = detail.reason ?? "";
      metadata = detail.metadata ?? {};
    }
    if (retryAfter === 0 && detail.retryDelay !== undefined) {
      retryAfter = Number.parseFloat(detail.retryDelay) * 1000 || 0;
    }
  }
  return new ApiError(error.message, { ...known, status: known.status || error.code, reason, metadata, retryAfter });
}

function isErrorBody(body: unknown): body is ErrorBody {
  return (
    typeof body === "object" &&
    body !== null &&
    "error" in body &&
    typeof body.error === "object" &&
    body.error !== null &&
    "message" in body.error &&
    "details" in body.error &&
    Array.isArray(body.error.details)
  );
}
