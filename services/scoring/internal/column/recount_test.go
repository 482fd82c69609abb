package column_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// recount counts rows one by one: the slow reference.
func recount(rows []column.Row, q column.Query) column.Result {
	r := column.Result{}
	groups := make(map[string]*group)
	for i := range rows {
		row := &rows[i]
		step, reason := place(row, q, &r.Coverage)
		if reason != nil && row.Outcome == column.Response {
			r.Coverage.Rows++
			*reason++
		}
		if reason != &r.Coverage.Counted {
			continue
		}
		for _, values := range combinations(row, q.GroupBy) {
			key := fmt.Sprintf("%q %d", values, step)
			if groups[key] == nil {
				groups[key] = &group{values: values, step: step}
			}
			groups[key].rows = append(groups[key].rows, row)
		}
	}
	for _, g := range groups {
		out := column.Group{Values: g.values, Step: g.step, Counts: countAll(g.rows, q)}
		for i := range q.Replicates {
			some := slices.DeleteFunc(slices.Clone(g.rows), func(r *column.Row) bool { return column.RandomGroup(r.Respondent, r.ID, q.Replicates) != i })
			out.Replicates = append(out.Replicates, countAll(some, q))
		}
		r.Groups = append(r.Groups, out)
	}
	slices.SortFunc(r.Groups, func(a, b column.Group) int {
		return cmp.Or(slices.Compare(a.Values, b.Values), cmp.Compare(a.Step, b.Step))
	})
	return r
}

type group struct {
	values []string
	step   int
	rows   []*column.Row
}

// place is the step of a row and the number of coverage that it counts under; nil when nobody may know of the row.
func place(r *column.Row, q column.Query, c *column.Coverage) (int, *int64) {
	if q.Within != nil && !holds(q.Within, r) {
		return 0, nil
	}
	step := 0
	if len(q.Steps) > 0 {
		step = slices.IndexFunc(q.Steps, func(s calendar.Step) bool { return r.Bucket >= s.First && r.Bucket < s.End })
	}
	inPeriod := q.Period == (calendar.Period{}) && r.Bucket < calendar.MaxBucket || r.Bucket >= q.Period.First && r.Bucket < q.Period.End
	switch {
	case r.Population != q.Population:
		return 0, &c.OtherPopulation
	case !inPeriod || step < 0:
		return 0, &c.OutsidePeriod
	case q.ReceivedTo != 0 && r.Received > q.ReceivedTo:
		return 0, &c.ReceivedLater
	case q.Where != nil && !holds(q.Where, r):
		return 0, &c.Filtered
	case weigh(r, q) == 0:
		return 0, &c.Unweighted
	}
	return step, &c.Counted
}

// combinations are the groups of a row.
func combinations(r *column.Row, keys []string) [][]string {
	list := [][]string{{}}
	for _, k := range keys {
		values := valuesOf(r, k)
		if len(values) == 0 {
			values = []string{""}
		}
		var longer [][]string
		for _, c := range list {
			for _, v := range values {
				longer = append(longer, append(slices.Clone(c), v))
			}
		}
		list = longer
	}
	return list
}

func valuesOf(r *column.Row, key string) []string {
	for _, k := range r.Keys {
		if k.Name == key {
			return k.Values
		}
	}
	return nil
}

func answerTo(r *column.Row, id string) (column.Answer, bool) {
	for _, a := range r.Answers {
		if a.Question == id {
			return a, true
		}
	}
	return column.Answer{}, false
}

