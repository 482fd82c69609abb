package command

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// exportTarget is where an export goes.
type exportTarget struct {
	path      string
	overwrite bool
}

func (e *exportTarget) add(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&e.path, "output", "o", "", "file to write (default: standard output)")
	cmd.Flags().BoolVar(&e.overwrite, "overwrite", false, "write over FILE if it exists")
}

// lines prints messages into w, one a line.
func lines(w io.Writer) func(m proto.Message) error {
	return func(m proto.Message) error {
		raw, err := encode(m)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(raw, '\n')); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
		return nil
	}
}

// NewFactsCommand returns `otklik facts`.
func NewFactsCommand(env Env) *cobra.Command {
	var survey string
	var groups int32
	var which sliceFlags
	var target exportTarget
	cmd := &cobra.Command{
		Use:   "facts --survey SURVEY [-o FILE]",
		Short: "Write the responses behind scores as JSON lines",
		Long: `Write the responses behind scores, as they are counted, as JSON lines: keys and answers, without who answered and without words.

All responses of one respondent are in the same random group, so that errors of any statistic follow from leaving out one group after the other.`,
		Example: `  otklik facts --survey shop --filter 'location = "osh"' --from 2026-03 | gzip > march.jsonl.gz`,
		Args:    exactly(),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&survey, "survey", "", "the survey (needed)")
	which.addWhich(cmd.Flags(), "")
	cmd.Flags().Int32Var(&groups, "groups", 0, "number of random groups of respondents, 2 to 1000 (default 200)")
	target.add(cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		if survey == "" {
			return exit.Usagef("--survey is needed")
		}
		s, err := which.slice()
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			var coverage *scoringv1.Coverage
			err := c.writeWhole(target.path, target.overwrite, func(w io.Writer) error {
				stream, err := conn.Scoring.StreamFacts(ctx, &scoringv1.StreamFactsRequest{
					Survey: surveyName(survey), Filter: s.filter, Period: s.period, Population: s.population, AsOfTime: s.asOf, Groups: groups,
				})
				if err != nil {
					return fmt.Errorf("stream facts: %w", err)
				}
				write := lines(w)
				return received("stream facts", receive(stream, func(part *scoringv1.StreamFactsResponse) error {
					if part.GetCoverage() != nil {
						coverage = part.GetCoverage()
					}
					for _, f := range part.GetFacts() {
						if err := write(f); err != nil {
							return err
						}
					}
					return nil
				}))
			})
			return c.tellCoverage(coverage, err)
		})
	})
	return cmd
}

// NewMomentsCommand returns `otklik moments`.
func NewMomentsCommand(env Env) *cobra.Command {
	var survey string
	var questions []string
	var groups int32
	var flags sliceFlags
	var target exportTarget
	cmd := &cobra.Command{
		Use:   "moments --survey SURVEY --question QUESTION,QUESTION [-o FILE]",
		Short: "Write sums and cross-products of answers as JSON lines",
		Long: `Write counts, sums and cross-products of pairs of questions for each random group of respondents, one group a line: what correlations, drivers and factors
are computed from. They are valid where respondents answered some of the questions only.`,
		Example: `  otklik moments --survey sfo-2017 --question q7all,q7food,q7store --groups 100 -o moments.jsonl`,
		Args:    exactly(),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&survey, "survey", "", "the survey (needed)")
	cmd.Flags().StringSliceVar(&questions, "question", nil, "the scored questions, up to 60 (needed)")
	flags.add(cmd.Flags(), "")
	cmd.Flags().Int32Var(&groups, "groups", 0, "number of random groups of respondents, 2 to 1000 (default 200)")
	target.add(cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		if survey == "" || len(questions) == 0 {
			return exit.Usagef("--survey and --question are needed")
		}
		s, err := flags.slice()
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			var coverage *scoringv1.Coverage
			err := c.writeWhole(target.path, target.overwrite, func(w io.Writer) error {
				stream, err := conn.Scoring.StreamMoments(ctx, &scoringv1.StreamMomentsRequest{
					Survey: surveyName(survey), Questions: questions, Filter: s.filter, Period: s.period, Population: s.population, AsOfTime: s.asOf,
					Weighting: s.weighting, Groups: groups,
				})
				if err != nil {
					return fmt.Errorf("stream moments: %w", err)
				}
				write := lines(w)
				return received("stream moments", receive(stream, func(part *scoringv1.StreamMomentsResponse) error {
					if part.GetCoverage() != nil {
						coverage = part.GetCoverage()
					}
					return write(part)
				}))
			})
			return c.tellCoverage(coverage, err)
		})
	})
	return cmd
}

// received says what was done when a stream failed.
func received(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// tellCoverage says beside an export, whose output is for the data, what was counted.
func (c *call) tellCoverage(coverage *scoringv1.Coverage, err error) error {
	if err == nil && !c.json {
		fmt.Fprint(c.cmd.ErrOrStderr(), coverageText(coverage))
	}
	return err
}
