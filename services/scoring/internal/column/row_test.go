package column_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func validRow() column.Row {
	return column.Row{
		ID: column.RowID("response", "shop", "r1"), Population: fact.Customer, Weight: 1,
		Keys: []column.Key{{Name: "channel", Values: []string{"app"}}, {Name: "theme", Values: []string{"price", "queue"}}},
		Answers: []column.Answer{
			{Question: "nps", Kind: question.NPS, Scale: "0-10", Value: 900},
			{Question: "why", Kind: question.Choice, Options: []string{"a", "b"}},
		},
	}
}

func TestCheckRefusesBrokenRows(t *testing.T) {
	t.Parallel()
	r := validRow()
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*column.Row){
		"outcome":           func(r *column.Row) { r.Outcome = 4 },
		"population":        func(r *column.Row) { r.Population = 0 },
		"weight":            func(r *column.Row) { r.Weight = 0 },
		"infinite weight":   func(r *column.Row) { r.Weight = math.Inf(1) },
		"refusal answers":   func(r *column.Row) { r.Outcome = column.Refused },
		"nameless key":      func(r *column.Row) { r.Keys[0].Name = "" },
		"key without value": func(r *column.Row) { r.Keys[0].Values = nil },
		"empty value":       func(r *column.Row) { r.Keys[0].Values = []string{""} },
		"order of keys":     func(r *column.Row) { r.Keys[0].Name = "z" },
		"order of values":   func(r *column.Row) { r.Keys[1].Values = []string{"b", "a"} },
		"question twice":    func(r *column.Row) { r.Answers[1].Question = "nps" },
		"nameless question": func(r *column.Row) { r.Answers[0].Question = "" },
		"kind":              func(r *column.Row) { r.Answers[0].Kind = question.Text },
		"scale":             func(r *column.Row) { r.Answers[0].Scale = "10" },
		"another spelling":  func(r *column.Row) { r.Answers[0].Scale = "0-10.0" },
		"out of scale":      func(r *column.Row) { r.Answers[0].Value = 1100 },
		"no options":        func(r *column.Row) { r.Answers[1].Options = nil },
		"scored choice":     func(r *column.Row) { r.Answers[1].Value = 1 },
		"options of score":  func(r *column.Row) { r.Answers[0].Options = []string{"a"} },
	} {
		r := validRow()
		spoil(&r)
		if err := r.Check(); !errors.Is(err, column.ErrRow) {
			t.Errorf("%s: %v, want ErrRow", name, err)
		}
	}
}

func TestNormalise(t *testing.T) {
	t.Parallel()
	r := validRow()
	r.Keys = []column.Key{{Name: "theme", Values: []string{"queue", "", "price", "queue"}}, {Name: "none", Values: []string{""}}, {Name: "channel", Values: []string{"app"}}}
	r.Answers = []column.Answer{
		{Question: "why", Kind: question.Choice, Options: []string{"b", "a"}}, {Question: "blank", Kind: question.Choice},
		{Question: "nps", Kind: question.NPS, Scale: "0-10", Value: 900},
	}
	r.Normalise()
	a, b := column.Pack([]column.Change{{Row: r, Count: 1}}), column.Pack([]column.Change{{Row: validRow(), Count: 1}})
	if err := r.Check(); err != nil || string(a) != string(b) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestIdentifiers(t *testing.T) {
	t.Parallel()
	if column.RowID("response", "ab", "c") == column.RowID("response", "a", "bc") || column.RowID("response", "a", "b") == column.RowID("refusal", "a", "b") {
		t.Error("two records have one identifier")
	}
	if column.RespondentID("") != 0 || column.RespondentID("p") == 0 || column.RandomGroup(1700, 1, 5) != 3 || column.RandomGroup(0, 999, 5) != 4 {
		t.Error("who answered is not told apart")
	}
}

// TestRandomGroupsNameNobody: whatever numbers of groups are asked for one after the other, they tell no two respondents of a class apart, and they are of about
// one size.
func TestRandomGroupsNameNobody(t *testing.T) {
	t.Parallel()
	classes := make(map[[column.MaxGroups + 1]int]bool)
	sizes := make(map[int]int)
	for i := range 20_000 {
		respondent := column.RespondentID(fmt.Sprint("person ", i))
		var groups [column.MaxGroups + 1]int
		for n := 2; n <= column.MaxGroups; n += 1 + n/40 {
			if groups[n] = column.RandomGroup(respondent, 1, n); groups[n] < 0 || groups[n] >= n {
				t.Fatalf("group %d of %d", groups[n], n)
			}
		}
		groups[column.MaxGroups] = column.RandomGroup(respondent, 1, column.MaxGroups)
		classes[groups] = true
		sizes[column.RandomGroup(respondent, 1, 7)]++
	}
	if len(classes) > column.MaxGroups {
		t.Errorf("%d classes are told apart", len(classes))
	}
	for g := range 7 {
		if n := sizes[g]; n < 2600 || n > 3100 {
			t.Errorf("group %d of 7 has %d of 20000", g, n)
		}
	}
}
