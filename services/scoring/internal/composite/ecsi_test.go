package composite_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// ecsi are the 250 respondents of the European customer satisfaction index of mobile operators.
func ecsi(t *testing.T) []person {
	t.Helper()
	var people []person
	for _, r := range records(t, "ecsi_mobile/ecsi_mobi.csv") {
		p := person{}
		for id, x := range r {
			if id != "respondent" {
				p[id] = number(t, x)
			}
		}
		people = append(people, p)
	}
	return people
}

func records(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(testkit.SharedData(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := make(map[string]string)
		for i, name := range rows[0] {
			m[name] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestECSIItems: n, mean and standard deviation of the items are those that seminr prints.
func TestECSIItems(t *testing.T) {
	t.Parallel()
	people := ecsi(t)
	published := records(t, "ecsi_mobile/published/seminr_item_stats.csv")
	if len(people) != 250 || len(published) < 10 {
		t.Fatalf("%d people, %d items published", len(people), len(published))
	}
	for _, r := range published {
		id := r[""]
		s := rating(id)
		groups := s.samples(t, people, 1)
		score, err := metric.Evaluate(metric.MeanSingleQuestion, s[0], groups[0].Questions[0].Data, metric.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		is(t, id+" mean", score.Estimate, number(t, r["Mean"]), 1e-9)
		sd := *score.StandardError * math.Sqrt(float64(score.N))
		is(t, id+" standard deviation", &sd, number(t, r["Std.Dev."]), 1e-9)
		if score.N != 250 {
			t.Errorf("%s: n is %d", id, score.N)
		}
	}
}

// TestECSIIndex: the index of three questions, by the formula of the ACSI, with equal weights and with given ones.
func TestECSIIndex(t *testing.T) {
	t.Parallel()
	people := ecsi(t)
	s := rating("CUSA1", "CUSA2", "CUSA3")
	x := &composite.Index{Importance: composite.Fixed}
	for i := range s {
		s[i].ID = fmt.Sprintf("cusa%d", i+1)
		x.Attributes = append(x.Attributes, composite.Attribute{ID: s[i].ID, Question: s[i].ID, Weight: 1})
	}
	for _, p := range people {
		for i := range 3 {
			p[s[i].ID] = p[fmt.Sprintf("CUSA%d", i+1)]
		}
	}
	score := evaluate(t, composite.Spec{Index: x}, s, s.samples(t, people, len(people)))
	// (S + E + I - 3)/27·100 of the published means 7.988, 7.128 and 7.316.
	is(t, "index", score.Normalized.Estimate, (7.988+7.128+7.316-3)/27*100, 1e-9)
	is(t, "native", score.Estimate, (7.988+7.128+7.316)/3, 1e-9)
	// With equal weights the index is the mean of each person's own, whose standard error is s/√n.
	var sum, squares float64
	for _, p := range people {
		sum += (p["CUSA1"] + p["CUSA2"] + p["CUSA3"]) / 3
	}
	for _, p := range people {
		d := (p["CUSA1"]+p["CUSA2"]+p["CUSA3"])/3 - sum/250
		squares += d * d
	}
	is(t, "standard error", score.StandardError, math.Sqrt(squares/249/250), 1e-9)

	// The outer weights of SmartPLS, normalised to sum 1.
	weights := []float64{0.36486486, 0.38315604, 0.4509612}
	var total, want float64
	for i, w := range weights {
		x.Attributes[i].Weight = w
		total += w
		want += w * ([]float64{7.988, 7.128, 7.316}[i] - 1)
	}
	score = evaluate(t, composite.Spec{Index: x}, s, s.samples(t, people, composite.Groups))
	is(t, "weighted index", score.Normalized.Estimate, want/total/9*100, 1e-9)
	if score.Groups != composite.Groups || score.Normalized.Interval == nil {
		t.Errorf("score %+v", score)
	}
}

// TestDerivedIndex: satisfaction with items, weighted by what they contribute to overall satisfaction, of people who each answered all, and of the
// same people when each answered overall satisfaction and three items only.
func TestDerivedIndex(t *testing.T) {
	t.Parallel()
	people := ecsi(t)
	x := &composite.Index{Importance: composite.Derived, Outcome: "outcome"}
	s := survey{{ID: "outcome", Kind: question.CSAT, Scale: question.Scale1To10}}
	pairs := []string{}
	for i := range 7 {
		id := fmt.Sprintf("perq%d", i+1)
		x.Attributes = append(x.Attributes, composite.Attribute{ID: id, Question: id})
		s, pairs = append(s, rating(id)...), append(pairs, id)
		for _, p := range people {
			p[id], p["outcome"] = p[fmt.Sprintf("PERQ%d", i+1)], p["CUSA1"]
		}
	}
	spec := composite.Spec{Index: x}
	pairs = append(pairs, "outcome")
	needs, err := bind(t, spec, s).Needs(s)
	if err != nil || len(needs.Questions) != 8 || fmt.Sprint(needs.Pairs) != fmt.Sprint(pairs) {
		t.Errorf("needs %+v, %v", needs, err)
	}
	score := evaluate(t, spec, s, s.samples(t, people, composite.Groups, pairs...))
	var sum float64
	for _, p := range score.Parts {
		sum += *p.Weight.Estimate
		if *p.Weight.Estimate <= 0 || p.Weight.StandardError == nil || p.Weight.Interval.Low < 0 {
			t.Errorf("part %+v", p)
		}
	}
	if math.Abs(sum-1) > 1e-9 || score.StandardError == nil || *score.Estimate < 6 || *score.Estimate > 9 {
		t.Errorf("weights sum to %v, score %+v", sum, score)
	}
	// The seven lines of the Fano plane: three items each, every pair of items on one of them.
	for i, p := range people {
		for j := range 7 {
			if at := (i + j) % 7; at != 0 && at != 1 && at != 3 {
				delete(p, fmt.Sprintf("perq%d", j+1))
			}
		}
	}
	some := evaluate(t, spec, s, s.samples(t, people, composite.Groups, pairs...))
	// 250 people with three items each know the index less well, but know it.
	if d := math.Abs(*some.Estimate - *score.Estimate); d > 3**some.StandardError || *some.StandardError < *score.StandardError {
		t.Errorf("%v ± %v, of all answers %v ± %v", *some.Estimate, *some.StandardError, *score.Estimate, *score.StandardError)
	}
	// Without pairs of answers nothing can be derived: the items have levels, the index has none.
	none := evaluate(t, spec, s, s.samples(t, people, composite.Groups))
	if none.Estimate != nil || none.Parts[0].Estimate == nil || none.Parts[0].Weight.Estimate != nil {
		t.Errorf("score %+v", none)
	}
}
