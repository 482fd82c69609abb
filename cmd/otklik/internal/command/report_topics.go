package command

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// metricChoice is the flag of what an outcome is counted as.
func metricChoice() choices {
	return choices{"metric": {prefix: "OUTCOME_METRIC_", enum: reportingv1.OutcomeMetric(0).Descriptor()}}
}

// byUsage is the help of what responses are told apart by.
const byUsage = "what responses are told apart by: theme, location, region, channel, company, segment, sentiment, attributes.NAME (default theme)"

func newReportBridge(env Env) *cobra.Command {
	chosen := metricChoice()
	var by, from, to string
	return newAnalysis(env, &cobra.Command{
		Use:   "bridge --survey SURVEY --baseline-from TIME --from TIME",
		Short: "Tell why an outcome moved between two periods, part by part",
		Long: `Tell why an outcome moved: what the mix of responses did and what their levels did, for each value of a key. The effects sum to the change exactly. A response of
several themes is shared among them equally.`,
		Example: `  otklik report bridge --survey shop --baseline-from 2026-01 --baseline-to 2026-04 --from 2026-04 --to 2026-07 --by location`,
	}, func(a *analysisFlags, flags *pflag.FlagSet) {
		a.addOutcome()
		chosen["metric"].add(flags, "metric", "what the outcome is counted as", "nps for a question of likelihood to recommend, else mean")
		flags.StringVar(&by, "by", "", byUsage)
		flags.StringVar(&from, "baseline-from", "", "begin of the period before")
		flags.StringVar(&to, "baseline-to", "", "end of the period before (default: --from)")
	}, func(ctx context.Context, conn reportingv1.ReportingServiceClient, a *analysisFlags, query *reportingv1.AnalysisQuery) (*reportingv1.QueryBridgeResponse, error) {
		v, err := chosen.read("metric")
		if err != nil {
			return nil, err
		}
		before, err := a.before(from, to)
		if err != nil {
			return nil, err
		}
		return conn.QueryBridge(ctx, &reportingv1.QueryBridgeRequest{
			Query: query, BaselinePeriod: before, Outcome: a.outcome, Metric: reportingv1.OutcomeMetric(v[0]), By: by,
		})
	}, (*call).printBridge)
}

func newReportStrengths(env Env) *cobra.Command {
	chosen := metricChoice()
	var by, groupBy string
	var further []string
	return newAnalysis(env, &cobra.Command{
		Use:   "strengths --survey SURVEY",
		Short: "Tell which topics pull an outcome up and which pull it down",
		Long: `Tell what each topic does to an outcome: the outcome of all responses less that without the topic's responses. What could be chance after correction for the number of
topics is neither a strength nor a weakness. --group-by and --further-outcome tell the same slice by slice and outcome by outcome, corrected for all together.`,
		Example: `  otklik report strengths --survey shop --by location
  otklik report strengths --survey shop --by theme --group-by region --further-outcome staff`,
	}, func(a *analysisFlags, flags *pflag.FlagSet) {
		a.addOutcome()
		chosen["metric"].add(flags, "metric", "what the outcome is counted as", "nps for a question of likelihood to recommend, else mean")
		flags.StringVar(&by, "by", "", byUsage)
		flags.StringVar(&groupBy, "group-by", "", "a key by whose values effects are told as well, such as region, location, touchpoint")
		flags.StringArrayVar(&further, "further-outcome", nil, "a further outcome's question; repeat")
	}, func(ctx context.Context, conn reportingv1.ReportingServiceClient, a *analysisFlags, query *reportingv1.AnalysisQuery) (*reportingv1.QueryStrengthsResponse, error) {
		v, err := chosen.read("metric")
		if err != nil {
			return nil, err
		}
		return conn.QueryStrengths(ctx, &reportingv1.QueryStrengthsRequest{
			Query: query, Outcome: a.outcome, Metric: reportingv1.OutcomeMetric(v[0]), By: by, GroupBy: groupBy, FurtherOutcomes: further,
		})
	}, (*call).printStrengths)
}

func newReportCrosstab(env Env) *cobra.Command {
	var row, column string
	return newAnalysis(env, &cobra.Command{
		Use:     "crosstab --survey SURVEY --row KEY --column KEY",
		Short:   "Count responses by two questions or keys, and tell whether one goes with the other",
		Example: `  otklik report crosstab --survey shop --row answers.reason --column channel`,
	}, func(_ *analysisFlags, flags *pflag.FlagSet) {
		flags.StringVar(&row, "row", "", "what the rows are: a key such as channel, or answers.QUESTION (needed)")
		flags.StringVar(&column, "column", "", "what the columns are, likewise (needed)")
	}, func(ctx context.Context, conn reportingv1.ReportingServiceClient, _ *analysisFlags, query *reportingv1.AnalysisQuery) (*reportingv1.QueryCrosstabResponse, error) {
		if row == "" || column == "" {
			return nil, exit.Usagef("--row and --column are needed")
		}
		return conn.QueryCrosstab(ctx, &reportingv1.QueryCrosstabRequest{Query: query, Row: row, Column: column})
	}, (*call).printCrosstab)
}
