package composite_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/index"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// stated is an index over n attributes s0, s1, … with importance questions i0, i1, …
func stated(n int) (composite.Spec, survey) {
	x := &composite.Index{Importance: composite.Stated}
	var s survey
	for i := range n {
		a := composite.Attribute{ID: fmt.Sprintf("a%d", i), Question: fmt.Sprintf("s%d", i), ImportanceQuestion: fmt.Sprintf("i%d", i)}
		x.Attributes = append(x.Attributes, a)
		importance := rating(a.ImportanceQuestion)
		importance[0].Kind = question.Importance
		s = append(append(s, rating(a.Question)...), importance...)
	}
	return composite.Spec{Index: x}, s
}

// TestIndexExample: importance 7,5,9,3,6 and scores 8,4,8,3,4 make 181/30.
func TestIndexExample(t *testing.T) {
	t.Parallel()
	spec, s := stated(5)
	p := person{}
	for i, x := range []struct{ importance, score float64 }{{7, 8}, {5, 4}, {9, 8}, {3, 3}, {6, 4}} {
		p[fmt.Sprintf("s%d", i)], p[fmt.Sprintf("i%d", i)] = x.score, x.importance
	}
	score := evaluate(t, spec, s, s.samples(t, []person{p, p}, 2))
	is(t, "index", score.Estimate, 181.0/30, 1e-12)
	is(t, "normalised", score.Normalized.Estimate, 100*(181.0/30-1)/9, 1e-12)
	is(t, "standard error", score.StandardError, 0, 1e-12)
	a := part(t, score.Parts, "a2")
	is(t, "level", a.Estimate, 8, 0)
	is(t, "weight", a.Weight.Estimate, 9.0/30, 1e-12)
	is(t, "contribution", a.Contribution.Estimate, 72.0/30, 1e-12)
	if score.N != 10 || score.Groups != 2 || score.Scale != question.Scale1To10 || a.Kind != composite.AttributePart || a.N != 2 {
		t.Errorf("score %+v", score)
	}

	spec.Index.Form = composite.Rosenberg
	score = evaluate(t, spec, s, s.samples(t, []person{p}, 2))
	is(t, "Rosenberg", score.Estimate, 181, 1e-12)
	is(t, "contribution", part(t, score.Parts, "a4").Contribution.Estimate, 24, 1e-12)
	if score.Normalized.Estimate != nil || score.StandardError != nil || part(t, score.Parts, "a4").Weight.Estimate != nil {
		t.Errorf("score %+v", score)
	}
}

// crowd answers everything at random, those who find an attribute important being harder to please.
func crowd(seed uint64, n, attributes int) []person {
	r := rand.New(rand.NewPCG(seed, 1))
	people := make([]person, n)
	for i := range people {
		mood := r.IntN(4)
		people[i] = person{}
		for a := range attributes {
			w := 1 + r.IntN(10)
			people[i][fmt.Sprintf("i%d", a)] = float64(w)
			people[i][fmt.Sprintf("s%d", a)] = float64(min(10, max(1, 8-w/2+mood+r.IntN(3)-a)))
		}
	}
	return people
}

// linearised is the Taylor-series standard error of Σwᵢsᵢ/Σwᵢ where w and s are means of what people answered (Särndal et al. 1992, §5.5).
func linearised(people []person, attributes int) float64 {
	n := float64(len(people))
	w, s := make([]float64, attributes), make([]float64, attributes)
	for _, p := range people {
		for a := range attributes {
			w[a] += p[fmt.Sprintf("i%d", a)] / n
			s[a] += p[fmt.Sprintf("s%d", a)] / n
		}
	}
	var total, index float64
	for a := range attributes {
		total += w[a]
		index += w[a] * s[a]
	}
	index /= total
	var squares float64
	for _, p := range people {
		var u float64
		for a := range attributes {
			u += (p[fmt.Sprintf("i%d", a)]-w[a])*(s[a]-index) + w[a]*(p[fmt.Sprintf("s%d", a)]-s[a])
		}
		squares += u * u / (total * total)
	}
	return math.Sqrt(squares / (n * (n - 1)))
}

