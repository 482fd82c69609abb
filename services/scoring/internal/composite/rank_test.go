package composite_test

import (
	"errors"
	"math"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func TestRankByComposite(t *testing.T) {
	t.Parallel()
	spec, s := stated(3)
	tree := bind(t, spec, s)
	var units [][]composite.Sample
	var all []person
	// Six alike, one much better, one of a single answer, one that nobody answered.
	for i := range 7 {
		people := crowd(uint64(40+i), 150, 3)
		if i == 3 {
			for _, p := range people {
				for _, id := range []string{"s0", "s1", "s2"} {
					p[id] = math.Min(10, p[id]+2)
				}
			}
		}
		units, all = append(units, s.samples(t, people, 40)), append(all, people...)
	}
	units = append(units, s.samples(t, []person{{"s0": 5, "i0": 5}}, 40), s.samples(t, nil, 40))
	r, err := tree.Rank(units, metric.Settings{}, metric.Family{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Compared != 7 || len(r.Units) != 9 || r.Overall.Groups != 40 {
		t.Errorf("compared %d of %d", r.Compared, len(r.Units))
	}
	best := r.Units[0]
	if best.Index != 3 || best.Rank != 1 || best.Best != 1 || best.Worst != 1 || !best.Different || *best.AdjustedP < *best.P {
		t.Errorf("first %+v", best)
	}
	// The difference is that of Compare with all others pooled.
	var others []composite.Sample
	for g := range 40 {
		var sum composite.Sample
		for i := range units {
			if i != 3 {
				sum = sum.Add(units[i][g])
			}
		}
		others = append(others, sum)
	}
	c, err := tree.Compare(units[3], others, metric.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	is(t, "difference", best.Difference.Estimate, *c.Estimate, 1e-9)
	is(t, "standard error", best.Difference.StandardError, *c.StandardError, 1e-9)
	is(t, "p", best.P, *c.P, 1e-9)
	for _, u := range r.Units[1:7] {
		if u.Best < 2 || u.Worst > 7 || u.Best > u.Rank || u.Rank > u.Worst {
			t.Errorf("unit %d: %+v", u.Index, u.Place)
		}
	}
	for _, u := range r.Units[7:] {
		if u.Rank != 0 || u.Difference.Estimate != nil || u.Index < 7 {
			t.Errorf("unit %d: %+v", u.Index, u)
		}
	}

	if none, err := tree.Rank(nil, metric.Settings{}, metric.Family{}); err != nil || none.Compared != 0 {
		t.Errorf("no unit: %+v, %v", none, err)
	}
	one, err := tree.Rank(units[:1], metric.Settings{}, metric.Family{})
	if err != nil || one.Units[0].Rank != 1 || one.Units[0].Difference.Estimate != nil {
		t.Errorf("one unit: %+v, %v", one, err)
	}
	if _, err := tree.Rank([][]composite.Sample{units[0], units[1][:3]}, metric.Settings{}, metric.Family{}); !errors.Is(err, metric.ErrNotComparable) {
		t.Errorf("got %v", err)
	}
	if _, err := tree.Rank(units, metric.Settings{}, metric.Family{DiscoveryRate: 2}); !errors.Is(err, metric.ErrSettings) {
		t.Errorf("got %v", err)
	}
	other := append(survey(nil), s...)
	for i := range other {
		other[i].Scale = question.Scale{Min: 100, Max: 1200, Step: 100}
	}
	var scales *composite.ScalesError
	if _, err := tree.Rank([][]composite.Sample{units[0], other.samples(t, all[:10], 40)}, metric.Settings{}, metric.Family{}); !errors.As(err, &scales) {
		t.Errorf("got %v, want *ScalesError", err)
	}
}
