/** A value of an enumeration that the server always states. */
export function known<T extends string>(value: T | undefined): Exclude<T, `${string}_UNSPECIFIED`> {
  return value as Exclude<T, `${string}_UNSPECIFIED`>;
}
