import type { TFunction } from "i18next";

const kinds = ["prices", "assortment", "loyalty", "standards", "other"] as const;

/** What a change of a policy is called: its kind, and what was changed. */
export function policyTitle(t: TFunction, policy: string, description: string): string {
  const name = policy.replace("POLICY_", "").toLowerCase();
  const kind = t(`operations.policies.of.${kinds.find((known) => known === name) ?? "other"}`);
  return description === "" ? kind : `${kind}: ${description}`;
}
