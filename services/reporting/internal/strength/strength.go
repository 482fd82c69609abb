// Package strength tells which topics pull an outcome up and which pull it down: the effect of a topic is the outcome of all responses minus that of the
// responses without the topic. A response counts whole for each of its topics, so effects do not sum to anything; the
// bridge package explains a change, the effects here one period. What comments praise and blame in their words is told by the comment service.
//
// It is association, not cause: the effect is the share of the topic's responses times how their mean differs from that of the others.
package strength

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/bridge"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

const (
	// LeastResponses is the number of responses with a topic, and without it, below which it is not judged.
	LeastResponses = 10
	// discoveries is the share of false discoveries allowed among strengths and weaknesses.
	discoveries = 0.05
	// noise is the standard error, relative to the size of the outcome, that is nothing but rounding.
	noise = 1e-12
)

// Verdict is what a topic is.
type Verdict uint8

// The verdicts.
const (
	// Neither: the effect does not differ from 0 beyond chance.
	Neither Verdict = iota
	// Strength: the outcome is higher with the topic than without.
	Strength
	// Weakness: it is lower.
	Weakness
)

// Cell is what responses add up to.
type Cell struct {
	// Count counts the responses, Weight adds up their weights, and Sum their weights times values.
	Count       int64
	Weight, Sum float64
}

// Tally counts responses, by random group of respondents: in all, and by topic.
type Tally struct {
	all    []Cell
	topics map[string][]Cell
}

// NewTally counts for a number of random groups; all responses of a person belong in one.
func NewTally(groups int) *Tally {
	return &Tally{all: make([]Cell, groups), topics: map[string][]Cell{}}
}

// Add counts a response of a group, 0 ≤ group < groups, with its topics, its value of the outcome (for NPS -100, 0 or 100) and its weight (1 unless responses are weighted). It counts once for a topic
// that is named twice, and in the outcome of all where it has none. It refuses (refusal.TooMany) the topic after bridge.MostValues: each takes memory.
func (t *Tally) Add(group int, topics []string, value, weight float64) error {
	t.all[group].add(value, weight)
	for i, topic := range topics {
		if slices.Contains(topics[:i], topic) {
			continue
		}
		cells := t.topics[topic]
		if cells == nil {
			if len(t.topics) >= bridge.MostValues {
				return bridge.TooManyValues()
			}
			cells = make([]Cell, len(t.all))
			t.topics[topic] = cells
		}
		cells[group].add(value, weight)
	}
	return nil
}

func (c *Cell) add(value, weight float64) {
	c.Count++
	c.Weight += weight
	c.Sum += weight * value
}

func (c Cell) minus(other Cell) Cell {
	return Cell{Count: c.Count - other.Count, Weight: c.Weight - other.Weight, Sum: c.Sum - other.Sum}
}

// mean is NaN where there is no response.
func (c Cell) mean() float64 {
	if c.Count == 0 {
		return math.NaN()
	}
	return c.Sum / c.Weight
}

// Effect is a topic and what it does to the outcome.
type Effect struct {
	// Value names the topic, Count counts its responses, and Level is their outcome.
	Value string
	Count int64
	Level float64
	// Effect is the outcome of all minus that without the topic's responses, in units of the outcome.
	Effect float64
	// SE is its standard error and Interval the t-interval, by leaving out one group of respondents after the other (stat.Jackknife); nil where the data
	// determine none: no variance, or all in one group.
	SE       *float64
	Interval *stat.Interval
	// P is the p-value of the t test that the effect is 0, AdjustedP the same corrected for all topics judged (Benjamini-Hochberg).
	P, AdjustedP *float64
	// Verdict rests on AdjustedP at 5 %.
	Verdict Verdict
}

// Result is what topics do to an outcome.
type Result struct {
	// Overall is the outcome of all Responses.
	Overall   float64
	Responses int64
	// Effects are strengths, the greatest effect first; then what is neither; then weaknesses, the greatest last.
	Effects []Effect
	// Family is the number of topics that p-values are corrected for.
	Family int
	// LeftOut names the topics with fewer than LeastResponses responses, or with fewer than that left without them.
	LeftOut []string
}

