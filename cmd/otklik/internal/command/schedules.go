package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// schedulesCollection is that of the names of schedules.
const schedulesCollection = "reportSchedules"

// newReportSchedule returns `otklik report schedule`.
func newReportSchedule(env Env) *cobra.Command {
	return newGroup("schedule", "Have reports made and sent by themselves",
		"Have reports made and sent by themselves. Each member gets what this member may see, an address what the owner of the schedule may see.",
		newScheduleCreate(env), newScheduleList(env), newSchedulePause(env, "pause", true), newSchedulePause(env, "resume", false), newScheduleRun(env),
		newScheduleRuns(env), newScheduleDeliveries(env), newScheduleCadences(env), newScheduleDelete(env))
}

func newScheduleList(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List schedules, and which are overdue", Example: `  otklik report schedule list`, Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		return c.with(func(conn *client.Connection) error {
			request := &reportingv1.ListReportSchedulesRequest{PageSize: largestPage}
			list, err := listAll(ctx, "schedules", conn.Schedules.ListReportSchedules, request, &request.PageToken, (*reportingv1.ListReportSchedulesResponse).GetReportSchedules)
			if err != nil {
				return err
			}
			switch {
			case c.json:
				return c.printJSON(&reportingv1.ListReportSchedulesResponse{ReportSchedules: list})
			case len(list) == 0:
				return c.write("no schedules\n")
			}
			var rows [][]string
			for _, s := range list {
				rows = append(rows, []string{
					strings.TrimPrefix(s.GetName(), schedulesCollection+"/"), s.GetDisplayName(), strings.TrimPrefix(s.GetReport(), "reports/"),
					fmt.Sprint(len(s.GetRecipients())), formatTime(s.GetNextRunTime()), formatTime(s.GetOverdueSince()), orDash(s.GetPauseReason()),
				})
			}
			return c.table([]string{"SCHEDULE", "NAME", "REPORT", "RECIPIENTS", "NEXT", "OVERDUE SINCE", "PAUSED BECAUSE"}, rows)
		})
	})
	return cmd
}

func newSchedulePause(env Env, verb string, paused bool) *cobra.Command {
	short := map[bool]string{true: "Make a schedule's reports no more for the time being", false: "Make a schedule's reports again"}[paused]
	cmd := &cobra.Command{Use: verb + " SCHEDULE", Short: short, Example: "  otklik report schedule " + verb + " monday", Args: exactly("SCHEDULE")}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		return c.with(func(conn *client.Connection) error {
			answer, err := conn.Schedules.UpdateReportSchedule(ctx, &reportingv1.UpdateReportScheduleRequest{
				ReportSchedule: &reportingv1.ReportSchedule{Name: named(schedulesCollection, args[0]), Paused: paused},
				UpdateMask:     &fieldmaskpb.FieldMask{Paths: []string{"paused"}},
			})
			if err != nil {
				return fmt.Errorf("%s schedule: %w", verb, err)
			}
			if c.json {
				return c.printJSON(answer.GetReportSchedule())
			}
			if paused {
				return c.write("paused\n")
			}
			return c.write("next at " + formatTime(answer.GetReportSchedule().GetNextRunTime()) + "\n")
		})
	})
	return cmd
}

func newScheduleRun(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "run SCHEDULE", Short: "Make and send a report now", Example: `  otklik report schedule run monday`, Args: exactly("SCHEDULE")}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		return c.with(func(conn *client.Connection) error {
			answer, err := conn.Schedules.RunReportSchedule(ctx, &reportingv1.RunReportScheduleRequest{Name: named(schedulesCollection, args[0])})
			if err != nil {
				return fmt.Errorf("run schedule: %w", err)
			}
			if c.json {
				return c.printJSON(answer.GetRun())
			}
			return c.write(answer.GetRun().GetName() + "\n")
		})
	})
	return cmd
}

