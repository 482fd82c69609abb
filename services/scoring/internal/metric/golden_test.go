package metric_test

import (
	"math"
	"testing"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// bin counts a value in whole units of the scale.
type bin struct {
	value float64
	count int64
}

func answers(t interface{ Fatal(...any) }, bins ...bin) histogram.Histogram {
	var h histogram.Histogram
	for _, b := range bins {
		c, err := question.CentiOf(b.value)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Add(int64(c), b.count); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// groups is an NPS histogram of promoters, passives and detractors.
func groups(t *testing.T, promoters, passives, detractors int64) metric.Data {
	return metric.Data{Answers: answers(t, bin{10, promoters}, bin{7, passives}, bin{3, detractors})}
}

func nps(scale question.Scale) metric.Question {
	return metric.Question{ID: "nps", Kind: question.NPS, Scale: scale}
}

func csat(scale question.Scale) metric.Question {
	return metric.Question{ID: "csat", Kind: question.CSAT, Scale: scale}
}

// within compares to the digits printed in the definition of the metrics.
func within(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.15g, want %.15g", what, got, want)
	}
}

func evaluate(t *testing.T, v metric.Variant, q metric.Question, d metric.Data, s metric.Settings) metric.Score {
	t.Helper()
	score, err := metric.Evaluate(v, q, d, s)
	if err != nil {
		t.Fatal(err)
	}
	return score
}

// TestWorkedExamples are the examples by which the metrics are defined, each to the digits printed there.
func TestWorkedExamples(t *testing.T) {
	const exact, six = 1e-9, 5e-7
	refused := groups(t, 50, 30, 20)
	refused.Outcomes = fact.Outcomes{Responses: 100, Refused: 10, Dismissed: 9, TimedOut: 6}
	for _, c := range []struct {
		name      string
		variant   metric.Variant
		question  metric.Question
		data      metric.Data
		n         int64
		estimate  float64
		interval  *stat.Interval
		tolerance float64
	}{
		{
			"mean", metric.MeanSingleQuestion, metric.Question{ID: "q", Kind: question.Rating, Scale: question.Scale1To5},
			metric.Data{Answers: answers(t, bin{5, 3}, bin{4, 4}, bin{3, 2}, bin{2, 1})},
			10, 3.9, &stat.Interval{Low: 3.1886284002805, High: 4.6113715997195}, exact,
		},
		{"NPS 162/108/54", metric.NPSAnswered, nps(question.Scale0To10), groups(t, 162, 108, 54), 324, 33.333333, &stat.Interval{Low: 24.945251, High: 41.109794}, six},
		{"NPS 50/30/20", metric.NPSAnswered, nps(question.Scale0To10), groups(t, 50, 30, 20), 100, 30, &stat.Interval{Low: 14.051130, High: 44.201297}, six},
		{"NPS 10/0/0", metric.NPSAnswered, nps(question.Scale0To10), groups(t, 10, 0, 0), 10, 100, &stat.Interval{Low: 47.503552, High: 100}, six},
		{"NPS 1-10", metric.NPSAnswered, nps(question.Scale1To10), groups(t, 50, 30, 20), 100, 30, &stat.Interval{Low: 14.051130, High: 44.201297}, six},
		{"answered", metric.NPSAnswered, nps(question.Scale0To10), refused, 100, 30, nil, exact},
		{"contacted", metric.NPSContacted, nps(question.Scale0To10), refused, 125, 24, nil, exact},
		{"refused as detractor", metric.NPSRefusedAsDetractor, nps(question.Scale0To10), refused, 125, 4, nil, exact},
		{"CSAT 18/20", metric.CSATShare, csat(question.Scale1To5), metric.Data{Answers: answers(t, bin{5, 18}, bin{1, 2})}, 20, 90, &stat.Interval{Low: 69.89663547715128, High: 97.2133518786232}, exact},
		{"CSAT 0/10", metric.CSATShare, csat(question.Scale1To5), metric.Data{Answers: answers(t, bin{3, 10})}, 10, 0, &stat.Interval{Low: 0, High: 27.7532799863}, exact},
		{"CSAT 10/10", metric.CSATShare, csat(question.Scale1To7), metric.Data{Answers: answers(t, bin{6, 10})}, 10, 100, &stat.Interval{Low: 72.2467200137, High: 100}, exact},
		{
			"CSAT histogram", metric.CSATShare, csat(question.Scale1To5),
			metric.Data{Answers: answers(t, bin{1, 3}, bin{2, 5}, bin{3, 12}, bin{4, 40}, bin{5, 40})},
			100, 80, &stat.Interval{Low: 71.1170834406841, High: 86.6633066668967}, exact,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := evaluate(t, c.variant, c.question, c.data, metric.Settings{})
			if s.N != c.n || s.Estimate == nil || s.Interval == nil {
				t.Fatalf("score %+v", s)
			}
			within(t, "estimate", *s.Estimate, c.estimate, c.tolerance)
			if c.interval != nil {
				within(t, "low", s.Interval.Low, c.interval.Low, c.tolerance)
				within(t, "high", s.Interval.High, c.interval.High, c.tolerance)
			}
		})
	}
}

func TestMeanStandardErrorExample(t *testing.T) {
	q := metric.Question{ID: "q", Kind: question.Rating, Scale: question.Scale1To5}
	s := evaluate(t, metric.MeanSingleQuestion, q, metric.Data{Answers: answers(t, bin{5, 3}, bin{4, 4}, bin{3, 2}, bin{2, 1})}, metric.Settings{})
	within(t, "sd", *s.StandardError*math.Sqrt(10), 0.994428926011753, 1e-14)
	within(t, "normalised", *s.Normalized, 72.5, 1e-12)
}

func TestNonIntegerScoresExample(t *testing.T) {
	half := question.Scale{Min: 0, Max: 1000, Step: 50}
	d := metric.Data{Answers: answers(t, bin{6.5, 1}, bin{8.5, 1})}
	within(t, "NPS", *evaluate(t, metric.NPSAnswered, nps(half), d, metric.Settings{}).Estimate, -50, 0)
	within(t, "mean", *evaluate(t, metric.MeanSingleQuestion, nps(half), d, metric.Settings{}).Estimate, 7.5, 0)
}

func TestPoolingExample(t *testing.T) {
	a, b := groups(t, 90, 5, 5), groups(t, 100, 200, 700)
	q := nps(question.Scale0To10)
	within(t, "A", *evaluate(t, metric.NPSAnswered, q, a, metric.Settings{}).Estimate, 85, 1e-9)
	within(t, "B", *evaluate(t, metric.NPSAnswered, q, b, metric.Settings{}).Estimate, -60, 1e-9)
	a.Answers.Merge(b.Answers)
	within(t, "pooled", *evaluate(t, metric.NPSAnswered, q, a, metric.Settings{}).Estimate, -46.8181818181818, 1e-9)
}

func TestCompareExamples(t *testing.T) {
	q := nps(question.Scale0To10)
	c, err := metric.Compare(metric.NPSAnswered,
		metric.Side{Question: q, Data: groups(t, 50, 30, 20)}, metric.Side{Question: q, Data: groups(t, 40, 30, 30)}, metric.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	within(t, "z", *c.Statistic, 1.73232413, 5e-9)
	within(t, "p", *c.P, 0.0832158675, 5e-11)
	within(t, "difference", c.Difference, 20, 1e-12)
	within(t, "adjusted difference", *c.AdjustedDifference, 100*20.0/103, 1e-12)
	if c.Test != metric.TestAdjustedTrinomialZ || c.DF != nil {
		t.Errorf("test %s with %v degrees of freedom", c.Test, c.DF)
	}

	share := func(hits int64) metric.Side {
		return metric.Side{Question: csat(question.Scale1To5), Data: metric.Data{Answers: answers(t, bin{5, hits}, bin{2, 100 - hits})}}
	}
	c, err = metric.Compare(metric.CSATShare, share(80), share(70), metric.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	within(t, "z", *c.Statistic, 1.63299316185545, 1e-9)
	within(t, "p", *c.P, 0.102470434859749, 1e-9)
	within(t, "low", c.Interval.Low, -2.02493621530132, 1e-9)
	within(t, "high", c.Interval.High, 21.6734354017786, 1e-9)
	if c.Test != metric.TestPooledZ || c.Method != metric.Newcombe {
		t.Errorf("test %s, method %s", c.Test, c.Method)
	}
}