// Judge computes the effects of all topics, with intervals at a confidence level. It refuses when there is no response (refusal.NoData).
func Judge(t *Tally, level float64) (*Result, error) {
	all, err := JudgeAll([]*Tally{t}, level)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// JudgeAll is Judge of several tallies, whose topics are one family: p-values are corrected for all of them together.
func JudgeAll(tallies []*Tally, level float64) ([]*Result, error) {
	out := make([]*Result, len(tallies))
	for i, t := range tallies {
		var err error
		if out[i], err = t.effects(level); err != nil {
			return nil, err
		}
	}
	if err := adjust(out); err != nil {
		return nil, err
	}
	place := map[Verdict]int{Strength: 0, Neither: 1, Weakness: 2}
	for _, r := range out {
		slices.SortStableFunc(r.Effects, func(a, b Effect) int {
			return cmp.Or(cmp.Compare(place[a.Verdict], place[b.Verdict]), cmp.Compare(b.Effect, a.Effect))
		})
	}
	return out, nil
}

// effects computes the effects of the topics, in the order of their names, so that equal effects stay in a fixed order.
func (t *Tally) effects(level float64) (*Result, error) {
	all := sum(t.all)
	if all.Count == 0 {
		return nil, refusal.New(refusal.NoData, nil, "nobody answered in what is asked for: choose a longer period or a wider filter")
	}
	out := &Result{Overall: all.mean(), Responses: all.Count}
	for topic, cells := range t.topics {
		with := sum(cells)
		if min(with.Count, all.Count-with.Count) < LeastResponses {
			out.LeftOut = append(out.LeftOut, topic)
			continue
		}
		e := Effect{Value: topic, Count: with.Count, Level: with.mean(), Effect: out.Overall - all.minus(with).mean()}
		if err := e.measure(t.all, cells, all, with, level); err != nil {
			return nil, err
		}
		out.Effects = append(out.Effects, e)
	}
	slices.Sort(out.LeftOut)
	slices.SortFunc(out.Effects, func(a, b Effect) int { return cmp.Compare(a.Value, b.Value) })
	return out, nil
}

// Topics is how many topics were counted.
func (t *Tally) Topics() int { return len(t.topics) }

func sum(cells []Cell) Cell {
	var s Cell
	for _, c := range cells {
		s = Cell{Count: s.Count + c.Count, Weight: s.Weight + c.Weight, Sum: s.Sum + c.Sum}
	}
	return s
}

// measure gives the effect its precision. Degrees of freedom are those of the groups that hold the topic: the others say nothing of how it varies.
func (e *Effect) measure(groups, topic []Cell, all, with Cell, level float64) error {
	var others []float64
	var holds int
	for g, c := range groups {
		if c.Count == 0 {
			continue
		}
		if topic[g].Count > 0 {
			holds++
		}
		rest, restWith := all.minus(c), with.minus(topic[g])
		others = append(others, rest.mean()-rest.minus(restWith).mean())
	}
	if holds < 2 {
		return nil
	}
	m, err := stat.Jackknife(e.Effect, others)
	if errors.Is(err, stat.ErrUndefined) || err == nil && m.StandardError <= noise*max(1, math.Abs(e.Level), math.Abs(all.mean())) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("standard error of the effect of %q: %w", e.Value, err)
	}
	m.DF = float64(holds - 1)
	interval, err := m.Interval(level)
	if err != nil {
		return fmt.Errorf("interval of the effect of %q: %w", e.Value, err)
	}
	p := stat.PValueT(m.Estimate/m.StandardError, m.DF)
	e.SE, e.Interval, e.P = &m.StandardError, &interval, &p
	return nil
}

// adjust corrects the p-values for their number, and tells strengths and weaknesses.
func adjust(results []*Result) error {
	var p []float64
	var tested []*Effect
	for _, r := range results {
		for i := range r.Effects {
			if e := &r.Effects[i]; e.P != nil {
				p, tested = append(p, *e.P), append(tested, e)
			}
		}
	}
	adjusted, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return fmt.Errorf("adjust p-values of topics: %w", err)
	}
	for _, r := range results {
		r.Family = len(p)
	}
	for i, e := range tested {
		e.AdjustedP = &adjusted[i]
		switch {
		case adjusted[i] >= discoveries:
		case e.Effect > 0:
			e.Verdict = Strength
		default:
			e.Verdict = Weakness
		}
	}
	return nil
}
