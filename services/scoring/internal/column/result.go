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
	// meanings are those of the counted columns.
	meanings []meaning
	// sums and met are room to add up bins, room is for those that are made of them.
	sums []bin
	met  []int
	room []bin
}

// meaning says what the codes of a column are counted as.
type meaning struct {
	// scores are values in the order of scales, options in ascending order: one of the lists.
	scores  []scoreBin
	options []string
	// bins lists, by code, the indexes in the list: none for answers of the other kind.
	bins [][]int
}

// scoreBin is a value of a scale.
type scoreBin struct {
	scale string
	value int64
}

func (b *resultBuilder) result() (Result, error) {
	b.prepare()
	r := Result{Coverage: b.coverage}
	leaves := b.leaves()
	replicates := max(1, b.Replicates)
	if n := len(leaves) * replicates; b.Limit > 0 && n > b.Limit {
		return Result{}, fmt.Errorf("%d where up to %d are allowed: %w", n, b.Limit, ErrTooMany)
	}
	r.Groups = make([]Group, len(leaves))
	for i, l := range leaves {
		g := &r.Groups[i]
		first, end := int(l.leaf)*replicates, int(l.leaf+1)*replicates
		g.Values, g.Step, g.Counts = make([]string, len(b.groups)), int(l.step), b.cells(first, end)
		for j, code := range l.codes {
			g.Values[j] = b.groups[j].values[code]
		}
		for j := range b.Replicates {
			g.Replicates = append(g.Replicates, b.cells(first+j, first+j+1))
		}
	}
	return r, nil
}

// found is a leaf with where it is in the tree.
type found struct {
	leaf, step uint32
	codes      []uint32
}

// leaves are those under which anything was counted, in the order of values and steps.
func (b *resultBuilder) leaves() []found {
	replicates, width := max(1, b.Replicates), len(b.groups)
	var list []found
	var codes []uint32
	for leaf := range b.tree.leaves() {
		if b.counts.outcomes.empty(leaf*replicates, (leaf+1)*replicates) {
			continue
		}
		var step uint32
		step, b.codes = b.tree.path(uint32(leaf), b.codes)
		codes = append(codes, b.codes...)
		list = append(list, found{leaf: uint32(leaf), step: step})
	}
	for i := range list {
		list[i].codes = codes[i*width : (i+1)*width]
	}
	ranks := make([][]uint32, width)
	for i := range b.groups {
		ranks[i] = b.groups[i].ranks()
	}
	slices.SortFunc(list, func(x, y found) int {
		for i, r := range ranks {
			if c := cmp.Compare(r[x.codes[i]], r[y.codes[i]]); c != 0 {
				return c
			}
		}
		return cmp.Compare(x.step, y.step)
	})
	return list
}

// ranks are the places of values in ascending order.
func (g *grouping) ranks() []uint32 {
	order := make([]uint32, len(g.values))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(x, y uint32) int { return strings.Compare(g.values[x], g.values[y]) })
	ranks := make([]uint32, len(order))
	for rank, i := range order {
		ranks[i] = uint32(rank)
	}
	return ranks
}

// prepare looks up what the codes of the counted columns mean.
func (b *resultBuilder) prepare() {
	for i, field := range b.counted {
		var answers []Answer
		if field >= 0 {
			answers = parse(answerColumn, "", b.state.fields[field].entries).answers
		}
		if i < len(b.Questions) {
			b.meanings = append(b.meanings, scoresOf(answers))
		} else {
			b.meanings = append(b.meanings, optionsOf(answers))
		}
	}
}

func scoresOf(answers []Answer) meaning {
	m := meaning{bins: make([][]int, len(answers)+1)}
	for _, a := range answers {
		if a.Kind != question.Choice {
			m.scores = append(m.scores, scoreBin{a.Scale, int64(a.Value)})
		}
	}
	slices.SortFunc(m.scores, scoreBin.compare)
	// There are several answers of the same value where the kind of the question changed.
	m.scores = slices.Compact(m.scores)
	for i, a := range answers {
		if a.Kind != question.Choice {
			at, _ := slices.BinarySearchFunc(m.scores, scoreBin{a.Scale, int64(a.Value)}, scoreBin.compare)
			m.bins[i+1] = []int{at}
		}
	}
	return m
}

