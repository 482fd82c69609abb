package command

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

func newReportExperiment(env Env) *cobra.Command {
	var key, control string
	var variants, outcomes []string
	var power float64
	return newAnalysis(env, &cobra.Command{
		Use:   "experiment --survey SURVEY --by KEY",
		Short: "Compare the variants of an A/B test",
		Long: `Compare the variants of an A/B test with the control, by one outcome or several. P-values are corrected for all comparisons (Benjamini and Hochberg). DETECTABLE is the
least true difference that as many answers would show with the probability --power.`,
		Example: `  otklik report experiment --survey shop --by attributes.variant --variant old=1 --variant new=1 --outcome recommend --outcome taste:mean --outcome reason=price`,
	}, func(_ *analysisFlags, flags *pflag.FlagSet) {
		flags.StringVar(&key, "by", "", "what holds the variant of a response: channel, language, attributes.NAME (needed)")
		flags.StringArrayVar(&variants, "variant", nil, "a variant, NAME or NAME=SHARE; repeat (default: those that responses state, in equal shares)")
		flags.StringVar(&control, "control", "", "the variant that others are compared with (default: the first one, else 'control', else the first by name)")
		flags.StringArrayVar(&outcomes, "outcome", nil, "what is compared: QUESTION, QUESTION:"+strings.ReplaceAll(names("", "OUTCOME_METRIC_", reportingv1.OutcomeMetric(0).Descriptor()), ", ", "|")+
			" or QUESTION=OPTION; repeat (default: the first question that asks for the likelihood to recommend, or for satisfaction)")
		flags.Float64Var(&power, "power", 0, "probability with which DETECTABLE would be found, 0.5 to 0.99 (default 0.8)")
	}, func(ctx context.Context, conn reportingv1.ReportingServiceClient, _ *analysisFlags, query *reportingv1.AnalysisQuery) (*reportingv1.QueryExperimentResponse, error) {
		if key == "" {
			return nil, exit.Usagef("--by is needed")
		}
		req := &reportingv1.QueryExperimentRequest{Query: query, Key: key, Control: control, Power: power}
		var err error
		if req.Variants, err = parseArms(variants); err != nil {
			return nil, err
		}
		for _, text := range outcomes {
			outcome, err := parseOutcome(text)
			if err != nil {
				return nil, err
			}
			req.Outcomes = append(req.Outcomes, outcome)
		}
		return conn.QueryExperiment(ctx, req)
	}, (*call).printExperiment)
}

// parseArms reads variants, NAME or NAME=SHARE.
func parseArms(texts []string) (out []*reportingv1.ExperimentArm, err error) {
	for _, text := range texts {
		arm := &reportingv1.ExperimentArm{Value: text}
		if at := strings.LastIndexByte(text, '='); at >= 0 {
			arm.Value = text[:at]
			if arm.Share, err = strconv.ParseFloat(text[at+1:], 64); err != nil || !(arm.GetShare() > 0) || math.IsInf(arm.GetShare(), 0) {
				return nil, exit.Usagef("--variant: %q: the share must be a number above 0", text)
			}
		}
		out = append(out, arm)
	}
	return out, nil
}

// parseOutcome reads QUESTION, QUESTION:METRIC or QUESTION=OPTION.
func parseOutcome(text string) (*reportingv1.ExperimentOutcome, error) {
	if question, option, ok := strings.Cut(text, "="); ok {
		return &reportingv1.ExperimentOutcome{Question: question, Option: option}, nil
	}
	question, metric, _ := strings.Cut(text, ":")
	v, err := value("outcome", "OUTCOME_METRIC_", metric, reportingv1.OutcomeMetric(0).Descriptor())
	return &reportingv1.ExperimentOutcome{Question: question, Metric: reportingv1.OutcomeMetric(v)}, err
}

