package composite

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Ranking is a composite score of many units compared at once; see metric.Ranking.
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
	// Difference is the unit's score less that of all others together; its numbers are nil when it was not compared.
	Difference Figure
	// P is the two-sided p-value of the difference, AdjustedP the same corrected over the family by Benjamini and Hochberg.
	P, AdjustedP *float64
	// Different tells whether the unit differs from all others at the discovery rate.
	Different bool
}

// ranking is a unit at work: its score, and that without each of the groups that bear on it.
type ranking struct {
	*Ranked
	estimate float64
	without  []float64
	bears    []bool
}

func newRanking(u *Ranked, s *side) ranking {
	r := ranking{Ranked: u, estimate: s.full.estimate, without: make([]float64, len(s.without)), bears: make([]bool, len(s.without))}
	for g := range s.without {
		r.without[g], r.bears[g] = s.without[g].estimate, s.by[g].toAny(&s.full)
	}
	return r
}

// Rank computes the score of many units that have no response in common, compares each with all the others together, and says how far the data tell
// their places. Each unit comes as its random groups, of which group g holds the same respondents in all units; all have equally many. Tests leave a
// group out of both sides. A unit with fewer answers than the least, or without a score, is listed, and counts among the others, but is not compared.
//
// Errors are those of Evaluate, metric.ErrSettings for the family or too many units, and metric.ErrNotComparable for other numbers of groups or other scales.
func (t *Tree) Rank(units [][]Sample, settings metric.Settings, family metric.Family) (Ranking, error) {
	r, err := t.rank(units, settings, family)
	if err != nil {
		return Ranking{}, fmt.Errorf("rank by composite: %w", err)
	}
	return r, nil
}

func (t *Tree) rank(units [][]Sample, settings metric.Settings, family metric.Family) (Ranking, error) {
	level, err := confidence(settings)
	if err != nil {
		return Ranking{}, err
	}
	if family, err = family.Resolve(); err != nil || len(units) == 0 {
		return Ranking{}, err
	}
	if len(units) > metric.MaxUnits {
		return Ranking{}, fmt.Errorf("%d units, of at most %d: %w", len(units), metric.MaxUnits, metric.ErrSettings)
	}
	all := make([]Sample, len(units[0]))
	for g := range all {
		of := make([]Sample, len(units))
		for i, u := range units {
			if len(u) != len(all) {
				return Ranking{}, fmt.Errorf("%d and %d groups: %w", len(all), len(u), metric.ErrNotComparable)
			}
			of[i] = u[g]
		}
		all[g] = total(of)
	}
	// Units on different scales have no score together.
	overall, err := t.side(all, settings)
	if err != nil {
		return Ranking{}, err
	}
	r := Ranking{Units: make([]Ranked, len(units)), Overall: overall.full.score(overall.without, overall.by, level)}
	var compared []ranking
	for i, u := range units {
		unit := &r.Units[i]
		s, err := t.side(u, settings)
		if err != nil {
			return Ranking{}, err
		}
		unit.Index, unit.Score = i, s.full.score(s.without, s.by, level)
		if unit.Score.Estimate == nil || unit.Score.N < family.LeastAnswers {
			continue
		}
		compared = append(compared, newRanking(unit, &s))
		if err := t.compareWithRest(unit, &s, u, all, settings, level); err != nil {
			return Ranking{}, err
		}
	}
	r.Compared = len(compared)
	if err := correct(compared, family.DiscoveryRate); err != nil {
		return Ranking{}, err
	}
	if err := place(compared, level); err != nil {
		return Ranking{}, err
	}
	slices.SortStableFunc(r.Units, func(a, b Ranked) int {
		if a.Rank == 0 || b.Rank == 0 {
			// Ranks begin with 1: those without come last.
			return cmp.Compare(b.Rank, a.Rank)
		}
		return cmp.Compare(a.Rank, b.Rank)
	})
	return r, nil
}

// compareWithRest compares a unit with all the others together, where these have a score.
func (t *Tree) compareWithRest(unit *Ranked, s *side, groups, all []Sample, settings metric.Settings, level float64) error {
	rest := make([]Sample, len(all))
	for g := range rest {
		var err error
		if rest[g], err = all[g].less(&groups[g]); err != nil {
			return err
		}
	}
	others, err := t.side(rest, settings)
	if err != nil || math.IsNaN(others.full.estimate) {
		return err
	}
	d := s.difference(&others, level)
	unit.Difference = d.Figure
	unit.P = d.Figure.p()
	return nil
}

// p is the two-sided p-value of the figure being 0; nil where nothing is known of its precision.
func (f *Figure) p() *float64 {
	if f.StandardError == nil || !(*f.StandardError > 0) {
		return nil
	}
	p := stat.PValueT(*f.Estimate / *f.StandardError, f.DF)
	return &p
}

// correct adjusts the p-values of the family and says which units differ.
func correct(units []ranking, rate float64) error {
	var p []float64
	var of []*Ranked
	for _, u := range units {
		if u.P != nil {
			p, of = append(p, *u.P), append(of, u.Ranked)
		}
	}
	adjusted, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return fmt.Errorf("correct p-values: %w", err)
	}
	for i, u := range of {
		u.AdjustedP, u.Different = &adjusted[i], adjusted[i] <= rate
	}
	return nil
}

// place ranks units by tests of all pairs.
func place(units []ranking, level float64) error {
	estimates := make([]float64, len(units))
	for i, u := range units {
		estimates[i] = *u.Score.Estimate
	}
	places, err := stat.Places(estimates, func(i, j int) float64 { return units[i].pairP(&units[j]) }, level)
	if err != nil {
		return fmt.Errorf("place units: %w", err)
	}
	for i, u := range units {
		u.Place = places[i]
	}
	return nil
}

// pairP is the p-value of the difference between two scores; NaN where nothing is known of its precision.
func (r *ranking) pairP(other *ranking) float64 {
	without := make([]float64, 0, len(r.without))
	for g := range r.without {
		if r.bears[g] || other.bears[g] {
			without = append(without, r.without[g]-other.without[g])
		}
	}
	m, err := stat.Jackknife(r.estimate-other.estimate, without)
	if err != nil || m.StandardError < rounding*max(1, math.Abs(r.estimate)) {
		return math.NaN()
	}
	return stat.PValueT(m.Estimate/m.StandardError, m.DF)
}
