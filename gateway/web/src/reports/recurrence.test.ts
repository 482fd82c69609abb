import { describe, expect, it } from "vitest";
import { startTranslation } from "../i18n";
import { addTexts } from "../i18n/add";
import { minutesOf, recurrenceText, tidied, timeOf } from "./recurrence";
import { texts } from "./texts";

const { t } = startTranslation("en");
addTexts(texts);

describe("a recurrence", () => {
  it("is said in words", () => {
    expect(recurrenceText(t, { frequency: "FREQUENCY_DAILY", minuteOfDay: 485, timeZone: "Asia/Bishkek" })).toBe(
      "every day, 08:05 (Asia/Bishkek)",
    );
    expect(
      recurrenceText(t, {
        frequency: "FREQUENCY_WEEKLY",
        weekdays: ["WEEKDAY_MONDAY", "WEEKDAY_FRIDAY"],
        minuteOfDay: 0,
      }),
    ).toBe("every week, Mon, Fri, 00:00");
    expect(recurrenceText(t, { frequency: "FREQUENCY_QUARTERLY", month: 2, dayOfMonth: -1, minuteOfDay: 60 })).toBe(
      "every quarter, month 2 of it, on the last day, 01:00",
    );
    expect(
      recurrenceText(t, {
        frequency: "FREQUENCY_MONTHLY",
        nthWeekday: -1,
        weekdays: ["WEEKDAY_SUNDAY"],
        minuteOfDay: 60,
      }),
    ).toBe("every month, on the last one of: Sun, 01:00");
  });

  it("has nothing that its frequency does not take", () => {
    const given = {
      frequency: "FREQUENCY_MONTHLY",
      weekdays: ["WEEKDAY_MONDAY"],
      dayOfMonth: 31,
      month: 3,
      minuteOfDay: 480,
    } as const;
    expect(tidied(given)).toMatchObject({ weekdays: [], dayOfMonth: 31, month: 0, shortMonth: "SHORT_MONTH_LAST_DAY" });
    expect(tidied({ ...given, frequency: "FREQUENCY_WEEKLY" })).toMatchObject({
      weekdays: ["WEEKDAY_MONDAY"],
      dayOfMonth: 0,
      shortMonth: "SHORT_MONTH_UNSPECIFIED",
    });
    expect(tidied({ ...given, nthWeekday: 5 })).toMatchObject({
      dayOfMonth: 0,
      nthWeekday: 5,
      weekdays: ["WEEKDAY_MONDAY"],
      shortMonth: "SHORT_MONTH_LAST_DAY",
    });
  });

  it("has a time of day", () => {
    expect(timeOf(minutesOf("23:59"))).toBe("23:59");
    expect(minutesOf("")).toBe(0);
  });
});
