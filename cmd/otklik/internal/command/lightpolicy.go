package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// newLightsPolicy returns the commands about what lights rest on, and from where on they are red.
func newLightsPolicy(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "policy", Short: "Show on what lights rest, and from where on they are red; change it, or see first what would change", Args: exactly(),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		got, err := conn.Lights.GetLightPolicy(ctx, &segmentationv1.GetLightPolicyRequest{})
		return c.told("get the light policy", got, err, func() error { return c.policyTable(got.GetLightPolicy()) })
	})
	cmd.AddCommand(newLightsPolicySet(env), newLightsPolicyPreview(env))
	return cmd
}

// policyFields are the fields of the policy by the flags that state them.
var policyFields = map[string]string{
	"red-below": "red_below", "amber-below": "amber_below", "window-days": "window_days", "trend-days": "trend_days", "confidence": "confidence_level",
	"value-attribute": "value_attribute", "company-score": "company_score", "mode": "mode", "survey": "survey", "question": "question",
}

// policyFlags are the flags that state a policy.
type policyFlags struct {
	policy      *segmentationv1.LightPolicy
	mode, score string
}

func newPolicyFlags(cmd *cobra.Command) *policyFlags {
	p := &policyFlags{policy: &segmentationv1.LightPolicy{}}
	f := cmd.Flags()
	f.Float64Var(&p.policy.RedBelow, "red-below", 0, "scores below it are red")
	f.Float64Var(&p.policy.AmberBelow, "amber-below", 0, "scores below it that are not red are amber")
	f.Int32Var(&p.policy.WindowDays, "window-days", 0, "how many days back answers count; 0 is all")
	f.Int32Var(&p.policy.TrendDays, "trend-days", 0, "how many days are compared with as many before")
	f.Float64Var(&p.policy.ConfidenceLevel, "confidence", 0, "the confidence level of intervals, such as 0.95")
	f.StringVar(&p.policy.ValueAttribute, "value-attribute", "", "the number attribute that says what a company or a contact is worth")
	f.StringVar(&p.score, "company-score", "", "what the score of a company is the mean of: answers or contacts")
	f.StringVar(&p.mode, "mode", "", "all_answers, or single_question with --survey and --question")
	f.StringVar(&p.policy.Survey, "survey", "", "the survey of single_question")
	f.StringVar(&p.policy.Question, "question", "", "the question of single_question")
	return p
}

// read completes the policy, and says which fields of it the flags state.
func (p *policyFlags) read(flags *pflag.FlagSet) (*fieldmaskpb.FieldMask, error) {
	mask, err := changed(flags, policyFields, policyExample)
	if err != nil {
		return nil, err
	}
	if p.mode != "" {
		v, err := value("mode", "MODE_", p.mode, segmentationv1.LightPolicy_Mode(0).Descriptor())
		if err != nil {
			return nil, err
		}
		p.policy.Mode = segmentationv1.LightPolicy_Mode(v)
	}
	if p.score != "" {
		v, err := value("company-score", "COMPANY_SCORE_", p.score, segmentationv1.LightPolicy_CompanyScore(0).Descriptor())
		if err != nil {
			return nil, err
		}
		p.policy.CompanyScore = segmentationv1.LightPolicy_CompanyScore(v)
	}
	if p.policy.GetSurvey() != "" {
		p.policy.Survey = surveyName(p.policy.GetSurvey())
	}
	return mask, nil
}

const policyExample = "--red-below 5.5"

func newLightsPolicySet(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "set", Short: "Change the policy; all lights are judged anew", Example: "  otklik lights policy set " + policyExample + " --amber-below 8", Args: exactly(),
	}
	c := newCall(env, cmd)
	flags := newPolicyFlags(cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		mask, err := flags.read(cmd.Flags())
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Lights.UpdateLightPolicy(ctx, &segmentationv1.UpdateLightPolicyRequest{LightPolicy: flags.policy, UpdateMask: mask})
			return c.told("change the light policy", got, err, func() error { return c.policyTable(got.GetLightPolicy()) })
		})
	})
	return cmd
}

func newLightsPolicyPreview(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "preview", Short: "Tell how many lights would show another colour by another policy, and which; nothing changes",
		Example: "  otklik lights policy preview " + policyExample, Args: exactly(),
	}
	c := newCall(env, cmd)
	flags := newPolicyFlags(cmd)
	limit := cmd.Flags().Int32("limit", 0, "how many of the lights that change are named, up to 500")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		mask, err := flags.read(cmd.Flags())
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Lights.PreviewLightPolicy(ctx, &segmentationv1.PreviewLightPolicyRequest{LightPolicy: flags.policy, UpdateMask: mask, Limit: *limit})
			return c.told("preview the light policy", got, err, func() error { return c.previewTables(got) })
		})
	})
	return cmd
}

func (c *call) policyTable(p *segmentationv1.LightPolicy) error {
	on := enumWord("MODE_", p.GetMode())
	if p.GetSurvey() != "" {
		on += " " + p.GetSurvey() + " " + p.GetQuestion()
	}
	state := "in force"
	if p.GetCounting() {
		state = "being counted"
	}
	return c.table([]string{"RED BELOW", "AMBER BELOW", "ON", "COMPANIES", "WINDOW", "TREND", "CONFIDENCE", "VALUE", "STATE"}, [][]string{{
		formatNumber(p.GetRedBelow(), 2), formatNumber(p.GetAmberBelow(), 2), on, "mean of " + enumWord("COMPANY_SCORE_", p.GetCompanyScore()), daysText(p.GetWindowDays()),
		daysText(p.GetTrendDays()), formatNumber(p.GetConfidenceLevel(), 4), p.GetValueAttribute(), state,
	}})
}

func daysText(n int32) string {
	if n == 0 {
		return "all"
	}
	return fmt.Sprintf("%d days", n)
}

// previewTables writes how many lights would change, and which.
func (c *call) previewTables(got *segmentationv1.PreviewLightPolicyResponse) error {
	shown := func(colour segmentationv1.LightColour) string {
		if colour == 0 {
			return "none"
		}
		return colourText(colour)
	}
	var rows [][]string
	for _, m := range got.GetMoves() {
		rows = append(rows, []string{enumWord("LIGHT_KIND_", m.GetKind()), shown(m.GetFrom()), shown(m.GetTo()), fmt.Sprint(m.GetCount())})
	}
	if err := c.table([]string{"OF", "SHOW", "WOULD SHOW", "HOW MANY"}, rows); err != nil || len(got.GetMoved()) == 0 {
		return err
	}
	rows = nil
	for _, m := range got.GetMoved() {
		rows = append(rows, []string{m.GetLight(), shown(m.GetFrom()), shown(m.GetTo()), formatNumber(m.GetMean(), 2), formatNumber(m.GetNewMean(), 2)})
	}
	return c.table([]string{"LIGHT", "SHOWS", "WOULD SHOW", "SCORE", "NEW SCORE"}, rows)
}
