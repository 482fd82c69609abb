/** A variant with the share that it was to have. */
export interface Arm {
  readonly value: string;
  readonly share: number;
}

/** Reads `a = 50, b = 50`; a variant without a number has the share 1. Undefined where that cannot be read, no variants where nothing is written. */
export function armsOf(text: string): readonly Arm[] | undefined {
  const arms: Arm[] = [];
  for (const part of text.split(/[,;\n]/).filter((one) => one.trim() !== "")) {
    const at = part.lastIndexOf("=");
    const value = (at < 0 ? part : part.slice(0, at)).trim();
    const share =
      at < 0
        ? 1
        : Number(
            part
              .slice(at + 1)
              .replace("%", "")
              .trim() || Number.NaN,
          );
    if (value === "" || !(share > 0) || arms.some((arm) => arm.value === value)) {
      return undefined;
    }
    arms.push({ value, share });
  }
  return arms;
}
