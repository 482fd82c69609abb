package cases_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
)

// From few values, so that many are equal.
func drawCase(i int) *rapid.Generator[*cases.Case] {
	return rapid.Custom(func(t *rapid.T) *cases.Case {
		c := &cases.Case{ID: fmt.Sprintf("c%03d", i), Value: float64(rapid.IntRange(0, 2).Draw(t, "value")), Severity: cases.Severity(rapid.IntRange(1, 4).Draw(t, "severity"))}
		if due := rapid.IntRange(0, 3).Draw(t, "due"); due > 0 {
			c.Due = start.Add(time.Duration(due) * time.Hour)
		}
		c.Late.Resolution = rapid.Bool().Draw(t, "late")
		return c
	})
}

func TestOrderIsTotalAndStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var list []*cases.Case
		for i := range rapid.IntRange(3, 20).Draw(t, "n") {
			list = append(list, drawCase(i).Draw(t, "case"))
		}
		for _, a := range list {
			for _, b := range list {
				if (cases.Compare(a, b) == 0) != (a == b) || cases.Compare(a, b) != -cases.Compare(b, a) {
					t.Fatalf("%+v and %+v: %d and %d", a, b, cases.Compare(a, b), cases.Compare(b, a))
				}
			}
		}
		shuffled := rapid.Permutation(list).Draw(t, "shuffled")
		slices.SortFunc(list, cases.Compare)
		slices.SortFunc(shuffled, cases.Compare)
		if !slices.Equal(list, shuffled) {
			t.Fatal("the order depends on where they stood before")
		}
	})
}

func TestWhatComesFirst(t *testing.T) {
	t.Parallel()
	due := start.Add(time.Hour)
	list := []*cases.Case{
		{ID: "late", Late: cases.Late{FirstResponse: true}},
		{ID: "sooner", Due: start},
		{ID: "dearer", Due: due, Value: 2},
		{ID: "severer", Due: due, Value: 1, Severity: cases.High},
		{ID: "a", Due: due, Value: 1, Severity: cases.Low},
		{ID: "b", Due: due, Value: 1, Severity: cases.Low},
		{ID: "never", Value: 9, Severity: cases.Critical},
	}
	if !slices.IsSortedFunc(list, cases.Compare) {
		t.Error("not in order")
	}
}
