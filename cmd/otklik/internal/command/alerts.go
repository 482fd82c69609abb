package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// NewAlertsCommand returns `otklik alerts`.
func NewAlertsCommand(env Env) *cobra.Command {
	return newGroup("alerts", "Be told when scores change, and only when a test says so",
		"Be told when scores change, and only when a test says so: each unit is compared with its own baseline, all units together as one family.",
		newAlertsList(env), newAlertsShow(env), newAlertsWatch(env), newAlertsRules(env), newAlertsCreate(env), newAlertsUpdate(env), newAlertsDelete(env),
		newAlertsSilence(env), newAlertsEvaluate(env))
}

func newAlertsList(env Env) *cobra.Command {
	var rule, survey, unit, since string
	var states []string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List alerts, those first that were seen first last",
		Example: `  otklik alerts list --state open --survey shop`,
		Args:    exactly(),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&rule, "rule", "", "only alerts of this rule")
	f.StringVar(&survey, "survey", "", "only alerts of this survey")
	f.StringVar(&unit, "unit", "", "only alerts of this unit")
	f.StringSliceVar(&states, "state", nil, "only alerts in these states: "+names("", "STATE_", scoringv1.Alert_State(0).Descriptor()))
	f.StringVar(&since, "since", "", "only alerts first seen from this moment on, for example 2026-03-01")
	f.IntVar(&limit, "limit", 100, "at most this many")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		request := &scoringv1.ListAlertsRequest{Parent: ruleName(rule)}
		if limit < 1 {
			return exit.Usagef("--limit must be positive")
		}
		for _, name := range states {
			v, err := value("state", "STATE_", name, scoringv1.Alert_State(0).Descriptor())
			if err != nil {
				return err
			}
			request.States = append(request.States, scoringv1.Alert_State(v))
		}
		if survey != "" {
			request.Survey = surveyName(survey)
		}
		if f.Changed("unit") {
			request.Unit = &unit
		}
		var err error
		if request.SinceTime, err = parseBound("since", since, time.UTC); err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			request.PageSize = pageFor(limit)
			list, err := listUpTo(ctx, "alerts", conn.Alerts.ListAlerts, request, &request.PageToken, (*scoringv1.ListAlertsResponse).GetAlerts, limit)
			if err != nil {
				return err
			}
			all := &scoringv1.ListAlertsResponse{Alerts: list}
			switch {
			case c.json:
				return c.printJSON(all)
			case len(all.GetAlerts()) == 0:
				return c.write("no alerts\n")
			}
			return c.alertTable(all.GetAlerts()...)
		})
	})
	return cmd
}

// ruleName makes a resource name of what people type; empty for none.
func ruleName(s string) string {
	if s == "" {
		return ""
	}
	return named("alertRules", s)
}

// alertName is how people call an alert: RULE/ALERT.
func alertName(a *scoringv1.Alert) string {
	return strings.Replace(strings.TrimPrefix(a.GetName(), "alertRules/"), "/alerts/", "/", 1)
}

// alertHeader is over the cells of an alert.
var alertHeader = []string{"ALERT", "STATE", "METRIC", "UNIT", "CHANGE", "INTERVAL", "LEVEL", "BASELINE", "N", "Q", "FIRST SEEN", "RESOLVED"}

func alertCells(a *scoringv1.Alert) []string {
	unit := "all"
	if a.GetUnitKey() != "" {
		unit = strings.TrimPrefix(a.GetUnitKey(), "attributes.") + "=" + orNotStated(a.GetUnit())
	}
	state := enumWord("STATE_", a.GetState())
	if a.GetResolution() != scoringv1.Alert_RESOLUTION_UNSPECIFIED {
		state += ": " + strings.ReplaceAll(enumWord("RESOLUTION_", a.GetResolution()), "_", " ")
	}
	return []string{
		orDash(alertName(a)), state, enumWord("VARIANT_", a.GetVariant()), unit, signed(a.GetChange()), interval(a.GetInterval()), formatNumber(a.GetLevel(), 3),
		formatNumber(a.GetBaseline(), 3), fmt.Sprint(a.GetN()), fmt.Sprintf("%.3g", a.GetQValue()), formatTime(a.GetFirstSeenTime()), formatTime(a.GetResolveTime()),
	}
}

