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
	// at is where a bin is found, counted from 1.
	at []int
	// room is for the bins of one question.
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
	replicates := max(1, b.Replicates)
	for leaf := range b.tree.leaves() {
		first, end := leaf*replicates, (leaf+1)*replicates
		if b.counts.outcomes.empty(first, end) {
			continue
		}
		var step uint32
		step, b.codes = b.tree.path(uint32(leaf), b.codes)
		g := Group{Values: make([]string, len(b.codes)), Step: int(step), Counts: b.cells(first, end)}
		for i, code := range b.codes {
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

// bins are those that occur in some cells, in ascending order; all is what was counted of any.
func (b *resultBuilder) bins(column, first, end int) (bins []bin, all bin) {
	bins = b.room[:0]
	b.at = stretch(b.at, max(len(b.meanings[column].scores), len(b.meanings[column].options)))
	meaning := b.meanings[column].bins
	b.counts.columns[column].each(first, end, func(code int, n int64, s *sum) {
		for i, index := range meaning[code] {
			if i == 0 {
				all.n += n
				all.sum.merge(*s)
			}
			if b.at[index] == 0 {
				bins = append(bins, bin{index: index})
				b.at[index] = len(bins)
			}
			x := &bins[b.at[index]-1]
			x.n += n
			x.sum.merge(*s)
		}
	})
	b.room = bins
	for _, x := range bins {
		b.at[x.index] = 0
	}
	slices.SortFunc(bins, func(a, b bin) int { return cmp.Compare(a.index, b.index) })
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
