import { useTranslation } from "react-i18next";
import { type LoginError, loginAddress, type Session } from "../api/session";
import { KeyForm, type KeyProblem } from "./KeyForm";

/** Where people log in, and where a key can be entered. */
export function Entrance(props: {
  session: Session;
  problem: KeyProblem | undefined;
  loginError: LoginError | undefined;
  submit: (key: string) => void;
}) {
  const { t } = useTranslation();
  const { providers } = props.session;
  const ofSession =
    props.problem === "sessionEnded" || props.problem === "sessionKept" || props.problem === "memberForbidden";
  const message =
    props.loginError === undefined
      ? ofSession && t(`login.${props.problem}` as "login.sessionEnded")
      : t(`login.error.${props.loginError}`);
  const form = (
    <KeyForm problem={ofSession ? undefined : props.problem} submit={props.submit} first={providers.length === 0} />
  );
  return (
    <main className="center">
      {providers.length === 0 ? (
        <div className="entrance">
          {message && (
            <p className="problem" role="alert">
              {message}
            </p>
          )}
          {form}
        </div>
      ) : (
        <div className="entrance">
          <section className="card login">
            <h1>{t("login.title")}</h1>
            <p>{t("login.explain")}</p>
            {message && (
              <p className="problem" role="alert">
                {message}
              </p>
            )}
            {providers.map((provider) => (
              <a
                key={provider.id}
                className="button"
                href={loginAddress(provider.id, location.pathname + location.search)}
              >
                {t("login.with", { provider: provider.displayName })}
              </a>
            ))}
          </section>
          <details open={props.problem !== undefined && !ofSession}>
            <summary>{t("login.byKey")}</summary>
            {form}
          </details>
        </div>
      )}
    </main>
  );
}
