package command

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// newCasesCalendar returns the commands about the hours in which promises run.
func newCasesCalendar(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "calendar", Short: "Show in which hours promises run, or change them", Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		got, err := conn.CaseRules.GetWorkCalendar(ctx, &segmentationv1.GetWorkCalendarRequest{})
		return c.told("get the work calendar", got, err, func() error { return c.calendarTable(got.GetWorkCalendar()) })
	})
	cmd.AddCommand(newCasesCalendarSet(env))
	return cmd
}

func newCasesCalendarSet(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set FILE",
		Short: "Put the calendar of a JSON or YAML file, - being standard input, in the place of the one before",
		Example: `  echo '{timeZone: Asia/Bishkek, days: [{day: monday, hours: [{start: "09:00", end: "18:00"}]}], holidays: [{date: "2026-03-21", displayName: Nooruz}]}' |
    otklik cases calendar set -`,
		Args: exactly("FILE"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		calendar := &segmentationv1.WorkCalendar{}
		if err := c.readMessage(args[0], calendar); err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.CaseRules.UpdateWorkCalendar(ctx, &segmentationv1.UpdateWorkCalendarRequest{WorkCalendar: calendar})
			return c.told("change the work calendar", got, err, func() error { return c.calendarTable(got.GetWorkCalendar()) })
		})
	})
	return cmd
}

func (c *call) calendarTable(calendar *segmentationv1.WorkCalendar) error {
	hours := func(list []*segmentationv1.WorkHours) string {
		var out []string
		for _, h := range list {
			out = append(out, h.GetStart()+"–"+h.GetEnd())
		}
		return orDash(strings.Join(out, ", "))
	}
	var rows [][]string
	for _, d := range calendar.GetDays() {
		rows = append(rows, []string{enumWord("DAY_", d.GetDay()), hours(d.GetHours()), "-"})
	}
	for _, h := range calendar.GetHolidays() {
		rows = append(rows, []string{h.GetDate(), hours(h.GetHours()), orDash(h.GetDisplayName())})
	}
	return c.table([]string{"DAY", "HOURS IN " + calendar.GetTimeZone(), "NAME"}, rows)
}
