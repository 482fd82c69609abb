import { useTranslation } from "react-i18next";
import { keys } from "../priorities/subject";
import { Field } from "../settings/parts";
import { Options, Select } from "./fields";
import { sectionTypes, useSectionTitle, withKey, withOutcome } from "./sections";
import type { ReportSection, SectionType } from "./types";

/** Chooses what a report tells, and in which order. None of one's own means what its kind tells. */
export function SectionFields(props: {
  sections: readonly ReportSection[];
  /** What the kind tells. */
  usual: readonly SectionType[];
  change: (sections: readonly ReportSection[]) => void;
}) {
  const { sections, usual, change } = props;
  const { t } = useTranslation();
  const titleOf = useSectionTitle();
  const own = sections.length > 0;
  const put = (at: number, section: ReportSection) => change(sections.map((s, i) => (i === at ? section : s)));
  const move = (at: number, by: number) => {
    const next = [...sections];
    const [moved] = next.splice(at, 1);
    if (moved !== undefined) {
      next.splice(at + by, 0, moved);
    }
    change(next);
  };
  return (
    <fieldset className="choices">
      <legend>{t("reports.definitions.sections")}</legend>
      <label className="choice">
        <input type="radio" checked={!own} onChange={() => change([])} />
        <span>
          {t("reports.definitions.sectionsUsual")}
          <span className="muted small"> — {usual.map((type) => titleOf(type)).join(" · ")}</span>
        </span>
      </label>
      <label className="choice">
        <input type="radio" checked={own} onChange={() => change(usual.map((type) => ({ type })))} />
        <span>{t("reports.definitions.sectionsOwn")}</span>
      </label>
      {own && (
        <>
          <ol className="lines">
            {sections.map((section, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: sections have nothing else by which they are told apart
              <li key={at} className="section">
                <div className="row">
                  <strong>{titleOf(section.type)}</strong>
                  <button
                    type="button"
                    disabled={at === 0}
                    aria-label={t("reports.definitions.up", { section: titleOf(section.type) })}
                    onClick={() => move(at, -1)}
                  >
                    ↑
                  </button>
                  <button
                    type="button"
                    disabled={at === sections.length - 1}
                    aria-label={t("reports.definitions.down", { section: titleOf(section.type) })}
                    onClick={() => move(at, 1)}
                  >
                    ↓
                  </button>
                  <button
                    type="button"
                    aria-label={t("reports.definitions.drop", { section: titleOf(section.type) })}
                    onClick={() => change(sections.filter((_, i) => i !== at))}
                  >
                    ✕
                  </button>
                </div>
                <Details section={section} change={(edited) => put(at, edited)} />
              </li>
            ))}
          </ol>
          <Select
            label={t("reports.definitions.add")}
            value=""
            disabled={sections.length >= 30}
            change={(type) => change([...sections, { type: type as SectionType }])}
          >
            <option value="">{t("reports.definitions.addWhich")}</option>
            <Options of={sectionTypes} text={titleOf} />
          </Select>
        </>
      )}
    </fieldset>
  );
}

/** What can be said of a section besides. */
function Details({ section, change }: { section: ReportSection; change: (section: ReportSection) => void }) {
  const { t } = useTranslation();
  const key = withKey.includes(section.type);
  const outcome = withOutcome.includes(section.type);
  if (!key && !outcome) {
    return null;
  }
  const offered = keys.includes((section.by ?? "") as (typeof keys)[number]) || !section.by;
  return (
    <div className="fields">
      {key && (
        <Select
          label={t("priorities.by")}
          value={section.by ?? ""}
          change={(by) => {
            const { by: _, ...rest } = section;
            change(by === "" ? rest : { ...rest, by });
          }}
        >
          <option value="">{t("reports.definitions.usualKey")}</option>
          <Options of={keys} text={(k) => t(`priorities.keyOf.${k}`)} />
          {!offered && <option value={section.by}>{section.by}</option>}
        </Select>
      )}
      {outcome && (
        <Field
          label={t("reports.definitions.outcome")}
          hint={t("reports.definitions.outcomeHint")}
          value={section.outcome ?? ""}
          maxLength={63}
          change={(text) => {
            const { outcome: _, ...rest } = section;
            change(text.trim() === "" ? rest : { ...rest, outcome: text.trim() });
          }}
        />
      )}
    </div>
  );
}
