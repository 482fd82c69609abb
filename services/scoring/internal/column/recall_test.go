package column_test

import (
	"fmt"
	"testing"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// TestManyRowsEqualRecount: rows enough for filters that are read together, for runs of blocks and for what is kept of them, asked twice: before and after
// some are taken away.
func TestManyRowsEqualRecount(t *testing.T) {
	t.Parallel()
	s := column.Synthetic{Rows: 1800, Spans: 3}
	table := column.NewTableOf(64)
	var rows []column.Row
	for span := range s.Spans {
		section := s.Section(span)
		if err := table.Load([][]byte{section}); err != nil {
			t.Fatal(err)
		}
		if err := column.Unpack(section, func(c column.Change) error {
			rows = append(rows, c.Row)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	below := func(key string, n int) column.In {
		return column.In{Key: key, Match: func(v string, stated bool) bool { return stated && v < fmt.Sprintf("%s-%04d", key, n) }}
	}
	score := column.Scored{Question: "csat", Match: func(v question.Centi) bool { return v >= 200 }}
	const days = 20_000 * calendar.BucketsPerDay
	part := calendar.Period{First: days + 100, End: days + 1500}
	var steps []calendar.Step
	for i := range calendar.Bucket(24) {
		steps = append(steps, calendar.Step{Period: calendar.Period{First: days + i*96, End: days + (i+1)*96}})
	}
	five := []string{"nps", "csat", "ces", "service"}
	queries := map[string]column.Query{
		"total of a part": {Period: part, Questions: five, Choices: []string{"why"}},
		"total":           {Questions: five, Choices: []string{"why"}},
		"key of a part":   {Period: part, Questions: five, GroupBy: []string{"location"}},
		"key":             {Questions: five, GroupBy: []string{"location"}},
		"themes":          {Questions: five, GroupBy: []string{"theme"}},
		"two filters":     {Where: column.And{below("region", 7), below("channel", 4)}, Questions: five, Steps: steps},
		"three filters":   {Where: column.And{below("region", 8), below("channel", 4), score}, Questions: five},
		"four filters":    {Where: column.And{below("region", 8), below("channel", 4), score, below("attributes.age", 2)}, Questions: five},
		"tree of filters": {Where: column.Or{below("region", 1), column.And{below("channel", 1), column.Not{Predicate: score}}}, Questions: five},
		"many groups":     {GroupBy: []string{"company", "employee", "location"}, Questions: []string{"nps"}, Steps: steps},
		"pooled":          {GroupBy: []string{"channel"}, Pooled: true, Replicates: 3},
		"weighted": {GroupBy: []string{"channel"}, Pooled: true, Questions: five, Weights: column.Weighting{
			Keys: []string{"region", "attributes.age"}, Factor: func(values []string) float64 { return float64(len(values[0])%3) / 4 },
		}},
	}
	compare := func() {
		for name, q := range queries {
			q.Population = fact.Customer
			got, err := table.Query(q)
			if err != nil {
				t.Fatal(err)
			}
			if d := differs(got, recount(rows, q)); d != "" {
				t.Fatalf("%s: %s", name, d)
			}
		}
	}
	compare()
	var gone []column.Change
	kept := rows[:0:0]
	for i, r := range rows {
		// Of the last third much, of the rest a little.
		if i%100 == 0 || i > 1200 && i%3 != 0 {
			gone = append(gone, column.Change{Row: r, Count: -1})
		} else {
			kept = append(kept, r)
		}
	}
	if err := table.Apply(gone); err != nil {
		t.Fatal(err)
	}
	rows = kept
	compare()
	if table.Cached() == 0 {
		t.Error("nothing is kept of blocks")
	}
}
