package metric

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/pool"
)

// Defaults of rankings and families.
const (
	// DefaultDiscoveryRate is the share of false discoveries that is accepted among the units called different.
	DefaultDiscoveryRate = 0.05
	// MaxUnits bounds the number of units: all pairs of them are compared.
	MaxUnits = stat.MaxRanked
	// DefaultLeastAnswers is the number of answers below which a unit is not compared.
	DefaultLeastAnswers = 2
)

// Family says how many tests are judged together. The zero value means the defaults.
type Family struct {
	// DiscoveryRate is the share of false discoveries that is accepted among the units called different, above 0 and at most 0.5; 0 means
	// DefaultDiscoveryRate.
	DiscoveryRate float64
	// LeastAnswers is the number of answers below which a unit is not compared; 0 means DefaultLeastAnswers.
	LeastAnswers int64
}

// Resolve fills in defaults; ErrSettings for what is out of range.
func (f Family) Resolve() (Family, error) {
	if f.DiscoveryRate == 0 {
		f.DiscoveryRate = DefaultDiscoveryRate
	}
	if f.LeastAnswers == 0 {
		f.LeastAnswers = DefaultLeastAnswers
	}
	if !(f.DiscoveryRate > 0 && f.DiscoveryRate <= 0.5) || f.LeastAnswers < 0 {
		return f, fmt.Errorf("family of discovery rate %v and at least %d answers: %w", f.DiscoveryRate, f.LeastAnswers, ErrSettings)
	}
	return f, nil
}

// Ranking is many units compared at once.
type Ranking struct {
	// Units are in order of the estimate, the greatest first; equal ones in the order given. Those that were not compared come last.
	Units []Ranked
	// Compared is the number of units that were compared: the size of the family that p-values are corrected for.
	Compared int
	// Overall is the score of all units together.
	Overall Score
}

// Ranked is one unit of a ranking.
type Ranked struct {
	// Index is that of the unit in the argument.
	Index int
	Score Score
	// Place is the unit's place with its interval, at the level of the settings for all units together; zero when it was not compared.
	stat.Place
	// Difference compares the unit with all others together; nil when it was not compared.
	Difference *Comparison
	// AdjustedP is the p-value of the difference, corrected over the family by Benjamini and Hochberg; nil where there is none.
	AdjustedP *float64
	// Different tells whether the unit differs from all others at the discovery rate.
	Different bool
}

// Rank computes one variant of many units that have no observation in common, compares each with all the others together, and says how far the data
// tell their places. A unit with fewer answers than the least is listed, and counts among the others, but is not compared.
//
// Errors are those of Evaluate, ErrSettings for more than MaxUnits, and ErrNotComparable when the units were not asked in the same way.
func Rank(v Variant, units []Side, settings Settings, family Family) (Ranking, error) {
	r, err := rank(v, units, settings, family)
	if err != nil {
		return Ranking{}, fmt.Errorf("rank by %s: %w", v, err)
	}
	return r, nil
}

func rank(v Variant, units []Side, settings Settings, family Family) (Ranking, error) {
	family, err := family.Resolve()
	if err != nil || len(units) == 0 {
		return Ranking{}, err
	}
	if len(units) > MaxUnits {
		return Ranking{}, fmt.Errorf("%d units, of at most %d: %w", len(units), MaxUnits, ErrSettings)
	}
	ranked := make([]Ranked, len(units))
	for i, u := range units {
		first := units[0].Question
		if u.Question.Kind != first.Kind || u.Question.Direction != first.Direction || !u.Question.Scale.SameEnds(first.Scale) {
			return Ranking{}, fmt.Errorf("question %q on the scales %s and %s: %w", u.Question.ID, first.Scale.ID(), u.Question.Scale.ID(), ErrNotComparable)
		}
		ranked[i].Index = i
		if ranked[i].Score, err = Evaluate(v, u.Question, u.Data, settings); err != nil {
			return Ranking{}, err
		}
	}
	r := Ranking{Units: ranked}
	all, others, err := rest(v, units)
	if err != nil {
		return Ranking{}, err
	}
	if r.Overall, err = Evaluate(v, units[0].Question, all, settings); err != nil {
		return Ranking{}, err
	}
	compared := func(u *Ranked) bool { return u.Score.Estimate != nil && u.Score.Counts.Answered >= family.LeastAnswers }
	var tested []*Ranked
	for i := range ranked {
		if u := &ranked[i]; compared(u) {
			tested = append(tested, u)
			c, err := Compare(v, units[i], Side{Question: units[i].Question, Data: others[i]}, settings)
			switch {
			case errors.Is(err, ErrNotComparable):
				// The others have no answers, or there are none.
			case err != nil:
				return Ranking{}, err
			default:
				u.Difference = &c
			}
		}
	}
	r.Compared = len(tested)
	if err := correct(tested, family.DiscoveryRate); err != nil {
		return Ranking{}, err
	}
	if err := place(v, tested, units, settings); err != nil {
		return Ranking{}, err
	}
	slices.SortStableFunc(ranked, func(a, b Ranked) int {
		if ca, cb := compared(&a), compared(&b); ca != cb {
			if ca {
				return -1
			}
			return 1
		}
		return cmp.Compare(number(b.Score.Estimate), number(a.Score.Estimate))
	})
	return r, nil
}

