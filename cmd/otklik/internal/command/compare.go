package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// baselineFlags are the flags of the side compared with, where it differs.
type baselineFlags struct {
	survey, question, option string
	metric, variant          string
	slice                    sliceFlags
	flags                    *pflag.FlagSet
}

// baselinePrefix begins the names of the flags of the side compared with.
const baselinePrefix = "baseline-"

func (b *baselineFlags) add(flags *pflag.FlagSet) {
	b.flags = flags
	flags.StringVar(&b.survey, "baseline-survey", "", "the survey compared with")
	flags.StringVar(&b.question, "baseline-question", "", "the question compared with")
	flags.StringVar(&b.metric, "baseline-metric", "", "the metric compared with")
	flags.StringVar(&b.variant, "baseline-variant", "", "the variant compared with")
	flags.StringVar(&b.option, "baseline-option", "", "the option compared with")
	b.slice.add(flags, baselinePrefix)
	// What the other side has in common needs no more words than this.
	flags.VisitAll(func(f *pflag.Flag) {
		if first := flags.Lookup(strings.TrimPrefix(f.Name, baselinePrefix)); strings.HasPrefix(f.Name, baselinePrefix) && first != nil && len(f.Usage) > 40 {
			f.Usage = "as --" + first.Name + ", of the side compared with"
		}
	})
}

// NewCompareCommand returns `otklik compare`.
func NewCompareCommand(env Env) *cobra.Command {
	var flags queryFlags
	var baseline baselineFlags
	cmd := &cobra.Command{
		Use:   "compare --survey SURVEY --metric METRIC --baseline-...",
		Short: "Compare one score of two parts of the data and test the difference",
		Long: `Compare one score of two parts of the data and test the difference.

The usual flags say what is compared; the --baseline flags say in what the other side differs. What they leave out is as on the first side.` + sliceHelp,
		Example: `  otklik compare --survey sfo-2017 --metric nps --filter 'location = "A"' --baseline-filter 'location = "G"'
  otklik compare --survey shop --metric csat --from 2026-03 --to 2026-04 --baseline-from 2026-02 --baseline-to 2026-03
  otklik compare --survey shop --definition loyalty --filter 'attributes.vip = "yes"' --baseline-filter 'attributes.vip != "yes"'`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	flags.add(cmd.Flags(), false)
	baseline.add(cmd.Flags())
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		query, err := flags.query()
		if err != nil {
			return err
		}
		other, err := baseline.query(query)
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error { return c.compare(ctx, conn, query, other) })
	})
	return cmd
}

// query is the other side: only what differs is set.
func (b *baselineFlags) query(query *scoringv1.ScoreQuery) (*scoringv1.ScoreQuery, error) {
	b.slice.timeZone = query.GetTimeZone()
	s, err := b.slice.slice()
	if err != nil {
		return nil, err
	}
	out := &scoringv1.ScoreQuery{Question: b.question}
	s.into(out)
	out.TimeZone = ""
	measured := queryFlags{flags: pflag.NewFlagSet("", pflag.ContinueOnError)}
	if b.metric != "" {
		measured.metrics = []string{b.metric}
	}
	if b.variant != "" {
		measured.variants = []string{b.variant}
	}
	if err := measured.measured(out); err != nil {
		return nil, exit.Usagef("of the side compared with: %w", err)
	}
	if b.flags.Changed("baseline-option") {
		out.Option = &b.option
	}
	if b.survey == "" && proto.Size(out) == 0 {
		return nil, exit.Usagef("nothing to compare with: state at least one of the --baseline flags")
	}
	if out.Survey = query.GetSurvey(); b.survey != "" {
		out.Survey = surveyName(b.survey)
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
	weighted := query.GetWeighting() != nil || baseline.GetWeighting() != nil
	header := []string{"SIDE", "METRIC", "QUESTION", "SCORE", "INTERVAL", "N"}
	if weighted {
		header = append(header, "EFFECTIVE N")
	}
	sides := []side{{"compared", got.GetScore()}, {"with", got.GetBaseline()}}
	var rows [][]string
	for _, s := range sides {
		row := []string{s.name, metricWord(s.score), orDash(s.score.GetSlice().GetQuestion()), estimate(s.score), interval(s.score.GetInterval()), fmt.Sprint(s.score.GetN())}
		if weighted {
			row = append(row, number(s.score.EffectiveN, 1))
		}
		rows = append(rows, append(row, counts(s.score)))
	}
	if err := c.table(append(header, "COUNTS"), rows); err != nil {
		return err
	}
	if err := c.compareParts(sides, got.GetParts()); err != nil {
		return err
	}
	if err := c.write(differenceText(got)); err != nil {
		return err
	}
	text := fmt.Sprintf("counted up to %s\n", formatMoment(got.GetWatermark()))
	for i, coverage := range []*scoringv1.Coverage{got.GetCoverage(), got.GetBaselineCoverage()} {
		if coverage != nil {
			text = sides[i].name + ": " + coverageText(coverage) + text
		}
	}
	return c.write(text)
}

// side is one side of a comparison.
type side struct {
	name  string
	score *scoringv1.Score
}

// compareParts lays out what composites are made of, part by part, and what each adds to the difference.
func (c *call) compareParts(sides []side, differences []*scoringv1.ScorePart) error {
	var rows [][]string
	for i, p := range sides[0].score.GetParts() {
		rows = append(rows, append([]string{sides[0].name}, partCells(p)...))
		if others := sides[1].score.GetParts(); i < len(others) && others[i].GetId() == p.GetId() {
			rows = append(rows, append([]string{sides[1].name}, partCells(others[i])...))
		}
		if i < len(differences) && differences[i].GetId() == p.GetId() {
			rows = append(rows, append([]string{"difference"}, partCells(differences[i])...))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := c.write("\n"); err != nil {
		return err
	}
	return c.table(append([]string{"SIDE"}, partHeader...), rows)
}

// differenceText is the difference with its test.
func differenceText(got *scoringv1.CompareScoresResponse) string {
	if got.GetScore().Estimate == nil || got.GetBaseline().Estimate == nil {
		return "\nno difference: a side has no score\n"
	}
	test := strings.ToLower(got.GetTest())
	if got.Statistic != nil {
		test += " " + formatNumber(got.GetStatistic(), 4)
	}
	if got.DegreesOfFreedom != nil {
		test += fmt.Sprintf(", %s degrees of freedom", formatNumber(got.GetDegreesOfFreedom(), 1))
	}
	p := "-"
	if got.PValue != nil {
		p = fmt.Sprintf("%.4g", got.GetPValue())
	}
	return fmt.Sprintf("\ndifference %s, interval %s, p-value %s (%s)\n", formatNumber(got.GetDifference(), 3), interval(got.GetInterval()), p, test)
}
