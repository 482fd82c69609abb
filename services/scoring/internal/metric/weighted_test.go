package metric_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// weigh gives every observation of d the same weight.
func weigh(t testing.TB, d metric.Data, weight float64) metric.Data {
	t.Helper()
	times := func(n int64) metric.Weight {
		return metric.Weight{Sum: weight * float64(n), Squares: weight * weight * float64(n)}
	}
	w := &metric.Weighted{
		Responses: times(d.Outcomes.Responses), Refused: times(d.Outcomes.Refused), Dismissed: times(d.Outcomes.Dismissed),
		TimedOut: times(d.Outcomes.TimedOut),
	}
	for b := range d.Answers.Bins() {
		w.Answers = append(w.Answers, metric.WeightedBin{Value: b.Value, Weight: times(b.Count)})
	}
	for b := range d.Pooled.Bins() {
		a, err := pool.FromCode(b.Value)
		if err != nil {
			t.Fatal(err)
		}
		n, x, y := float64(b.Count), weight*float64(a.Sum)/pool.Resolution, weight*float64(a.Count)
		w.Pooled = w.Pooled.Add(metric.PooledMoments{
			Respondents: b.Count, Answers: b.Count * a.Count, A: n * x, B: n * y, AA: n * x * x, AB: n * x * y, BB: n * y * y,
			W: n * weight, WW: n * weight * weight,
		})
	}
	if c := d.Choice; c != nil {
		w.Choice, w.Options = times(c.Answered), map[string]metric.Weight{}
		for id, n := range c.Options {
			w.Options[id] = times(n)
		}
	}
	d.Weighted = w
	return d
}

// TestEqualWeightsChangeNothing: a weighted score with equal weights is the unweighted one, whatever the weight.
func TestEqualWeightsChangeNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		vd := rapid.SampledFrom(allVariants()).Draw(rt, "variant")
		q := questionFor(vd.Variant, question.Scale1To7, rapid.SampledFrom([]question.Direction{question.Ease, question.Effort}).Draw(rt, "direction"))
		d := genData(rt, q)
		settings := settingsFor(q)
		settings.Method = rapid.SampledFrom(vd.Methods).Draw(rt, "method")
		weighted := weigh(t, d, rapid.Float64Range(0.01, 100).Draw(rt, "weight"))
		got, err := metric.Evaluate(vd.Variant, q, weighted, settings)
		if vd.Requires != "" {
			if !errors.Is(err, metric.ErrSettings) {
				rt.Fatalf("got %v, want ErrSettings", err)
			}
			return
		}
		want, wantErr := metric.Evaluate(vd.Variant, q, d, settings)
		if err := errors.Join(err, wantErr); err != nil {
			rt.Fatal(err)
		}
		same(rt, "estimate", got.Estimate, want.Estimate)
		same(rt, "standard error", got.StandardError, want.StandardError)
		same(rt, "normalised", got.Normalized, want.Normalized)
		if (got.Interval == nil) != (want.Interval == nil) {
			rt.Fatalf("interval %v, want %v", got.Interval, want.Interval)
		}
		if got.Interval != nil {
			same(rt, "low", &got.Interval.Low, &want.Interval.Low)
			same(rt, "high", &got.Interval.High, &want.Interval.High)
		}
		if got.N != want.N || got.Band != want.Band || got.Counts.Answered != want.Counts.Answered {
			rt.Fatalf("%+v, want %+v", got, want)
		}
		if w := got.Weighting; got.Estimate != nil && (math.Abs(w.EffectiveN-float64(w.N)) > 1e-6 || math.Abs(w.DesignEffect-1) > 1e-9) {
			rt.Fatalf("weighting %+v", w)
		}
		if want.Weighting != nil {
			rt.Fatal("an unweighted score has weights")
		}
	})
}

