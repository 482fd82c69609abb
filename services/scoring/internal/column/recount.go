package column

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Reasons to leave a row out.
const (
	counts = iota
	otherPopulation
	outsidePeriod
	receivedLater
	filtered
)

func (q *Query) check() error {
	names := func(what string, list []string) error {
		for i, n := range list {
			if n == "" || slices.Contains(list[:i], n) {
				return fmt.Errorf("%s %q: %w", what, list, ErrQuery)
			}
		}
		return nil
	}
	if len(q.GroupBy) > MaxGroupBy {
		return fmt.Errorf("group by %q: %w", q.GroupBy, ErrQuery)
	}
	for what, list := range map[string][]string{"group by": q.GroupBy, "questions": q.Questions, "choices": q.Choices} {
		if err := names(what, list); err != nil {
			return err
		}
	}
	if !q.Population.Valid() || q.Replicates < 0 {
		return fmt.Errorf("population %d, %d replicates: %w", q.Population, q.Replicates, ErrQuery)
	}
	for i := range q.Steps {
		if s := q.Steps[i]; s.First > s.End || i > 0 && q.Steps[i-1].End != s.First {
			return fmt.Errorf("step %d from %d to %d: %w", i, s.First, s.End, ErrQuery)
		}
	}
	return nil
}

// place is the step of a row, or why it is left out.
func place(r *Row, q *Query) (step, why int) {
	period := q.Period
	if period == (calendar.Period{}) {
		period = calendar.All
	}
	switch {
	case r.Population != q.Population:
		return 0, otherPopulation
	case r.Bucket < period.First || r.Bucket >= period.End:
		return 0, outsidePeriod
	}
	if len(q.Steps) > 0 {
		step = slices.IndexFunc(q.Steps, func(s calendar.Step) bool { return r.Bucket >= s.First && r.Bucket < s.End })
		if step < 0 {
			return 0, outsidePeriod
		}
	}
	switch {
	case q.ReceivedTo != 0 && r.Received > q.ReceivedTo:
		return 0, receivedLater
	case q.Where != nil && !holds(q.Where, r):
		return 0, filtered
	}
	return step, counts
}

func (r *Row) values(key string) []string {
	for _, k := range r.Keys {
		if k.Name == key {
			return k.Values
		}
	}
	return nil
}

func (r *Row) answer(id string) *Answer {
	for i := range r.Answers {
		if r.Answers[i].Question == id {
			return &r.Answers[i]
		}
	}
	return nil
}

func holds(p Predicate, r *Row) bool {
	switch p := p.(type) {
	case And:
		return !slices.ContainsFunc(p, func(p Predicate) bool { return !holds(p, r) })
	case Or:
		return slices.ContainsFunc(p, func(p Predicate) bool { return holds(p, r) })
	case Not:
		return !holds(p.Predicate, r)
	case In:
		values := r.values(p.Key)
		if len(values) == 0 {
			return p.Match("", false)
		}
		return slices.ContainsFunc(values, func(v string) bool { return p.Match(v, true) })
	case Scored:
		a := r.answer(p.Question)
		return a != nil && a.Kind.Scored() && p.Match(a.Value)
	case Chosen:
		a := r.answer(p.Question)
		return a != nil && slices.ContainsFunc(a.Options, p.Match)
	}
	return false
}

func weigh(r *Row, q *Query) float64 {
	w := 1.0
	if q.Weights.Stated {
		w = r.Weight
	}
	if q.Weights.Factor != nil {
		values := make([]string, len(q.Weights.Keys))
		for i, k := range q.Weights.Keys {
			if v := r.values(k); len(v) > 0 {
				values[i] = v[0]
			}
		}
		w *= q.Weights.Factor(values)
	}
	return w
}

type groupKey struct {
	values [MaxGroupBy]string
	step   int
}

// recount counts rows one by one.
func recount(rows []Row, q *Query) (Result, error) {
	if err := q.check(); err != nil {
		return Result{}, err
	}
	var res Result
	sums := make(map[groupKey][]*Row)
	for i := range rows {
		r := &rows[i]
		res.Coverage.Rows++
		step, why := place(r, q)
		*[...]*int64{
			&res.Coverage.Counted, &res.Coverage.OtherPopulation, &res.Coverage.OutsidePeriod, &res.Coverage.ReceivedLater, &res.Coverage.Filtered,
		}[why]++
		if why != counts {
			continue
		}
		keys := []groupKey{{step: step}}
		for j, name := range q.GroupBy {
			values := r.values(name)
			if len(values) == 0 {
				values = []string{""}
			}
			var next []groupKey
			for _, k := range keys {
				for _, v := range values {
					k.values[j] = v
					next = append(next, k)
				}
			}
			keys = next
		}
		for _, k := range keys {
			sums[k] = append(sums[k], r)
		}
	}
	if q.Limit > 0 && len(sums)*max(1, q.Replicates) > q.Limit {
		return Result{}, fmt.Errorf("%d groups: %w", len(sums), ErrTooMany)
	}
	for k, rows := range sums {
		g := Group{Values: slices.Clone(k.values[:len(q.GroupBy)]), Step: k.step, Counts: countAll(rows, q)}
		if q.Pooled {
			g.Pooled, g.PooledWeighted = pooled(rows, q)
		}
		for i := range q.Replicates {
			var some []*Row
			for _, r := range rows {
				if RandomGroup(r.Respondent, r.ID, q.Replicates) == i {
					some = append(some, r)
				}
			}
			g.Replicates = append(g.Replicates, countAll(some, q))
		}
		res.Groups = append(res.Groups, g)
	}
	slices.SortFunc(res.Groups, func(a, b Group) int {
		return cmp.Or(slices.Compare(a.Values, b.Values), cmp.Compare(a.Step, b.Step))
	})
	return res, nil
}

