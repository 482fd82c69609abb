/** The secret of the link that leads here; "" where the address is of no link. It is kept nowhere but in the address. */
export function secretOf(path: string): string {
  return /^\/r\/([^/]+)$/.exec(path)?.[1] ?? "";
}
