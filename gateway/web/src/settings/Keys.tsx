import { type FormEvent, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { ApiKey, ApiKeyWithSecret } from "../api/types";
import { useAction } from "../app/action";
import { useResource } from "../app/hooks";
import {
  Cards,
  Choices,
  ConfirmButton,
  Failure,
  Field,
  FormEnd,
  ListField,
  Moment,
  Panel,
  Secret,
  UnitFields,
  UnitsText,
  unitsOf,
  unitTexts,
  useCollection,
} from "./parts";
import { RoleChoices, RolesText } from "./Roles";
import { isRestricted, linesOf } from "./units";

interface Props {
  client: Client;
  may: (permission: string) => boolean;
}

/** The keys of programs. */
export function Keys({ client, may }: Props) {
  const { t } = useTranslation();
  const keys = useCollection<ApiKey>(client, "apiKeys");
  const [made, setMade] = useState<{ name: string; secret: string }>();
  const told = (answer: ApiKeyWithSecret) => {
    setMade({ name: answer.apiKey?.displayName ?? "", secret: answer.secret ?? "" });
    keys.reload();
  };
  return (
    <Panel title={t("settings.keys.title")} hint={t("settings.keys.hint")}>
      {made !== undefined && (
        <Secret
          title={t("settings.keys.secretOf", { name: made.name })}
          secret={made.secret}
          done={() => setMade(undefined)}
        />
      )}
      {may("access.keys.create") && <NewKey client={client} told={told} />}
      <Cards
        things={keys}
        none={t("settings.keys.none")}
        card={(key) => <KeyCard apiKey={key} client={client} may={may} told={told} changed={keys.reload} />}
      />
    </Panel>
  );
}

/** How a key stands. */
export function stateOfKey(key: ApiKey, now: number = Date.now()): "active" | "revoked" | "expired" {
  if (key.revokeTime) {
    return "revoked";
  }
  return key.expireTime && Date.parse(key.expireTime) <= now ? "expired" : "active";
}

function KeyCard(props: Props & { apiKey: ApiKey; told: (answer: ApiKeyWithSecret) => void; changed: () => void }) {
  const { apiKey, client, may } = props;
  const { t } = useTranslation();
  const action = useAction();
  const state = stateOfKey(apiKey);
  const secrets = apiKey.secrets ?? [];
  return (
    <>
      <div className="heading">
        <h3>{apiKey.displayName}</h3>
        <span className="state">{t(`settings.keys.kind.${kindOf(apiKey)}`)}</span>
        {state !== "active" && <span className="state off">{t(`settings.keys.state.${state}`)}</span>}
      </div>
      <dl className="facts">
        <Fact name={t("settings.name")}>
          <code>{apiKey.name}</code>
        </Fact>
        {kindOf(apiKey) === "secret" && (
          <Fact name={t("settings.roles.title")}>
            <RolesText roles={apiKey.roles} />
          </Fact>
        )}
        {(kindOf(apiKey) === "publishable" || (apiKey.surveys ?? []).length > 0) && (
          <Fact name={t("settings.keys.surveys")}>
            {(apiKey.surveys ?? []).join(", ") || <span className="muted">{t("settings.keys.allSurveys")}</span>}
          </Fact>
        )}
        {(apiKey.origins ?? []).length > 0 && (
          <Fact name={t("settings.keys.origins")}>{apiKey.origins?.join(", ")}</Fact>
        )}
        {isRestricted(apiKey.units) && (
          <Fact name={t("settings.units.title")}>
            <UnitsText units={apiKey.units} />
          </Fact>
        )}
        {secrets.length > 0 && (
          <Fact name={t("settings.keys.secrets")}>
            {secrets.map((secret) => (
              <span key={`${secret.hint}${secret.createTime}`} className="line">
                <code>…{secret.hint}</code>
                {secret.expireTime && (
                  <>
                    {" "}
                    {t("settings.keys.until")} <Moment of={secret.expireTime} none="" />
                  </>
                )}
              </span>
            ))}
          </Fact>
        )}
        <Fact name={t("settings.keys.lastUse")}>
          <Moment of={apiKey.lastUseTime} none={t("settings.never")} />
        </Fact>
        {apiKey.expireTime && (
          <Fact name={t("settings.keys.expires")}>
            <Moment of={apiKey.expireTime} none="" />
          </Fact>
        )}
      </dl>
      <Failure error={action.error} />
      {state === "active" && (
        <div className="row">
          {may("access.keys.rotate") && (
            <Rotate
              busy={action.busy}
              rotate={(overlap) =>
                void action.run(async () =>
                  props.told(await client.send("POST", `${apiKey.name}:rotate`, { overlap: `${overlap}s` })),
                )
              }
            />
          )}
          {may("access.keys.revoke") && (
            <ConfirmButton
              label={t("settings.keys.revoke")}
              question={t("settings.keys.revokeQuestion")}
              confirm={t("settings.keys.revoke")}
              disabled={action.busy}
              act={() =>
                void action.run(async () => {
                  await client.send("POST", `${apiKey.name}:revoke`, {});
                  props.changed();
                })
              }
            />
          )}
        </div>
      )}
    </>
  );
}

/** A name and what goes with it. */
export function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function kindOf(key: ApiKey): "publishable" | "secret" {
  return key.kind === "KIND_PUBLISHABLE" ? "publishable" : "secret";
}

/** For how long the secret before goes on working, in seconds. */
export const overlaps = { none: 0, hour: 3600, day: 86_400, week: 604_800 } as const;

/** Asks for how long the secret before shall go on working. */
export function Rotate({ busy, rotate }: { busy: boolean; rotate: (overlap: number) => void }) {
  const { t } = useTranslation();
  const [overlap, setOverlap] = useState<keyof typeof overlaps>("day");
  return (
    <span className="row">
      <label className="inline">
        <span>{t("settings.rotate.overlap")}</span>
        <select value={overlap} onChange={(e) => setOverlap(e.target.value as keyof typeof overlaps)}>
          {Object.keys(overlaps).map((choice) => (
            <option key={choice} value={choice}>
              {t(`settings.rotate.${choice as keyof typeof overlaps}`)}
            </option>
          ))}
        </select>
      </label>
      <button type="button" disabled={busy} onClick={() => rotate(overlaps[overlap])}>
        {t("settings.rotate.act")}
      </button>
    </span>
  );
}

function NewKey({ client, told }: { client: Client; told: (answer: ApiKeyWithSecret) => void }) {
  const { t } = useTranslation();
  const action = useAction();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [publishable, setPublishable] = useState(true);
  const [roles, setRoles] = useState<readonly string[]>([]);
  const [surveys, setSurveys] = useState<readonly string[]>([]);
  const [origins, setOrigins] = useState("");
  const [units, setUnits] = useState(unitTexts(undefined));
  const [expires, setExpires] = useState("");
  const load = useCallback((signal: AbortSignal) => client.surveys(signal), [client]);
  const known = useResource(open ? load : undefined);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const restricted = unitsOf(units);
    const apiKey: ApiKey = {
      displayName: name.trim(),
      kind: publishable ? "KIND_PUBLISHABLE" : "KIND_SECRET",
      surveys,
      ...(publishable ? { origins: linesOf(origins) } : { roles }),
      ...(!publishable && isRestricted(restricted) ? { units: restricted } : {}),
      ...(expires === "" ? {} : { expireTime: new Date(`${expires}T23:59:59`).toISOString() }),
    };
    if (await action.run(async () => told(await client.send("POST", "apiKeys", { apiKey })))) {
      setOpen(false);
      setName("");
      setRoles([]);
      setSurveys([]);
      setOrigins("");
      setUnits(unitTexts(undefined));
      setExpires("");
    }
  };

  if (!open) {
    return (
      <button type="button" className="primary" onClick={() => setOpen(true)}>
        {t("settings.keys.create")}
      </button>
    );
  }
  return (
    <form className="card form" onSubmit={(e) => void submit(e)}>
      <h3>{t("settings.keys.create")}</h3>
      <Field label={t("settings.displayName")} value={name} change={setName} required maxLength={200} />
      <fieldset className="choices">
        <legend>{t("settings.keys.kindTitle")}</legend>
        {([true, false] as const).map((choice) => (
          <label key={String(choice)} className="choice">
            <input type="radio" name="kind" checked={publishable === choice} onChange={() => setPublishable(choice)} />
            <span>
              {t(`settings.keys.kind.${choice ? "publishable" : "secret"}`)}
              <span className="muted small"> — {t(`settings.keys.kindHint.${choice ? "publishable" : "secret"}`)}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {!publishable && <RoleChoices chosen={roles} change={setRoles} />}
      {(known.value?.length ?? 0) > 0 && (
        <Choices
          legend={t("settings.keys.surveysChoice")}
          options={(known.value ?? []).map((survey) => survey.name ?? "")}
          chosen={surveys}
          change={setSurveys}
          text={(survey) => known.value?.find((other) => other.name === survey)?.displayName ?? survey}
          hint={(survey) => survey}
        />
      )}
      {publishable && (
        <ListField
          label={t("settings.keys.origins")}
          hint={t("settings.keys.originsHint")}
          value={origins}
          change={setOrigins}
        />
      )}
      {!publishable && <UnitFields value={units} change={setUnits} />}
      <Field
        label={t("settings.keys.expires")}
        hint={t("settings.keys.expiresHint")}
        type="date"
        value={expires}
        change={setExpires}
      />
      <FormEnd action={action} submit={t("settings.keys.create")} cancel={() => setOpen(false)} />
    </form>
  );
}
