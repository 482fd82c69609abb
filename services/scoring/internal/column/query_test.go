package column_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func genPredicate(t *rapid.T, depth int) column.Predicate {
	kinds := 3
	if depth > 0 {
		kinds = 6
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "predicate") {
	case 0:
		among := rapid.StringMatching("[a-dЫ]{0,3}").Draw(t, "values")
		lacking := rapid.Bool().Draw(t, "lacking")
		return column.In{Key: rapid.SampledFrom([]string{"channel", "location", "theme", "nothing"}).Draw(t, "key"), Match: func(v string, stated bool) bool {
			if !stated {
				return lacking
			}
			return strings.ContainsAny(v, among)
		}}
	case 1:
		least := question.Centi(rapid.IntRange(0, 1000).Draw(t, "least"))
		return column.Scored{Question: rapid.SampledFrom([]string{"csat", "nps", "why", "nothing"}).Draw(t, "question"), Match: func(v question.Centi) bool { return v >= least }}
	case 2:
		option := rapid.SampledFrom([]string{"x", "y", "z", "none"}).Draw(t, "option")
		return column.Chosen{Question: rapid.SampledFrom([]string{"why", "nps"}).Draw(t, "question"), Match: func(o string) bool { return o == option }}
	case 3:
		return column.Not{Predicate: genPredicate(t, depth-1)}
	case 4:
		return column.And(genPredicates(t, depth-1))
	}
	return column.Or(genPredicates(t, depth-1))
}

func genPredicates(t *rapid.T, depth int) []column.Predicate {
	list := make([]column.Predicate, rapid.IntRange(0, 3).Draw(t, "predicates"))
	for i := range list {
		list[i] = genPredicate(t, depth)
	}
	return list
}

func genQuery(t *rapid.T) column.Query {
	q := column.Query{
		Population: fact.Population(rapid.IntRange(1, 2).Draw(t, "population")),
		GroupBy:    rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"channel", "location", "theme", "nothing"}), 0, 3, rapid.ID).Draw(t, "group by"),
		Questions:  rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"csat", "nps", "weight", "why", "nothing"}), 0, 3, rapid.ID).Draw(t, "questions"),
		Choices:    rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"why", "nps", "nothing"}), 0, 2, rapid.ID).Draw(t, "choices"),
		Pooled:     rapid.Bool().Draw(t, "pooled"), Replicates: rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "replicates"),
	}
	if rapid.Bool().Draw(t, "period") {
		first := calendar.Bucket(rapid.Int32Range(-320, 320).Draw(t, "first"))
		q.Period = calendar.Period{First: first, End: first + calendar.Bucket(rapid.Int32Range(0, 500).Draw(t, "length"))}
	}
	if rapid.Bool().Draw(t, "steps") {
		at := calendar.Bucket(rapid.Int32Range(-320, 100).Draw(t, "steps from"))
		for range rapid.IntRange(1, 5).Draw(t, "number of steps") {
			end := at + calendar.Bucket(rapid.Int32Range(0, 100).Draw(t, "step"))
			q.Steps = append(q.Steps, calendar.Step{Period: calendar.Period{First: at, End: end}})
			at = end
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "as of") == 0 {
		q.ReceivedTo = rapid.Int64Range(-300*900, 400*900).Draw(t, "received to")
	}
	if rapid.Bool().Draw(t, "where") {
		q.Where = genPredicate(t, 3)
	}
	if rapid.IntRange(0, 2).Draw(t, "within") == 0 {
		q.Within = genPredicate(t, 1)
	}
	q.Weights.Stated = rapid.IntRange(0, 2).Draw(t, "stated") == 0
	if rapid.IntRange(0, 2).Draw(t, "cells") == 0 {
		q.Weights.Keys = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"channel", "location", "nothing"}), 0, 3, rapid.ID).Draw(t, "weight keys")
		q.Weights.Factor = func(values []string) float64 {
			f := 0.5
			for _, v := range values {
				f *= map[string]float64{"": 1, "a": 2, "b": 0}[v] + 0.25*float64(len(v)/3)
			}
			return f
		}
	}
	return q
}

// genTable draws rows and puts them into a table, in several batches, some of which take away.
func genTable(t *rapid.T) (*column.Table, []column.Row) {
	table := column.NewTableOf(rapid.SampledFrom([]int{1, 2, 5, 16, 1 << 16}).Draw(t, "rows of a block"))
	var rows []column.Row
	for range rapid.IntRange(0, 4).Draw(t, "batches") {
		var changes []column.Change
		for range rapid.IntRange(0, min(3, len(rows))).Draw(t, "taken away") {
			i := rapid.IntRange(0, len(rows)-1).Draw(t, "row")
			changes = append(changes, column.Change{Row: rows[i], Count: -1})
			rows = append(rows[:i:i], rows[i+1:]...)
		}
		for _, r := range rapid.SliceOfN(rapid.Custom(genRow), 0, 15).Draw(t, "rows") {
			changes = append(changes, column.Change{Row: r, Count: 1})
			rows = append(rows, r)
		}
		var err error
		if rapid.Bool().Draw(t, "packed") {
			cut := rapid.IntRange(0, len(changes)).Draw(t, "cut")
			err = table.Load([][]byte{column.Pack(changes[:cut]), column.Pack(changes[cut:])})
		} else {
			err = table.Apply(changes)
		}
		if err != nil {
			t.Fatalf("put rows into the table: %v", err)
		}
	}
	return table, rows
}

