import { type ReactNode, useCallback, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { ApiError } from "../api/error";
import type { Units } from "../api/types";
import type { Action } from "../app/action";
import { type Resource, useFormat, useResource } from "../app/hooks";
import { isRestricted, linesOf, unitKinds } from "./units";

/** All things of a collection, unless they are not wanted. */
export function useCollection<T>(
  client: Client,
  collection: "apiKeys" | "erasures" | "members" | "webhooks",
  wanted = true,
): Resource<readonly T[]> {
  const load = useCallback(
    (signal: AbortSignal) => client.all<T>(collection, collection, signal),
    [client, collection],
  );
  return useResource(wanted ? load : undefined);
}

/** The things of a collection, each on a card. */
export function Cards<T extends { readonly name?: string }>(props: {
  things: Resource<readonly T[]>;
  none: string;
  card: (thing: T) => ReactNode;
}) {
  const { t } = useTranslation();
  const { value, error } = props.things;
  return (
    <>
      <Failure error={error} />
      {value === undefined && error === undefined && <p role="status">{t("loading")}</p>}
      {value?.length === 0 && <p className="muted">{props.none}</p>}
      <ul className="things">
        {value?.map((thing) => (
          <li key={thing.name} className="card">
            {props.card(thing)}
          </li>
        ))}
      </ul>
    </>
  );
}

const explained = [
  "ALREADY_EXISTS",
  "API_KEY_REVOKED",
  "ESCALATION",
  "ETAG_MISMATCH",
  "LAST_ADMINISTRATOR",
  "ROLES_CONFLICT",
  "UNITS_REQUIRED",
  "URL_REFUSED",
] as const;

/** Says why an action failed. */
export function Failure({ error }: { error: ApiError | undefined }) {
  const { t } = useTranslation();
  if (error === undefined) {
    return null;
  }
  const known = explained.find((reason) => reason === error.reason);
  let text = t("error.generic", { message: error.message });
  if (known !== undefined) {
    text = t(`settings.failure.${known}`);
  } else if (error.status === 0) {
    text = t("error.network");
  } else if (error.status === 403) {
    text = t("settings.failure.forbidden");
  } else if (error.status === 404) {
    text = t("settings.failure.gone");
  }
  return (
    <div className="problem" role="alert">
      <p>{text}</p>
      {error.requestId !== "" && error.status >= 500 && (
        <p className="small">{t("error.id", { id: error.requestId })}</p>
      )}
    </div>
  );
}

/** A field of a form with its name and a hint. */
export function Field(props: {
  label: string;
  hint?: string | undefined;
  value: string;
  change: (value: string) => void;
  type?: "text" | "email" | "url" | "date" | "datetime-local";
  required?: boolean;
  maxLength?: number;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        type={props.type ?? "text"}
        value={props.value}
        required={props.required ?? false}
        maxLength={props.maxLength}
        autoComplete="off"
        spellCheck={false}
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
        onChange={(e) => props.change(e.target.value)}
      />
      {props.hint !== undefined && (
        <p id={`${id}-hint`} className="muted small">
          {props.hint}
        </p>
      )}
    </div>
  );
}

/** A field that takes a list, one to a line. */
export function ListField(props: { label: string; hint?: string; value: string; change: (value: string) => void }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      <textarea
        id={id}
        rows={3}
        value={props.value}
        spellCheck={false}
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
        onChange={(e) => props.change(e.target.value)}
      />
      {props.hint !== undefined && (
        <p id={`${id}-hint`} className="muted small">
          {props.hint}
        </p>
      )}
    </div>
  );
}

