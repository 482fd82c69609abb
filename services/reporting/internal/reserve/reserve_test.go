package reserve_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
	"github.com/otklik/otklik/services/reporting/internal/reserve"
)

func place(name string, visitors, consultations int64) reserve.Place {
	return reserve.Place{Name: name, Visitors: visitors, Coverage: estimate.Estimate{Value: float64(consultations) / float64(visitors)}}
}

// TestByHand: coverages 10, 20, 30, 40, 50 %: the third quartile is 40 %.
func TestByHand(t *testing.T) {
	places := []reserve.Place{place("e", 1000, 500), place("d", 1000, 400), place("c", 1000, 300), place("b", 500, 100), place("a", 1000, 100)}
	se := 0.02
	places[4].Coverage.SE, places[4].Coverage.Interval = &se, &stat.Interval{Low: 0.06, High: 0.14}
	r, err := reserve.Of(places, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(r.Target-0.4) > 1e-12 || math.Abs(r.Gained.Value-(300+100+100)) > 1e-9 {
		t.Errorf("target %v, gained %v", r.Target, r.Gained.Value)
	}
	g := r.Gains[0]
	if g.Name != "a" || math.Abs(g.Gained.Value-300) > 1e-9 || math.Abs(g.Gained.Interval.Low-260) > 1e-9 || math.Abs(g.Gained.Interval.High-340) > 1e-9 {
		t.Errorf("%+v", g)
	}
	if r.Gained.Interval != nil {
		t.Errorf("the error of two locations is unknown, so that of the sum is: %+v", r.Gained)
	}
}

func TestRefusesFewLocations(t *testing.T) {
	_, err := reserve.Of([]reserve.Place{place("a", 10, 1), place("b", 10, 1), place("c", 10, 1)}, 0.95)
	var refused *refusal.Error
	if !errors.As(err, &refused) || refused.Reason != refusal.TooFew {
		t.Errorf("%v", err)
	}
}

// TestNothingIsGainedAtTheTop: gains are never negative, sum to the whole, and at least a quarter of the locations gain nothing.
func TestNothingIsGainedAtTheTop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var places []reserve.Place
		for i := range rapid.IntRange(4, 20).Draw(t, "places") {
			places = append(places, place(fmt.Sprint(i), rapid.Int64Range(1, 1000).Draw(t, "visitors"), rapid.Int64Range(0, 1000).Draw(t, "consultations")))
		}
		r, err := reserve.Of(places, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		sum, none, before := 0.0, 0, math.Inf(1)
		for _, g := range r.Gains {
			if g.Gained.Value < 0 || g.Gained.Value > before {
				t.Fatalf("%+v", g)
			}
			before = g.Gained.Value
			sum += g.Gained.Value
			if g.Gained.Value == 0 {
				none++
			}
		}
		if math.Abs(sum-r.Gained.Value) > 1e-9*max(1, sum) || 4*none < len(places) {
			t.Fatalf("sum %v of %v, %d gain nothing", sum, r.Gained.Value, none)
		}
	})
}