func TestStandardErrorOfAnIndex(t *testing.T) {
	t.Parallel()
	const attributes = 4
	spec, s := stated(attributes)
	people := crowd(1, 500, attributes)
	want := linearised(people, attributes)
	one := evaluate(t, spec, s, s.samples(t, people, len(people)))
	if r := *one.StandardError / want; math.Abs(r-1) > 0.005 {
		t.Errorf("with a group for each person the standard error is %v of the linearised one", r)
	}
	// Ignoring that importance was asked of the same people gives another number: the interval must not be made of the scores alone.
	if one.DF != 499 || one.Interval == nil || part(t, one.Parts, "a1").Weight.StandardError == nil {
		t.Errorf("score %+v", one)
	}

	// With random groups the standard error varies by 1/√(2·99), 7 %; over 30 surveys its mean must be near the linearised one.
	var sum float64
	for seed := range uint64(30) {
		people := crowd(100+seed, 700, attributes)
		score := evaluate(t, spec, s, s.samples(t, people, composite.Groups))
		sum += *score.StandardError / linearised(people, attributes)
	}
	if mean := sum / 30; math.Abs(mean-1) > 0.04 {
		t.Errorf("random groups give %v of the linearised standard error", mean)
	}
}

// TestFewRespondents: groups in which nobody answered count for nothing.
func TestFewRespondents(t *testing.T) {
	t.Parallel()
	spec := composite.Spec{Index: &composite.Index{Importance: composite.Fixed, Attributes: []composite.Attribute{{ID: "a", Question: "s0", Weight: 3}}}}
	s := rating("s0")
	people := []person{{"s0": 5}, {"s0": 4}, {"s0": 4}, {"s0": 3}, {"s0": 5}, {"s0": 2}, {"s0": 4}, {"s0": 5}, {"s0": 3}, {"s0": 4}}
	score := evaluate(t, spec, s, s.samples(t, people, composite.Groups))
	is(t, "mean", score.Estimate, 3.9, 1e-12)
	is(t, "standard error", score.StandardError, 0.994428926011753/math.Sqrt(10), 1e-12)
	if score.Groups != 10 || score.DF != 9 || math.Abs(score.Interval.Low-3.1886284002805) > 1e-9 || math.Abs(score.Interval.High-4.6113715997195) > 1e-9 {
		t.Errorf("score %+v, interval %+v", score, score.Interval)
	}
	for _, n := range []int{0, 1} {
		score := evaluate(t, spec, s, s.samples(t, people[:n], composite.Groups))
		if (score.Estimate == nil) != (n == 0) || score.StandardError != nil || score.Interval != nil || score.Groups != n || score.N != int64(n) {
			t.Errorf("%d respondents: %+v", n, score)
		}
	}
	if score := evaluate(t, spec, s, s.samples(t, people, 1)); score.Estimate == nil || score.StandardError != nil {
		t.Errorf("one group: %+v", score)
	}
}

func TestAttributeWithoutAnswers(t *testing.T) {
	t.Parallel()
	spec, s := stated(3)
	people := crowd(3, 40, 3)
	for _, p := range people {
		delete(p, "s1")
	}
	score := evaluate(t, spec, s, s.samples(t, people, 40))
	a := part(t, score.Parts, "a1")
	if a.Estimate != nil || a.Weight.Estimate != nil || a.Contribution.Estimate != nil || a.N != 0 {
		t.Errorf("part %+v", a)
	}
	is(t, "weights", ptr(*part(t, score.Parts, "a0").Weight.Estimate+*part(t, score.Parts, "a2").Weight.Estimate), 1, 1e-12)
	if score.StandardError == nil {
		t.Error("the score of what there is has no standard error")
	}
	// The last answer to an attribute is one person's: without it there is another index, so that nothing is known of the precision.
	people[0]["s1"] = 5
	score = evaluate(t, spec, s, s.samples(t, people, 40))
	if score.Estimate == nil || score.StandardError != nil || part(t, score.Parts, "a0").StandardError == nil || part(t, score.Parts, "a1").StandardError != nil {
		t.Errorf("score %+v", score)
	}
	spec.Index.Form = composite.Rosenberg
	for _, p := range people {
		delete(p, "s1")
	}
	if score = evaluate(t, spec, s, s.samples(t, people, 40)); score.Estimate != nil {
		t.Errorf("a sum of fewer values is another sum: %+v", score)
	}
}

