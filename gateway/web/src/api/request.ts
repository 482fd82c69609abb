/** An identifier of a call that makes repeating it harmless. crypto.randomUUID is missing on pages without TLS. */
export function newRequestId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