func holds(p column.Predicate, r *column.Row) bool {
	switch p := p.(type) {
	case column.And:
		return !slices.ContainsFunc(p, func(p column.Predicate) bool { return !holds(p, r) })
	case column.Or:
		return slices.ContainsFunc(p, func(p column.Predicate) bool { return holds(p, r) })
	case column.Not:
		return !holds(p.Predicate, r)
	case column.In:
		values := valuesOf(r, p.Key)
		if len(values) == 0 {
			return p.Match("", false)
		}
		return slices.ContainsFunc(values, func(v string) bool { return p.Match(v, true) })
	case column.Scored:
		a, ok := answerTo(r, p.Question)
		return ok && a.Kind.Scored() && p.Match(a.Value)
	case column.Chosen:
		a, ok := answerTo(r, p.Question)
		return ok && slices.ContainsFunc(a.Options, p.Match)
	}
	panic(fmt.Sprintf("predicate %T", p))
}

func weigh(r *column.Row, q column.Query) float64 {
	w := 1.0
	if q.Weights.Stated {
		w = r.Weight
	}
	if q.Weights.Factor != nil {
		values := make([]string, len(q.Weights.Keys))
		for i, k := range q.Weights.Keys {
			if v := valuesOf(r, k); len(v) > 0 {
				values[i] = v[0]
			}
		}
		w *= q.Weights.Factor(values)
	}
	return w
}

// weights adds up the weights of rows; zero in queries without weights.
func weights(rows []*column.Row, q column.Query) (w column.Weight) {
	if q.Weights.None() {
		return w
	}
	for _, r := range rows {
		x := weigh(r, q)
		w.Sum += x
		w.Squares += x * x
	}
	return w
}

func countAll(rows []*column.Row, q column.Query) column.Counts {
	var c column.Counts
	for o := range 4 {
		of := slices.DeleteFunc(slices.Clone(rows), func(r *column.Row) bool { return r.Outcome != column.Outcome(o) })
		c.Weights[o] = weights(of, q)
		*[]*int64{&c.Outcomes.Responses, &c.Outcomes.Refused, &c.Outcomes.Dismissed, &c.Outcomes.TimedOut}[o] = int64(len(of))
	}
	for _, id := range q.Questions {
		c.Questions = append(c.Questions, scales(rows, id, q)...)
	}
	for _, id := range q.Choices {
		if x := choice(rows, id, q); x.Answered > 0 {
			c.Choices = append(c.Choices, x)
		}
	}
	if q.Pooled {
		c.Pooled, c.PooledWeighted = pooled(rows, q)
	}
	return c
}

func scales(rows []*column.Row, id string, q column.Query) []column.QuestionCount {
	found := make(map[string]map[int64][]*column.Row)
	for _, r := range rows {
		a, ok := answerTo(r, id)
		if !ok || !a.Kind.Scored() {
			continue
		}
		if found[a.Scale] == nil {
			found[a.Scale] = make(map[int64][]*column.Row)
		}
		found[a.Scale][int64(a.Value)] = append(found[a.Scale][int64(a.Value)], r)
	}
	var out []column.QuestionCount
	for _, scale := range slices.Sorted(maps.Keys(found)) {
		c := column.QuestionCount{Question: id, Scale: scale}
		var bins []histogram.Bin
		for _, v := range slices.Sorted(maps.Keys(found[scale])) {
			bins = append(bins, histogram.Bin{Value: v, Count: int64(len(found[scale][v]))})
			if !q.Weights.None() {
				c.Weighted = append(c.Weighted, column.WeightedBin{Value: v, Weight: weights(found[scale][v], q)})
			}
		}
		c.Answers = histogram.FromSorted(bins)
		out = append(out, c)
	}
	return out
}

func choice(rows []*column.Row, id string, q column.Query) column.ChoiceCount {
	chose := make(map[string][]*column.Row)
	var all []*column.Row
	for _, r := range rows {
		a, _ := answerTo(r, id)
		for _, o := range a.Options {
			chose[o] = append(chose[o], r)
		}
		if len(a.Options) > 0 {
			all = append(all, r)
		}
	}
	c := column.ChoiceCount{Question: id, Answered: int64(len(all)), Weight: weights(all, q)}
	for _, o := range slices.Sorted(maps.Keys(chose)) {
		c.Options = append(c.Options, column.OptionCount{Option: o, Count: int64(len(chose[o])), Weight: weights(chose[o], q)})
	}
	return c
}

