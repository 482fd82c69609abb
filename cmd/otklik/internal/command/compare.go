package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// NewCompareCommand returns `otklik compare`.
func NewCompareCommand(env Env) *cobra.Command {
	var flags, baseline queryFlags
	cmd := &cobra.Command{
		Use:   "compare --survey SURVEY --metric METRIC --baseline-...",
		Short: "Compare one score of two parts of the data and test the difference",
		Long: `Compare one score of two parts of the data and test the difference.

The usual flags say what is compared; the --baseline flags say in what the other side differs. What they leave out is as on the first side.`,
		Example: `  otklik compare --survey sfo-2017 --metric nps --filter location=A --baseline-filter location=G
  otklik compare --survey shop --metric csat --from 2026-03 --to 2026-04 --baseline-from 2026-02 --baseline-to 2026-03`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	flags.add(cmd.Flags(), false)
	f := cmd.Flags()
	f.StringVar(&baseline.survey, "baseline-survey", "", "the survey compared with")
	f.StringVar(&baseline.question, "baseline-question", "", "the question compared with")
	f.StringVar(&baseline.filter, "baseline-filter", "", "KEY=VALUE of the side compared with")
	f.StringVar(&baseline.from, "baseline-from", "", "begin of the period compared with")
	f.StringVar(&baseline.to, "baseline-to", "", "end of the period compared with")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		query, err := flags.query()
		if err != nil {
			return err
		}
		other, err := baselineQuery(query, baseline, flags.timeZone)
		if err != nil {
			return err
		}
		conn, err := c.connect()
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		return c.compare(ctx, conn, query, other)
	})
	return cmd
}

// baselineQuery is the other side: only what differs is set.
func baselineQuery(query *scoringv1.ScoreQuery, flags queryFlags, timeZone string) (*scoringv1.ScoreQuery, error) {
	out := &scoringv1.ScoreQuery{Survey: query.GetSurvey(), Question: flags.question, Filter: flags.filter}
	if flags.survey != "" {
		out.Survey = surveyName(flags.survey)
	}
	var err error
	if out.Period, err = parsePeriod(flags.from, flags.to, timeZone); err != nil {
		return nil, err
	}
	if flags.survey == "" && flags.question == "" && out.Filter == "" && out.Period == nil {
		return nil, exit.Usagef("nothing to compare with: state at least one of the --baseline flags")
	}
	return out, nil
}

func (c *call) compare(ctx context.Context, conn *client.Connection, query, baseline *scoringv1.ScoreQuery) error {
	got, err := conn.Scoring.CompareScores(ctx, &scoringv1.CompareScoresRequest{Query: query, Baseline: baseline})
	if err != nil {
		return fmt.Errorf("compare scores: %w", err)
	}
	if c.json {
		return c.printJSON(got)
	}
	var rows [][]string
	for _, side := range []struct {
		name  string
		score *scoringv1.Score
	}{{"compared", got.GetScore()}, {"with", got.GetBaseline()}} {
		s := side.score
		rows = append(rows, []string{
			side.name, enumWord("VARIANT_", s.GetVariant()), s.GetSlice().GetQuestion(), estimate(s), interval(s.GetInterval()), fmt.Sprint(s.GetN()), counts(s),
		})
	}
	if err := c.table([]string{"SIDE", "METRIC", "QUESTION", "SCORE", "INTERVAL", "N", "COUNTS"}, rows); err != nil {
		return err
	}
	statistic := fmt.Sprintf("%s %s", strings.ToLower(got.GetTest()), formatNumber(got.GetStatistic(), 4))
	if got.DegreesOfFreedom != nil {
		statistic += fmt.Sprintf(", %s degrees of freedom", formatNumber(got.GetDegreesOfFreedom(), 1))
	}
	return c.write(fmt.Sprintf("\ndifference %s, interval %s, p-value %.4g (%s)\n",
		formatNumber(got.GetDifference(), 3), interval(got.GetInterval()), got.GetPValue(), statistic))
}
