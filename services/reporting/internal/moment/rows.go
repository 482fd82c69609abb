package moment

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

const (
	// mostFloats bounds the memory of Rows, in numbers of 8 bytes.
	mostFloats = 1 << 25
	// cellOverhead is what a cell takes besides its numbers, in numbers.
	cellOverhead = 16
)

// Rows are the answers of single responses, as far as moments by EM or Listwise and correlations of ranks need them: sums by random group and by which
// questions were answered, and joint counts of the answers to two questions. Memory does not grow with the number of responses, once each group has met each
// set of questions. Not safe for concurrent use.
type Rows struct {
	questions []Question
	// responses counts those of each group, with or without an answer.
	responses []int64
	cells     map[cellKey]*cell
	floats    int
	// whole are the joint counts of responses that answer everything, partial those of the others.
	whole, partial *jointCounts
	observed       []int
	keys           []cellKey
}

// cellKey is a group with the set of questions that were answered, bit i being question i.
type cellKey struct {
	answered uint64
	group    int
}

// cell is the responses of one group that answer the same questions.
type cell struct {
	n int64
	// values are the answers of the responses one after the other while that is shorter, then the sums of answers and of products in the order of at.
	values []float64
	summed bool
}

// NewRows are no responses to questions, of respondents in random groups 0 to groups - 1. There are 1 to MostQuestions questions.
func NewRows(questions []Question, groups int) *Rows {
	return &Rows{
		questions: questions, responses: make([]int64, groups), cells: make(map[cellKey]*cell),
		whole: newJointCounts(len(questions)), partial: newJointCounts(len(questions)),
	}
}

// Add counts a response: its answers in the order of the questions, NaN where there is none. It returns an error for a group or a number of values
// that there is not, and refuses (refusal.TooMany) more questions than MostQuestions, or when sets of answered questions are so many that they do
// not fit into memory (256 MB).
func (r *Rows) Add(group int, values []float64) error {
	k := len(r.questions)
	if k > MostQuestions {
		return refusal.New(refusal.TooMany, nil, "moments are of at most %d questions, not %d: choose fewer", MostQuestions, k)
	}
	if group < 0 || group >= len(r.responses) || len(values) != k {
		return fmt.Errorf("add %d values of group %d to %d questions in %d groups", len(values), group, k, len(r.responses))
	}
	r.responses[group]++
	key := cellKey{group: group}
	r.observed = r.observed[:0]
	for i, x := range values {
		if !math.IsNaN(x) {
			key.answered |= 1 << i
			r.observed = append(r.observed, i)
		}
	}
	if len(r.observed) == 0 {
		return nil
	}
	if len(r.observed) == k {
		r.whole.add(values, r.observed)
	} else {
		r.partial.add(values, r.observed)
	}
	c := r.cells[key]
	if c == nil {
		c = new(cell)
		r.cells[key] = c
		r.floats += cellOverhead
	}
	r.floats -= cap(c.values)
	c.add(values, r.observed)
	r.floats += cap(c.values)
	if r.floats > mostFloats {
		return refusal.New(refusal.TooMany, nil,
			"the responses answer too many different sets of questions: choose fewer questions or responses, or take correlations pairwise")
	}
	return nil
}

// add counts a response that answered the questions `observed`.
func (c *cell) add(values []float64, observed []int) {
	o := len(observed)
	c.n++
	width := o + o*(o+1)/2
	if !c.summed && len(c.values)+o > width {
		c.values, c.summed = c.sums(o), true
	}
	if !c.summed {
		for _, i := range observed {
			c.values = append(c.values, values[i])
		}
		return
	}
	p := o
	for a, i := range observed {
		c.values[a] += values[i]
		for _, j := range observed[a:] {
			c.values[p] += values[i] * values[j]
			p++
		}
	}
}

