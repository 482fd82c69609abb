import { useCallback } from "react";
import type { Client } from "../api/client";
import { type Resource, useResource } from "../app/hooks";

/** Asks for an analysis; again when the request is another one. */
export function useAnalysis<T>(client: Client, path: string, request: unknown): Resource<T> {
  const text = request === undefined ? undefined : JSON.stringify(request);
  const load = useCallback(
    (signal: AbortSignal) => client.send<T>("POST", path, JSON.parse(text ?? "{}"), signal),
    [client, path, text],
  );
  return useResource(text === undefined ? undefined : load);
}
