package metric_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func TestCompareMeansIsWelch(t *testing.T) {
	q := metric.Question{ID: "q", Kind: question.Rating, Scale: question.Scale1To5}
	a := metric.Side{Question: q, Data: metric.Data{Answers: answers(t, bin{5, 3}, bin{4, 4}, bin{3, 2}, bin{2, 1})}}
	b := metric.Side{Question: q, Data: metric.Data{Answers: answers(t, bin{1, 4}, bin{2, 4}, bin{3, 2})}}
	c, err := metric.Compare(metric.MeanSingleQuestion, a, b, metric.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	// By hand: means 3.9 and 1.8, sample variances 8.9/9 and 5.6/9.
	va, vb := 8.9/90, 5.6/90
	se := math.Sqrt(va + vb)
	within(t, "difference", c.Difference, 2.1, 1e-12)
	within(t, "standard error", *c.StandardError, se, 1e-12)
	within(t, "t", *c.Statistic, 2.1/se, 1e-12)
	within(t, "df", *c.DF, (va+vb)*(va+vb)/(va*va/9+vb*vb/9), 1e-9)
	if c.Test != metric.TestWelchT || c.Interval == nil || c.AdjustedDifference != nil {
		t.Errorf("comparison %+v", c)
	}
}

func TestCompareRefuses(t *testing.T) {
	full := groups(t, 5, 3, 2)
	zero := metric.Side{Question: nps(question.Scale0To10), Data: full}
	one := metric.Side{Question: nps(question.Scale1To10), Data: full}
	empty := metric.Side{Question: nps(question.Scale0To10)}
	for name, sides := range map[string][2]metric.Side{"scales": {zero, one}, "empty": {zero, empty}, "empty baseline": {empty, zero}} {
		if _, err := metric.Compare(metric.NPSAnswered, sides[0], sides[1], metric.Settings{}); !errors.Is(err, metric.ErrNotComparable) {
			t.Errorf("%s: got %v, want ErrNotComparable", name, err)
		}
	}
	ease := metric.Question{ID: "q", Kind: question.CES, Scale: question.Scale1To5}
	effort := ease
	effort.Direction = question.Effort
	d := metric.Data{Answers: answers(t, bin{2, 3}, bin{5, 3})}
	sides := [2]metric.Side{{Question: ease, Data: d}, {Question: effort, Data: d}}
	if _, err := metric.Compare(metric.MeanSingleQuestion, sides[0], sides[1], metric.Settings{}); !errors.Is(err, metric.ErrNotComparable) {
		t.Errorf("directions: got %v, want ErrNotComparable", err)
	}
	if _, err := metric.Compare(metric.CESMean, sides[0], sides[1], metric.Settings{}); err != nil {
		t.Errorf("flipped means: %v", err)
	}
}

func TestCompareWithoutVarianceHasNoTest(t *testing.T) {
	q := csat(question.Scale1To5)
	side := func(b bin) metric.Side { return metric.Side{Question: q, Data: metric.Data{Answers: answers(t, b)}} }
	c, err := metric.Compare(metric.CSATShare, side(bin{5, 10}), side(bin{4, 20}), metric.Settings{})
	if err != nil || c.Statistic != nil || c.P != nil || c.Difference != 0 || c.Interval == nil {
		t.Errorf("shares of 100 %%: %+v, %v", c, err)
	}
	c, err = metric.Compare(metric.MeanSingleQuestion, side(bin{5, 10}), side(bin{4, 20}), metric.Settings{})
	if err != nil || c.Statistic != nil || c.P != nil || c.Difference != 1 || c.Interval != nil {
		t.Errorf("means without variance: %+v, %v", c, err)
	}
}

// TestCompareIsAntisymmetric: exchanging the sides changes the sign of everything and the p-value of nothing.
func TestCompareIsAntisymmetric(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		vd := rapid.SampledFrom(allVariants()).Draw(rt, "variant")
		q := questionFor(vd.Variant, question.Scale1To7, question.Effort)
		a, b := metric.Side{Question: q, Data: genData(rt, q)}, metric.Side{Question: q, Data: genData(rt, q)}
		ab, err := metric.Compare(vd.Variant, a, b, settingsFor(q))
		if errors.Is(err, metric.ErrNotComparable) {
			return
		}
		if err != nil {
			rt.Fatal(err)
		}
		ba, err := metric.Compare(vd.Variant, b, a, settingsFor(q))
		if err != nil {
			rt.Fatal(err)
		}
		if math.Abs(ab.Difference+ba.Difference) > 1e-9 || (ab.P == nil) != (ba.P == nil) || ab.P != nil && math.Abs(*ab.P-*ba.P) > 1e-9 {
			rt.Fatalf("%+v and %+v", ab, ba)
		}
		if i, j := ab.Interval, ba.Interval; i != nil && (math.Abs(i.Low+j.High) > 1e-9 || math.Abs(i.High+j.Low) > 1e-9) {
			rt.Fatalf("intervals %v and %v", i, j)
		}
	})
}
