package collector

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/bridge"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// Caution is what a reader must be careful of, for machines.
type Caution string

// The cautions.
const (
	// MixDiffers: what mix adds is no chance (p < 0.05), so that the difference over all tells of where was asked, too.
	MixDiffers Caution = "MIX_DIFFERS"
	// FewShared: fewer than half of the answers are in parts that have answers of both.
	FewShared Caution = "FEW_SHARED"
	// NoneShared: no part has answers of both.
	NoneShared Caution = "NONE_SHARED"
)

const (
	// significant is the p-value below which mix differs.
	significant = 0.05
	// fewShared is the share of answers in parts with answers of both below which they are few.
	fewShared = 0.5
	// noise is what of a standard error, relative to what is estimated, is nothing but rounding.
	noise = 1e-12
)

// Tested is a number with the test of its being 0.
type Tested struct {
	estimate.Estimate
	// P is the p-value, AdjustedP the same corrected over all tests of the comparison (Benjamini and Hochberg); nil where there is none.
	P, AdjustedP *float64
}

// Part is a part with answers of both.
type Part struct {
	Value string
	// N are the answers of each side, Score their means.
	N     [2]int64
	Score [2]float64
	// Difference is Score[Internal] - Score[External]; without an error below LeastResponses of either.
	Difference Tested
}

// Comparison is how both compare.
type Comparison struct {
	// Score is the mean of each side.
	Score [2]estimate.Estimate
	// Difference is that over all, Within that within parts, Mix the one less the other; Within and Mix are nil without a part that has answers of both.
	Difference  Tested
	Within, Mix *Tested
	// Parts are those with answers of both, those with most answers first.
	Parts []Part
	// SharedShare is the share of the answers that are in these parts.
	SharedShare float64
	// Groups is the number of random groups that hold an answer, Family that of tests.
	Groups, Family int
	Cautions       []Caution
}

// Compare compares at a confidence level. It refuses (refusal.NoData) where one of them collected nothing.
func (t *Tally) Compare(level float64) (*Comparison, error) {
	if !t.all.shared() {
		return nil, refusal.New(refusal.NoData, nil, "there are %d answers collected internally and %d externally: both are needed", t.all[Internal].n, t.all[External].n)
	}
	j := jackknife{level: level, least: noise * max(1, math.Abs(t.all[Internal].mean()), math.Abs(t.all[External].mean()))}
	weighted, weight, without := t.leaveOut()
	all := wholeOf(t.all, weighted, weight)
	out := &Comparison{Groups: len(without)}
	for who, of := range []func(whole) float64{func(w whole) float64 { return w.internal }, func(w whole) float64 { return w.external }} {
		e, err := j.of(of(all), each(without, of))
		if err != nil {
			return nil, err
		}
		out.Score[who] = e.Estimate
	}
	var err error
	if out.Difference, err = j.of(all.difference, each(without, func(w whole) float64 { return w.difference })); err != nil {
		return nil, err
	}
	if weight > 0 {
		within, err := j.of(all.within, each(without, func(w whole) float64 { return w.within }))
		if err != nil {
			return nil, err
		}
		mix, err := j.of(all.mix, each(without, func(w whole) float64 { return w.mix }))
		if err != nil {
			return nil, err
		}
		out.Within, out.Mix = &within, &mix
	}
	if err := t.fillParts(out, j); err != nil {
		return nil, err
	}
	out.caution()
	return out, out.adjust()
}

