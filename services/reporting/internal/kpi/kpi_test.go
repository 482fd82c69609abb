package kpi_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/kpi"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

func value(v float64) kpi.Value { return kpi.Value{Measured: &estimate.Estimate{Value: v}} }

// TestByHand: 0.5·0.6 + 0.3·1 + 0.2·0.25, where less lateness is better.
func TestByHand(t *testing.T) {
	components := []kpi.Component{{"score", 5, 4, 9}, {"sales", 3, 0, 100}, {"late", 2, 20, 0}}
	f := kpi.Of(components, []kpi.Value{value(7), value(130), value(15)}, 0.95)
	if f.Score == nil || math.Abs(f.Score.Value-(0.5*0.6+0.3+0.2*0.25)) > 1e-12 || f.Measured != 1 {
		t.Errorf("%+v", f)
	}
	// What was not measured counts neither for nor against.
	f = kpi.Of(components, []kpi.Value{value(7), {Absent: "SUPPRESSED"}, value(15)}, 0.95)
	if f.Score == nil || math.Abs(f.Score.Value-(5*0.6+2*0.25)/7) > 1e-12 || f.Parts[1].Attained != nil || f.Parts[1].EffectiveWeight != 0 || f.Measured != 0.7 {
		t.Errorf("%+v", f)
	}
	f = kpi.Of(components, []kpi.Value{{Absent: "SUPPRESSED"}, value(50), {Absent: "NO_DATA"}}, 0.95)
	if f.Score != nil || f.Measured != 0.3 {
		t.Errorf("three tenths of the weight are no figure: %+v", f)
	}
}

func TestRefusesWhatCannotBeWeighed(t *testing.T) {
	for _, c := range []kpi.Component{{"a", 0, 0, 1}, {"a", -1, 0, 1}, {"a", math.NaN(), 0, 1}, {"a", 1, 2, 2}, {"a", 1, math.NaN(), 2}, {"a", 1, 0, math.Inf(1)}} {
		var refused *refusal.Error
		if err := kpi.Check([]kpi.Component{{"fine", 1, 0, 1}, c}); !errors.As(err, &refused) || refused.Items[0] != "a" {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestContributionsSum: the figure is from 0 to 1, its contributions sum to it, weights count by their ratio alone, and a better value never lowers it.
func TestContributionsSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var components, scaled []kpi.Component
		var values, better []kpi.Value
		for range rapid.IntRange(1, 6).Draw(t, "components") {
			low := rapid.Float64Range(-10, 10).Draw(t, "low")
			c := kpi.Component{ID: "c", Weight: rapid.Float64Range(0.1, 10).Draw(t, "weight"), Low: low, High: low + rapid.SampledFrom([]float64{-5, -1, 1, 7}).Draw(t, "span")}
			components = append(components, c)
			c.Weight *= 3
			scaled = append(scaled, c)
			if !rapid.Bool().Draw(t, "measured") {
				values, better = append(values, kpi.Value{Absent: "NO_DATA"}), append(better, kpi.Value{Absent: "NO_DATA"})
				continue
			}
			v := rapid.Float64Range(-20, 20).Draw(t, "value")
			values, better = append(values, value(v)), append(better, value(v+c.High-c.Low))
		}
		f := kpi.Of(components, values, 0.95)
		if (f.Score != nil) != (f.Measured >= kpi.LeastWeight) {
			t.Fatalf("%+v", f)
		}
		if f.Score == nil {
			return
		}
		var sum, weight float64
		for _, p := range f.Parts {
			sum, weight = sum+p.Contribution, weight+p.EffectiveWeight
		}
		if math.Abs(sum-f.Score.Value) > 1e-9 || math.Abs(weight-1) > 1e-9 || f.Score.Value < 0 || f.Score.Value > 1 {
			t.Fatalf("%v of %v with weight %v", sum, f.Score.Value, weight)
		}
		if s := kpi.Of(scaled, values, 0.95); math.Abs(s.Score.Value-f.Score.Value) > 1e-9 {
			t.Fatalf("weights three times as great: %v, not %v", s.Score.Value, f.Score.Value)
		}
		if b := kpi.Of(components, better, 0.95); b.Score.Value < f.Score.Value-1e-9 {
			t.Fatalf("better values, worse figure: %v, not %v", b.Score.Value, f.Score.Value)
		}
	})
}
