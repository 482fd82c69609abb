/** A linear scale from values to places. */
export function linear(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
): (value: number) => number {
  const span = high - low || 1;
  return (value) => from + ((value - low) / span) * (to - from);
}

/** Round numbers from `low` to `high`, about `count` of them. */
export function ticks(low: number, high: number, count: number): readonly number[] {
  const raw = (high - low) / Math.max(1, count);
  if (!(raw > 0) || !Number.isFinite(raw)) {
    return [low];
  }
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw) ?? 10 * power;
  const found: number[] = [];
  // By whole steps: adding them up would let the error grow.
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    found.push(i === 0 ? 0 : i * step);
  }
  return found;
}

/** How many decimals tell ticks of this distance apart. */
export function digitsOf(marks: readonly number[]): number {
  const [first, second] = marks;
  if (first === undefined || second === undefined) {
    return 1;
  }
  return Math.max(0, -Math.floor(Math.log10(Math.abs(second - first)) + 1e-9));
}

/** The least span that holds all values, with a little room on both sides. */
export function extent(values: readonly number[], room = 0.06): readonly [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) {
    return [0, 1];
  }
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const pad = (high - low || Math.abs(high) || 1) * room;
  return [low - pad, high + pad];
}

/** Breaks a text into lines of at most `width` characters, and what does not fit into `most` lines ends with an ellipsis. */
export function wrap(text: string, width: number, most: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  const cut = lines.slice(0, most).map((part) => (part.length > width ? `${part.slice(0, width - 1)}…` : part));
  const last = cut.at(-1) ?? "";
  if (lines.length > most && !last.endsWith("…")) {
    cut[most - 1] = last.length + 1 > width ? `${last.slice(0, width - 1)}…` : `${last}…`;
  }
  return cut;
}
