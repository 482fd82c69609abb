import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Suggested } from "./fields";
import type { Unit } from "./types";

type Collection = "locations" | "companies" | "employees";

/** How a unit is called in a list: by its own name where no other has it, otherwise by its identifier, too. */
export function labelsOf(units: readonly Unit[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  for (const { displayName } of units) {
    counts.set(displayName ?? "", (counts.get(displayName ?? "") ?? 0) + 1);
  }
  return new Map(
    units.map(({ name = "", displayName = "" }) => {
      const id = name.slice(name.indexOf("/") + 1);
      return [name, displayName === "" ? id : counts.get(displayName) === 1 ? displayName : `${displayName} (${id})`];
    }),
  );
}

/** The unit that a text means, by its label or its identifier; "" for none. */
export function meant(text: string, collection: string, labels: ReadonlyMap<string, string>): string {
  const wanted = text.trim();
  const found = [...labels].find(([name, label]) => label === wanted || name === wanted)?.[0];
  return found ?? (wanted === "" || wanted.startsWith(`${collection}/`) ? wanted : `${collection}/${wanted}`);
}

/** Chooses whom or what a report is about: when the field is left, the key for it is pressed, or something is picked from the list. */
export function SubjectField(props: {
  collection: Collection;
  value: string;
  subjects: readonly Unit[];
  required?: boolean;
  choose: (subject: string) => void;
}) {
  const { collection, value, subjects, choose } = props;
  const { t } = useTranslation();
  const labels = labelsOf(subjects);
  const [typed, setTyped] = useState<string>();
  const done = () => {
    if (typed !== undefined && meant(typed, collection, labels) !== value) {
      choose(meant(typed, collection, labels));
    }
    setTyped(undefined);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is heard here is of the field within
    <div
      onBlur={done}
      onKeyDown={(e) => {
        if (e.key === "Enter") {
          e.preventDefault();
          done();
        }
      }}
    >
      <Suggested
        label={t(`reports.read.subject.${collection}`)}
        value={typed ?? labels.get(value) ?? value}
        required={props.required ?? false}
        suggestions={[...labels].map(([name, label]) => [label, name] as const)}
        change={(text) => {
          const picked = [...labels].find(([, label]) => label === text)?.[0];
          setTyped(picked === undefined ? text : undefined);
          if (picked !== undefined && picked !== value) {
            choose(picked);
          }
        }}
      />
    </div>
  );
}
