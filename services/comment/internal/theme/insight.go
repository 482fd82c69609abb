// Package theme tells what comments say together: which themes are strengths and weaknesses, how they go with the NPS, and which emerge or fall.
//
// Themes are aspects and phrases. A response counts once, however many comments it has. All of it is association, not cause.
package theme

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// Kind is what managers should make of a theme; the numbers are those of the API.
type Kind uint8

// The kinds.
const (
	Strength Kind = iota + 1
	Weakness
	Undecided
)

// discoveries is the share of false discoveries allowed among strengths and weaknesses.
const discoveries = 0.05

// Insight is what the comments of a slice say about an aspect.
type Insight struct {
	store.ThemeCount
	// All is how many responses speak of it, Share that of all responses with comments in the group.
	All           int64
	Share         float64
	ShareInterval stat.Interval
	// Positive is the share of praise among those that praise or blame, both counted half; nil when there are none.
	Positive         *float64
	PositiveInterval stat.Interval
	Kind             Kind
	// Q is the adjusted p-value of the test that praise and blame are equally frequent; nil when there are none.
	Q *float64
	// Difference is NPS of those that speak of it minus that of the others, in points; nil when either has fewer than two. There is no interval where
	// neither side varies.
	Difference         *float64
	DifferenceInterval *stat.Interval
	// AtStake is by how many points the NPS of all would differ if those that blame it answered as the others do; nil when either has fewer than two.
	AtStake *float64
}

// numbers of the sentiments in arrays.
const (
	negative = store.Negative - 1
	neutral  = store.Neutral - 1
	positive = store.Positive - 1
	mixed    = store.Mixed - 1
)

// Judge makes insights of counts, at a confidence level: those first of which most is at stake, then those that most speak of; by group where grouped.
func Judge(counts []store.ThemeCount, totals []store.Total, level float64) ([]Insight, error) {
	byGroup := make(map[string]store.Total, len(totals))
	for _, t := range totals {
		byGroup[t.Group] = t
	}
	out := make([]Insight, 0, len(counts))
	for _, c := range counts {
		i, err := insight(c, byGroup[c.Group], level)
		if err != nil {
			return nil, fmt.Errorf("judge %s: %w", c.Aspect, err)
		}
		out = append(out, i)
	}
	if err := adjust(out); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b Insight) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(stake(b), stake(a)), cmp.Compare(b.All, a.All), cmp.Compare(a.Aspect, b.Aspect))
	})
	return out, nil
}

// stake orders insights: what cannot be told comes after what is lost, and before what is won.
func stake(i Insight) float64 {
	if i.AtStake == nil {
		return 0
	}
	return *i.AtStake
}

func insight(c store.ThemeCount, total store.Total, level float64) (Insight, error) {
	i := Insight{ThemeCount: c}
	for _, n := range c.Responses {
		i.All += n
	}
	share := stat.Proportion{Hits: float64(i.All), N: float64(total.Responses)}
	i.Share = share.Estimate()
	var err error
	if i.ShareInterval, err = share.Wilson(level); err != nil {
		return i, err
	}
	if n := c.Responses[negative] + c.Responses[positive] + c.Responses[mixed]; n > 0 {
		p := stat.Proportion{Hits: float64(c.Responses[positive]) + float64(c.Responses[mixed])/2, N: float64(n)}
		e := p.Estimate()
		i.Positive = &e
		if i.PositiveInterval, err = p.Wilson(level); err != nil {
			return i, err
		}
	}
	return i, i.compare(total, level)
}

// compare tells how it goes with the NPS.
func (i *Insight) compare(total store.Total, level float64) error {
	var speaks store.Moments
	for _, m := range i.NPS {
		speaks = plus(speaks, m)
	}
	others := minus(total.NPS, speaks)
	if speaks.N >= 2 && others.N >= 2 {
		a, b := sample(speaks), sample(others)
		difference := a.Mean - b.Mean
		i.Difference = &difference
		d, err := stat.Welch(a, b, level)
		switch {
		case err == nil:
			i.DifferenceInterval = &d.Interval
		case !errors.Is(err, stat.ErrUndefined):
			return err
		}
	}
	blames := plus(i.NPS[negative], i.NPS[mixed])
	if others = minus(total.NPS, blames); blames.N >= 2 && others.N >= 2 {
		lost := float64(blames.N) / float64(total.NPS.N) * (sample(others).Mean - sample(blames).Mean)
		i.AtStake = &lost
	}
	return nil
}

// adjust tests for each insight whether praise and blame are equally frequent (sign test; who does both says nothing), corrects for their number, and
// tells strengths and weaknesses.
func adjust(list []Insight) error {
	var p []float64
	var tested []int
	for n := range list {
		i := &list[n]
		i.Kind = Undecided
		up, down := i.Responses[positive], i.Responses[negative]
		if up+down == 0 {
			continue
		}
		p, tested = append(p, signTest(up, down)), append(tested, n)
	}
	if len(p) == 0 {
		return nil
	}
	q, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return err
	}
	for k, n := range tested {
		i := &list[n]
		i.Q = &q[k]
		switch {
		case q[k] > discoveries:
		case i.Responses[positive] > i.Responses[negative]:
			i.Kind = Strength
		default:
			i.Kind = Weakness
		}
	}
	return nil
}

// signTest is the exact two-sided p-value of up and down under a fair coin: twice the lesser tail of the binomial distribution, by its relation to the
// incomplete beta function.
func signTest(up, down int64) float64 {
	less, n := float64(min(up, down)), float64(up+down)
	if 2*less == n {
		return 1
	}
	// P(X <= k) = I_{1/2}(n-k, k+1).
	return min(1, 2*mathext.RegIncBeta(n-less, less+1, 0.5))
}

func plus(a, b store.Moments) store.Moments {
	return store.Moments{N: a.N + b.N, Sum: a.Sum + b.Sum, Squares: a.Squares + b.Squares}
}

func minus(a, b store.Moments) store.Moments {
	return store.Moments{N: a.N - b.N, Sum: a.Sum - b.Sum, Squares: a.Squares - b.Squares}
}

// sample is the mean and variance of answers that count 100, 0 or -100.
func sample(m store.Moments) stat.Moments {
	n := float64(m.N)
	out := stat.Moments{N: n, Mean: float64(m.Sum) / n}
	if m.N > 1 {
		out.Variance = max(0, (float64(m.Squares)-float64(m.Sum)*out.Mean)/(n-1))
	}
	return out
}
