// Package experiment compares the variants of an A/B test by outcomes: each variant with the control, corrected for all comparisons, and whether the variants were given
// out as intended; and gives variants out.
//
// Where each response is of a respondent of its own, differences are those of package contrast. Where responses are weighted, or respondents answered several
// times and alike, standard errors are by leaving out one random group of respondents after the other (stat.Jackknife), out of both sides at once, with Student's t
// by the groups that hold answers, less one.
package experiment

import (
	"fmt"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/bridge"
	"github.com/otklik/otklik/services/reporting/internal/contrast"
	"github.com/otklik/otklik/services/reporting/internal/place"
)

const (
	// MostVariants is how many variants an experiment has.
	MostVariants = 20
	// TestGroups is the test of differences whose errors are by groups.
	TestGroups = "GROUP_JACKKNIFE_T"
	// FewAnswers is the number of answers of a variant below which a comparison is rough.
	FewAnswers = 30
	// mismatch is the p-value below which variants do not come in the intended shares, or do not answer alike.
	mismatch = 0.001
	// different is the corrected p-value below which variants differ.
	different = 0.05
	// clusteredBeyond is the p-value below which responses of a respondent are taken to go together.
	clusteredBeyond = 0.05
)

// Outcome is what is compared.
type Outcome struct {
	// Metric says what values are: -100, 0 and 100 for NPS, 0 and 100 for shares, anything from Least to Most for means.
	Metric      place.Metric
	Least, Most float64
}

// cell is what answers add up to.
type cell struct {
	// n counts them; weight and squares sum weights and their squares, sum and square weighted values and their squares.
	n                            int64
	weight, squares, sum, square float64
}

func (c cell) plus(o cell, sign float64) cell {
	return cell{
		n: c.n + int64(sign)*o.n, weight: c.weight + sign*o.weight, squares: c.squares + sign*o.squares, sum: c.sum + sign*o.sum, square: c.square + sign*o.square,
	}
}

// mean is NaN where there is nothing.
func (c cell) mean() float64 {
	if c.n == 0 {
		return math.NaN()
	}
	return c.sum / c.weight
}

// Tally counts responses of variants, by random group of respondents: in all, and by outcome. Not safe for concurrent use.
type Tally struct {
	outcomes []Outcome
	// Variants are in the order in which they came.
	Variants []string
	groups   int
	// responses and answers are by variant, then (answers) by outcome, then by group.
	responses [][]cell
	answers   [][][]cell
}

// NewTally counts outcomes of responses in a number of random groups; all responses of a person belong in one.
func NewTally(outcomes []Outcome, groups int) *Tally {
	return &Tally{outcomes: outcomes, groups: groups}
}

// Add counts a response of a variant with its weight, and its value of each outcome, NaN where it has none. It tells whether it could: there are at most MostVariants.
func (t *Tally) Add(group int, variant string, weight float64, values []float64) bool {
	v := slices.Index(t.Variants, variant)
	if v < 0 {
		if len(t.Variants) == MostVariants {
			return false
		}
		v = t.Expect(variant)
	}
	t.responses[v][group] = t.responses[v][group].plus(cell{n: 1, weight: weight, squares: weight * weight}, 1)
	for o, x := range values {
		if !math.IsNaN(x) {
			c := &t.answers[v][o][group]
			*c = c.plus(cell{n: 1, weight: weight, squares: weight * weight, sum: weight * x, square: weight * x * x}, 1)
		}
	}
	return true
}

// Expect makes place for a variant, whether anybody states it or not, and returns its index.
func (t *Tally) Expect(variant string) int {
	t.Variants = append(t.Variants, variant)
	t.responses = append(t.responses, make([]cell, t.groups))
	answers := make([][]cell, len(t.outcomes))
	for o := range answers {
		answers[o] = make([]cell, t.groups)
	}
	t.answers = append(t.answers, answers)
	return len(t.Variants) - 1
}

