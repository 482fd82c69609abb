import type { Client } from "../api/client";
import type { Address } from "../app/address";
import type { Days } from "./query";

/** What is looked at, and how it is spoken of. */
export interface View {
  readonly client: Client;
  readonly may: (permission: string) => boolean;
  readonly address: Address;
  readonly change: (part: Partial<Address>) => void;
  readonly days: Days;
  /** How places and regions are called, by their names of the directory. */
  readonly titleOf: (name: string | undefined) => string;
  /** The places of the region that the address names, as far as the directory lists them; undefined where it names none. */
  readonly places: readonly string[] | undefined;
}
