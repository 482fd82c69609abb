package pool_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func TestOfTakesRatedAnswersAndFlipsEffort(t *testing.T) {
	f := &fact.Fact{Answers: []fact.Answer{
		{Question: "a", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900},
		{Question: "b", Kind: question.CES, Direction: question.Effort, Scale: question.Scale1To7, Present: true, Value: 200},
		{Question: "c", Kind: question.Importance, Scale: question.Scale1To10, Present: true, Value: 1000},
		{Question: "d", Kind: question.Rating, Scale: question.Scale1To5},
		{Question: "e", Kind: question.Text},
	}}
	want := pool.Answers{Count: 2, Sum: pool.Resolution*9/10 + pool.Resolution*5/6}
	if got := pool.Of(f); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestUsualScalesNormaliseWithoutRounding(t *testing.T) {
	for _, width := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 18, 20, 50, 100} {
		s := question.Scale{Min: 100, Max: question.Centi(100 + 100*width), Step: 1}
		for v := s.Min; v <= s.Max; v++ {
			if got := pool.Normalise(v, s, question.Ease); got*int64(s.Width()) != int64(v-s.Min)*pool.Resolution {
				t.Fatalf("%v on %s: %d", v, s.ID(), got)
			}
		}
	}
}

func TestNormaliseIsCloseOnAnyScale(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := question.Scale{Min: question.Centi(rapid.IntRange(-1000, 1000).Draw(rt, "min")), Step: 1}
		s.Max = s.Min + question.Centi(rapid.IntRange(1, 50_000).Draw(rt, "width"))
		v := s.Min + question.Centi(rapid.IntRange(0, int(s.Width())).Draw(rt, "value"))
		want := float64(v-s.Min) / float64(s.Width())
		got, flipped := pool.Normalise(v, s, question.Ease), pool.Normalise(v, s, question.Effort)
		if math.Abs(float64(got)/pool.Resolution-want) > 4e-7 || math.Abs(float64(flipped)/pool.Resolution-(1-want)) > 4e-7 {
			rt.Errorf("%v on %s: %d and %d", v, s.ID(), got, flipped)
		}
	})
}

func TestCodesRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := pool.Answers{Count: rapid.Int64Range(1, 300).Draw(rt, "count")}
		a.Sum = rapid.Int64Range(0, a.Count*pool.Resolution).Draw(rt, "sum")
		if got, err := pool.FromCode(a.Code()); err != nil || got != a {
			rt.Errorf("got %+v, %v, want %+v", got, err, a)
		}
	})
	for _, bad := range []int64{0, -1, 5, pool.Answers{Count: 1, Sum: pool.Resolution + 1}.Code()} {
		if a, err := pool.FromCode(bad); err == nil {
			t.Errorf("%d is %+v", bad, a)
		}
	}
}

// TestMeanAgreesWithClusters compares with the clustered mean over the answers themselves.
func TestMeanAgreesWithClusters(t *testing.T) {
	scales := []question.Scale{question.Scale0To10, question.Scale1To5, question.Scale1To7}
	rapid.Check(t, func(rt *rapid.T) {
		var codes histogram.Histogram
		var clusters []stat.Cluster
		for range rapid.IntRange(2, 40).Draw(rt, "respondents") {
			var a pool.Answers
			var sum float64
			for range rapid.IntRange(1, 5).Draw(rt, "answers") {
				s := rapid.SampledFrom(scales).Draw(rt, "scale")
				v := s.Min + 100*question.Centi(rapid.IntRange(0, int(s.Width()/100)).Draw(rt, "value"))
				a = a.Add(pool.Answers{Count: 1, Sum: pool.Normalise(v, s, question.Ease)})
				sum += float64(v-s.Min) / float64(s.Width())
			}
			if err := codes.Add(a.Code(), 1); err != nil {
				rt.Fatal(err)
			}
			clusters = append(clusters, stat.Cluster{Sum: sum, Size: float64(a.Count), Times: 1})
		}
		got, _, err := pool.Mean(codes)
		want, errWant := stat.ClusteredMean(clusters)
		if err := errors.Join(err, errWant); err != nil {
			rt.Fatal(err)
		}
		if math.Abs(got.Estimate-want.Estimate) > 1e-12 || math.Abs(got.StandardError-want.StandardError) > 1e-12 || got.DF != want.DF {
			rt.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func TestMeanWithoutVariance(t *testing.T) {
	// Three respondents of the same mean from answers in different number: no variance, exactly.
	third := pool.Normalise(400, question.Scale1To10, question.Ease)
	codes := histogram.Of(
		pool.Answers{Count: 1, Sum: third}.Code(), pool.Answers{Count: 3, Sum: 3 * third}.Code(), pool.Answers{Count: 7, Sum: 7 * third}.Code())
	m, answers, err := pool.Mean(codes)
	if err != nil || m.StandardError != 0 || answers != 11 || math.Abs(m.Estimate-1.0/3) > 1e-15 {
		t.Errorf("got %+v over %d answers, %v", m, answers, err)
	}
	m, _, err = pool.Mean(histogram.Of(pool.Answers{Count: 2, Sum: third}.Code()))
	if !errors.Is(err, stat.ErrUndefined) || math.Abs(m.Estimate-1.0/6) > 1e-15 {
		t.Errorf("one respondent: %+v, %v", m, err)
	}
	if _, _, err = pool.Mean(histogram.Histogram{}); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("no respondents: %v", err)
	}
	if _, _, err = pool.Mean(histogram.Of(-1)); err == nil || errors.Is(err, stat.ErrUndefined) {
		t.Errorf("no code: %v", err)
	}
}