// number is what a pointer points to; less than all numbers when it is nil.
func number(x *float64) float64 {
	if x == nil {
		return math.Inf(-1)
	}
	return *x
}

// correct adjusts the p-values of a family and says which units differ.
func correct(units []*Ranked, rate float64) error {
	var p []float64
	var of []*Ranked
	for _, u := range units {
		if u.Difference != nil && u.Difference.P != nil {
			p, of = append(p, *u.Difference.P), append(of, u)
		}
	}
	adjusted, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return err
	}
	for i, u := range of {
		u.AdjustedP, u.Different = &adjusted[i], adjusted[i] <= rate
	}
	return nil
}

// place ranks units by tests of all pairs.
func place(v Variant, ranked []*Ranked, units []Side, settings Settings) error {
	estimates := make([]float64, len(ranked))
	of := make([]evidence, len(ranked))
	for i, u := range ranked {
		estimates[i] = *u.Score.Estimate
		side := units[u.Index]
		e, err := prepare(v, side.Question, side.Data, settings)
		if err != nil {
			return err
		}
		if of[i], err = e.evidence(side.Data); err != nil {
			return err
		}
	}
	level := DefaultLevel
	if settings.Level != 0 {
		level = settings.Level
	}
	places, err := stat.Places(estimates, func(i, j int) float64 { return of[i].p(&of[j]) }, level)
	if err != nil {
		return err
	}
	for i, u := range ranked {
		u.Place = places[i]
	}
	return nil
}

// rest is what was counted in all units together, and in all but each.
func rest(v Variant, units []Side) (all Data, others []Data, err error) {
	data := make([]Data, len(units))
	for i, u := range units {
		data[i] = u.Data
		if v == MeanAllAnswers && u.Data.Weighted == nil {
			// Sums of moments take less than histograms of codes.
			if data[i], err = u.Data.withMoments(); err != nil {
				return Data{}, nil, err
			}
		}
	}
	after := make([]Data, len(units)+1)
	for i := len(units) - 1; i >= 0; i-- {
		after[i] = sum(after[i+1], data[i], i+1 == len(units))
	}
	others = make([]Data, len(units))
	var before Data
	for i := range units {
		switch {
		case i == 0:
			others[i] = after[1]
		case i+1 == len(units):
			others[i] = before
		default:
			others[i] = before.Add(after[i+1])
		}
		before = sum(before, data[i], i == 0)
	}
	return after[0], others, nil
}

// sum is a.Add(b), or b when a is nothing yet: stated counts add up only where both are stated.
func sum(a, b Data, first bool) Data {
	if first {
		return b
	}
	return a.Add(b)
}

// withMoments are the data with the moments of the pooled answers in the place of their histogram, each respondent weighing 1.
func (d Data) withMoments() (Data, error) {
	var m PooledMoments
	for b := range d.Pooled.Bins() {
		a, err := pool.FromCode(b.Value)
		if err != nil {
			return d, err
		}
		times, sum, size := float64(b.Count), float64(a.Sum)/pool.Resolution, float64(a.Count)
		m = m.Add(PooledMoments{
			Respondents: b.Count, Answers: b.Count * a.Count, A: times * sum, B: times * size,
			AA: times * sum * sum, AB: times * sum * size, BB: times * size * size, W: times, WW: times,
		})
	}
	d.Pooled = histogram.Histogram{}
	d.Weighted = &Weighted{Pooled: m}
	return d, nil
}

// evidence is what a test of two slices needs of each.
type evidence struct {
	form  form
	share stat.ShareDifference
	hits  stat.Proportion
	mean  stat.Mean
}

// evidence sums up a slice for tests.
func (e evaluation) evidence(data Data) (evidence, error) {
	x := evidence{form: e.variant.form}
	var t tally
	var err error
	switch x.form {
	case difference:
		t, err = e.difference(data, &Score{})
		x.share = t.difference()
	case proportion:
		t, err = e.proportion(data, &Score{})
		x.hits = t.proportion()
	case mean:
		x.mean = e.precise(data)
	case pooled:
		x.mean, err = pooledMean(data)
		if errors.Is(err, stat.ErrUndefined) {
			err = nil
		}
	}
	return x, err
}

// p is the two-sided p-value of the test by which Compare compares; NaN where the data determine none.
func (x *evidence) p(y *evidence) float64 {
	var p float64
	var err error
	switch x.form {
	case difference:
		var d stat.AdjustedDifference
		d, err = stat.CompareShareDifferences(x.share, y.share, DefaultLevel)
		p = d.Test.P
	case proportion:
		var t stat.Test
		t, err = stat.PooledZ(x.hits, y.hits)
		p = t.P
	default:
		var d stat.MeanDifference
		d, err = compareWeighted(x.mean, y.mean, DefaultLevel)
		p = d.Test.P
	}
	if err != nil {
		return math.NaN()
	}
	return p
}
