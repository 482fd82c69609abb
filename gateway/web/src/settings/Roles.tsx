import { useTranslation } from "react-i18next";
import { Choices } from "./parts";
import { isKnownRole, memberRoles, type Role } from "./roles";

/** Roles to tick. */
export function RoleChoices(props: { chosen: readonly string[]; change: (roles: readonly string[]) => void }) {
  const { t } = useTranslation();
  const others = props.chosen.filter((role) => !isKnownRole(role));
  return (
    <Choices<string>
      legend={t("settings.roles.title")}
      options={[...memberRoles, ...others]}
      chosen={props.chosen}
      change={props.change}
      text={(role) => (isKnownRole(role) ? t(`settings.roles.${role}`) : role)}
      hint={(role) => (isKnownRole(role) ? t(`settings.roles.${role as Role}Hint`) : undefined)}
    />
  );
}

/** Roles in words. */
export function RolesText({ roles }: { roles: readonly string[] | undefined }) {
  const { t } = useTranslation();
  return <>{(roles ?? []).map((role) => (isKnownRole(role) ? t(`settings.roles.${role}`) : role)).join(", ")}</>;
}
