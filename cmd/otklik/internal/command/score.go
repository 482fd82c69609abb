package command

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// NewScoreCommand returns `otklik score`.
func NewScoreCommand(env Env) *cobra.Command {
	var flags queryFlags
	cmd := &cobra.Command{
		Use:   "score --survey SURVEY [--metric METRIC]",
		Short: "Compute scores with their intervals",
		Long: `Compute scores with their intervals, for one survey.

Each score comes with its confidence interval, the number of answers n that it rests on, the counts behind it and the formula that made it.
A score without answers is absent, never 0.`,
		Example: `  otklik score --survey sfo-2017 --metric nps --grain day --time-zone America/Los_Angeles
  otklik score --survey sfo-2017 --metric csat --question all
  otklik score --survey sfo-2017 --metric nps --by location --json`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	flags.add(cmd.Flags(), true)
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		query, err := flags.query()
		if err != nil {
			return err
		}
		conn, err := c.connect()
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		got, err := conn.Scoring.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: query})
		if err != nil {
			return fmt.Errorf("query scores: %w", err)
		}
		if c.json {
			return c.printJSON(got)
		}
		definitions, err := conn.Definitions.ListMetricDefinitions(ctx, &scoringv1.ListMetricDefinitionsRequest{})
		if err != nil {
			return fmt.Errorf("list metric definitions: %w", err)
		}
		return c.printScores(query, got, definitions.GetMetricDefinitions())
	})
	return cmd
}

func (c *call) printScores(query *scoringv1.ScoreQuery, got *scoringv1.QueryScoresResponse, definitions []*scoringv1.MetricDefinition) error {
	if len(got.GetScores()) == 0 {
		return c.write("no scores: nothing was counted in this period\n")
	}
	zone := time.UTC
	if query.GetTimeZone() != "" {
		if z, err := time.LoadLocation(query.GetTimeZone()); err == nil {
			zone = z
		}
	}
	header := []string{"METRIC", "QUESTION"}
	if query.GetGrain() != typev1.TimeGrain_TIME_GRAIN_UNSPECIFIED {
		header = append(header, strings.ToUpper(enumWord("TIME_GRAIN_", query.GetGrain())))
	}
	for _, key := range query.GetGroupBy() {
		header = append(header, strings.ToUpper(strings.TrimPrefix(key, "attributes.")))
	}
	header = append(header, "SCORE", levelOf(got)+" INTERVAL", "N", "COUNTS")
	var rows [][]string
	for _, s := range got.GetScores() {
		row := []string{enumWord("VARIANT_", s.GetVariant()), s.GetSlice().GetQuestion()}
		if query.GetGrain() != typev1.TimeGrain_TIME_GRAIN_UNSPECIFIED {
			row = append(row, stepName(s.GetSlice().GetPeriod().GetStartTime(), query.GetGrain(), zone))
		}
		if len(query.GetGroupBy()) > 0 {
			for _, key := range s.GetSlice().GetKeys() {
				row = append(row, orNotStated(key.GetValue()))
			}
		}
		rows = append(rows, append(row, estimate(s), interval(s.GetInterval()), fmt.Sprint(s.GetN()), counts(s)))
	}
	if err := c.table(header, rows); err != nil {
		return err
	}
	return c.write(c.footnotes(got, definitions))
}

// footnotes says what the scores mean and up to when was counted.
func (c *call) footnotes(got *scoringv1.QueryScoresResponse, definitions []*scoringv1.MetricDefinition) string {
	var b strings.Builder
	b.WriteByte('\n')
	seen := map[scoringv1.Variant]bool{}
	for _, s := range got.GetScores() {
		if seen[s.GetVariant()] {
			continue
		}
		seen[s.GetVariant()] = true
		fmt.Fprintf(&b, "%s = %s (%s version %d, interval %s)\n", enumWord("VARIANT_", s.GetVariant()), formula(definitions, s),
			idOf(s.GetDefinition()), s.GetDefinitionVersion(), strings.ToLower(orNotStated(s.GetInterval().GetMethod())))
	}
	fmt.Fprintf(&b, "counted up to %s\n", formatMoment(got.GetWatermark()))
	return b.String()
}

