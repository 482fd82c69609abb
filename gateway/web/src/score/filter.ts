/** A text as filters of the API write it. */
export function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** A condition that a key, or an answer, has a value. */
export function condition(key: string, value: string): string {
  if (key === "theme" || key === "segment" || key === "theme_positive" || key === "theme_negative") {
    // A response may have several of these: it has to hold this one.
    return value === "" ? `NOT ${key}:*` : `${key}:${quoted(value)}`;
  }
  return `${key} = ${/^answers\./.test(key) && /^-?\d+(\.\d+)?$/.test(value) ? value : quoted(value)}`;
}

/** Both conditions. */
export function both(filter: string, more: string): string {
  if (filter === "" || more === "") {
    return filter + more;
  }
  return `${/ OR /i.test(filter) ? `(${filter})` : filter} AND ${more}`;
}

/** The keys of scores by which comments can be chosen, too. */
const ofComments = ["touchpoint", "channel", "location", "region", "company"] as const;

export type CommentKey = (typeof ofComments)[number];

/** What a filter asks of comments, where it asks nothing that they cannot be chosen by; else undefined. */
export function onComments(filter: string): Partial<Record<CommentKey, string>> | undefined {
  const found: Partial<Record<CommentKey, string>> = {};
  if (filter === "") {
    return found;
  }
  for (const part of filter.split(/\s+AND\s+/)) {
    const [, key, value] = /^(\w+) = "((?:[^"\\*]|\\.)+)"$/.exec(part.trim()) ?? [];
    const known = ofComments.find((candidate) => candidate === key);
    if (known === undefined || value === undefined || found[known] !== undefined) {
      return undefined;
    }
    found[known] = value.replace(/\\(.)/g, "$1");
  }
  return found;
}