func newScheduleRuns(env Env) *cobra.Command {
	var limit int
	cmd := &cobra.Command{Use: "runs SCHEDULE", Short: "List what became of a schedule's reports, the latest first", Example: `  otklik report schedule runs monday`, Args: exactly("SCHEDULE")}
	c := newCall(env, cmd)
	cmd.Flags().IntVar(&limit, "limit", 50, "at most this many, up to 1000")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		if limit < 1 || limit > largestPage {
			return exit.Usagef("--limit must be between 1 and %d", largestPage)
		}
		return c.with(func(conn *client.Connection) error {
			answer, err := conn.Schedules.ListReportRuns(ctx, &reportingv1.ListReportRunsRequest{Parent: named(schedulesCollection, args[0]), PageSize: int32(limit)})
			if err != nil {
				return fmt.Errorf("list runs: %w", err)
			}
			if c.json {
				return c.printJSON(answer)
			}
			var rows [][]string
			for _, r := range answer.GetRuns() {
				_, id, _ := strings.Cut(r.GetName(), "/runs/")
				rows = append(rows, []string{id, formatTime(r.GetTime()), enumWord("STATE_", r.GetState()), formatTime(r.GetEndTime()), formatTime(r.GetOverdueSince()), orDash(r.GetFailure())})
			}
			return c.table([]string{"RUN", "DUE", "STATE", "ENDED", "OVERDUE SINCE", "FAILURE"}, rows)
		})
	})
	return cmd
}

func newScheduleDeliveries(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "deliveries SCHEDULE RUN", Short: "List what became of a report for each recipient", Example: `  otklik report schedule deliveries monday 20260302t020000z`,
		Args: exactly("SCHEDULE", "RUN"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		return c.with(func(conn *client.Connection) error {
			answer, err := conn.Schedules.ListReportDeliveries(ctx, &reportingv1.ListReportDeliveriesRequest{
				Parent: named(schedulesCollection, args[0]) + "/runs/" + args[1], PageSize: largestPage,
			})
			if err != nil {
				return fmt.Errorf("list deliveries: %w", err)
			}
			if c.json {
				return c.printJSON(answer)
			}
			var rows [][]string
			for _, d := range answer.GetDeliveries() {
				rows = append(rows, []string{
					orDash(d.GetRecipient().GetMember() + d.GetRecipient().GetAddress()), enumWord("STATE_", d.GetState()), fmt.Sprint(d.GetAttempts()),
					formatTime(d.GetSendTime()), formatTime(d.GetNextAttemptTime()), orDash(d.GetFailure()),
				})
			}
			return c.table([]string{"RECIPIENT", "STATE", "ATTEMPTS", "SENT", "NEXT", "FAILURE"}, rows)
		})
	})
	return cmd
}

func newScheduleCadences(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "cadences", Short: "Tell which reports that are meant to be made so often were not", Example: `  otklik report schedule cadences`, Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		return c.with(func(conn *client.Connection) error {
			answer, err := conn.Schedules.ListReportCadences(ctx, &reportingv1.ListReportCadencesRequest{PageSize: largestPage})
			if err != nil {
				return fmt.Errorf("list cadences: %w", err)
			}
			if c.json {
				return c.printJSON(answer)
			}
			var rows [][]string
			for _, s := range answer.GetCadences() {
				rows = append(rows, []string{
					strings.TrimPrefix(s.GetReport(), "reports/"), enumWord("REPORT_CADENCE_", s.GetCadence()), formatTime(s.GetLastDeliveryTime()), formatTime(s.GetDueTime()),
					map[bool]string{true: "overdue", false: "kept"}[s.GetOverdue()],
				})
			}
			return c.table([]string{"REPORT", "CADENCE", "LAST", "DUE", "STATE"}, rows)
		})
	})
	return cmd
}

func newScheduleDelete(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "delete SCHEDULE", Short: "Delete a schedule with its runs", Example: `  otklik report schedule delete monday`, Args: exactly("SCHEDULE")}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		return c.with(func(conn *client.Connection) error {
			_, err := conn.Schedules.DeleteReportSchedule(ctx, &reportingv1.DeleteReportScheduleRequest{Name: named(schedulesCollection, args[0])})
			if err != nil {
				return fmt.Errorf("delete schedule: %w", err)
			}
			return nil
		})
	})
	return cmd
}