func (c *call) printExperiment(got *reportingv1.QueryExperimentResponse) error {
	var rows [][]string
	for _, o := range got.GetOutcomes() {
		what := o.GetQuestion().GetQuestion()
		if o.GetOption() != "" {
			what += "=" + o.GetOption()
		} else {
			what += " (" + enumWord("OUTCOME_METRIC_", o.GetMetric()) + ")"
		}
		for _, v := range o.GetVariants() {
			estimate := "-"
			if v.GetN() > 0 {
				estimate = withInterval(v.GetEstimate(), 2)
			}
			verdict := ""
			if v.GetDifferent() {
				verdict = "different"
			}
			rows = append(rows, []string{
				what, v.GetValue(), estimate, fmt.Sprint(v.GetN()), withInterval(v.GetDifference(), 2), adjustedP(v.GetTest()), number(v.Detectable, 2), verdict,
			})
		}
	}
	if err := c.table([]string{"OUTCOME", "VARIANT", "ESTIMATE", "N", "AGAINST " + strings.ToUpper(got.GetControl()), "ADJUSTED P", "DETECTABLE", ""}, rows); err != nil {
		return err
	}
	const percent = 100
	text := "\n"
	for _, v := range got.GetVariants() {
		text += fmt.Sprintf("%s: %d responses, %s %% of %s %% intended\n", v.GetValue(), v.GetResponses(), formatNumber(percent*v.GetShare(), 1), formatNumber(percent*v.GetIntendedShare(), 1))
	}
	p := got.GetBalance().GetPValue()
	text += fmt.Sprintf("shares: chi-square %s, %d degrees of freedom, p %s\n", formatNumber(got.GetBalance().GetStatistic(), 2), got.GetBalance().GetDegreesOfFreedom(), pText(&p))
	for _, caution := range got.GetCautions() {
		text += "caution: " + cautionWords[caution] + "\n"
	}
	return c.write(strings.TrimSuffix(text, "\n") + basisText(got.GetBasis()))
}

// cautionWords say what to be careful about.
var cautionWords = map[reportingv1.ExperimentCaution]string{
	reportingv1.ExperimentCaution_EXPERIMENT_CAUTION_SAMPLE_RATIO_MISMATCH: "the variants do not come in the intended shares: find out why before you believe the rest",
	reportingv1.ExperimentCaution_EXPERIMENT_CAUTION_SHARES_ASSUMED:        "no shares were stated, equal ones were taken (--variant NAME=SHARE)",
	reportingv1.ExperimentCaution_EXPERIMENT_CAUTION_FEW_ANSWERS:           "a variant has fewer than 30 answers to an outcome",
	reportingv1.ExperimentCaution_EXPERIMENT_CAUTION_STILL_RUNNING:         "the period is not over: who looks several times and stops at a difference finds differences that are none",
	reportingv1.ExperimentCaution_EXPERIMENT_CAUTION_UNEQUAL_ANSWERING:     "variants differ in how many answered an outcome: those who did may not be comparable",
}

func newReportAssign(env Env) *cobra.Command {
	var seed string
	var variants []string
	cmd := &cobra.Command{
		Use:   "assign --seed SEED --variant NAME --variant NAME SUBJECT...",
		Short: "Give variants of an A/B test out",
		Long: `Give variants out by a hash of the seed and the subject: the same subject gets the same variant each time, and a variant that is added takes from the others only what
becomes its own. docs/api.md tells how to compute the same without a call.`,
		Example: `  otklik report assign --seed checkout-button --variant old=1 --variant new=1 customer-17 customer-18`,
		Args:    cobra.MinimumNArgs(1),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&seed, "seed", "", "what tells this experiment from others (needed)")
	cmd.Flags().StringArrayVar(&variants, "variant", nil, "a variant, NAME or NAME=SHARE; repeat (needed)")
	cmd.RunE = c.wrap(func(ctx context.Context, subjects []string) error {
		if seed == "" || len(variants) == 0 {
			return exit.Usagef("--seed and --variant are needed")
		}
		arms, err := parseArms(variants)
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Reporting.AssignVariants(ctx, &reportingv1.AssignVariantsRequest{Seed: seed, Variants: arms, Subjects: subjects})
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", cmd.CommandPath(), err)
			case c.json:
				return c.printJSON(got)
			}
			rows := make([][]string, len(subjects))
			for i, s := range subjects {
				rows[i] = []string{s, got.GetVariants()[i]}
			}
			return c.table([]string{"SUBJECT", "VARIANT"}, rows)
		})
	})
	return cmd
}
