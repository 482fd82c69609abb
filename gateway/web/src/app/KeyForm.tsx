import { type FormEvent, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

/** Why a key is asked for again. */
export type KeyProblem = "refused" | "forbidden";

/** Asks for the key. */
export function KeyForm({ problem, submit }: { problem: KeyProblem | undefined; submit: (key: string) => void }) {
  const { t } = useTranslation();
  const [empty, setEmpty] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const message = empty ? t("key.empty") : problem && t(`key.${problem}`);

  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const key = field.current?.value.trim() ?? "";
    setEmpty(key === "");
    if (key === "") {
      field.current?.focus();
      return;
    }
    submit(key);
  };

  return (
    <main className="center">
      <form className="card key" onSubmit={onSubmit} noValidate>
        <h1>{t("key.title")}</h1>
        <p>{t("key.explain")}</p>
        <label htmlFor={id}>{t("key.label")}</label>
        <input
          ref={field}
          id={id}
          type="password"
          autoComplete="off"
          spellCheck={false}
          aria-invalid={message !== undefined}
          aria-describedby={message === undefined ? undefined : `${id}-message`}
        />
        {message !== undefined && (
          <p id={`${id}-message`} className="problem" role="alert">
            {message}
          </p>
        )}
        <button type="submit">{t("key.submit")}</button>
      </form>
    </main>
  );
}
