package release

import (
	"cmp"
	"slices"
	"sort"
)

// Answers are all that there are, released or not.
type Answers struct {
	series map[Series]*list
	count  int
}

// list is the answers of one series, by ascending position.
type list struct {
	answers []Answer
	// taken tells of each answer whether it is in a block, complete or not.
	taken []bool
}

// Answer is one answer.
type Answer struct {
	// Position is that of its response in the change log.
	Position int64
	// Value is what it says, as cells count it.
	Value int64
	Cell  Cell
	// Foreign tells that it is not for the eyes of who asks.
	Foreign bool
}

// Add adds an answer. Those of one series come in the order of their positions.
func (a *Answers) Add(s Series, x Answer) {
	if a.series == nil {
		a.series = make(map[Series]*list)
	}
	l := a.series[s]
	if l == nil {
		l = &list{}
		a.series[s] = l
	}
	l.answers, l.taken = append(l.answers, x), append(l.taken, false)
	a.count++
}

// Len is the number of answers.
func (a *Answers) Len() int { return a.count }

// All calls fn with each answer.
func (a *Answers) All(fn func(Series, Answer)) {
	for s, l := range a.series {
		for _, x := range l.answers {
			fn(s, x)
		}
	}
}

// find is the index of the answer at a position; false when there is none.
func (l *list) find(position int64) (int, bool) {
	i := sort.Search(len(l.answers), func(i int) bool { return l.answers[i].Position >= position })
	return i, i < len(l.answers) && l.answers[i].Position == position
}

// take marks the answers of blocks as taken, and moves them to the cells of their blocks: where an answer was released, there it stays.
func (a *Answers) take(blocks []Block) {
	for i := range blocks {
		b := &blocks[i]
		l := a.series[b.Series]
		if l == nil {
			continue
		}
		for _, p := range b.Positions {
			if at, ok := l.find(p); ok {
				l.taken[at] = true
				l.answers[at].Cell = b.Cell
			}
		}
	}
}

// ordered lists the series in one order for all who look.
func (a *Answers) ordered() []Series {
	all := make([]Series, 0, len(a.series))
	for s := range a.series {
		all = append(all, s)
	}
	slices.SortFunc(all, func(x, y Series) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Question, y.Question), cmp.Compare(x.Scale, y.Scale),
			cmp.Compare(x.Population, y.Population), compareBool(x.Refusals, y.Refusals), compareBool(x.ByEmployee, y.ByEmployee))
	})
	return all
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