// TestQueryEqualsRecount: whatever is asked of whatever rows, however they came into the table.
func TestQueryEqualsRecount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table, rows := genTable(t)
		if table.Len() != len(rows) {
			t.Fatalf("%d rows, want %d", table.Len(), len(rows))
		}
		for i := range 6 {
			q := genQuery(t)
			if i%2 == 0 {
				// What is asked most often can be answered from what is kept of blocks.
				q.Where, q.Within, q.Weights, q.Replicates, q.ReceivedTo, q.Period = nil, nil, column.Weighting{}, 0, 0, calendar.Period{}
				q.GroupBy = q.GroupBy[:min(1, len(q.GroupBy))]
			}
			got, err := table.Query(q)
			if err != nil {
				t.Fatal(err)
			}
			if d := differs(got, recount(rows, q)); d != "" {
				t.Fatalf("%+v: %s", q, d)
			}
			c := got.Coverage
			if c.Rows != c.OtherPopulation+c.OutsidePeriod+c.ReceivedLater+c.Filtered+c.Unweighted+c.Counted {
				t.Fatalf("coverage %+v does not add up", c)
			}
		}
	})
}

// TestScanFindsWhatIsCounted: Scan gives the rows that Query counts, whole.
func TestScanFindsWhatIsCounted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table, rows := genTable(t)
		q := genQuery(t)
		var want, got []column.Change
		var c column.Coverage
		var responses int64
		for i := range rows {
			if _, reason := place(&rows[i], q, &c); reason == &c.Counted {
				want = append(want, column.Change{Row: rows[i], Count: 1})
				if rows[i].Outcome == column.Response {
					responses++
				}
			}
		}
		coverage, err := table.Scan(q, func(v column.RowView) error {
			r := v.Row()
			step, _ := place(&r, q, &c)
			if v.Step() != step || v.Weight() != weigh(&r, q) || v.Outcome() != r.Outcome || v.Bucket() != r.Bucket || v.ID() != r.ID {
				t.Fatalf("step %d, weight %v of %+v", v.Step(), v.Weight(), r)
			}
			if q.Replicates > 0 && v.RandomGroup() != column.RandomGroup(r.Respondent, r.ID, q.Replicates) {
				t.Fatalf("random group %d of %+v", v.RandomGroup(), r)
			}
			if a, ok := answerTo(&r, "nps"); ok {
				if value, scale, ok := v.Score("nps"); !ok || value != a.Value || scale != a.Scale {
					t.Fatalf("score %v of %+v", value, r)
				}
			}
			if len(v.Values("theme")) != len(valuesOf(&r, "theme")) {
				t.Fatalf("themes %q of %+v", v.Values("theme"), r)
			}
			got = append(got, column.Change{Row: r, Count: 1})
			return nil
		})
		if err != nil || coverage.Counted != responses {
			t.Fatalf("coverage %+v, %v", coverage, err)
		}
		if a, b := column.Pack(got), column.Pack(want); string(a) != string(b) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// TestImpossibleQueries are refused.
func TestImpossibleQueries(t *testing.T) {
	t.Parallel()
	table := column.NewTable()
	row := column.Row{ID: 1, Population: fact.Customer, Weight: 1, Keys: []column.Key{
		{Name: "channel", Values: []string{"app"}}, {Name: "theme", Values: []string{"price", "queue"}},
	}}
	if err := table.Apply([]column.Change{{Row: row, Count: 1}}); err != nil {
		t.Fatal(err)
	}
	negative := func([]string) float64 { return -1 }
	for name, c := range map[string]struct {
		q    column.Query
		want error
	}{
		"population":      {column.Query{}, column.ErrQuery},
		"key twice":       {column.Query{Population: 1, GroupBy: []string{"a", "a"}}, column.ErrQuery},
		"question twice":  {column.Query{Population: 1, Questions: []string{"a", "a"}}, column.ErrQuery},
		"gap in steps":    {column.Query{Population: 1, Steps: []calendar.Step{{Period: calendar.Period{First: 1, End: 2}}, {Period: calendar.Period{First: 3, End: 4}}}}, column.ErrQuery},
		"negative factor": {column.Query{Population: 1, Weights: column.Weighting{Factor: negative}}, column.ErrQuery},
		"themes weigh":    {column.Query{Population: 1, Weights: column.Weighting{Keys: []string{"theme"}, Factor: negative}}, column.ErrQuery},
		"no factor":       {column.Query{Population: 1, Weights: column.Weighting{Keys: []string{"theme"}}}, column.ErrQuery},
		"groups":          {column.Query{Population: 1, GroupBy: []string{"theme"}, Limit: 1}, column.ErrTooMany},
		"replicates":      {column.Query{Population: 1, Replicates: 2, Limit: 1}, column.ErrTooMany},
	} {
		if _, err := table.Query(c.q); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if r, err := table.Query(column.Query{Population: 1, GroupBy: []string{"theme"}, Limit: 2}); err != nil || len(r.Groups) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}