// leaveOut are the sums of the difference within parts, and all quantities without each group that holds an answer, in the order of groups.
func (t *Tally) leaveOut() (weighted, weight float64, without []whole) {
	type change struct{ weighted, weight float64 }
	changes := map[uint16]*change{}
	order := slices.Sorted(maps.Keys(t.groups))
	for _, g := range order {
		changes[g] = &change{}
	}
	// Sums of floating-point numbers depend on their order.
	for _, name := range slices.Sorted(maps.Keys(t.parts)) {
		p := t.parts[name]
		weighted, weight = weighted+p.all.weighted(), weight+p.all.weight()
		for g, of := range p.groups {
			rest := p.all.minus(*of)
			changes[g].weighted += rest.weighted() - p.all.weighted()
			changes[g].weight += rest.weight() - p.all.weight()
		}
	}
	for _, g := range order {
		left := weight + changes[g].weight
		if left < noise*weight {
			// The group holds all that both have in common.
			left = 0
		}
		without = append(without, wholeOf(t.all.minus(*t.groups[g]), weighted+changes[g].weighted, left))
	}
	return weighted, weight, without
}

func each(of []whole, what func(whole) float64) []float64 {
	out := make([]float64, len(of))
	for i, w := range of {
		out[i] = what(w)
	}
	return out
}

// jackknife gives numbers their precision.
type jackknife struct {
	// level is the confidence level, least the standard error below which there is none.
	level, least float64
}

// of is a number of all answers, with those without each group.
func (j jackknife) of(all float64, others []float64) (Tested, error) {
	out := Tested{Estimate: estimate.Estimate{Value: all, Method: bridge.GroupJackknife}}
	m, err := stat.Jackknife(all, others)
	if errors.Is(err, stat.ErrUndefined) || err == nil && m.StandardError <= j.least {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("standard error of a difference: %w", err)
	}
	p := stat.PValueT(m.Estimate/m.StandardError, m.DF)
	out.Estimate, out.P = estimate.Of(m, j.level, bridge.GroupJackknife), &p
	return out, nil
}

// fillParts tells the parts with answers of both.
func (t *Tally) fillParts(out *Comparison, j jackknife) error {
	var shared int64
	for name, p := range t.parts {
		if !p.all.shared() {
			continue
		}
		in, ex := p.all[Internal], p.all[External]
		shared += in.n + ex.n
		part := Part{Value: name, N: [2]int64{in.n, ex.n}, Score: [2]float64{in.mean(), ex.mean()}}
		part.Difference.Estimate = estimate.Estimate{Value: p.all.difference(), Method: bridge.GroupJackknife}
		if min(in.n, ex.n) >= LeastResponses {
			var others []float64
			for _, g := range slices.Sorted(maps.Keys(p.groups)) {
				others = append(others, p.all.minus(*p.groups[g]).difference())
			}
			var err error
			if part.Difference, err = j.of(p.all.difference(), others); err != nil {
				return err
			}
		}
		out.Parts = append(out.Parts, part)
	}
	slices.SortFunc(out.Parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.N[0]+b.N[1], a.N[0]+a.N[1]), cmp.Compare(a.Value, b.Value))
	})
	out.SharedShare = float64(shared) / float64(t.all[Internal].n+t.all[External].n)
	return nil
}

// caution tells what a reader must be careful of.
func (c *Comparison) caution() {
	switch {
	case len(c.Parts) == 0:
		c.Cautions = append(c.Cautions, NoneShared)
	case c.SharedShare < fewShared:
		c.Cautions = append(c.Cautions, FewShared)
	}
	if c.Mix != nil && c.Mix.P != nil && *c.Mix.P < significant {
		c.Cautions = append(c.Cautions, MixDiffers)
	}
}

// adjust corrects all tests for their number.
func (c *Comparison) adjust() error {
	tested := []*Tested{&c.Difference}
	if c.Within != nil {
		tested = append(tested, c.Within, c.Mix)
	}
	for i := range c.Parts {
		tested = append(tested, &c.Parts[i].Difference)
	}
	p := make([]*float64, len(tested))
	for i, x := range tested {
		p[i] = x.P
	}
	adjusted, family, err := estimate.Adjust(p)
	if err != nil {
		return err
	}
	c.Family = family
	for i, x := range tested {
		x.AdjustedP = adjusted[i]
	}
	return nil
}