func pooled(rows []*column.Row, q column.Query) (histogram.Histogram, column.PooledMoments) {
	type rated struct {
		pool.Answers
		a, b float64
	}
	respondents := make(map[string]rated)
	for i, r := range rows {
		who := fmt.Sprint(r.Respondent)
		if r.Respondent == 0 {
			who = fmt.Sprint("row ", i)
		}
		for _, a := range r.Answers {
			if !a.Kind.Rated() {
				continue
			}
			scale, err := question.ParseScale(a.Scale)
			if err != nil {
				panic(err)
			}
			n := pool.Normalise(a.Value, scale, a.Direction)
			x := respondents[who]
			respondents[who] = rated{x.Add(pool.Answers{Count: 1, Sum: n}), x.a + weigh(r, q)*float64(n)/pool.Resolution, x.b + weigh(r, q)}
		}
	}
	var h histogram.Histogram
	var m column.PooledMoments
	for _, x := range respondents {
		if err := h.Add(x.Code(), 1); err != nil {
			panic(err)
		}
		if q.Weights.None() {
			continue
		}
		w := x.b / float64(x.Count)
		m.Respondents, m.Answers = m.Respondents+1, m.Answers+x.Count
		m.A, m.B, m.AA, m.AB, m.BB = m.A+x.a, m.B+x.b, m.AA+x.a*x.a, m.AB+x.a*x.b, m.BB+x.b*x.b
		m.W, m.WW = m.W+w, m.WW+w*w
	}
	return h, m
}

// differs says where two results differ; empty when they are equal, but for rounding.
func differs(got, want column.Result) string {
	if got.Coverage != want.Coverage {
		return fmt.Sprintf("coverage %+v, want %+v", got.Coverage, want.Coverage)
	}
	if len(got.Groups) != len(want.Groups) {
		return fmt.Sprintf("%d groups, want %d", len(got.Groups), len(want.Groups))
	}
	for i := range got.Groups {
		g, w := got.Groups[i], want.Groups[i]
		if !slices.Equal(g.Values, w.Values) || g.Step != w.Step || len(g.Replicates) != len(w.Replicates) {
			return fmt.Sprintf("group %+v, want %+v", g, w)
		}
		if d := countsDiffer(g.Counts, w.Counts); d != "" {
			return fmt.Sprintf("group %q of step %d: %s", g.Values, g.Step, d)
		}
		for j := range g.Replicates {
			if d := countsDiffer(g.Replicates[j], w.Replicates[j]); d != "" {
				return fmt.Sprintf("group %q of step %d, replicate %d: %s", g.Values, g.Step, j, d)
			}
		}
	}
	return ""
}

func countsDiffer(got, want column.Counts) string {
	g, w := got.PooledWeighted, want.PooledWeighted
	for i, pair := range [][2]float64{{g.A, w.A}, {g.B, w.B}, {g.AA, w.AA}, {g.AB, w.AB}, {g.BB, w.BB}, {g.W, w.W}, {g.WW, w.WW}} {
		if math.Abs(pair[0]-pair[1]) > 1e-12*(1+math.Abs(pair[1])) {
			return fmt.Sprintf("moment %d: %v, want %v", i, pair[0], pair[1])
		}
	}
	if g.Respondents != w.Respondents || g.Answers != w.Answers {
		return fmt.Sprintf("pooled %+v, want %+v", g, w)
	}
	got.PooledWeighted, want.PooledWeighted = column.PooledMoments{}, column.PooledMoments{}
	if a, b := printed(got), printed(want); a != b {
		return strings.Join([]string{a, "want", b}, "\n")
	}
	return ""
}

// printed is all of some counts as words.
func printed(c column.Counts) string { return fmt.Sprintf("%+v", c) }
