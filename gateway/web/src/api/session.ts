import { networkError, readError } from "./error";

/** What the server says of this browser. */
export interface Session {
  readonly loggedIn: boolean;
  /** Whether calls need no credential: a machine of a developer. */
  readonly development: boolean;
  /** By what people can log in. */
  readonly providers: readonly { readonly id: string; readonly displayName: string }[];
}

/** What is taken for true where the server does not say. */
export const noSession: Session = { loggedIn: false, development: false, providers: [] };

/** Asks whether somebody is logged in, and how to. */
export async function loadSession(signal?: AbortSignal): Promise<Session> {
  return (await (await call("/auth/session", { signal: signal ?? null })).json()) as Session;
}

/** Ends the session. The browser forgets it in any case; an error tells that the server still knows it. */
export async function logOut(): Promise<void> {
  await call("/auth/logout", { method: "POST" });
}

/** Where a log-in begins that leads back to a path of this page. */
export function loginAddress(provider: string, returnTo: string): string {
  return `/auth/login?${new URLSearchParams({ provider, return_to: returnTo })}`;
}

async function call(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, cache: "no-store", headers: { Accept: "application/json" } });
  } catch (cause) {
    if (init.signal?.aborted) {
      throw cause;
    }
    throw networkError(cause);
  }
  if (!response.ok) {
    throw await readError(response);
  }
  return response;
}

/** Why a log-in failed, as the server says it in the query of the address. */
export const loginErrors = ["expired", "refused", "notMember", "unavailable", "failed"] as const;

export type LoginError = (typeof loginErrors)[number];

/** Takes the code of a failed log-in out of the address bar; undefined when there is none. */
export function takeLoginError(location: Location, history: History): LoginError | undefined {
  const parameters = new URLSearchParams(location.search);
  const code = parameters.get("loginError");
  if (code === null) {
    return undefined;
  }
  parameters.delete("loginError");
  const rest = parameters.toString().replaceAll("%2F", "/");
  history.replaceState(history.state, "", location.pathname + (rest === "" ? "" : `?${rest}`) + location.hash);
  return loginErrors.find((known) => known === code) ?? "failed";
}
