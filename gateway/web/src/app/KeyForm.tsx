import { type FormEvent, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

/** Why somebody stands before the door again. */
export type KeyProblem = "refused" | "forbidden" | "sessionEnded" | "sessionKept" | "memberForbidden";

/** Asks for the key. It is the first thing on the page where nobody can log in. */
export function KeyForm(props: { problem: KeyProblem | undefined; submit: (key: string) => void; first: boolean }) {
  const { problem, submit } = props;
  const Title = props.first ? "h1" : "h2";
  const { t } = useTranslation();
  const [empty, setEmpty] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const message = empty ? t("key.empty") : problem && t(`key.${problem as "refused"}`);

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
    <form className="card key" onSubmit={onSubmit} noValidate>
      <Title>{t("key.title")}</Title>
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
  );
}
