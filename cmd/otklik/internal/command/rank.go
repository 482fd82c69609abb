package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// NewRankCommand returns `otklik rank`.
func NewRankCommand(env Env) *cobra.Command {
	var flags queryFlags
	var rate float64
	var least int64
	cmd := &cobra.Command{
		Use:   "rank --survey SURVEY --metric METRIC --by KEY",
		Short: "Rank units by a score and tell which really differ",
		Long: `Rank units by a score and tell which of them really differ from the others.

Each unit is tested against all others together, and the p-values are corrected for how many were compared (Benjamini and Hochberg). The places are
those that a unit may hold as far as the data tell: where they overlap, the order of two units says nothing.` + sliceHelp,
		Example: `  otklik rank --survey sfo-2017 --metric nps --by location
  otklik rank --survey shop --metric csat --by employee --from 2026-03 --least 30`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	flags.add(cmd.Flags(), false)
	cmd.Flags().StringSliceVar(&flags.by, "by", nil, "the key whose values are the units: "+groupKeys+" (needed)")
	cmd.Flags().Float64Var(&rate, "fdr", 0, "share of false discoveries that is allowed among those called different, above 0 to 0.5 (default 0.05)")
	cmd.Flags().Int64Var(&least, "least", 0, "units with fewer answers are listed but not compared (default 2)")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		query, err := flags.query()
		switch {
		case err != nil:
			return err
		case len(query.GetGroupBy()) == 0:
			return exit.Usagef("--by is needed: its values are the units")
		case least < 0:
			return exit.Usagef("--least must not be negative")
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Scoring.RankScores(ctx, &scoringv1.RankScoresRequest{Query: query, FalseDiscoveryRate: rate, LeastAnswers: least})
			switch {
			case err != nil:
				return fmt.Errorf("rank scores: %w", err)
			case c.json:
				return c.printJSON(got)
			}
			return c.printRanking(ctx, conn, query, got)
		})
	})
	return cmd
}

func (c *call) printRanking(ctx context.Context, conn *client.Connection, query *scoringv1.ScoreQuery, got *scoringv1.RankScoresResponse) error {
	if len(got.GetRanking()) == 0 {
		return c.write("no units: nothing was counted in this slice\n" + coverageText(got.GetCoverage()))
	}
	scores := make([]*scoringv1.Score, 0, len(got.GetRanking()))
	for _, r := range got.GetRanking() {
		scores = append(scores, r.GetScore())
	}
	meanings, err := meaningsOf(ctx, conn, scores...)
	if err != nil {
		return err
	}
	t := scoreTable{query: query, scores: scores, meanings: meanings}
	header := append([]string{"RANK", "PLACES"}, t.sliceHeader()[2:]...)
	header = append(header, "SCORE", levelOf(scores)+" INTERVAL", "N")
	if t.weighted() {
		header = append(header, "EFFECTIVE N")
	}
	header = append(header, "DIFFERENCE", "INTERVAL", "ADJUSTED P", "")
	var rows [][]string
	for _, r := range got.GetRanking() {
		s := r.GetScore()
		row := append([]string{"-", "-"}, t.sliceOf(s)[2:]...)
		if r.GetRank() > 0 {
			row[0], row[1] = fmt.Sprint(r.GetRank()), fmt.Sprintf("%d to %d", r.GetBestRank(), r.GetWorstRank())
		}
		row = append(row, estimate(s), interval(s.GetInterval()), fmt.Sprint(s.GetN()))
		if t.weighted() {
			row = append(row, number(s.EffectiveN, 1))
		}
		rows = append(rows, append(row, number(r.Difference, 3), interval(r.GetInterval()), pText(r.AdjustedPValue), differs(r)))
	}
	if err := c.table(header, rows); err != nil {
		return err
	}
	text := fmt.Sprintf("\n%d units were compared, each with all others together", got.GetCompared())
	if s := got.GetOverall(); s != nil {
		text += fmt.Sprintf("; all together %s, interval %s, n %d", estimate(s), interval(s.GetInterval()), s.GetN())
	}
	return c.write(text + "\n" + meanings.footnotes(scores) + coverageText(got.GetCoverage()) + fmt.Sprintf("counted up to %s\n", formatMoment(got.GetWatermark())))
}

// differs says of a unit what the test does.
func differs(r *scoringv1.RankedScore) string {
	switch {
	case r.GetRank() == 0:
		return "not compared"
	case !r.GetDifferent():
		return ""
	case r.GetDifference() > 0:
		return "higher"
	default:
		return "lower"
	}
}

// pText is a p-value that may be missing.
func pText(p *float64) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf("%.3g", *p)
}
