package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// sliceHelp ends the help of commands that ask for scores.
const sliceHelp = `

A filter compares the keys of --by, and answers.QUESTION, with = != < <= > >= and :, joined by AND, OR and NOT; "abc*" begins with abc,
attributes.vip:* asks whether the key is stated. What was left out, and why, is told below the table.`

// NewScoreCommand returns `otklik score`.
func NewScoreCommand(env Env) *cobra.Command {
	var flags queryFlags
	var stream bool
	cmd := &cobra.Command{
		Use:   "score --survey SURVEY [--metric METRIC]",
		Short: "Compute scores with their intervals",
		Long: `Compute scores with their intervals, for one survey, of any slice of its responses.

Each score comes with its confidence interval, the number of answers n that it rests on, the counts behind it and the formula that made it; weighted
ones also with their effective n, the number of unweighted answers that would be as precise. A score without answers is absent, never 0.` + sliceHelp,
		Example: `  otklik score --survey sfo-2017 --metric nps --grain day --time-zone America/Los_Angeles
  otklik score --survey sfo-2017 --metric csat --question all
  otklik score --survey sfo-2017 --metric nps --by location,attributes.purpose --filter 'attributes.age = "25_34" AND answers.q7all >= 4'
  otklik score --survey sfo-2017 --metric nps --weight stated
  otklik score --survey shop --metric nps --rake channel:kiosk=60,web=40 --rake region:north=1,south=1 --json
  otklik score --survey shop --definition loyalty@2 --by location`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	flags.add(cmd.Flags(), true)
	cmd.Flags().BoolVar(&stream, "stream", false, "receive the answer in parts, for answers of very many scores; with --json each part is a line")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		query, err := flags.query()
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			if stream {
				return c.streamScores(ctx, conn, query)
			}
			got, err := conn.Scoring.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: query})
			if err != nil {
				return fmt.Errorf("query scores: %w", err)
			}
			if c.json {
				return c.printJSON(got)
			}
			return c.printScores(ctx, conn, query, got)
		})
	})
	return cmd
}

// streamScores asks for scores in parts: they are printed as they come as JSON, and together as a table, whose columns need all of them.
func (c *call) streamScores(ctx context.Context, conn *client.Connection, query *scoringv1.ScoreQuery) error {
	stream, err := conn.Scoring.StreamScores(ctx, &scoringv1.StreamScoresRequest{Query: query})
	if err != nil {
		return fmt.Errorf("stream scores: %w", err)
	}
	all := &scoringv1.QueryScoresResponse{}
	err = receive(stream, func(part *scoringv1.StreamScoresResponse) error {
		if c.json {
			return c.printLine(part)
		}
		all.Scores = append(all.Scores, part.GetScores()...)
		all.Watermark = part.GetWatermark()
		if part.GetCoverage() != nil {
			all.Coverage = part.GetCoverage()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("stream scores: %w", err)
	}
	if c.json {
		return nil
	}
	return c.printScores(ctx, conn, query, all)
}

// receive hands the messages of a stream to f until its end.
func receive[M any](stream interface{ Recv() (M, error) }, f func(M) error) error {
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(m); err != nil {
			return err
		}
	}
}

func (c *call) printScores(ctx context.Context, conn *client.Connection, query *scoringv1.ScoreQuery, got *scoringv1.QueryScoresResponse) error {
	if len(got.GetScores()) == 0 {
		return c.write("no scores: nothing was counted in this slice\n" + coverageText(got.GetCoverage()))
	}
	meanings, err := meaningsOf(ctx, conn, got.GetScores()...)
	if err != nil {
		return err
	}
	t := scoreTable{query: query, scores: got.GetScores(), meanings: meanings}
	if err := c.table(t.header(), t.rows()); err != nil {
		return err
	}
	if header, rows := t.parts(); len(rows) > 0 {
		if err := c.write("\n"); err != nil {
			return err
		}
		if err := c.table(header, rows); err != nil {
			return err
		}
	}
	return c.write("\n" + meanings.footnotes(got.GetScores()) + coverageText(got.GetCoverage()) +
		fmt.Sprintf("counted up to %s\n", formatMoment(got.GetWatermark())))
}

// leftOutWords say why responses are left out.
var leftOutWords = map[scoringv1.LeftOutReason]string{
	scoringv1.LeftOutReason_LEFT_OUT_REASON_POPULATION: "of another population",
	scoringv1.LeftOutReason_LEFT_OUT_REASON_PERIOD:     "outside the period",
	scoringv1.LeftOutReason_LEFT_OUT_REASON_AS_OF:      "accepted later than --as-of",
	scoringv1.LeftOutReason_LEFT_OUT_REASON_FILTER:     "by the filter",
	scoringv1.LeftOutReason_LEFT_OUT_REASON_MARGIN:     "in no class of --rake",
	scoringv1.LeftOutReason_LEFT_OUT_REASON_PROTECTION: "not released yet",
}

// coverageText says how many responses were counted and why others were not; nothing where the server does not say.
func coverageText(c *scoringv1.Coverage) string {
	if c == nil {
		return ""
	}
	text := fmt.Sprintf("counted %d of %d responses", c.GetCounted(), c.GetResponses())
	var reasons []string
	for _, l := range c.GetLeftOut() {
		if l.GetCount() == 0 {
			continue
		}
		why, ok := leftOutWords[l.GetReason()]
		if !ok {
			why = enumWord("LEFT_OUT_REASON_", l.GetReason())
		}
		reasons = append(reasons, fmt.Sprintf("%d %s", l.GetCount(), why))
	}
	if len(reasons) > 0 {
		text += "; left out: " + strings.Join(reasons, ", ")
	}
	return text + "\n"
}
