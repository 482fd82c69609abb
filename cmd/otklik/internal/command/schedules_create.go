package command

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// scheduleFlags say what is made when, and for whom.
type scheduleFlags struct {
	schedule                              *reportingv1.ReportSchedule
	recurrence                            *reportingv1.Recurrence
	every, short, at, catchUp             string
	weekdays, formats, members, addresses []string
}

func (f *scheduleFlags) add(flags *pflag.FlagSet) {
	f.recurrence = &reportingv1.Recurrence{}
	f.schedule = &reportingv1.ReportSchedule{Recurrence: f.recurrence}
	flags.StringVar(&f.schedule.Report, "report", "", "the report (needed)")
	flags.StringVar(&f.schedule.DisplayName, "name", "", "how people call it (default: the schedule's identifier)")
	flags.StringVar(&f.schedule.Survey, "survey", "", "the survey, where the report names none")
	flags.StringVar(&f.schedule.Subject, "subject", "", "whom or what it is about, for example locations/osh")
	flags.StringVar(&f.schedule.Filter, "filter", "", "which responses are counted besides")
	flags.StringVar(&f.schedule.LanguageCode, "language", "", "ru, ky or en (default: ru)")
	flags.StringSliceVar(&f.formats, "format", []string{"pdf"}, names("the forms", "REPORT_FORMAT_", reportingv1.ReportFormat(0).Descriptor()))
	flags.StringVar(&f.every, "every", "", names("how often (needed)", "FREQUENCY_", reportingv1.Recurrence_Frequency(0).Descriptor()))
	flags.StringSliceVar(&f.weekdays, "on", nil, names("days of the week", "WEEKDAY_", reportingv1.Recurrence_Weekday(0).Descriptor()))
	flags.Int32Var(&f.recurrence.DayOfMonth, "day", 0, "day of the month, -1 is the last")
	flags.Int32Var(&f.recurrence.NthWeekday, "nth", 0, "which of the weekdays of the month, -1 is the last")
	flags.Int32Var(&f.recurrence.Month, "month", 0, "month of the quarter, half-year or year, from 1")
	flags.StringVar(&f.short, "short-month", "", names("what is done in months without the day", "SHORT_MONTH_", reportingv1.Recurrence_ShortMonth(0).Descriptor()))
	flags.StringVar(&f.at, "at", "08:00", "time of day")
	flags.StringVar(&f.recurrence.TimeZone, "time-zone", "", "IANA time zone (default: that of the server's configuration)")
	flags.StringVar(&f.catchUp, "catch-up", "", names("what becomes of occurrences that were missed", "CATCH_UP_", reportingv1.ReportSchedule_CatchUp(0).Descriptor()))
	flags.StringSliceVar(&f.members, "member", nil, "a member who gets what this member may see; may be repeated")
	flags.StringSliceVar(&f.addresses, "to", nil, "an e-mail address that gets what you may see; may be repeated")
}

// read completes the schedule by the flags that are words.
func (f *scheduleFlags) read(id string) error {
	if f.schedule.GetReport() == "" || f.every == "" {
		return exit.Usagef("--report and --every are needed")
	}
	f.schedule.Report = named("reports", f.schedule.GetReport())
	if f.schedule.GetSurvey() != "" {
		f.schedule.Survey = surveyName(f.schedule.GetSurvey())
	}
	if f.schedule.GetDisplayName() == "" {
		f.schedule.DisplayName = id
	}
	at, err := time.Parse("15:04", f.at)
	if err != nil {
		return exit.Usagef("--at must be a time of day such as 08:00")
	}
	f.recurrence.MinuteOfDay = int32(at.Hour()*60 + at.Minute())
	every, err := value("every", "FREQUENCY_", f.every, reportingv1.Recurrence_Frequency(0).Descriptor())
	if err != nil {
		return err
	}
	short, err := value("short-month", "SHORT_MONTH_", f.short, reportingv1.Recurrence_ShortMonth(0).Descriptor())
	if err != nil {
		return err
	}
	catchUp, err := value("catch-up", "CATCH_UP_", f.catchUp, reportingv1.ReportSchedule_CatchUp(0).Descriptor())
	if err != nil {
		return err
	}
	f.recurrence.Frequency, f.recurrence.ShortMonth = reportingv1.Recurrence_Frequency(every), reportingv1.Recurrence_ShortMonth(short)
	f.schedule.CatchUp = reportingv1.ReportSchedule_CatchUp(catchUp)
	for _, word := range f.weekdays {
		day, err := value("on", "WEEKDAY_", word, reportingv1.Recurrence_Weekday(0).Descriptor())
		if err != nil {
			return err
		}
		f.recurrence.Weekdays = append(f.recurrence.Weekdays, reportingv1.Recurrence_Weekday(day))
	}
	for _, word := range f.formats {
		format, err := value("format", "REPORT_FORMAT_", word, reportingv1.ReportFormat(0).Descriptor())
		if err != nil {
			return err
		}
		f.schedule.Formats = append(f.schedule.Formats, reportingv1.ReportFormat(format))
	}
	for _, m := range f.members {
		f.schedule.Recipients = append(f.schedule.Recipients, &reportingv1.ReportRecipient{Member: named("members", m)})
	}
	for _, a := range f.addresses {
		f.schedule.Recipients = append(f.schedule.Recipients, &reportingv1.ReportRecipient{Address: a})
	}
	return nil
}

func newScheduleCreate(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create SCHEDULE", Short: "Have a report made and sent by itself",
		Example: `  otklik report schedule create monday --report executive-summary --every weekly --on monday --at 08:00 --time-zone Asia/Bishkek --member aida
  otklik report schedule create month-end --report staff-review --every monthly --day -1 --format xlsx --to boss@example.org`,
		Args: exactly("SCHEDULE"),
	}
	var f scheduleFlags
	c := newCall(env, cmd)
	f.add(cmd.Flags())
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		if err := f.read(args[0]); err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			answer, err := conn.Schedules.CreateReportSchedule(ctx, &reportingv1.CreateReportScheduleRequest{ReportScheduleId: args[0], ReportSchedule: f.schedule})
			if err != nil {
				return fmt.Errorf("create schedule: %w", err)
			}
			if c.json {
				return c.printJSON(answer.GetReportSchedule())
			}
			return c.write("first at " + formatTime(answer.GetReportSchedule().GetNextRunTime()) + "\n")
		})
	})
	return cmd
}
