package importance

import (
	"context"
	"fmt"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// Correlate computes the correlations of all pairs of the questions, in the order (0,1), (0,2), …, and the size of the family that adjusted p-values
// are over. questions are at least two different indices in the sample; anything else is refused as an argument.
func Correlate(ctx context.Context, s *moment.Sample, questions []int, o Options) ([]Correlation, int, error) {
	level, err := o.level()
	if err != nil {
		return nil, 0, err
	}
	if err := checkItems(s, questions, 2); err != nil {
		return nil, 0, err
	}
	clusters, err := s.Clusters(ctx)
	if err != nil {
		return nil, 0, err
	}
	var out []Correlation
	for a, i := range questions {
		for _, j := range questions[a+1:] {
			p := pair{sample: s, clusters: clusters, first: i, second: j}
			c := Correlation{First: i, Second: j, PairN: s.Pairs[i][j]}
			c.Pearson, c.P = p.pearson(level)
			if o.Spearman {
				c.Spearman, c.SpearmanP = p.spearman(level)
			}
			out = append(out, c)
		}
	}
	if err := adjust(len(out), func(i int) (*float64, **float64) { return out[i].P, &out[i].AdjustedP }); err != nil {
		return nil, 0, err
	}
	err = adjust(len(out), func(i int) (*float64, **float64) { return out[i].SpearmanP, &out[i].SpearmanAdjustedP })
	return out, len(out), err
}

// adjust corrects the p-values of n tests by Benjamini and Hochberg; those that are nil are no part of the family. of gives a test's p-value and where the
// adjusted one goes.
func adjust(n int, of func(i int) (*float64, **float64)) error {
	var p []float64
	var to []**float64
	for i := range n {
		if x, target := of(i); x != nil {
			p, to = append(p, *x), append(to, target)
		}
	}
	adjusted, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return fmt.Errorf("adjust p-values: %w", err)
	}
	for i := range to {
		*to[i] = &adjusted[i]
	}
	return nil
}

// level is the level of the intervals.
func (o Options) level() (float64, error) {
	if o.Level == 0 {
		return 0.95, nil
	}
	if !(o.Level > 0 && o.Level < 1) {
		return 0, argument("the level of intervals is %v: it lies between 0 and 1", o.Level)
	}
	return o.Level, nil
}

// draws is the number of draws.
func (o Options) draws() (int, error) {
	if o.Draws == 0 {
		return DefaultDraws, nil
	}
	if o.Draws < 0 || o.Draws > MostDraws {
		return 0, argument("the number of draws is %d: it is from 1 to %d", o.Draws, MostDraws)
	}
	return o.Draws, nil
}

// MostDraws is the greatest number of draws.
const MostDraws = 10_000

func argument(format string, args ...any) error {
	e := refusal.New(refusal.NoData, nil, format, args...)
	e.Argument = true
	return e
}

// checkItems refuses, as arguments, indices that are not in the sample or come twice, fewer than `least`, and a sample of levels only.
func checkItems(s *moment.Sample, items []int, least int) error {
	if len(items) < least {
		return argument("%d questions are given, at least %d are needed", len(items), least)
	}
	seen := make(map[int]bool)
	for _, i := range items {
		if i < 0 || i >= len(s.Questions) {
			return argument("there is no question %d among %d", i, len(s.Questions))
		}
		if seen[i] {
			return argument("question %s is given twice", s.Questions[i].ID)
		}
		seen[i] = true
	}
	if s.Correlation == nil {
		return argument("the sample holds levels only, no correlations")
	}
	return nil
}
