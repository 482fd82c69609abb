package column_test

import (
	"errors"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func TestWhatIsAddedIsCountedAndTakenAway(t *testing.T) {
	t.Parallel()
	row := column.Row{
		ID: column.RowID("response", "shop", "r1"), Population: fact.Customer, Bucket: 7, Received: 6301, Weight: 1,
		Keys: []column.Key{{Name: "channel", Values: []string{"app"}}, {Name: "theme", Values: []string{"price", "queue"}}},
		Answers: []column.Answer{
			{Question: "nps", Kind: question.NPS, Scale: "0-10", Value: 900},
			{Question: "why", Kind: question.Choice, Options: []string{"a", "b"}},
		},
	}
	section := column.Pack([]column.Change{{Row: row, Count: 1}})
	table := column.NewTable()
	if err := table.Load([][]byte{section}); err != nil {
		t.Fatal(err)
	}
	q := column.Query{Population: fact.Customer, GroupBy: []string{"theme"}, Questions: []string{"nps"}, Choices: []string{"why"}}
	r, err := table.Query(q)
	if err != nil || len(r.Groups) != 2 || r.Groups[1].Values[0] != "queue" || r.Groups[1].Questions[0].Answers.Count(900) != 1 ||
		len(r.Groups[0].Choices[0].Options) != 2 || r.Coverage.Counted != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := table.Apply([]column.Change{{Row: row, Count: -1}}); err != nil || table.Len() != 0 {
		t.Fatalf("%d rows, %v", table.Len(), err)
	}
	if err := table.Apply([]column.Change{{Row: row, Count: -1}}); !errors.Is(err, column.ErrMissing) {
		t.Fatalf("%v, want ErrMissing", err)
	}
	back := column.Pack([]column.Change{{Row: row, Count: -1}})
	if sum, err := column.Merge(section, back); err != nil || sum != nil {
		t.Fatalf("%x, %v", sum, err)
	}
}