func same(t *rapid.T, name string, got, want *float64) {
	t.Helper()
	if (got == nil) != (want == nil) || got != nil && math.Abs(*got-*want) > 1e-6 {
		t.Fatalf("%s: %v, want %v", name, deref(got), deref(want))
	}
}

func deref(x *float64) any {
	if x == nil {
		return nil
	}
	return *x
}

// drawn are answers with weights, one by one and counted.
type drawn struct {
	values, weights []float64
	data            metric.Data
}

func drawWeighted(rt *rapid.T, scale question.Scale) drawn {
	var d drawn
	d.data.Weighted = &metric.Weighted{}
	for range rapid.IntRange(2, 30).Draw(rt, "n") {
		v := int64(scale.Min) + int64(scale.Step)*rapid.Int64Range(0, int64(scale.Width()/scale.Step)).Draw(rt, "value")
		w := rapid.Float64Range(0.1, 5).Draw(rt, "weight")
		d.values, d.weights = append(d.values, float64(v)/100), append(d.weights, w)
		d.data = d.data.Add(one(v, w))
	}
	return d
}

// one is a single weighted answer.
func one(v int64, w float64) metric.Data {
	var d metric.Data
	_ = d.Answers.Add(v, 1)
	weight := metric.Weight{Sum: w, Squares: w * w}
	d.Outcomes = fact.Outcomes{Responses: 1}
	d.Weighted = &metric.Weighted{Answers: []metric.WeightedBin{{Value: v, Weight: weight}}, Responses: weight}
	return d
}

// TestWeightedStandardErrorsAreLinearised compares with stat.WeightedMean over single observations: of the answers, and of the answers coded 1, 0, -1.
func TestWeightedStandardErrorsAreLinearised(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := nps(question.Scale0To10)
		d := drawWeighted(rt, q.Scale)
		m := evaluate(t, metric.MeanSingleQuestion, q, d.data, metric.Settings{})
		want, err := stat.WeightedMean(d.values, d.weights)
		if err != nil {
			rt.Fatal(err)
		}
		same(rt, "mean", m.Estimate, &want.Estimate)
		if d.data.Answers.Len() > 1 {
			same(rt, "standard error", m.StandardError, &want.StandardError)
		}
		effective, err := stat.EffectiveN(d.weights)
		if err != nil || math.Abs(m.Weighting.EffectiveN-effective) > 1e-6 || m.Weighting.N != int64(len(d.values)) {
			rt.Fatalf("%+v, want effective n %v", m.Weighting, effective)
		}
		if i := m.Interval; i != nil {
			full := want.Estimate + stat.CriticalT(0.95, effective-1)*want.StandardError
			if math.Abs(i.High-min(10, full)) > 1e-6 {
				rt.Fatalf("interval %v, want up to %v", *i, full)
			}
		}

		codes := make([]float64, len(d.values))
		for i, v := range d.values {
			switch {
			case v >= 9:
				codes[i] = 1
			case v < 7:
				codes[i] = -1
			}
		}
		score := evaluate(t, metric.NPSAnswered, q, d.data, metric.Settings{})
		want, err = stat.WeightedMean(codes, d.weights)
		if err != nil {
			rt.Fatal(err)
		}
		n := float64(len(codes))
		// That of a share has the divisor n, as unweighted.
		estimate, standardError := 100*want.Estimate, 100*want.StandardError*math.Sqrt((n-1)/n)
		same(rt, "NPS", score.Estimate, &estimate)
		same(rt, "standard error", score.StandardError, &standardError)
	})
}

