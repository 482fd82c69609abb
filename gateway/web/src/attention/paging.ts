import { useCallback, useState } from "react";
import type { Client } from "../api/client";
import { type Action, useAction } from "../app/action";
import { type Resource, useResource } from "../app/hooks";

/** A list that is read a page at a time. */
export interface Paged<T, P> {
  /** The first page, with what it says of the whole. */
  readonly first: Resource<P>;
  /** What was read so far. */
  readonly items: readonly T[];
  /** Reads the next page; undefined when there is none. */
  readonly more: (() => void) | undefined;
  readonly action: Action;
}

/** Reads `path`, a collection with its filter, and on demand what follows. The first page is read again after `interval` milliseconds. */
export function usePaged<T, P extends { nextPageToken?: string }>(
  client: Client,
  path: string,
  itemsOf: (page: P) => readonly T[] | undefined,
  interval: number,
): Paged<T, P> {
  const [further, setFurther] = useState<{ of: string; items: readonly T[]; token: string }>();
  const load = useCallback((signal: AbortSignal) => client.get<P>(path, signal), [client, path]);
  // While more than the first page is shown, it stays as it is: items would change places among the pages.
  const beyond = further?.of === path ? further : undefined;
  const first = useResource(load, beyond === undefined ? interval : 0);
  const token = beyond?.token ?? first.value?.nextPageToken ?? "";
  const action = useAction();
  const next = async () => {
    const page = await client.get<P>(`${path}&pageToken=${encodeURIComponent(token)}`);
    setFurther({
      of: path,
      items: [...(beyond?.items ?? []), ...(itemsOf(page) ?? [])],
      token: page.nextPageToken ?? "",
    });
  };
  return {
    first,
    items: [...((first.value && itemsOf(first.value)) ?? []), ...(beyond?.items ?? [])],
    more: token === "" ? undefined : () => void action.run(next),
    action,
  };
}