/** Boxes to tick. */
export function Choices<T extends string>(props: {
  legend: string;
  options: readonly T[];
  chosen: readonly T[];
  change: (chosen: readonly T[]) => void;
  text: (option: T) => string;
  hint?: (option: T) => string | undefined;
}) {
  return (
    <fieldset className="choices">
      <legend>{props.legend}</legend>
      {props.options.map((option) => (
        <label key={option} className="choice">
          <input
            type="checkbox"
            checked={props.chosen.includes(option)}
            onChange={(e) =>
              props.change(
                e.target.checked ? [...props.chosen, option] : props.chosen.filter((other) => other !== option),
              )
            }
          />
          <span>
            {props.text(option)}
            {props.hint?.(option) !== undefined && <span className="muted small"> — {props.hint(option)}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Units as somebody types them: a list for each kind. */
export type UnitTexts = Record<(typeof unitKinds)[number], string>;

export function unitTexts(units: Units | undefined): UnitTexts {
  const text = (list: readonly string[] | undefined) => (list ?? []).join("\n");
  return {
    regions: text(units?.regions),
    locations: text(units?.locations),
    companies: text(units?.companies),
    employees: text(units?.employees),
  };
}

export function unitsOf(texts: UnitTexts): Units {
  return {
    regions: linesOf(texts.regions),
    locations: linesOf(texts.locations),
    companies: linesOf(texts.companies),
    employees: linesOf(texts.employees),
  };
}

/** The units that somebody is restricted to, to be typed. */
export function UnitFields({ value, change }: { value: UnitTexts; change: (value: UnitTexts) => void }) {
  const { t } = useTranslation();
  return (
    <fieldset className="choices">
      <legend>{t("settings.units.title")}</legend>
      <p className="muted small">{t("settings.units.hint")}</p>
      <div className="fields">
        {unitKinds.map((kind) => (
          <ListField
            key={kind}
            label={t(`settings.units.${kind}`)}
            value={value[kind]}
            change={(text) => change({ ...value, [kind]: text })}
          />
        ))}
      </div>
    </fieldset>
  );
}

/** Units in words. */
export function UnitsText({ units }: { units: Units | undefined }) {
  const { t } = useTranslation();
  if (!isRestricted(units)) {
    return <span className="muted">{t("settings.units.all")}</span>;
  }
  return (
    <>
      {unitKinds
        .filter((kind) => (units?.[kind]?.length ?? 0) > 0)
        .map((kind) => `${t(`settings.units.${kind}`)}: ${units?.[kind]?.join(", ")}`)
        .join("; ")}
    </>
  );
}

/** A moment, or that there was none. */
export function Moment({ of, none }: { of: string | undefined; none: string }) {
  const format = useFormat();
  return of === undefined || of === null ? <span className="muted">{none}</span> : format.moment(of);
}

/** A secret, which is shown once. */
export function Secret({ title, secret, done }: { title: string; secret: string; done: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [copied, setCopied] = useState(false);
  return (
    <section className="card secret" aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>{title}</h3>
      <label htmlFor={id}>{t("settings.secret.once")}</label>
      <div className="row">
        <input id={id} readOnly value={secret} onFocus={(e) => e.target.select()} spellCheck={false} />
        {navigator.clipboard !== undefined && (
          <button
            type="button"
            onClick={() =>
              void navigator.clipboard.writeText(secret).then(
                () => setCopied(true),
                () => setCopied(false),
              )
            }
          >
            {copied ? t("settings.secret.copied") : t("settings.secret.copy")}
          </button>
        )}
        <button type="button" onClick={done}>
          {t("settings.secret.done")}
        </button>
      </div>
      <p role="status" className="hidden">
        {copied && t("settings.secret.copied")}
      </p>
    </section>
  );
}

/** A button whose effect cannot be taken back: it asks first. */
export function ConfirmButton(props: {
  label: string;
  question: string;
  confirm: string;
  disabled?: boolean;
  act: () => void;
}) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  if (!asking) {
    return (
      <button type="button" disabled={props.disabled} onClick={() => setAsking(true)}>
        {props.label}
      </button>
    );
  }
  return (
    <span className="question" role="alertdialog" aria-label={props.question}>
      <span>{props.question}</span>
      <button
        type="button"
        className="danger"
        // biome-ignore lint/a11y/noAutofocus: the button has just taken the place of the one that had the focus
        autoFocus
        onClick={() => {
          setAsking(false);
          props.act();
        }}
      >
        {props.confirm}
      </button>
      <button type="button" onClick={() => setAsking(false)}>
        {t("settings.cancel")}
      </button>
    </span>
  );
}

/** The end of a form: why it failed, and the buttons. */
export function FormEnd(props: { action: Action; submit: string; disabled?: boolean; cancel: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Failure error={props.action.error} />
      <div className="row">
        <button type="submit" disabled={props.action.busy || props.disabled}>
          {props.submit}
        </button>
        <button type="button" onClick={props.cancel}>
          {t("settings.cancel")}
        </button>
      </div>
    </>
  );
}

/** A part of the settings with its title and what it is for. */
export function Panel({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <section className="panel">
      <h2>{title}</h2>
      {hint !== undefined && <p className="muted">{hint}</p>}
      {children}
    </section>
  );
}