// Estimate is a number with its precision.
type Estimate struct {
	Value float64
	// SE and Interval are nil where the data determine none.
	SE       *float64
	Interval *stat.Interval
	Method   string
}

// Comparison is an outcome of a variant against the control.
type Comparison struct {
	N int64
	// EffectiveN is Kish's; N without weights.
	EffectiveN float64
	// Estimate is nil without answers.
	Estimate *Estimate
	// Difference is nil for the control, and where a side has no answers.
	Difference *Estimate
	// Test names the test, P is its p-value and AdjustedP the corrected one; nil where the data determine none.
	Test         string
	P, AdjustedP *float64
	Different    bool
	// Detectable is the least true difference that a test at 5 % finds with the power asked for; nil where it cannot be computed.
	Detectable *float64
}

// Result is what an experiment tells.
type Result struct {
	// Responses counts those of each variant.
	Responses []int64
	// Balance tests whether variants come in the intended shares; BalanceDF are its degrees of freedom and BalanceP its p-value.
	Balance, BalanceP float64
	BalanceDF         int
	// Outcomes are by outcome, then by variant; Grouped tells of each whether its errors are by groups.
	Outcomes [][]Comparison
	Grouped  []bool
	// Family is the number of comparisons that p-values are corrected for.
	Family int
	// Mismatched, Few and Unequal are cautions: variants do not come in the intended shares, a variant has few answers, the parts that answered differ.
	Mismatched, Few, Unequal bool
}

// Options say how an experiment is judged.
type Options struct {
	// Control is the index of the control.
	Control int
	// Shares are those intended, of any unit, one for each variant.
	Shares []float64
	// Level is that of intervals, Power that of Detectable.
	Level, Power float64
	// Weighted tells that responses have weights.
	Weighted bool
}

// Judge compares the variants with the control. There are two variants at least. Errors: impossible counts.
func Judge(t *Tally, o Options) (*Result, error) {
	out := &Result{Outcomes: make([][]Comparison, len(t.outcomes)), Grouped: make([]bool, len(t.outcomes))}
	correction := t.balance(o, out)
	var family []*contrast.Difference
	var of []*Comparison
	for i := range t.outcomes {
		out.Grouped[i] = o.Weighted || t.clustered(i)
		out.Outcomes[i] = make([]Comparison, len(t.Variants))
		for v := range t.Variants {
			c, d, err := t.compare(i, v, o, out.Grouped[i])
			if err != nil {
				return nil, fmt.Errorf("compare variant %q by outcome %d: %w", t.Variants[v], i, err)
			}
			out.Outcomes[i][v] = c
			out.Few = out.Few || c.N < FewAnswers
			if d != nil {
				family, of = append(family, d), append(of, &out.Outcomes[i][v])
			}
		}
		out.Unequal = out.Unequal || t.unequal(i, correction)
	}
	var err error
	if out.Family, err = contrast.Adjust(family); err != nil {
		return nil, err
	}
	for i, d := range family {
		c := of[i]
		if c.P, c.AdjustedP = d.P, d.AdjustedP; c.AdjustedP != nil {
			c.Different = *c.AdjustedP < different
		}
	}
	return out, nil
}

func sum(cells []cell) (all cell) {
	for _, c := range cells {
		all = all.plus(c, 1)
	}
	return all
}

// tally are the answers as contrasts take them; they have no weights.
func (c cell) tally(m place.Metric) place.Tally {
	switch m {
	case place.NPS:
		// What was added is whole numbers of hundreds: sums are exact.
		either, net := c.square/10_000, c.sum/100
		return place.Tally{N: float64(c.n), Plus: (either + net) / 2, Minus: (either - net) / 2}
	case place.Share:
		return place.Tally{N: float64(c.n), Plus: c.sum / 100}
	default:
		return place.Tally{N: float64(c.n), Sum: c.sum, Square: c.square}
	}
}

