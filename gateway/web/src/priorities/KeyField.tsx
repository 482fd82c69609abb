import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys, keyTitle, type Subject } from "./subject";

/** Chooses what answers are told apart by: a key that each may have, an attribute of the organisation's own, or, if wanted, a question. */
export function KeyField(props: {
  label: string;
  subject: Subject;
  value: string;
  choose: (key: string) => void;
  /** Whether questions are offered, too. */
  questions?: boolean;
}) {
  const { label, subject, value, choose, questions = false } = props;
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const attribute = value.startsWith("attributes.") ? value.slice("attributes.".length) : "";
  const asked = asking || attribute !== "";
  const offered = subject.questions.filter((question) => question.freeText === undefined);
  return (
    <>
      <label>
        <span>{label}</span>
        <select
          value={asked ? "attribute" : value}
          onChange={(e) => {
            const chosen = e.target.value;
            setAsking(chosen === "attribute");
            if (chosen !== "attribute") {
              choose(chosen);
            }
          }}
        >
          {keys.map((key) => (
            <option key={key} value={key}>
              {keyTitle(subject, t, key)}
            </option>
          ))}
          <option value="attribute">{t("priorities.attribute")}</option>
          {questions && (
            <optgroup label={t("priorities.questions")}>
              {offered.map((question) => (
                <option key={question.id} value={`answers.${question.id}`}>
                  {keyTitle(subject, t, `answers.${question.id}`)}
                </option>
              ))}
            </optgroup>
          )}
        </select>
      </label>
      {asked && (
        <AttributeField
          key={attribute}
          label={`${label}: ${t("priorities.attributeName")}`}
          value={attribute}
          choose={(name) => {
            setAsking(false);
            choose(`attributes.${name}`);
          }}
        />
      )}
    </>
  );
}

/** Asks for the name of an attribute; it is chosen when the field is left or the key for it is pressed. */
function AttributeField({ label, value, choose }: { label: string; value: string; choose: (name: string) => void }) {
  const [name, setName] = useState(value);
  const done = () => {
    if (name.trim() !== "" && name.trim() !== value) {
      choose(name.trim());
    }
  };
  return (
    <label>
      <span>{label}</span>
      <input
        value={name}
        maxLength={64}
        onChange={(e) => setName(e.target.value)}
        onBlur={done}
        onKeyDown={(e) => {
          if (e.key === "Enter") {
            done();
          }
        }}
      />
    </label>
  );
}
