package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// showRule prints a rule.
func (c *call) showRule(ctx context.Context, conn *client.Connection, name string) error {
	got, err := conn.Alerts.GetAlertRule(ctx, &scoringv1.GetAlertRuleRequest{Name: ruleName(name)})
	switch {
	case err != nil:
		return fmt.Errorf("get the alert rule: %w", err)
	case c.json:
		return c.printJSON(got)
	}
	return c.ruleAndSilences(got.GetAlertRule())
}

// ruleAndSilences prints a rule and when which of its units are silent.
func (c *call) ruleAndSilences(r *scoringv1.AlertRule) error {
	if err := c.ruleTable(r); err != nil || len(r.GetSilences()) == 0 {
		return err
	}
	if err := c.write("\n"); err != nil {
		return err
	}
	var rows [][]string
	for _, s := range r.GetSilences() {
		units := "all"
		if len(s.GetUnits()) > 0 {
			named := make([]string, len(s.GetUnits()))
			for i, unit := range s.GetUnits() {
				named[i] = orNotStated(unit)
			}
			units = strings.Join(named, ", ")
		}
		rows = append(rows, []string{formatTime(s.GetStartTime()), formatTime(s.GetEndTime()), units, orDash(s.GetCreatedBy()), orDash(s.GetReason())})
	}
	return c.table([]string{"SILENT FROM", "TO", "UNITS", "ENTERED BY", "REASON"}, rows)
}
