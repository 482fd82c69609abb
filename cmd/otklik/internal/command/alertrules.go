package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

func newAlertsRules(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "List what is watched", Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		request := &scoringv1.ListAlertRulesRequest{PageSize: 1000}
		all, err := listAll(ctx, "alert rules", conn.Alerts.ListAlertRules, request, &request.PageToken, (*scoringv1.ListAlertRulesResponse).GetAlertRules)
		switch {
		case err != nil:
			return err
		case c.json:
			return c.printJSON(&scoringv1.ListAlertRulesResponse{AlertRules: all})
		case len(all) == 0:
			return c.write("no alert rules\n")
		}
		return c.ruleTable(all...)
	})
	return cmd
}

func (c *call) ruleTable(rules ...*scoringv1.AlertRule) error {
	var rows [][]string
	for _, r := range rules {
		state := "enabled"
		switch {
		case r.GetDisabled():
			state = "disabled"
		case r.GetLastError() != "":
			state = "fails: " + r.GetLastError()
		}
		method := enumWord("METHOD_", r.GetMethod())
		if r.GetMethod() == scoringv1.AlertRule_METHOD_UNSPECIFIED {
			method = "ewma"
		}
		rows = append(rows, []string{
			idOf(r.GetName()), state, idOf(r.GetSurvey()), enumWord("VARIANT_", r.GetVariant()), orDash(r.GetQuestion()), orDash(r.GetUnitKey()), orDash(r.GetFilter()),
			enumWord("TIME_GRAIN_", r.GetGrain()), method, baselineText(r.GetBaseline()), fmt.Sprint(len(r.GetSilences())), formatTime(r.GetEvaluatedToTime()),
			fmt.Sprint(r.GetEvaluatedUnits()), orDash(r.GetDisplayName()),
		})
	}
	return c.table([]string{
		"RULE", "STATE", "SURVEY", "METRIC", "QUESTION", "UNITS", "FILTER", "PERIODS", "METHOD", "BASELINE", "SILENCES", "EVALUATED TO", "UNITS JUDGED", "NAME",
	}, rows)
}

// baselineText is what periods are compared with.
func baselineText(b *scoringv1.AlertBaseline) string {
	switch k := b.GetKind().(type) {
	case *scoringv1.AlertBaseline_Period:
		return formatTime(k.Period.GetStartTime()) + " to " + formatTime(k.Period.GetEndTime())
	case *scoringv1.AlertBaseline_Value:
		return formatNumber(k.Value, 3)
	case *scoringv1.AlertBaseline_FirstPeriods_:
		count := k.FirstPeriods.GetCount()
		if count == 0 {
			count = 8
		}
		return fmt.Sprintf("first %d since %s", count, formatTime(k.FirstPeriods.GetStartTime()))
	}
	return "-"
}

func newAlertsCreate(env Env) *cobra.Command {
	var flags ruleFlags
	cmd := &cobra.Command{
		Use:   "create RULE --survey SURVEY --metric METRIC",
		Short: "Watch a score",
		Example: `  otklik alerts create nps-by-location --survey shop --metric nps --by location --grain week --time-zone Asia/Bishkek
  otklik alerts create effort --survey support --metric ces --variant ces_mean --method cusum --baseline-from 2026-01 --baseline-to 2026-03`,
		Args: exactly("RULE"),
	}
	c := newCall(env, cmd)
	flags.add(cmd.Flags())
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		rule, err := flags.read()
		switch {
		case err != nil:
			return err
		case rule.GetSurvey() == "" || rule.GetMetric() == scoringv1.Metric_METRIC_UNSPECIFIED:
			return exit.Usagef("--survey and --metric are needed")
		}
		return c.with(func(conn *client.Connection) error {
			made, err := conn.Alerts.CreateAlertRule(ctx, &scoringv1.CreateAlertRuleRequest{AlertRuleId: strings.TrimPrefix(args[0], "alertRules/"), AlertRule: rule})
			if err != nil {
				return fmt.Errorf("create the alert rule: %w", err)
			}
			if c.json {
				return c.printJSON(made)
			}
			return c.ruleTable(made.GetAlertRule())
		})
	})
	return cmd
}

func newAlertsUpdate(env Env) *cobra.Command {
	var flags ruleFlags
	cmd := &cobra.Command{
		Use:   "update RULE",
		Short: "Change what the flags name and leave the rest",
		Example: `  otklik alerts update nps-by-location --fdr 0.01
  otklik alerts update nps-by-location --disabled`,
		Args: exactly("RULE"),
	}
	c := newCall(env, cmd)
	flags.add(cmd.Flags())
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		mask, err := changed(cmd.Flags(), ruleFields, "--fdr or --disabled")
		if err != nil {
			return err
		}
		mask.Paths = slices.Compact(mask.GetPaths())
		rule, err := flags.read()
		if err != nil {
			return err
		}
		rule.Name = ruleName(args[0])
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Alerts.UpdateAlertRule(ctx, &scoringv1.UpdateAlertRuleRequest{AlertRule: rule, UpdateMask: mask})
			if err != nil {
				return fmt.Errorf("change the alert rule: %w", err)
			}
			if c.json {
				return c.printJSON(got)
			}
			return c.ruleTable(got.GetAlertRule())
		})
	})
	return cmd
}

