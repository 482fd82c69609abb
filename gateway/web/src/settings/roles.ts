/** The roles that members can have. */
export const memberRoles = [
  "viewer",
  "staff",
  "manager",
  "analyst",
  "target_owner",
  "definition_editor",
  "admin",
  "auditor",
] as const;

export type Role = (typeof memberRoles)[number];

/** Whether a text names a role that the app has words for. */
export function isKnownRole(role: string): role is Role {
  return (memberRoles as readonly string[]).includes(role);
}

/** The roles without units that would see nothing, or too much: they need some. */
export function needsUnits(roles: readonly string[]): boolean {
  return roles.includes("staff") || roles.includes("manager");
}