func (w *Weight) add(x float64) {
	w.Sum += x
	w.Squares += x * x
}

func countAll(rows []*Row, q *Query) Counts {
	var c Counts
	type bin struct {
		n int64
		w Weight
	}
	for _, r := range rows {
		o := [...]fact.Outcomes{{Responses: 1}, {Refused: 1}, {Dismissed: 1}, {TimedOut: 1}}
		c.Outcomes = c.Outcomes.Add(o[r.Outcome])
		if !q.Weights.None() {
			c.Weights[r.Outcome].add(weigh(r, q))
		}
	}
	for _, id := range q.Questions {
		scales := make(map[string]map[int64]*bin)
		for _, r := range rows {
			a := r.answer(id)
			if a == nil || !a.Kind.Scored() {
				continue
			}
			if scales[a.Scale] == nil {
				scales[a.Scale] = make(map[int64]*bin)
			}
			b := scales[a.Scale][int64(a.Value)]
			if b == nil {
				b = &bin{}
				scales[a.Scale][int64(a.Value)] = b
			}
			b.n++
			b.w.add(weigh(r, q))
		}
		start := len(c.Questions)
		for scale, bins := range scales {
			qc := QuestionCount{Question: id, Scale: scale}
			var hist []histogram.Bin
			for v, b := range bins {
				hist = append(hist, histogram.Bin{Value: v, Count: b.n})
				if !q.Weights.None() {
					qc.Weighted = append(qc.Weighted, WeightedBin{Value: v, Weight: b.w})
				}
			}
			slices.SortFunc(hist, func(a, b histogram.Bin) int { return cmp.Compare(a.Value, b.Value) })
			slices.SortFunc(qc.Weighted, func(a, b WeightedBin) int { return cmp.Compare(a.Value, b.Value) })
			qc.Answers = histogram.FromSorted(hist)
			c.Questions = append(c.Questions, qc)
		}
		slices.SortFunc(c.Questions[start:], func(a, b QuestionCount) int { return strings.Compare(a.Scale, b.Scale) })
	}
	for _, id := range q.Choices {
		cc := ChoiceCount{Question: id}
		options := make(map[string]*OptionCount)
		for _, r := range rows {
			a := r.answer(id)
			if a == nil || a.Kind != question.Choice {
				continue
			}
			cc.Answered++
			for _, o := range a.Options {
				if options[o] == nil {
					options[o] = &OptionCount{Option: o}
				}
				options[o].Count++
				if !q.Weights.None() {
					options[o].Weight.add(weigh(r, q))
				}
			}
			if !q.Weights.None() {
				cc.Weight.add(weigh(r, q))
			}
		}
		for _, o := range options {
			cc.Options = append(cc.Options, *o)
		}
		slices.SortFunc(cc.Options, func(a, b OptionCount) int { return strings.Compare(a.Option, b.Option) })
		if cc.Answered > 0 {
			c.Choices = append(c.Choices, cc)
		}
	}
	return c
}

func pooled(rows []*Row, q *Query) (histogram.Histogram, PooledMoments) {
	type sums struct {
		pool.Answers
		a, b float64
	}
	type who struct {
		respondent uint64
		row        int
	}
	respondents := make(map[who]sums)
	for i, r := range rows {
		w := who{respondent: r.Respondent}
		if r.Respondent == 0 {
			w.row = i
		}
		for _, a := range r.Answers {
			if !a.Kind.Rated() {
				continue
			}
			scale, _ := question.ParseScale(a.Scale)
			n := pool.Normalise(a.Value, scale, a.Direction)
			s := respondents[w]
			s.Answers = s.Add(pool.Answers{Count: 1, Sum: n})
			s.a += weigh(r, q) * float64(n) / pool.Resolution
			s.b += weigh(r, q)
			respondents[w] = s
		}
	}
	counts := make(map[int64]int64)
	var m PooledMoments
	for _, s := range respondents {
		counts[s.Code()]++
		if !q.Weights.None() {
			m.Respondents++
			m.A += s.a
			m.B += s.b
			m.AA += s.a * s.a
			m.AB += s.a * s.b
			m.BB += s.b * s.b
		}
	}
	var bins []histogram.Bin
	for v, n := range counts {
		bins = append(bins, histogram.Bin{Value: v, Count: n})
	}
	slices.SortFunc(bins, func(a, b histogram.Bin) int { return cmp.Compare(a.Value, b.Value) })
	return histogram.FromSorted(bins), m
}
