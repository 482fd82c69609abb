package importance

import (
	"fmt"
	"math"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// Correlate computes the correlations of all pairs of the questions, in the order (0,1), (0,2), …, and the size of the family that adjusted p-values
// are over. questions are at least two different indices in the sample; anything else is refused as an argument.
func Correlate(s *moment.Sample, questions []int, o Options) ([]Correlation, int, error) {
	level, err := o.level()
	if err != nil {
		return nil, 0, err
	}
	if err := checkItems(s, questions, 2); err != nil {
		return nil, 0, err
	}
	var out []Correlation
	for a, i := range questions {
		for _, j := range questions[a+1:] {
			c := Correlation{First: i, Second: j, PairN: s.Pairs[i][j], Pearson: pearson(s, i, j, level), P: pearsonP(s, i, j)}
			if o.Spearman {
				c.Spearman, c.SpearmanP = spearman(s, i, j, level)
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

// pearson is the correlation of two questions before any repair, with Fisher's interval: tanh(artanh r ± z/√(n-3)), n being the number of
// responses that answer both (Fisher 1921). The standard error is (1-r²)/√(n-3). There is no interval where |r| = 1 or n ≤ 3.
func pearson(s *moment.Sample, i, j int, level float64) Estimate {
	return fisher(s.Unrepaired[i][j], float64(s.Pairs[i][j]), 1, level)
}

// fisher is a correlation with its interval; inflation is that of the variance of its transform.
func fisher(r, n, inflation, level float64) Estimate {
	e := Estimate{Value: r, Method: FisherZ}
	if !(math.Abs(r) < 1) || !(n > 3) {
		return e
	}
	se := math.Sqrt(inflation / (n - 3))
	half := stat.CriticalZ(level) * se
	standard := (1 - r*r) * se
	e.SE, e.Interval = &standard, &stat.Interval{Low: math.Tanh(math.Atanh(r) - half), High: math.Tanh(math.Atanh(r) + half)}
	return e
}

// pearsonP tests that there is no correlation: t = r·√((n-2)/(1-r²)) with n - 2 degrees of freedom.
func pearsonP(s *moment.Sample, i, j int) *float64 {
	return correlationP(s.Unrepaired[i][j], float64(s.Pairs[i][j]))
}

func correlationP(r, n float64) *float64 {
	if !(n > 2) {
		return nil
	}
	// A perfect correlation has an infinite t.
	p := 0.0
	if math.Abs(r) < 1 {
		p = stat.PValueT(r*math.Sqrt((n-2)/(1-r*r)), n-2)
	}
	return &p
}

// spearman is the correlation of ranks with the interval of Bonett and Wright (2000, Psychometrika 65), whose transform has the variance (1+ρ²/2)/(n-3),
// and the p-value by Student's t as for Pearson's; nil where it is not known.
func spearman(s *moment.Sample, i, j int, level float64) (*Estimate, *float64) {
	rho, n, ok := s.Spearman(i, j)
	if !ok {
		return nil, nil
	}
	e := fisher(rho, float64(n), 1+rho*rho/2, level)
	return &e, correlationP(rho, float64(n))
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
