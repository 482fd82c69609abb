const storageName = "otklik.key";

/** The key of this tab, or "" when there is none. */
export function storedKey(storage: Storage = sessionStorage): string {
  return storage.getItem(storageName) ?? "";
}

/** Keeps the key for this tab. */
export function storeKey(key: string, storage: Storage = sessionStorage): void {
  storage.setItem(storageName, key);
}

/** Forgets the key. */
export function forgetKey(storage: Storage = sessionStorage): void {
  storage.removeItem(storageName);
}

/**
 * Takes a key out of the fragment (`#key=…`) and out of the address bar, so that it is neither bookmarked nor shared. A fragment never
 * reaches a server.
 */
export function takeKeyFromFragment(location: Location, history: History, storage: Storage = sessionStorage): void {
  const fragment = new URLSearchParams(location.hash.replace(/^#/, ""));
  const key = fragment.get("key");
  if (key === null) {
    return;
  }
  if (key.trim() !== "") {
    storeKey(key.trim(), storage);
  }
  fragment.delete("key");
  const rest = fragment.toString();
  history.replaceState(history.state, "", location.pathname + location.search + (rest === "" ? "" : `#${rest}`));
}
