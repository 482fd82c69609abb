import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { Member } from "../api/types";
import { useAction } from "../app/action";
import { Fact } from "./Keys";
import {
  Cards,
  ConfirmButton,
  Failure,
  Field,
  FormEnd,
  Moment,
  Panel,
  UnitFields,
  UnitsText,
  unitsOf,
  unitTexts,
  useCollection,
} from "./parts";
import { RoleChoices, RolesText } from "./Roles";
import { needsUnits } from "./roles";
import { isRestricted } from "./units";

interface Props {
  client: Client;
  may: (permission: string) => boolean;
}

/** Who may log in, and what they may do. */
export function Members({ client, may }: Props) {
  const { t } = useTranslation();
  const members = useCollection<Member>(client, "members");
  const [adding, setAdding] = useState(false);
  return (
    <Panel title={t("settings.members.title")} hint={t("settings.members.hint")}>
      {may("access.members.create") && !adding && (
        <button type="button" className="primary" onClick={() => setAdding(true)}>
          {t("settings.members.add")}
        </button>
      )}
      {adding && (
        <MemberForm
          save={async (member) => {
            await client.send("POST", "members", { member });
            setAdding(false);
            members.reload();
          }}
          cancel={() => setAdding(false)}
        />
      )}
      <Cards
        things={members}
        none={t("settings.members.none")}
        card={(member) => <MemberCard member={member} client={client} may={may} changed={members.reload} />}
      />
    </Panel>
  );
}

function MemberCard({ member, client, may, changed }: Props & { member: Member; changed: () => void }) {
  const { t } = useTranslation();
  const action = useAction();
  const [editing, setEditing] = useState(false);
  const patch = async (change: Member, updateMask: string) => {
    await client.send("PATCH", member.name ?? "", { member: { ...change, etag: member.etag ?? "" }, updateMask });
    changed();
  };
  if (editing) {
    return (
      <MemberForm
        member={member}
        save={async (change) => {
          await patch(change, "displayName,roles,units");
          setEditing(false);
        }}
        cancel={() => setEditing(false)}
      />
    );
  }
  return (
    <>
      <div className="heading">
        <h3>{member.displayName || member.email || member.subject}</h3>
        {member.disabled && <span className="state off">{t("settings.members.disabled")}</span>}
      </div>
      <dl className="facts">
        {member.email && <Fact name={t("settings.members.email")}>{member.email}</Fact>}
        {member.subject && (
          <Fact name={t("settings.members.subject")}>
            <code>{member.subject}</code>
          </Fact>
        )}
        <Fact name={t("settings.roles.title")}>
          <RolesText roles={member.roles} />
        </Fact>
        <Fact name={t("settings.units.title")}>
          <UnitsText units={member.units} />
        </Fact>
        <Fact name={t("settings.members.lastLogin")}>
          <Moment of={member.lastLoginTime} none={t("settings.never")} />
        </Fact>
      </dl>
      <Failure error={action.error} />
      <div className="row">
        {may("access.members.update") && (
          <>
            <button type="button" onClick={() => setEditing(true)}>
              {t("settings.edit")}
            </button>
            <button
              type="button"
              disabled={action.busy}
              onClick={() => void action.run(() => patch({ disabled: !member.disabled }, "disabled"))}
            >
              {member.disabled ? t("settings.members.enable") : t("settings.members.disable")}
            </button>
          </>
        )}
        {may("access.members.delete") && (
          <ConfirmButton
            label={t("settings.remove")}
            question={t("settings.members.removeQuestion")}
            confirm={t("settings.remove")}
            disabled={action.busy}
            act={() =>
              void action.run(async () => {
                await client.send("DELETE", member.name ?? "");
                changed();
              })
            }
          />
        )}
      </div>
    </>
  );
}

/** A member to add or to change. */
function MemberForm(props: { member?: Member; save: (member: Member) => Promise<void>; cancel: () => void }) {
  const { t } = useTranslation();
  const action = useAction();
  const { member } = props;
  const [name, setName] = useState(member?.displayName ?? "");
  const [email, setEmail] = useState("");
  const [roles, setRoles] = useState<readonly string[]>(member?.roles ?? ["viewer"]);
  const [units, setUnits] = useState(unitTexts(member?.units));
  const restricted = unitsOf(units);
  const missing = needsUnits(roles) && !isRestricted(restricted);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void action.run(() =>
      props.save({
        displayName: name.trim(),
        roles,
        ...(member === undefined ? { email: email.trim() } : {}),
        ...(isRestricted(restricted) || member !== undefined ? { units: restricted } : {}),
      }),
    );
  };

  return (
    <form className={member === undefined ? "card form" : "form"} onSubmit={submit}>
      <h3>{member === undefined ? t("settings.members.add") : member.displayName || member.email}</h3>
      <Field label={t("settings.displayName")} value={name} change={setName} maxLength={200} />
      {member === undefined && (
        <Field
          label={t("settings.members.email")}
          hint={t("settings.members.emailHint")}
          type="email"
          value={email}
          change={setEmail}
          required
        />
      )}
      <RoleChoices chosen={roles} change={setRoles} />
      <UnitFields value={units} change={setUnits} />
      {missing && <p className="problem">{t("settings.failure.UNITS_REQUIRED")}</p>}
      <FormEnd
        action={action}
        submit={t("settings.save")}
        disabled={missing || roles.length === 0}
        cancel={props.cancel}
      />
    </form>
  );
}