// signed writes a change with its sign.
func signed(v float64) string {
	text := formatNumber(v, 3)
	if v > 0 {
		return "+" + text
	}
	return text
}

func (c *call) alertTable(alerts ...*scoringv1.Alert) error {
	rows := make([][]string, 0, len(alerts))
	for _, a := range alerts {
		rows = append(rows, alertCells(a))
	}
	return c.table(alertHeader, rows)
}

func newAlertsShow(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show RULE | RULE/ALERT",
		Short: "Show a rule with its silences, or an alert with what became of it",
		Example: `  otklik alerts show nps-by-location
  otklik alerts show nps-by-location/42`,
		Args: exactly("RULE or RULE/ALERT"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		name := args[0]
		if !strings.Contains(name, "/alerts/") {
			rule, alert, ok := strings.Cut(name, "/")
			if !ok || rule == "alertRules" {
				return c.with(func(conn *client.Connection) error { return c.showRule(ctx, conn, name) })
			}
			name = named("alertRules", rule) + "/alerts/" + alert
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Alerts.GetAlert(ctx, &scoringv1.GetAlertRequest{Name: name})
			return c.told("get the alert", got, err, func() error { return c.alertHistory(got.GetAlert()) })
		})
	})
	return cmd
}

// alertHistory prints an alert with what became of it.
func (c *call) alertHistory(a *scoringv1.Alert) error {
	if err := c.alertTable(a); err != nil {
		return err
	}
	if err := c.write(fmt.Sprintf("\nsince %s; statistic %s, p-value %.3g among %d units; counted up to %s\n\n", formatTime(a.GetOnsetTime()),
		formatNumber(a.GetStatistic(), 3), a.GetPValue(), a.GetEvaluatedUnits(), formatMoment(a.GetAsOfTime()))); err != nil {
		return err
	}
	var rows [][]string
	for _, change := range a.GetChanges() {
		rows = append(rows, []string{
			formatTime(change.GetTime()), enumWord("STATE_", change.GetState()), signed(change.GetChange()), interval(change.GetInterval()), fmt.Sprintf("%.3g", change.GetPValue()),
		})
	}
	return c.table([]string{"TIME", "STATE", "CHANGE", "INTERVAL", "P"}, rows)
}

func newAlertsWatch(env Env) *cobra.Command {
	var rule string
	var after int64
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Print alerts as they are opened, change and are resolved, until interrupted",
		Long: `Print alerts as they are opened, change and are resolved, until interrupted. With --json each event is a line with its position; --after POSITION goes on
behind the last one that was read.`,
		Example: `  otklik alerts watch --rule nps-by-location --json | while read -r event; do notify "$event"; done`,
		Args:    exactly(),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&rule, "rule", "", "only alerts of this rule")
	cmd.Flags().Int64Var(&after, "after", 0, "begin behind this position (default: with what happens from now on)")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		request := &scoringv1.WatchAlertsRequest{Parent: ruleName(rule)}
		if cmd.Flags().Changed("after") {
			if after < 0 {
				return exit.Usagef("--after must not be negative")
			}
			request.AfterPosition = &after
		}
		return c.with(func(conn *client.Connection) error {
			stream, err := conn.Alerts.WatchAlerts(ctx, request)
			if err == nil {
				err = receive(stream, c.printEvent)
			}
			if err != nil {
				return fmt.Errorf("watch alerts: %w", err)
			}
			return nil
		})
	})
	return cmd
}

// printEvent prints an event; heartbeats say nothing.
func (c *call) printEvent(m *scoringv1.WatchAlertsResponse) error {
	e := m.GetEvent()
	if e == nil {
		return nil
	}
	if c.json {
		return c.printLine(m)
	}
	a := e.GetAlert()
	cells := alertCells(a)
	return c.write(printable(fmt.Sprintf("%s %s %s %s of %s: %s, interval %s, level %s, baseline %s, q %s (position %d)", formatMoment(e.GetTime()),
		enumWord("KIND_", e.GetKind()), cells[0], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7], cells[9], m.GetPosition())) + "\n")
}