func newAlertsDelete(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "delete RULE", Short: "Remove a rule with its alerts", Args: exactly("RULE")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		deleted, err := conn.Alerts.DeleteAlertRule(ctx, &scoringv1.DeleteAlertRuleRequest{Name: ruleName(args[0])})
		if err != nil {
			return fmt.Errorf("delete the alert rule: %w", err)
		}
		if c.json {
			return c.printJSON(deleted)
		}
		return c.write(printable(ruleName(args[0])) + " is deleted\n")
	})
	return cmd
}

func newAlertsSilence(env Env) *cobra.Command {
	var from, to, zoneName string
	var length time.Duration
	silence := &scoringv1.AlertSilence{}
	cmd := &cobra.Command{
		Use:   "silence RULE --for DURATION | --to TIME",
		Short: "Note alerts of a rule for some time, and tell nobody",
		Example: `  otklik alerts silence nps-by-location --for 48h --unit osh --reason 'the shop is being rebuilt'
  otklik alerts silence nps-by-location --from 2026-12-24 --to 2027-01-08 --time-zone Asia/Bishkek`,
		Args: exactly("RULE"),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "begin (default: now)")
	f.StringVar(&to, "to", "", "end")
	f.StringVar(&zoneName, "time-zone", "", "time zone of --from and --to (default UTC)")
	f.DurationVar(&length, "for", 0, "length, for example 48h, in place of --to")
	f.StringArrayVar(&silence.Units, "unit", nil, "only this unit; repeat for more (default: all)")
	f.StringVar(&silence.Reason, "reason", "", "why")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		zone, err := parseZone(zoneName)
		if err != nil {
			return err
		}
		if silence.StartTime, silence.EndTime, err = parseSpan(from, to, length, c.env.Now(), zone); err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Alerts.SilenceAlertRule(ctx, &scoringv1.SilenceAlertRuleRequest{Name: ruleName(args[0]), Silence: silence})
			if err != nil {
				return fmt.Errorf("silence the alert rule: %w", err)
			}
			if c.json {
				return c.printJSON(got)
			}
			return c.ruleAndSilences(got.GetAlertRule())
		})
	})
	return cmd
}

func newAlertsEvaluate(env Env) *cobra.Command {
	var flags ruleFlags
	var from, to string
	cmd := &cobra.Command{
		Use:   "evaluate [RULE] --from TIME --to TIME",
		Short: "Tell what a rule would have raised in periods that are past",
		Long:  "Tell what a rule would have raised in periods that are past: a rule that is there, by its name, or one as the flags describe it. Nothing is stored or told.",
		Example: `  otklik alerts evaluate nps-by-location --from 2026-01 --to 2026-04
  otklik alerts evaluate --survey shop --metric nps --by location --grain week --from 2026-01 --to 2026-04`,
		Args: atMostOne("RULE"),
	}
	c := newCall(env, cmd)
	flags.add(cmd.Flags())
	cmd.Flags().StringVar(&from, "from", "", "begin of the time whose periods are evaluated (needed)")
	cmd.Flags().StringVar(&to, "to", "", "its end (needed)")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		rule, err := flags.read()
		switch {
		case err != nil:
			return err
		case from == "" || to == "":
			return exit.Usagef("--from and --to are needed")
		case len(args) == 0 && (rule.GetSurvey() == "" || rule.GetMetric() == scoringv1.Metric_METRIC_UNSPECIFIED):
			return exit.Usagef("a rule is needed: its name, or --survey and --metric")
		}
		if len(args) == 1 {
			if given, _ := changed(cmd.Flags(), ruleFields, ""); given != nil {
				return exit.Usagef("either the name of a rule, or flags that describe one")
			}
			rule.Name = ruleName(args[0])
		}
		period, err := parsePeriod(from, to, rule.GetTimeZone())
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Alerts.EvaluateAlertRule(ctx, &scoringv1.EvaluateAlertRuleRequest{AlertRule: rule, Period: period})
			switch {
			case err != nil:
				return fmt.Errorf("evaluate the alert rule: %w", err)
			case c.json:
				return c.printJSON(got)
			}
			if len(got.GetAlerts()) > 0 {
				if err := c.alertTable(got.GetAlerts()...); err != nil {
					return err
				}
			}
			why := ""
			if got.GetUnjudgedReason() != "" {
				why = "no unit was judged: " + got.GetUnjudgedReason() + "\n"
			}
			return c.write(printable(fmt.Sprintf("%d alerts in %d periods of %d units; counted up to %s", len(got.GetAlerts()), got.GetEvaluatedPeriods(), got.GetEvaluatedUnits(),
				formatMoment(got.GetAsOfTime()))) + "\n" + why)
		})
	})
	return cmd
}