// sums are those of the o answers of each response, and then those of products.
func (c *cell) sums(o int) []float64 {
	if c.summed {
		return c.values
	}
	sums := make([]float64, o+o*(o+1)/2)
	for row := c.values; len(row) > 0; row = row[o:] {
		p := o
		for a, x := range row[:o] {
			sums[a] += x
			for _, y := range row[a:o] {
				sums[p] += x * y
				p++
			}
		}
	}
	return sums
}

// Sums are the sums of pairs by group.
func (r *Rows) Sums() Sums { return r.sums(func(uint64) bool { return true }, r.responses) }

// listwise are the sums of responses that answer everything.
func (r *Rows) listwise() Sums {
	all := everything(len(r.questions))
	responses := make([]int64, len(r.responses))
	for key, c := range r.cells {
		if key.answered == all {
			responses[key.group] += c.n
		}
	}
	return r.sums(func(answered uint64) bool { return answered == all }, responses)
}

// everything is the set of all k questions.
func everything(k int) uint64 { return math.MaxUint64 >> (64 - k) }

// sums adds up the cells whose sets of questions are wanted.
func (r *Rows) sums(wanted func(answered uint64) bool, responses []int64) Sums {
	k := len(r.questions)
	s := Sums{Questions: r.questions, Groups: make([]Group, len(responses))}
	for g, n := range responses {
		s.Groups[g] = Group{Responses: n, Unanswered: n, Pairs: make([]Pair, k*(k+1)/2)}
	}
	for _, key := range r.sorted() {
		if !wanted(key.answered) {
			continue
		}
		c := r.cells[key]
		s.Groups[key.group].Unanswered -= c.n
		observed := indices(key.answered)
		o := len(observed)
		sums := c.sums(o)
		for a, i := range observed {
			for b := a; b < o; b++ {
				j := observed[b]
				p := &s.Groups[key.group].Pairs[at(k, i, j)]
				p.Count += c.n
				p.First += sums[a]
				p.Second += sums[b]
				p.FirstSquare += sums[o+at(o, a, a)]
				p.SecondSquare += sums[o+at(o, b, b)]
				p.Product += sums[o+at(o, a, b)]
			}
		}
	}
	return s
}

// sorted are the keys of all cells by set and group: sums in one order are equal to the last digit.
func (r *Rows) sorted() []cellKey {
	if len(r.keys) != len(r.cells) {
		r.keys = slices.Collect(maps.Keys(r.cells))
		slices.SortFunc(r.keys, func(a, b cellKey) int {
			return cmp.Or(cmp.Compare(a.answered, b.answered), cmp.Compare(a.group, b.group))
		})
	}
	return r.keys
}

// indices are the members of a set in ascending order.
func indices(set uint64) []int {
	var out []int
	for i := 0; set>>i != 0 && i < 64; i++ {
		if set>>i&1 == 1 {
			out = append(out, i)
		}
	}
	return out
}

// none counts the responses that answered none of the questions.
func (r *Rows) none() int64 {
	var n int64
	for _, x := range r.responses {
		n += x
	}
	for _, c := range r.cells {
		n -= c.n
	}
	return n
}

// FromRows estimates moments from single responses; Spearman knows their ranks. It refuses as FromSums does, and with EM when no estimate is found
// (refusal.NotConverged), two questions tell each other (refusal.Singular), or the sets of answered questions are too many for it (refusal.TooMany).
func FromRows(ctx context.Context, r *Rows, m Missing) (*Sample, error) {
	var out *Sample
	var err error
	switch m {
	case EM:
		out, err = r.em(ctx)
	case Listwise:
		out, err = fromSums(r.listwise(), Listwise)
	default:
		out, err = fromSums(r.Sums(), Pairwise)
	}
	if err != nil {
		return nil, err
	}
	var all int64
	for _, n := range r.responses {
		all += n
	}
	if m != Listwise {
		out.Responses = all - r.none()
	}
	out.LeftOut = all - out.Responses
	out.ranks = r.whole
	if m != Listwise {
		out.ranks = r.whole.plus(r.partial)
	}
	return out, nil
}
