import { useTranslation } from "react-i18next";
import { Go } from "../app/Go";
import { both, condition } from "../score/filter";
import { type Subject, valueTitle } from "./subject";

/** A part of the answers by its name, which leads to the answers behind it: of a theme to what was written, of others to their scores. */
export function Behind({ subject, by, value }: { subject: Subject; by: string; value: string }) {
  const { t } = useTranslation();
  const title = valueTitle(subject, t, by, value);
  const { address } = subject;
  if (by === "theme" && value !== "") {
    const to = { page: "comments", aspect: `aspects/${value}`, sentiment: "", words: "" };
    return (
      <Go {...subject} to={to}>
        {title}
      </Go>
    );
  }
  return (
    <Go
      {...subject}
      to={{ page: "", question: address.outcome, metric: "", filter: both(address.filter, condition(by, value)) }}
    >
      {title}
    </Go>
  );
}
