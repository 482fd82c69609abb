package column_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// TestReadersSeeAllOrNothing: while batches of ten rows are added, changed and taken away, every reader finds a multiple of ten, of which every
// value of each key has its share.
func TestReadersSeeAllOrNothing(t *testing.T) {
	t.Parallel()
	const size = 10
	table := column.NewTableOf(64)
	batch := func(n int, theme string) []column.Change {
		var changes []column.Change
		for i := range size {
			r := column.Row{
				ID: uint64(n*size + i), Population: fact.Customer, Bucket: calendar.Bucket(n), Received: int64(n), Weight: 2, Respondent: uint64(i),
				Keys:    []column.Key{{Name: "half", Values: []string{fmt.Sprint(i % 2)}}, {Name: "number", Values: []string{fmt.Sprint(n)}}},
				Answers: []column.Answer{{Question: "q", Kind: question.NPS, Scale: "0-10", Value: question.Centi(100 * i)}},
			}
			if theme != "" {
				r.Keys = append(r.Keys, column.Key{Name: "theme", Values: []string{theme}})
			}
			changes = append(changes, column.Change{Row: r, Count: 1})
		}
		return changes
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for _, q := range []column.Query{
		{}, {GroupBy: []string{"half"}}, {GroupBy: []string{"half", "theme"}, Weights: column.Weighting{Stated: true}}, {Pooled: true, Replicates: 2},
		{Where: column.In{Key: "theme", Match: func(v string, _ bool) bool { return v != "a" }}},
	} {
		q.Population, q.Questions = fact.Customer, []string{"q"}
		readers.Go(func() {
			for stop := false; !stop; {
				select {
				case <-done:
					stop = true
				default:
				}
				r, err := table.Query(q)
				if err != nil || r.Coverage.Rows%size != 0 || r.Coverage.Counted%size != 0 {
					t.Errorf("coverage %+v, %v", r.Coverage, err)
					return
				}
				for _, g := range r.Groups {
					n := size / max(1, 2*min(1, len(q.GroupBy)))
					if got := g.Questions[0].Answers.N(); got%int64(n) != 0 || got != g.Outcomes.Responses {
						t.Errorf("%d answers of %d responses in group %q", got, g.Outcomes.Responses, g.Values)
						return
					}
				}
			}
		})
	}
	apply := func(changes []column.Change) {
		if err := table.Apply(changes); err != nil {
			t.Error(err)
		}
	}
	for n := range 150 {
		apply(batch(n, ""))
		if n >= 3 {
			// An enrichment that comes later replaces the rows; in the end they go.
			apply(append(batch(n-1, "a"), negative(batch(n-1, ""))...))
		}
		if n >= 20 && n%2 == 0 {
			apply(negative(slices.Concat(batch(n-10, "a"), batch(n-11, "a"))))
		}
	}
	close(done)
	readers.Wait()
}
