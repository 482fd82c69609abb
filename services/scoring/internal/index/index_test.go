package index_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/index"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func attributes(weights, scores []float64) []index.Attribute {
	as := make([]index.Attribute, len(weights))
	for i := range weights {
		as[i] = index.Attribute{ID: fmt.Sprint(i), Weight: weights[i], Score: scores[i]}
	}
	return as
}

func TestComputeExample(t *testing.T) {
	x, err := index.Compute(attributes([]float64{7, 5, 9, 3, 6}, []float64{8, 4, 8, 3, 4}), question.Scale1To10)
	if err != nil {
		t.Fatal(err)
	}
	if want := 181.0 / 30; math.Abs(x.Value-want) > 1e-12 || math.Abs(x.Normalized-100*(want-1)/9) > 1e-12 {
		t.Errorf("index %v (%v of 100), want %v", x.Value, x.Normalized, want)
	}
}

func TestRosenberg(t *testing.T) {
	a, err := index.Rosenberg([]float64{7, 5, 9, 3, 6}, []float64{8, 4, 8, 3, 4})
	if err != nil || a != 181 {
		t.Errorf("attitude %v, %v, want 181", a, err)
	}
	if _, err := index.Rosenberg([]float64{1}, nil); !errors.Is(err, index.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}

func TestPartsSumToTheWhole(t *testing.T) {
	gen := func(rt *rapid.T, name string) []index.Attribute {
		w := rapid.SliceOfN(rapid.Float64Range(0.01, 10), 4, 4).Draw(rt, name+" weights")
		s := rapid.SliceOfN(rapid.Float64Range(1, 5), 4, 4).Draw(rt, name+" scores")
		return attributes(w, s)
	}
	sum := func(cs []index.Contribution) (s float64) {
		for _, c := range cs {
			s += c.Value
		}
		return s
	}
	rapid.Check(t, func(rt *rapid.T) {
		before, after := gen(rt, "before"), gen(rt, "after")
		a, errA := index.Compute(before, question.Scale1To5)
		b, errB := index.Compute(after, question.Scale1To5)
		change, err := index.Change(before, after, question.Scale1To5)
		if err := errors.Join(errA, errB, err); err != nil {
			rt.Fatal(err)
		}
		if math.Abs(sum(a.Contributions)-a.Value) > 1e-12 {
			rt.Errorf("contributions sum to %v, index is %v", sum(a.Contributions), a.Value)
		}
		if math.Abs(sum(change)-(b.Value-a.Value)) > 1e-12 {
			rt.Errorf("parts of the change sum to %v, change is %v", sum(change), b.Value-a.Value)
		}
		if a.Value < 1-1e-12 || a.Value > 5+1e-12 {
			rt.Errorf("index %v is not within the scale", a.Value)
		}
	})
}

func TestComputeRefuses(t *testing.T) {
	for name, as := range map[string][]index.Attribute{
		"none":      nil,
		"no weight": attributes([]float64{0, 0}, []float64{2, 3}),
		"negative":  attributes([]float64{-1, 2}, []float64{2, 3}),
		"off scale": attributes([]float64{1}, []float64{5.5}),
		"nan":       attributes([]float64{1}, []float64{math.NaN()}),
		"twice":     {{ID: "a", Weight: 1, Score: 2}, {ID: "a", Weight: 1, Score: 2}},
	} {
		if _, err := index.Compute(as, question.Scale1To5); !errors.Is(err, index.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	one := attributes([]float64{1}, []float64{3})
	if _, err := index.Change(one, attributes([]float64{1, 1}, []float64{3, 3}), question.Scale1To5); !errors.Is(err, index.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}