// TestWeightsOfRaking: the worked example of raking, as a share.
func TestWeightsOfRaking(t *testing.T) {
	q := csat(question.Scale1To5)
	var d metric.Data
	for _, c := range []struct {
		value, count int64
		weight       float64
	}{{500, 30, 4.0 / 3}, {400, 20, 0.5}, {300, 10, 2}, {200, 40, 0.75}} {
		for range c.count {
			d = d.Add(one(c.value, c.weight))
		}
	}
	s := evaluate(t, metric.CSATShare, q, d, metric.Settings{})
	within(t, "share", *s.Estimate, 50, 1e-9)
	within(t, "effective n", s.Weighting.EffectiveN, 82.7586206896552, 1e-9)
	within(t, "design effect", s.Weighting.DesignEffect, 100/82.7586206896552, 1e-9)
	within(t, "weighted n", s.Weighting.WeightedN, 100, 1e-9)
	i, err := stat.Proportion{Hits: 82.7586206896552 / 2, N: 82.7586206896552}.Wilson(0.95)
	if err != nil {
		t.Fatal(err)
	}
	within(t, "low", s.Interval.Low, 100*i.Low, 1e-9)
	if s.N != 100 || *s.Counts.Positive != 50 {
		t.Errorf("counts are not weighted: %+v", s)
	}
}

func TestWeightedMeanOfOneHeavyAnswer(t *testing.T) {
	q := csat(question.Scale1To5)
	d := one(500, 1000).Add(one(100, 1))
	s := evaluate(t, metric.MeanSingleQuestion, q, d, metric.Settings{})
	if s.Interval != nil || s.StandardError == nil || s.Weighting.EffectiveN > 1.01 {
		t.Errorf("two answers that are hardly more than one: %+v", s)
	}
	alone := evaluate(t, metric.MeanSingleQuestion, q, one(400, 3), metric.Settings{})
	if *alone.Estimate != 4 || alone.StandardError != nil || alone.Interval != nil {
		t.Errorf("one answer: %+v", alone)
	}
	equal := evaluate(t, metric.MeanSingleQuestion, q, one(400, 3).Add(one(400, 0.1)), metric.Settings{})
	if *equal.Estimate != 4 || *equal.StandardError != 0 || equal.Interval != nil {
		t.Errorf("equal answers: %+v", equal)
	}
}

// TestWeightedRefusals: refusals count by their weights.
func TestWeightedRefusals(t *testing.T) {
	d := weigh(t, groups(t, 50, 30, 20), 1)
	d.Outcomes = fact.Outcomes{Responses: 100, Refused: 10}
	d.Weighted.Refused = metric.Weight{Sum: 25, Squares: 62.5}
	q := nps(question.Scale0To10)
	within(t, "contacted", *evaluate(t, metric.NPSContacted, q, d, metric.Settings{}).Estimate, 24, 1e-9)
	s := evaluate(t, metric.NPSRefusedAsDetractor, q, d, metric.Settings{})
	within(t, "as detractors", *s.Estimate, 4, 1e-9)
	within(t, "effective n", s.Weighting.EffectiveN, 125*125/162.5, 1e-9)
	if s.N != 110 {
		t.Errorf("n is %d", s.N)
	}
}

// TestCompareWeighted: equal weights compare as none do.
func TestCompareWeighted(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		vd := rapid.SampledFrom(allVariants()).Draw(rt, "variant")
		if vd.Requires != "" {
			return
		}
		q := questionFor(vd.Variant, question.Scale1To5, question.Ease)
		a, b := genData(rt, q), genData(rt, q)
		want, errWant := metric.Compare(vd.Variant, metric.Side{Question: q, Data: a}, metric.Side{Question: q, Data: b}, settingsFor(q))
		got, err := metric.Compare(vd.Variant, metric.Side{Question: q, Data: weigh(t, a, 3)}, metric.Side{Question: q, Data: weigh(t, b, 0.5)}, settingsFor(q))
		if (err == nil) != (errWant == nil) {
			rt.Fatalf("%v, want %v", err, errWant)
		}
		if err != nil {
			return
		}
		same(rt, "difference", &got.Difference, &want.Difference)
		// Sums of moments know of equal respondents up to rounding only.
		if vd.Variant != metric.MeanAllAnswers || want.P != nil {
			same(rt, "p", got.P, want.P)
			same(rt, "standard error", got.StandardError, want.StandardError)
		}
	})
}
