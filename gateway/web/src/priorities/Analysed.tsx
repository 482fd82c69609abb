import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Resource } from "../app/hooks";
import { Refusal } from "./Refusal";
import type { Subject } from "./subject";

/** An analysis once it is there; meanwhile that it is computed, or why there is none. */
export function Analysed<T>(props: { of: Resource<T>; subject: Subject; children: (value: T) => ReactNode }) {
  const { t } = useTranslation();
  const { value, error, reload } = props.of;
  if (error !== undefined) {
    return <Refusal error={error} retry={reload} subject={props.subject} />;
  }
  if (value === undefined) {
    return (
      <p className="card computing" role="status">
        {t("priorities.computing")}
      </p>
    );
  }
  return props.children(value);
}