// TestContributionsToAChange: they sum to the change, as index.Change has them.
func TestContributionsToAChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		spec, s := stated(4)
		if rapid.Bool().Draw(rt, "Rosenberg") {
			spec.Index.Form = composite.Rosenberg
		}
		n := rapid.IntRange(2, 30).Draw(rt, "people")
		after, before := crowd(rapid.Uint64().Draw(rt, "after"), n, 4), crowd(rapid.Uint64().Draw(rt, "before"), n, 4)
		tree := bind(t, spec, s)
		c, err := tree.Compare(s.samples(t, after, 7), s.samples(t, before, 7), metric.Settings{})
		if err != nil {
			rt.Fatal(err)
		}
		var sum float64
		for _, p := range c.Parts {
			sum += *p.Contribution.Estimate
		}
		if math.Abs(sum-*c.Estimate) > 1e-9 || math.Abs(*c.Score.Estimate-*c.Baseline.Estimate-*c.Estimate) > 1e-9 {
			rt.Fatalf("contributions sum to %v of %v", sum, *c.Estimate)
		}
		if spec.Index.Form == composite.Rosenberg {
			return
		}
		attributes := func(s composite.Score) (as []index.Attribute) {
			for _, p := range s.Parts {
				as = append(as, index.Attribute{ID: p.ID, Weight: *p.Weight.Estimate, Score: *p.Estimate})
			}
			return as
		}
		want, err := index.Change(attributes(c.Baseline), attributes(c.Score), question.Scale1To10)
		if err != nil {
			rt.Fatal(err)
		}
		for i, w := range want {
			if math.Abs(w.Value-*c.Parts[i].Contribution.Estimate) > 1e-9 {
				rt.Fatalf("contribution of %s is %v, want %v", w.ID, *c.Parts[i].Contribution.Estimate, w.Value)
			}
		}
	})
}

// TestChangeOfTheSamePeople: what all of them say the same of twice is certain, however different they are.
func TestChangeOfTheSamePeople(t *testing.T) {
	t.Parallel()
	spec := composite.Spec{Index: &composite.Index{Importance: composite.Fixed, Attributes: []composite.Attribute{{ID: "a", Question: "s0", Weight: 1}}}}
	s := rating("s0")
	var before, after, others []person
	for i := range 60 {
		x := float64(1 + i%9)
		before, after = append(before, person{"s0": x}), append(after, person{"s0": x + 1})
		others = append(others, person{"s0": float64(1+(i*7)%9) + 1})
	}
	tree := bind(t, spec, s)
	c, err := tree.Compare(s.samples(t, after, 20), s.samples(t, before, 20), metric.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	is(t, "change", c.Estimate, 1, 1e-12)
	if *c.StandardError > 1e-9 || *c.Score.StandardError < 0.1 {
		t.Errorf("standard error %v, of the score %v", *c.StandardError, *c.Score.StandardError)
	}
	// Other people: variances add up. Groups are shifted, so that none holds the same answers.
	c, err = tree.Compare(s.samples(t, append(others[3:], others[:3]...), 20), s.samples(t, before, 20), metric.Settings{})
	if err != nil || c.P == nil || c.DF != 19 {
		t.Fatalf("%+v, %v", c, err)
	}
	if r := *c.StandardError / math.Hypot(*c.Score.StandardError, *c.Baseline.StandardError); r < 0.5 || r > 1.5 {
		t.Errorf("standard error is %v of independent ones", r)
	}
}

// TestGroupingChangesNoEstimate: the same people in other groups have the same score.
func TestGroupingChangesNoEstimate(t *testing.T) {
	t.Parallel()
	spec, s := stated(3)
	rapid.Check(t, func(rt *rapid.T) {
		people := crowd(rapid.Uint64().Draw(rt, "seed"), rapid.IntRange(1, 40).Draw(rt, "n"), 3)
		a := evaluate(t, spec, s, s.samples(t, people, 1))
		b := evaluate(t, spec, s, s.samples(t, people, rapid.IntRange(2, 60).Draw(rt, "groups")))
		if *a.Estimate != *b.Estimate || a.N != b.N {
			rt.Fatalf("%v and %v", *a.Estimate, *b.Estimate)
		}
	})
}

// TestIntervalsCover: in about 95 of 100 surveys of 60 people the interval holds the index of all people.
func TestIntervalsCover(t *testing.T) {
	t.Parallel()
	const rounds = 300
	spec, s := stated(3)
	tree := bind(t, spec, s)
	truth, err := tree.Evaluate(s.samples(t, crowd(9999, 50_000, 3), 1), metric.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for seed := range uint64(rounds) {
		score, err := tree.Evaluate(s.samples(t, crowd(seed, 60, 3), composite.Groups), metric.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if score.Interval.Contains(*truth.Estimate) {
			held++
		}
	}
	// Three standard errors of a share of 300 around 0.95.
	if share := float64(held) / rounds; share < 0.912 || share > 0.988 {
		t.Errorf("%v of the intervals hold the truth", share)
	}
}
