package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

func newCaseRulesList(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List rules", Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		request := &segmentationv1.ListCaseRulesRequest{PageSize: 1000}
		all, err := listAll(ctx, "case rules", conn.CaseRules.ListCaseRules, request, &request.PageToken, (*segmentationv1.ListCaseRulesResponse).GetCaseRules)
		switch {
		case err != nil:
			return err
		case c.json:
			return c.printJSON(&segmentationv1.ListCaseRulesResponse{CaseRules: all})
		case len(all) == 0:
			return c.write("no case rules\n")
		}
		return c.caseRuleTable(all...)
	})
	return cmd
}

// caseRuleTable writes rules, a line each.
func (c *call) caseRuleTable(rules ...*segmentationv1.CaseRule) error {
	var rows [][]string
	for _, r := range rules {
		state := "enabled"
		if r.GetDisabled() {
			state = "disabled"
		}
		first, whole := "-", "-"
		if d := r.GetSla().GetFirstResponse(); d != nil {
			first = d.AsDuration().String()
		}
		if d := r.GetSla().GetResolution(); d != nil {
			whole = d.AsDuration().String()
		}
		rows = append(rows, []string{
			idOf(r.GetName()), state, caseTriggerText(r), orDash(r.GetSubject()), orDash(r.GetQueue()), enumWord("SEVERITY_", r.GetSeverity()), first, whole,
			fmt.Sprint(len(r.GetEscalation())), orDash(r.GetDisplayName()),
		})
	}
	return c.table([]string{"RULE", "STATE", "WHEN", "SUBJECT", "QUEUE", "SEVERITY", "FIRST RESPONSE", "RESOLUTION", "STEPS", "NAME"}, rows)
}

// caseTriggerText says what a rule looks for.
func caseTriggerText(r *segmentationv1.CaseRule) string {
	sentiments := func(list []segmentationv1.CaseSentiment) string {
		var out []string
		for _, s := range list {
			out = append(out, enumWord("CASE_SENTIMENT_", s))
		}
		return strings.Join(out, " or ")
	}
	switch t := r.GetTrigger().(type) {
	case *segmentationv1.CaseRule_Score:
		question := t.Score.GetQuestion()
		if question == "" {
			question = "any score"
		}
		return question + " ≤ " + formatNumber(t.Score.GetAtMost(), 2)
	case *segmentationv1.CaseRule_Sentiment:
		return sentiments(t.Sentiment.GetSentiments())
	case *segmentationv1.CaseRule_Aspect:
		return idOf(t.Aspect.GetAspect()) + " " + sentiments(t.Aspect.GetSentiments())
	case *segmentationv1.CaseRule_Keyword:
		return `words "` + t.Keyword.GetQuery() + `"`
	case *segmentationv1.CaseRule_Alert:
		return "alert " + orDash(idOf(t.Alert.GetAlertRule()))
	case *segmentationv1.CaseRule_Light:
		return "red light"
	}
	return "-"
}

func newCaseRulesCreate(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "create RULE FILE",
		Short:   "Make a rule of a JSON or YAML file, - being standard input",
		Example: `  echo '{displayName: Low score, score: {question: recommend, atMost: 6}, queue: care, sla: {resolution: 28800s}}' | otklik cases rules create low-score -`,
		Args:    exactly("RULE", "FILE"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		rule := &segmentationv1.CaseRule{}
		if err := c.readMessage(args[1], rule); err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			made, err := conn.CaseRules.CreateCaseRule(ctx, &segmentationv1.CreateCaseRuleRequest{CaseRuleId: strings.TrimPrefix(args[0], "caseRules/"), CaseRule: rule})
			return c.told("create the case rule", made, err, func() error { return c.caseRuleTable(made.GetCaseRule()) })
		})
	})
	return cmd
}

func newCaseRulesDelete(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "delete RULE", Short: "Remove a rule; its cases stay", Args: exactly("RULE")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		if _, err := conn.CaseRules.DeleteCaseRule(ctx, &segmentationv1.DeleteCaseRuleRequest{Name: named("caseRules", args[0])}); err != nil {
			return fmt.Errorf("delete the case rule: %w", err)
		}
		return nil
	})
	return cmd
}