// compare compares a variant with the control, without the correction for others.
func (t *Tally) compare(outcome, variant int, o Options, grouped bool) (Comparison, *contrast.Difference, error) {
	own, control := t.answers[variant][outcome], t.answers[o.Control][outcome]
	a, b := sum(own), sum(control)
	what := t.outcomes[outcome]
	out := Comparison{N: a.n}
	if a.n == 0 {
		return out, nil, nil
	}
	out.EffectiveN = a.weight * a.weight / a.squares
	if grouped {
		e := byGroups(func(but int) float64 { return without(own, a, but).mean() }, held(own), o.Level)
		if e.Interval != nil {
			clipped := what.clip(*e.Interval)
			e.Interval = &clipped
		}
		out.Estimate = &e
	} else {
		e, _ := a.tally(what.Metric).Score(what.Metric, o.Level, what.Least, what.Most)
		out.Estimate = &Estimate{Value: e.Value, SE: e.SE, Interval: e.Interval, Method: e.Method}
	}
	if variant == o.Control || b.n == 0 {
		return out, nil, nil
	}
	if grouped {
		e := byGroups(func(but int) float64 { return without(own, a, but).mean() - without(control, b, but).mean() }, held(own, control), o.Level)
		out.Difference, out.Test = &e, TestGroups
		d := &contrast.Difference{}
		if e.SE != nil {
			p := stat.PValueT(e.Value / *e.SE, float64(len(held(own, control))-1))
			d.P = &p
			out.Detectable = detectable(*e.SE, o.Power)
		}
		return out, d, nil
	}
	d, err := contrast.Of(what.Metric, a.tally(what.Metric), b.tally(what.Metric), o.Level, what.Least, what.Most)
	if err != nil {
		return out, nil, err
	}
	out.Difference, out.Test = &Estimate{Value: d.Value, Interval: d.Interval, Method: d.Method}, d.Test
	if se := math.Hypot(a.standardError(), b.standardError()); se > 0 {
		out.Difference.SE, out.Detectable = &se, detectable(se, o.Power)
	}
	return out, d, nil
}

// standardError is that of the mean of independent answers: with the divisor n of a share, as scores tell it, and n - 1 of other values; 0 where there is none.
func (c cell) standardError() float64 {
	n := float64(c.n)
	if n < 2 {
		return 0
	}
	return math.Sqrt(max(0, c.square-c.sum*c.mean()) / (n - 1) / n)
}

// clip keeps an interval within the range of the outcome.
func (o Outcome) clip(i stat.Interval) stat.Interval {
	switch o.Metric {
	case place.NPS:
		return i.Clip(-100, 100)
	case place.Share:
		return i.Clip(0, 100)
	default:
		return i.Clip(o.Least, o.Most)
	}
}

// detectable is the least true difference that is found.
func detectable(se, power float64) *float64 {
	d := (stat.CriticalZ(0.95) + stat.NormalQuantile(power)) * se
	return &d
}

// held are the groups that hold answers of any side.
func held(sides ...[]cell) (out []int) {
	for g := range sides[0] {
		if slices.ContainsFunc(sides, func(s []cell) bool { return s[g].n > 0 }) {
			out = append(out, g)
		}
	}
	return out
}

// without are all answers but those of a group; of group -1 all.
func without(cells []cell, all cell, but int) cell {
	if but < 0 {
		return all
	}
	return all.plus(cells[but], -1)
}

// byGroups estimates with errors by leaving out each of the groups that hold answers.
func byGroups(of func(but int) float64, groups []int, level float64) Estimate {
	e := Estimate{Value: of(-1), Method: bridge.GroupJackknife}
	others := make([]float64, len(groups))
	for i, g := range groups {
		others[i] = of(g)
	}
	m, err := stat.Jackknife(e.Value, others)
	if err != nil || !(m.StandardError > noise*max(1, math.Abs(e.Value))) {
		return e
	}
	half := stat.CriticalT(level, m.DF) * m.StandardError
	e.SE, e.Interval = &m.StandardError, &stat.Interval{Low: e.Value - half, High: e.Value + half}
	return e
}

// noise is the standard error, relative to the size of the estimate, that is nothing but rounding.
const noise = 1e-12