func (b scoreBin) compare(other scoreBin) int {
	return cmp.Or(strings.Compare(b.scale, other.scale), cmp.Compare(b.value, other.value))
}

func optionsOf(answers []Answer) meaning {
	m := meaning{bins: make([][]int, len(answers)+1)}
	for _, a := range answers {
		m.options = append(m.options, a.Options...)
	}
	slices.Sort(m.options)
	m.options = slices.Compact(m.options)
	for i, a := range answers {
		for _, o := range a.Options {
			at, _ := slices.BinarySearch(m.options, o)
			m.bins[i+1] = append(m.bins[i+1], at)
		}
	}
	return m
}

// cells is what was counted in some cells.
func (b *resultBuilder) cells(first, end int) Counts {
	var c Counts
	var weights [outcomes]sum
	c.Outcomes, weights = b.counts.of(first, end)
	for o := range weights {
		c.Weights[o] = weights[o].weight()
	}
	for i, id := range b.Questions {
		c.Questions = append(c.Questions, b.question(i, id, first, end)...)
	}
	for i, id := range b.Choices {
		if x := b.choice(i+len(b.Questions), id, first, end); x.Answered > 0 {
			c.Choices = append(c.Choices, x)
		}
	}
	if b.pooled != nil {
		c.Pooled, c.PooledWeighted = joinPooled(b.pooled[first:end])
	}
	return c
}

// bin is what was counted of one value or option.
type bin struct {
	index int
	n     int64
	sum   sum
}

// bins are those that occur in some cells, in ascending order; all is what was counted of any. They are good until the next call.
func (b *resultBuilder) bins(column, first, end int) (bins []bin, all bin) {
	meaning := &b.meanings[column]
	b.sums = stretch(b.sums, max(len(meaning.scores), len(meaning.options)))
	b.met = b.met[:0]
	b.counts.columns[column].each(first, end, func(code int, n int64, s *sum) {
		for i, index := range meaning.bins[code] {
			if i == 0 {
				all.n += n
				all.sum.merge(*s)
			}
			x := &b.sums[index]
			if x.n == 0 {
				b.met = append(b.met, index)
			}
			x.n += n
			x.sum.merge(*s)
		}
	})
	slices.Sort(b.met)
	bins = b.room[:0]
	for _, index := range b.met {
		x := b.sums[index]
		x.index = index
		bins = append(bins, x)
		b.sums[index] = bin{}
	}
	b.room = bins
	return bins, all
}

// question counts the values of a question, each scale apart.
func (b *resultBuilder) question(column int, id string, first, end int) []QuestionCount {
	var out []QuestionCount
	bins, _ := b.bins(column, first, end)
	scores := b.meanings[column].scores
	for len(bins) > 0 {
		q := QuestionCount{Question: id, Scale: scores[bins[0].index].scale}
		n := 1
		for n < len(bins) && scores[bins[n].index].scale == q.Scale {
			n++
		}
		values := make([]histogram.Bin, n)
		for i, x := range bins[:n] {
			values[i] = histogram.Bin{Value: scores[x.index].value, Count: x.n}
			if !b.Weights.None() {
				q.Weighted = append(q.Weighted, WeightedBin{Value: values[i].Value, Weight: x.sum.weight()})
			}
		}
		q.Answers = histogram.FromSorted(values)
		out = append(out, q)
		bins = bins[n:]
	}
	return out
}

// choice counts the options of a question.
func (b *resultBuilder) choice(column int, id string, first, end int) ChoiceCount {
	bins, all := b.bins(column, first, end)
	c := ChoiceCount{Question: id, Answered: all.n, Weight: all.sum.weight()}
	for _, x := range bins {
		c.Options = append(c.Options, OptionCount{Option: b.meanings[column].options[x.index], Count: x.n, Weight: x.sum.weight()})
	}
	return c
}
