package workorder_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/workorder"
)

func draw(t *rapid.T) []workorder.Item {
	items := make([]workorder.Item, rapid.IntRange(0, 30).Draw(t, "items"))
	for i := range items {
		value, mean := float64(rapid.IntRange(-1, 3).Draw(t, "value")), float64(rapid.IntRange(2, 12).Draw(t, "half points"))/2
		items[i] = workorder.Item{ID: fmt.Sprint("c", i), Stake: workorder.Stake(value, mean, 5), Value: value, Mean: mean}
	}
	return items
}

func TestOrderIsTotal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		items := draw(rt)
		for _, a := range items {
			for _, b := range items {
				ab, ba := workorder.Compare(a, b), workorder.Compare(b, a)
				if ab != -ba || (ab == 0) != (a.ID == b.ID) {
					rt.Fatalf("%+v and %+v compare as %d and %d", a, b, ab, ba)
				}
				for _, c := range items {
					if ab < 0 && workorder.Compare(b, c) < 0 && workorder.Compare(a, c) >= 0 {
						rt.Fatalf("%+v, %+v, %+v are no order", a, b, c)
					}
				}
			}
		}
	})
}

func TestOrderIsStable(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		items := draw(rt)
		shuffled := rapid.Permutation(items).Draw(rt, "shuffled")
		workorder.Sort(items)
		workorder.Sort(shuffled)
		if !slices.Equal(items, shuffled) {
			rt.Fatalf("the order depends on how they came:\n%+v\n%+v", items, shuffled)
		}
		if len(items) == 0 {
			return
		}
		// Who changes nothing keeps their place among the others when one goes.
		gone := rapid.IntRange(0, len(items)-1).Draw(rt, "gone")
		fewer := slices.Delete(slices.Clone(items), gone, gone+1)
		again := slices.Clone(fewer)
		workorder.Sort(again)
		if !slices.Equal(again, fewer) {
			rt.Fatalf("others changed places when %+v went", items[gone])
		}
	})
}

func TestStake(t *testing.T) {
	for _, c := range []struct{ value, mean, red, want float64 }{
		{100, 1, 5, 100}, {100, 3, 5, 50}, {100, 5, 5, 0}, {100, 9, 5, 0}, {0, 1, 5, 0}, {-3, 1, 5, 0}, {100, 2, 3, 50},
	} {
		if got := workorder.Stake(c.value, c.mean, c.red); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
