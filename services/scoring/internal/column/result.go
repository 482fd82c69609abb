package column

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// resultBuilder makes a result of what was counted.
type resultBuilder struct {
	*worker
	pooled []pooledCell
	bins   [][]scoreBin
	chosen [][]optionBin
}

// scoreBin is a value of a scale with the codes that stand for it: several where the kind of the question changed.
type scoreBin struct {
	scale string
	value int64
	codes []int
}

// optionBin is an option with the codes of the sets that hold it.
type optionBin struct {
	option string
	codes  []int
}

func (b *resultBuilder) result() (Result, error) {
	b.prepare()
	r := Result{Coverage: b.coverage}
	replicates := max(1, b.Replicates)
	for leaf := range b.tree.leaves() {
		first, end := leaf*replicates, (leaf+1)*replicates
		if o := b.counts.of(first, end); o.IsZero() {
			continue
		}
		step, codes := b.tree.path(uint32(leaf))
		g := Group{Values: make([]string, len(codes)), Step: int(step), Counts: b.cells(first, end)}
		for i, code := range codes {
			g.Values[i] = b.groups[i].values[code]
		}
		for i := range b.Replicates {
			g.Replicates = append(g.Replicates, b.cells(first+i, first+i+1))
		}
		r.Groups = append(r.Groups, g)
	}
	if n := len(r.Groups) * replicates; b.Limit > 0 && n > b.Limit {
		return Result{}, fmt.Errorf("%d where up to %d are allowed: %w", n, b.Limit, ErrTooMany)
	}
	slices.SortFunc(r.Groups, func(x, y Group) int { return cmp.Or(slices.Compare(x.Values, y.Values), cmp.Compare(x.Step, y.Step)) })
	return r, nil
}

// prepare looks up what the codes of the counted columns mean.
func (b *resultBuilder) prepare() {
	for i, field := range b.counted {
		var answers []Answer
		if field >= 0 {
			answers = parse(answerColumn, "", b.state.fields[field].entries).answers
		}
		if i < len(b.Questions) {
			b.bins = append(b.bins, scoreBins(answers))
		} else {
			b.chosen = append(b.chosen, optionBins(answers))
		}
	}
}

func scoreBins(answers []Answer) []scoreBin {
	var bins []scoreBin
	for i, a := range answers {
		if a.Kind != question.Choice {
			bins = append(bins, scoreBin{scale: a.Scale, value: int64(a.Value), codes: []int{i + 1}})
		}
	}
	slices.SortFunc(bins, func(a, b scoreBin) int {
		return cmp.Or(strings.Compare(a.scale, b.scale), cmp.Compare(a.value, b.value))
	})
	out := bins[:0]
	for _, x := range bins {
		if n := len(out); n > 0 && out[n-1].scale == x.scale && out[n-1].value == x.value {
			out[n-1].codes = append(out[n-1].codes, x.codes...)
			continue
		}
		out = append(out, x)
	}
	return out
}

func optionBins(answers []Answer) []optionBin {
	index := make(map[string]int)
	var bins []optionBin
	for i, a := range answers {
		for _, o := range a.Options {
			at, ok := index[o]
			if !ok {
				at = len(bins)
				index[o] = at
				bins = append(bins, optionBin{option: o})
			}
			bins[at].codes = append(bins[at].codes, i+1)
		}
	}
	slices.SortFunc(bins, func(a, b optionBin) int { return strings.Compare(a.option, b.option) })
	return bins
}

// cells is what was counted in some cells.
func (b *resultBuilder) cells(first, end int) Counts {
	c := Counts{Outcomes: b.counts.of(first, end)}
	c.Weights = b.outcomeWeights(first, end)
	for i, id := range b.Questions {
		c.Questions = append(c.Questions, b.question(i, id, first, end)...)
	}
	for i, id := range b.Choices {
		if x := b.choice(i, id, first, end); x.Answered > 0 {
			c.Choices = append(c.Choices, x)
		}
	}
	if b.pooled != nil {
		c.Pooled, c.PooledWeighted = joinPooled(b.pooled[first:end])
	}
	return c
}

func (b *resultBuilder) outcomeWeights(first, end int) (weights [4]Weight) {
	if b.counts.outcomeWeights == nil {
		return weights
	}
	for o := range weights {
		var s sum
		for cell := first; cell < end; cell++ {
			s.merge(b.counts.outcomeWeights[cell*int(outcomes)+o])
		}
		weights[o] = s.weight()
	}
	return weights
}

func (b *resultBuilder) question(i int, id string, first, end int) []QuestionCount {
	var out []QuestionCount
	bins := b.bins[i]
	for len(bins) > 0 {
		q := QuestionCount{Question: id, Scale: bins[0].scale}
		var counted []histogram.Bin
		for len(bins) > 0 && bins[0].scale == q.Scale {
			if n, w := b.at(i, bins[0].codes, first, end); n > 0 {
				counted = append(counted, histogram.Bin{Value: bins[0].value, Count: n})
				if !b.Weights.None() {
					q.Weighted = append(q.Weighted, WeightedBin{Value: bins[0].value, Weight: w})
				}
			}
			bins = bins[1:]
		}
		if len(counted) > 0 {
			q.Answers = histogram.FromSorted(counted)
			out = append(out, q)
		}
	}
	return out
}

func (b *resultBuilder) choice(i int, id string, first, end int) ChoiceCount {
	i += len(b.Questions)
	c := ChoiceCount{Question: id}
	var all []int
	for _, x := range b.chosen[i-len(b.Questions)] {
		all = append(all, x.codes...)
		if n, w := b.at(i, x.codes, first, end); n > 0 {
			c.Options = append(c.Options, OptionCount{Option: x.option, Count: n, Weight: w})
		}
	}
	slices.Sort(all)
	c.Answered, c.Weight = b.at(i, slices.Compact(all), first, end)
	return c
}

// at is what was counted of some codes of a column in some cells.
func (b *resultBuilder) at(column int, codes []int, first, end int) (int64, Weight) {
	var n int64
	var s sum
	counts, weights, width := b.counts.columns[column], b.counts.columnWeights[column], b.widths[column]
	for cell := first; cell < end; cell++ {
		for _, code := range codes {
			n += int64(counts[cell*width+code])
			if weights != nil {
				s.merge(weights[cell*width+code])
			}
		}
	}
	return n, s.weight()
}
