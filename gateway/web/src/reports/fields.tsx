import { type ReactNode, useId } from "react";

/** A choice of a form with its name and a hint. */
export function Select(props: {
  label: string;
  hint?: string | undefined;
  value: string;
  disabled?: boolean;
  change: (value: string) => void;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      <select
        id={id}
        value={props.value}
        disabled={props.disabled}
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
        onChange={(e) => props.change(e.target.value)}
      >
        {props.children}
      </select>
      {props.hint !== undefined && (
        <p id={`${id}-hint`} className="muted small">
          {props.hint}
        </p>
      )}
    </div>
  );
}

/** The choices of a Select that are told by their names. */
export function Options<T extends string>({ of, text }: { of: readonly T[]; text: (option: T) => string }) {
  return of.map((option) => (
    <option key={option} value={option}>
      {text(option)}
    </option>
  ));
}

/** A text or a choice with suggestions, of which there may be many. */
export function Suggested(props: {
  label: string;
  hint?: string | undefined;
  value: string;
  required?: boolean;
  change: (value: string) => void;
  suggestions: readonly (readonly [string, string])[];
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        list={`${id}-list`}
        value={props.value}
        required={props.required ?? false}
        autoComplete="off"
        spellCheck={false}
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
        onChange={(e) => props.change(e.target.value)}
      />
      <datalist id={`${id}-list`}>
        {props.suggestions.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </datalist>
      {props.hint !== undefined && (
        <p id={`${id}-hint`} className="muted small">
          {props.hint}
        </p>
      )}
    </div>
  );
}
