import { useTranslation } from "react-i18next";
import { Choices } from "../settings/parts";
import { Options, Select, Suggested } from "./fields";
import { byMonths, frequencies, minutesOf, monthsOf, timeOf, weekdays } from "./recurrence";
import type { Frequency, Recurrence, Weekday } from "./types";
import { zones } from "./zone";

/** Asks when something recurs. */
export function RecurrenceFields({ value, change }: { value: Recurrence; change: (value: Recurrence) => void }) {
  const { t } = useTranslation();
  const frequency = value.frequency ?? "FREQUENCY_DAILY";
  const months = monthsOf[frequency] ?? 0;
  const nth = value.nthWeekday ?? 0;
  const day = value.dayOfMonth ?? 1;
  const put = (part: Partial<Recurrence>) => change({ ...value, ...part });
  return (
    <fieldset className="choices">
      <legend>{t("reports.schedules.when")}</legend>
      <div className="fields">
        <Select
          label={t("reports.recurrence.often")}
          value={frequency}
          change={(chosen) => put({ frequency: chosen as Frequency })}
        >
          <Options of={frequencies} text={(f) => t(`reports.frequency.${f}`)} />
        </Select>
        {months > 0 && (
          <Select
            label={t("reports.recurrence.whichMonth")}
            value={String(value.month || 1)}
            change={(month) => put({ month: Number(month) })}
          >
            <Options of={Array.from({ length: months }, (_, i) => String(i + 1))} text={(n) => n} />
          </Select>
        )}
        {byMonths(frequency) && (
          <Select
            label={t("reports.recurrence.onWhich")}
            value={nth === 0 ? "day" : "weekday"}
            change={(which) =>
              put(which === "day" ? { nthWeekday: 0, dayOfMonth: 1 } : { nthWeekday: 1, dayOfMonth: 0 })
            }
          >
            <option value="day">{t("reports.recurrence.byDay")}</option>
            <option value="weekday">{t("reports.recurrence.byWeekday")}</option>
          </Select>
        )}
        {byMonths(frequency) && nth === 0 && (
          <Select
            label={t("reports.recurrence.dayOfMonth")}
            value={String(day)}
            change={(chosen) => put({ dayOfMonth: Number(chosen) })}
          >
            <Options of={Array.from({ length: 31 }, (_, i) => String(i + 1))} text={(n) => n} />
            <option value="-1">{t("reports.recurrence.lastDay")}</option>
          </Select>
        )}
        {byMonths(frequency) && nth !== 0 && (
          <>
            <Select
              label={t("reports.recurrence.which")}
              value={String(nth)}
              change={(chosen) => put({ nthWeekday: Number(chosen) })}
            >
              <Options of={["1", "2", "3", "4", "5"]} text={(n) => n} />
              <option value="-1">{t("reports.recurrence.last")}</option>
            </Select>
            <Select
              label={t("reports.recurrence.weekday")}
              value={value.weekdays?.[0] ?? "WEEKDAY_MONDAY"}
              change={(chosen) => put({ weekdays: [chosen as Weekday] })}
            >
              <Options of={weekdays} text={(d) => t(`reports.weekday.${d}`)} />
            </Select>
          </>
        )}
        {byMonths(frequency) && (nth === 5 || (nth === 0 && day > 28)) && (
          <Select
            label={t("reports.recurrence.short")}
            value={value.shortMonth ?? "SHORT_MONTH_LAST_DAY"}
            change={(chosen) => put({ shortMonth: chosen as "SHORT_MONTH_SKIP" })}
          >
            <option value="SHORT_MONTH_LAST_DAY">{t("reports.recurrence.takeLast")}</option>
            <option value="SHORT_MONTH_SKIP">{t("reports.recurrence.skip")}</option>
          </Select>
        )}
        <div className="field">
          <label>
            <span>{t("reports.recurrence.time")}</span>
            <input
              type="time"
              required
              value={timeOf(value.minuteOfDay ?? 0)}
              onChange={(e) => put({ minuteOfDay: minutesOf(e.target.value) })}
            />
          </label>
        </div>
        <Suggested
          label={t("reports.definitions.zone")}
          hint={t("reports.definitions.zoneHint")}
          value={value.timeZone ?? ""}
          change={(timeZone) => put({ timeZone })}
          suggestions={zones().map((z) => [z, z] as const)}
        />
      </div>
      {frequency === "FREQUENCY_WEEKLY" && (
        <Choices<Weekday>
          legend={t("reports.recurrence.weekdays")}
          options={weekdays}
          chosen={value.weekdays ?? []}
          change={(chosen) => put({ weekdays: chosen })}
          text={(d) => t(`reports.weekday.${d as (typeof weekdays)[number]}`)}
        />
      )}
    </fieldset>
  );
}
