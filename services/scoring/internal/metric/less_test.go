package metric_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// TestAddThenLess: what is added and taken away again scores as if it had never been.
func TestAddThenLess(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		vd := rapid.SampledFrom(allVariants()).Draw(rt, "variant")
		q := questionFor(vd.Variant, question.Scale1To5, rapid.SampledFrom([]question.Direction{question.Ease, question.Effort}).Draw(rt, "direction"))
		a, b := genData(rt, q), genData(rt, q)
		if vd.Requires == "" && rapid.Bool().Draw(rt, "weighted") {
			a, b = weigh(t, a, rapid.Float64Range(0.1, 9).Draw(rt, "weight")), weigh(t, b, rapid.Float64Range(0.1, 9).Draw(rt, "other weight"))
		}
		stated := a.Stated
		back, err := a.Add(b).Less(b)
		if err != nil {
			rt.Fatal(err)
		}
		back.Stated = stated
		got, err := metric.Evaluate(vd.Variant, q, back, settingsFor(q))
		if err != nil {
			rt.Fatal(err)
		}
		want, err := metric.Evaluate(vd.Variant, q, a, settingsFor(q))
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, "estimate", got.Estimate, want.Estimate)
		if got.N != want.N || got.Counts.Answered != want.Counts.Answered {
			rt.Fatalf("%+v, want %+v", got, want)
		}
		if la, lb := metric.LevelOf(&a), metric.LevelOf(&back); la.N != lb.N || math.Abs(la.Sum-lb.Sum) > 1e-6*math.Max(1, math.Abs(la.Sum)) {
			rt.Fatalf("levels %+v and %+v", la, lb)
		}
	})
	var d metric.Data
	if _, err := d.Less(metric.Data{Answers: answers(t, bin{5, 1})}); err == nil {
		t.Error("what was never counted was taken away")
	}
	if _, err := d.Less(metric.Data{Pooled: answers(t, bin{5, 1})}); err == nil {
		t.Error("who was never counted was taken away")
	}
}
