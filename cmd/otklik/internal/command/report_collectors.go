package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

func newReportCollectors(env Env) *cobra.Command {
	chosen := metricChoice()
	var key, within string
	var internal, external []string
	return newAnalysis(env, &cobra.Command{
		Use:   "collectors --survey SURVEY",
		Short: "Compare what the organisation collected itself with what others collected",
		Long: `Compare answers that the organisation collected itself (INTERNAL) with those that others collected (EXTERNAL): over all, within the same location, and what is left
between the two, mix. Where mix is no chance, the difference over all tells of where was asked, too.`,
		Example: `  otklik report collectors --survey shop
  otklik report collectors --survey shop --by channel --internal terminal --external panel --within region --json`,
	}, func(a *analysisFlags, flags *pflag.FlagSet) {
		a.addOutcome()
		chosen["metric"].add(flags, "metric", "what the outcome is counted as", "nps for a question of likelihood to recommend, else mean")
		flags.StringVar(&key, "by", "", "the key that tells who collected an answer (default attributes.collector)")
		flags.StringSliceVar(&internal, "internal", nil, "the values of the key that mean INTERNAL (default internal)")
		flags.StringSliceVar(&external, "external", nil, "the values of the key that mean EXTERNAL (default external)")
		flags.StringVar(&within, "within", "", "the key within whose values both are compared (default location)")
	}, func(ctx context.Context, conn reportingv1.ReportingServiceClient, a *analysisFlags, query *reportingv1.AnalysisQuery) (*reportingv1.QueryCollectorsResponse, error) {
		v, err := chosen.read("metric")
		if err != nil {
			return nil, err
		}
		return conn.QueryCollectors(ctx, &reportingv1.QueryCollectorsRequest{
			Query: query, Outcome: a.outcome, Metric: reportingv1.OutcomeMetric(v[0]), Key: key, InternalValues: internal, ExternalValues: external, Within: within,
		})
	}, (*call).printCollectors)
}

func (c *call) printCollectors(got *reportingv1.QueryCollectorsResponse) error {
	rows := [][]string{{
		"all", withInterval(got.GetInternal().GetScore(), 2), withInterval(got.GetExternal().GetScore(), 2), withInterval(got.GetDifference(), 2), adjustedP(got.GetTest()),
		fmt.Sprintf("%d/%d", got.GetInternal().GetN(), got.GetExternal().GetN()),
	}}
	if got.GetWithinDifference() != nil {
		rows = append(rows, []string{"within each", "-", "-", withInterval(got.GetWithinDifference(), 2), adjustedP(got.GetWithinTest()), "-"},
			[]string{"mix", "-", "-", withInterval(got.GetMix(), 2), adjustedP(got.GetMixTest()), "-"})
	}
	for _, p := range got.GetParts() {
		rows = append(rows, []string{
			orNotStated(p.GetValue()), formatNumber(p.GetInternalScore(), 2), formatNumber(p.GetExternalScore(), 2), withInterval(p.GetDifference(), 2), adjustedP(p.GetTest()),
			fmt.Sprintf("%d/%d", p.GetInternalN(), p.GetExternalN()),
		})
	}
	if err := c.table([]string{strings.ToUpper(got.GetWithin()), "INTERNAL", "EXTERNAL", "DIFFERENCE", "ADJUSTED P", "N"}, rows); err != nil {
		return err
	}
	text := fmt.Sprintf("\n%s of %s by %s", enumWord("OUTCOME_METRIC_", got.GetMetric()), got.GetOutcome().GetQuestion(), printable(got.GetKey()))
	if len(got.GetCautions()) > 0 {
		text += "; be careful: " + strings.ToLower(strings.Join(got.GetCautions(), ", "))
	}
	return c.write(text + basisText(got.GetBasis()))
}
