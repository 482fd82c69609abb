package metric_test

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// TestWeightedScoresOfRealData: passengers of San Francisco airport in 2017 with the weights of the survey. The numbers wanted were worked out from the
// formulas of docs/metrics.md with Python's fractions, that is in exact arithmetic but for the root, over single answers.
func TestWeightedScoresOfRealData(t *testing.T) {
	f, err := os.Open(testkit.SharedData(t, "sfo_airport/sfo_2017.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(unpacked).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	weighted := func(column string, scale question.Scale) (d metric.Data) {
		at, weightAt := slices.Index(rows[0], column), slices.Index(rows[0], "WEIGHT")
		for _, r := range rows[1:] {
			// 11 and 6 mean that there is no answer, and so do words.
			value, err := question.ParseCenti(strings.TrimSpace(r[at]))
			if err != nil || !scale.Contains(value) {
				continue
			}
			weight, err := strconv.ParseFloat(strings.TrimSpace(r[weightAt]), 64)
			if err != nil {
				t.Fatal(err)
			}
			d = d.Add(one(int64(value), weight))
		}
		return d
	}
	recommend, overall := weighted("NETPRO", question.Scale0To10), weighted("Q7ALL", question.Scale1To5)
	for _, c := range []struct {
		variant                                                   metric.Variant
		question                                                  metric.Question
		data                                                      metric.Data
		n                                                         int64
		estimate, standardError, weightedN, effectiveN, published float64
	}{
		{metric.NPSAnswered, nps(question.Scale0To10), recommend, 2746, 40.39843551170741, 1.4454617109725434, 2746.3965728927, 2266.5123550867424, 39.84},
		{metric.CSATShare, csat(question.Scale1To5), overall, 2688, 82.27930648505821, 0.8078985779654049, 2693.746760442, 2223.2618985489403, 82.068},
		{metric.MeanSingleQuestion, csat(question.Scale1To5), overall, 2688, 4.071202637939741, 0.014919234205367185, 2693.746760442, 2223.2618985489403, 4.06436},
	} {
		s := evaluate(t, c.variant, c.question, c.data, metric.Settings{})
		within(t, "estimate", *s.Estimate, c.estimate, 1e-9)
		within(t, "standard error", *s.StandardError, c.standardError, 1e-9)
		within(t, "weighted n", s.Weighting.WeightedN, c.weightedN, 1e-6)
		within(t, "effective n", s.Weighting.EffectiveN, c.effectiveN, 1e-6)
		if s.N != c.n || s.Interval == nil || !s.Interval.Contains(*s.Estimate) {
			t.Errorf("%s: n is %d, interval %v", c.variant, s.N, s.Interval)
		}
		// Without weights they are as published for the airport.
		c.data.Weighted = nil
		within(t, "unweighted", *evaluate(t, c.variant, c.question, c.data, metric.Settings{}).Estimate, c.published, 0.005)
	}
}