// formula is what the definition says, in the symbols of the counts.
func formula(definitions []*scoringv1.MetricDefinition, s *scoringv1.Score) string {
	for _, d := range definitions {
		if d.GetName() != s.GetDefinition() {
			continue
		}
		for _, v := range d.GetVariants() {
			if v.GetVariant() == s.GetVariant() {
				return v.GetFormula()
			}
		}
	}
	return "?"
}

func levelOf(got *scoringv1.QueryScoresResponse) string {
	for _, s := range got.GetScores() {
		if l := s.GetInterval().GetLevel(); l > 0 {
			return formatNumber(l*100, 2) + "%"
		}
	}
	return "95%"
}

// estimate is the score, `-` when there is none, with its judgement.
func estimate(s *scoringv1.Score) string {
	if s.Estimate == nil {
		return "-"
	}
	text := formatNumber(s.GetEstimate(), 3)
	if s.NormalizedEstimate != nil {
		text += fmt.Sprintf(" (%s of 100)", formatNumber(s.GetNormalizedEstimate(), 1))
	}
	if s.GetBand() != "" {
		text += " " + strings.ToLower(s.GetBand())
	}
	return text
}

func interval(i *typev1.ConfidenceInterval) string {
	if i == nil {
		return "-"
	}
	return fmt.Sprintf("%s to %s", formatNumber(i.GetLower(), 3), formatNumber(i.GetUpper(), 3))
}

// counts lists the counts behind a score, with the symbols of the formulas.
func counts(s *scoringv1.Score) string {
	c := s.GetCounts()
	var parts []string
	add := func(name string, n int64) { parts = append(parts, fmt.Sprintf("%s %d", name, n)) }
	if c.Promoters != nil {
		add("promoters", c.GetPromoters())
		add("passives", c.GetPassives())
		add("detractors", c.GetDetractors())
	}
	if c.Positive != nil {
		name := "satisfied"
		if s.GetMetric() == scoringv1.Metric_METRIC_CES {
			name = "easy"
		}
		add(name, c.GetPositive())
	}
	if c.Negative != nil {
		add("difficult", c.GetNegative())
	}
	if len(parts) == 0 || s.GetN() != c.GetAnswered() {
		parts = append([]string{fmt.Sprintf("answered %d", c.GetAnswered())}, parts...)
	}
	if r := c.GetRefused() + c.GetDismissed() + c.GetTimedOut(); r > 0 {
		add("refused", r)
	}
	return strings.Join(parts, ", ")
}

// formatNumber writes a number with at most the decimals given, without zeros at the end.
func formatNumber(v float64, decimals int) string {
	text := fmt.Sprintf("%.*f", decimals, v)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" || math.IsNaN(v) {
		return strings.TrimPrefix(text, "-")
	}
	return text
}

func orNotStated(s string) string {
	if s == "" {
		return "(not stated)"
	}
	return s
}

// stepName names a step by its beginning.
func stepName(start *timestamppb.Timestamp, grain typev1.TimeGrain, zone *time.Location) string {
	if start == nil {
		return "-"
	}
	t := start.AsTime().In(zone)
	switch grain {
	case typev1.TimeGrain_TIME_GRAIN_HOUR:
		return t.Format("2006-01-02 15:04")
	case typev1.TimeGrain_TIME_GRAIN_MONTH:
		return t.Format("2006-01")
	case typev1.TimeGrain_TIME_GRAIN_QUARTER:
		return fmt.Sprintf("%d-Q%d", t.Year(), (int(t.Month())+2)/3)
	case typev1.TimeGrain_TIME_GRAIN_YEAR:
		return t.Format("2006")
	default:
		return t.Format(time.DateOnly)
	}
}
