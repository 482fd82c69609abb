package bridge

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// noise is the standard error, relative to the size of the means, that is nothing but rounding.
const noise = 1e-12

// Explain splits the change of the mean between two periods, with intervals at a confidence level. It refuses a period without responses (refusal.NoData)
// and more than MostValues segments on both sides together (refusal.TooMany).
func Explain(before, after Side, level float64) (*Bridge, error) {
	if len(before.Groups) > len(after.Groups) {
		after.Groups = append(slices.Clone(after.Groups), make([]map[string]Cell, len(before.Groups)-len(after.Groups))...)
	} else {
		before.Groups = append(slices.Clone(before.Groups), make([]map[string]Cell, len(after.Groups)-len(before.Groups))...)
	}
	b, a := before.totals(), after.totals()
	for _, side := range []struct {
		cells map[string]Cell
		name  string
	}{{b, "first"}, {a, "second"}} {
		if len(side.cells) == 0 {
			return nil, refusal.New(refusal.NoData, nil, "nobody answered in the %s period: choose a period with answers", side.name)
		}
	}
	names := map[string]bool{}
	for _, cells := range []map[string]Cell{b, a} {
		for name := range cells {
			names[name] = true
		}
	}
	if len(names) > MostValues {
		return nil, TooManyValues()
	}
	values := slices.Sorted(maps.Keys(names))
	return explain(values, before, after, newPicture(values, b, a), level)
}

// totals are the cells of all groups together.
func (s Side) totals() map[string]Cell {
	all := map[string]Cell{}
	for _, cells := range s.Groups {
		for name, c := range cells {
			t := all[name]
			all[name] = Cell{Count: t.Count + c.Count, Weight: t.Weight + c.Weight, Sum: t.Sum + c.Sum}
		}
	}
	return all
}

func explain(values []string, before, after Side, whole *picture, level float64) (*Bridge, error) {
	all := whole.split()
	// Of the quantities' estimates without each group; a group in which nobody is tells nothing.
	var rest []effects
	present := make([]int, len(values))
	for g := range before.Groups {
		if len(before.Groups[g]) == 0 && len(after.Groups[g]) == 0 {
			continue
		}
		p := whole.without(values, before.Groups[g], after.Groups[g])
		rest = append(rest, p.split())
		for i, name := range values {
			if before.Groups[g][name].Count+after.Groups[g][name].Count > 0 {
				present[i]++
			}
		}
	}
	e := estimator{level: level, least: noise * max(1, math.Abs(all.before), math.Abs(all.after))}
	out := &Bridge{Groups: len(rest)}
	for _, target := range []struct {
		into *Estimate
		of   func(effects) float64
	}{
		{&out.Before, func(x effects) float64 { return x.before }},
		{&out.After, func(x effects) float64 { return x.after }},
		{&out.Change, func(x effects) float64 { return x.after - x.before }},
		{&out.Mix, func(x effects) float64 { return sum(x.mix) }},
		{&out.Level, func(x effects) float64 { return sum(x.level) }},
	} {
		var err error
		if *target.into, _, err = e.estimate(all, rest, target.of, len(rest)); err != nil {
			return nil, err
		}
	}
	for i, name := range values {
		b, a := whole.before[i], whole.after[i]
		part := Part{
			Value: name, CountBefore: b.Count, CountAfter: a.Count, ShareBefore: b.Weight / whole.sums[0].Weight, ShareAfter: a.Weight / whole.sums[1].Weight,
			LevelBefore: b.level(), LevelAfter: a.level(),
		}
		groups := present[i]
		if b.Count+a.Count < LeastResponses {
			groups = 0
		}
		var err error
		if part.Mix, _, err = e.estimate(all, rest, func(x effects) float64 { return x.mix[i] }, groups); err != nil {
			return nil, err
		}
		if part.Level, _, err = e.estimate(all, rest, func(x effects) float64 { return x.level[i] }, groups); err != nil {
			return nil, err
		}
		if _, part.P, err = e.estimate(all, rest, func(x effects) float64 { return x.mix[i] + x.level[i] }, groups); err != nil {
			return nil, err
		}
		out.Parts = append(out.Parts, part)
	}
	slices.SortFunc(out.Parts, func(x, y Part) int {
		return cmp.Or(cmp.Compare(math.Abs(y.Mix.Value+y.Level.Value), math.Abs(x.Mix.Value+x.Level.Value)), cmp.Compare(x.Value, y.Value))
	})
	return out, out.adjust()
}

// adjust corrects p-values for all segments that were tested.
func (b *Bridge) adjust() error {
	var p []float64
	var tested []*Part
	for i := range b.Parts {
		if part := &b.Parts[i]; part.P != nil {
			p, tested = append(p, *part.P), append(tested, part)
		}
	}
	adjusted, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return fmt.Errorf("adjust p-values of segments: %w", err)
	}
	for i, part := range tested {
		part.AdjustedP = &adjusted[i]
	}
	return nil
}

// estimator gives numbers their precision.
type estimator struct {
	// level is the confidence level, least the standard error below which there is none.
	level, least float64
}

// estimate makes an estimate of the value from all and those without each group, and the p-value of the test that it is 0. Its degrees of freedom are
// those of the groups that bear on it: where a segment is in few groups, the others say nothing of how it varies.
func (e estimator) estimate(all effects, rest []effects, of func(effects) float64, groups int) (Estimate, *float64, error) {
	out := Estimate{Value: of(all)}
	if groups < 2 {
		return out, nil, nil
	}
	others := make([]float64, len(rest))
	for g, x := range rest {
		others[g] = of(x)
	}
	m, err := stat.Jackknife(out.Value, others)
	if errors.Is(err, stat.ErrUndefined) || err == nil && m.StandardError <= e.least {
		return out, nil, nil
	}
	if err != nil {
		return out, nil, fmt.Errorf("standard error of an effect: %w", err)
	}
	m.DF = float64(groups - 1)
	interval, err := m.Interval(e.level)
	if err != nil {
		return out, nil, fmt.Errorf("interval of an effect: %w", err)
	}
	p := stat.PValueT(m.Estimate/m.StandardError, m.DF)
	out.SE, out.Interval = &m.StandardError, &interval
	return out, &p, nil
}

func sum(xs []float64) float64 {
	var s float64
	for _, x := range xs {
		s += x
	}
	return s
}
