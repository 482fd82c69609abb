/** A hash as people note it: hexadecimal, from the base64 of the API. */
export function hexOf(base64: string | undefined): string {
  return Array.from(atob(base64 ?? ""), (c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** The base64 of a hash in hexadecimal; undefined for what is no SHA-256. */
export function base64Of(hex: string): string | undefined {
  const digits = hex.replaceAll(/\s/g, "").toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(digits)) {
    return undefined;
  }
  return btoa(String.fromCharCode(...(digits.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))));
}
