package metric_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func allVariants() (vs []metric.VariantDefinition) {
	for _, v := range metric.Variants() {
		_, vd, _ := metric.FindVariant(v)
		vs = append(vs, vd)
	}
	return vs
}

// questionFor is a question that a variant can be computed from.
func questionFor(v metric.Variant, scale question.Scale, direction question.Direction) metric.Question {
	q := metric.Question{ID: "q", Kind: question.Rating, Scale: scale, Direction: direction}
	switch {
	case strings.HasPrefix(string(v), "NPS"), strings.HasPrefix(string(v), "ENPS"), strings.HasPrefix(string(v), "LOYALTY"):
		q.Kind, q.Scale, q.Direction = question.NPS, question.Scale0To10, question.Ease
	case strings.HasPrefix(string(v), "CSAT"):
		q.Kind, q.Direction = question.CSAT, question.Ease
	case strings.HasPrefix(string(v), "CES"):
		q.Kind = question.CES
	case strings.HasPrefix(string(v), "LIKE"), strings.HasPrefix(string(v), "SMILE"):
		if direction == question.Effort {
			// There are two ways to ask: by a choice, and on a scale of two values.
			q.Kind, q.Scale, q.Direction = question.Choice, question.Scale{}, question.Ease
		} else {
			q.Scale = question.Scale{Min: 0, Max: 100, Step: 100}
		}
	}
	return q
}

// settingsFor are settings with all that a variant needs to be computed from a question.
func settingsFor(q metric.Question) metric.Settings {
	return metric.Settings{Option: q.Scale.Min.String(), Positive: "up", Negative: "down"}
}

func genData(t *rapid.T, q metric.Question) metric.Data {
	var d metric.Data
	for v := q.Scale.Min; v <= q.Scale.Max && q.Scale.Step > 0; v += q.Scale.Step {
		if err := d.Answers.Add(int64(v), rapid.Int64Range(0, 30).Draw(t, "count")); err != nil {
			t.Fatal(err)
		}
	}
	count := func(name string) int64 { return rapid.Int64Range(0, 50).Draw(t, name) }
	if q.Kind == question.Choice {
		up, down, other := count("up"), count("down"), count("other")
		d.Choice = &metric.Choice{Answered: up + down + other, Options: map[string]int64{"up": up, "down": down, "other": other}}
	}
	responses := d.Answers.N()
	if d.Choice != nil {
		responses = d.Choice.Answered
	}
	d.Outcomes = fact.Outcomes{Responses: responses, Refused: count("refused"), Dismissed: count("dismissed"), TimedOut: count("timed out")}
	stated := responses + count("without answer")
	d.Stated = metric.Stated{Invitations: &stated, Consultations: &stated, Visitors: &stated}
	for range rapid.IntRange(0, 10).Draw(t, "respondents") {
		n := rapid.Int64Range(1, 4).Draw(t, "answers")
		sum := rapid.Int64Range(0, n*4).Draw(t, "sum") * pool.Resolution / 4
		if err := d.Pooled.Add(pool.Answers{Count: n, Sum: sum}.Code(), 1); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// TestScoresKeepTheirPromises draws data for every variant, method and scale and checks what must hold for all of them.
func TestScoresKeepTheirPromises(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		vd := rapid.SampledFrom(allVariants()).Draw(rt, "variant")
		scale := rapid.SampledFrom([]question.Scale{question.Scale1To5, question.Scale1To7, question.Scale1To10}).Draw(rt, "scale")
		direction := rapid.SampledFrom([]question.Direction{question.Ease, question.Effort}).Draw(rt, "direction")
		q := questionFor(vd.Variant, scale, direction)
		d := genData(rt, q)
		m := rapid.SampledFrom(vd.Methods).Draw(rt, "method")
		level := rapid.SampledFrom([]float64{0.95, 0.99}).Draw(rt, "level")
		settings := settingsFor(q)
		settings.Method, settings.Level = m, level
		s, err := metric.Evaluate(vd.Variant, q, d, settings)
		if err != nil {
			rt.Fatal(err)
		}
		if s.Variant != vd.Variant || s.Version < 1 || s.Metric == "" || s.Level != level || s.Method != m {
			rt.Fatalf("score does not say what it is: %+v", s)
		}
		if s.Counts.Refused != d.Outcomes.Refused || s.Counts.Dismissed != d.Outcomes.Dismissed || s.Counts.TimedOut != d.Outcomes.TimedOut {
			rt.Fatalf("counts of refusals are not returned: %+v", s)
		}
		if s.Estimate == nil {
			// Answers that are neither like nor dislike are no answers to the index.
			if s.Counts.Answered != 0 && s.N != 0 || s.Interval != nil || s.StandardError != nil {
				rt.Fatalf("estimate is missing: %+v", s)
			}
			return
		}
		low, high := s.Scale.Min.Float(), s.Scale.Max.Float()
		if vd.Range != nil {
			low, high = vd.Range.Min, vd.Range.Max
		}
		if *s.Estimate < low-1e-9 || *s.Estimate > high+1e-9 {
			rt.Fatalf("estimate %v is not within %v and %v", *s.Estimate, low, high)
		}
		// The adjusted Wald interval of one or two observations may miss an estimate at the end of its range.
		contains := m == metric.AdjustedWald && s.N < 3
		if i := s.Interval; i != nil {
			contains = contains || i.Low <= *s.Estimate+1e-9 && i.High >= *s.Estimate-1e-9
		}
		if i := s.Interval; i != nil && (i.Low < low || i.High > high || !contains) {
			rt.Fatalf("interval %v of %v within %v and %v", *i, *s.Estimate, low, high)
		}
		if s.StandardError != nil && !(*s.StandardError >= 0) {
			rt.Fatalf("standard error %v", *s.StandardError)
		}
		if s.Normalized != nil && (*s.Normalized < -1e-9 || *s.Normalized > 100+1e-9) {
			rt.Fatalf("normalised %v", *s.Normalized)
		}
	})
}

func TestContactedIsAnsweredTimesResponseShare(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := nps(question.Scale0To10)
		d := genData(rt, q)
		get := func(v metric.Variant) metric.Score {
			s, err := metric.Evaluate(v, q, d, metric.Settings{})
			if err != nil {
				rt.Fatal(err)
			}
			return s
		}
		a, c, r := get(metric.NPSAnswered), get(metric.NPSContacted), get(metric.NPSRefusedAsDetractor)
		if a.Estimate == nil {
			if c.Estimate != nil || r.Estimate != nil {
				rt.Fatal("a score without answers has an estimate")
			}
			return
		}
		n, refusals := float64(a.N), float64(d.Outcomes.Refusals())
		if math.Abs(*c.Estimate-*a.Estimate*n/(n+refusals)) > 1e-9 {
			rt.Errorf("contacted %v, answered %v of %v and %v", *c.Estimate, *a.Estimate, n, refusals)
		}
		if math.Abs(*r.Estimate-(*c.Estimate-100*refusals/(n+refusals))) > 1e-9 {
			rt.Errorf("refused as detractor %v, contacted %v", *r.Estimate, *c.Estimate)
		}
		if *a.Counts.Promoters+*a.Counts.Passives+*a.Counts.Detractors != a.N || c.N != a.N+d.Outcomes.Refusals() {
			rt.Errorf("counts %+v", a.Counts)
		}
	})
}

// TestContactedIntervalIsThatOfItsCoding compares standard error with the variance of the contacts coded one by one.
func TestContactedIntervalIsThatOfItsCoding(t *testing.T) {
	d := groups(t, 50, 30, 20)
	d.Outcomes = fact.Outcomes{Responses: 100, Refused: 25}
	for v, refused := range map[metric.Variant]float64{metric.NPSContacted: 0, metric.NPSRefusedAsDetractor: -1} {
		codes := slices.Concat(slices.Repeat([]float64{1}, 50), slices.Repeat([]float64{0}, 30), slices.Repeat([]float64{-1}, 20),
			slices.Repeat([]float64{refused}, 25))
		var mean, variance float64
		for _, c := range codes {
			mean += c / 125
		}
		for _, c := range codes {
			variance += (c - mean) * (c - mean) / 125
		}
		s := evaluate(t, v, nps(question.Scale0To10), d, metric.Settings{})
		within(t, string(v), *s.StandardError, 100*math.Sqrt(variance/125), 1e-9)
	}
}

func TestNoAnswersIsAbsentNotZero(t *testing.T) {
	for _, vd := range allVariants() {
		q := questionFor(vd.Variant, question.Scale1To5, question.Ease)
		none := int64(0)
		d := metric.Data{Stated: metric.Stated{Invitations: &none, Consultations: &none, Visitors: &none}}
		s := evaluate(t, vd.Variant, q, d, settingsFor(q))
		if s.Estimate != nil || s.StandardError != nil || s.Interval != nil || s.Normalized != nil || s.N != 0 || s.Band != metric.NoBand {
			t.Errorf("%s of nothing: %+v", vd.Variant, s)
		}
	}
	// Refusals alone are no score either, but they are a response rate of 0.
	d := metric.Data{Outcomes: fact.Outcomes{Refused: 7}}
	if s := evaluate(t, metric.NPSRefusedAsDetractor, nps(question.Scale0To10), d, metric.Settings{}); s.Estimate != nil || s.N != 7 {
		t.Errorf("score of refusals: %+v", s)
	}
	s := evaluate(t, metric.ResponseRateOutcomes, metric.Question{}, d, metric.Settings{})
	if *s.Estimate != 0 || s.N != 7 || s.Interval.High >= 100 {
		t.Errorf("response rate: %+v", s)
	}
}

func TestBandOfNPS(t *testing.T) {
	q := nps(question.Scale0To10)
	for _, c := range []struct {
		promoters, passives int64
		threshold           float64
		want                metric.Band
	}{{50, 50, 50, metric.NoBand}, {51, 49, 50, metric.Strong}, {51, 49, 60, metric.NoBand}} {
		th := metric.DefaultThresholds()
		th.StrongAbove = c.threshold
		if s := evaluate(t, metric.NPSAnswered, q, groups(t, c.promoters, c.passives, 0), metric.Settings{Thresholds: &th}); s.Band != c.want {
			t.Errorf("%d of 100 above %v: band %q, want %q", c.promoters, c.threshold, s.Band, c.want)
		}
	}
}

func TestDiagnosisOfMeans(t *testing.T) {
	ten := metric.Question{ID: "q", Kind: question.Rating, Scale: question.Scale1To10}
	five := metric.Question{ID: "q", Kind: question.Rating, Scale: question.Scale1To5}
	effort := metric.Question{ID: "q", Kind: question.CES, Scale: question.Scale1To5, Direction: question.Effort}
	importance := metric.Question{ID: "q", Kind: question.Importance, Scale: question.Scale1To5}
	for _, c := range []struct {
		name     string
		question metric.Question
		bins     []bin
		want     metric.Band
	}{
		{"low", ten, []bin{{1, 50}, {2, 50}}, metric.Systemic},
		{"middle", ten, []bin{{5, 50}, {6, 50}}, metric.Mixed},
		{"high", ten, []bin{{9, 50}, {10, 50}}, metric.CaseLevel},
		{"straddles", ten, []bin{{7, 5}, {9, 5}}, metric.Undecided},
		{"one answer", ten, []bin{{10, 1}}, metric.Undecided},
		{"no variance", ten, []bin{{10, 30}}, metric.Undecided},
		// 4.6 on 1-5 is 9.1 on 1-10.
		{"high of five", five, []bin{{4, 40}, {5, 60}}, metric.CaseLevel},
		{"low of five", five, []bin{{1, 60}, {2, 40}}, metric.Systemic},
		{"middle of five", five, []bin{{3, 50}, {4, 50}}, metric.Mixed},
		{"low effort is good", effort, []bin{{1, 60}, {2, 40}}, metric.CaseLevel},
		{"importance", importance, []bin{{1, 60}, {2, 40}}, metric.NoBand},
	} {
		s := evaluate(t, metric.MeanSingleQuestion, c.question, metric.Data{Answers: answers(t, c.bins...)}, metric.Settings{})
		if s.Band != c.want {
			t.Errorf("%s: %s, want %s (%+v)", c.name, s.Band, c.want, s.Interval)
		}
	}
	th := metric.Thresholds{StrongAbove: 50, SystemicTo: 6, CaseLevelFrom: 9}
	s := evaluate(t, metric.MeanSingleQuestion, ten, metric.Data{Answers: answers(t, bin{5, 50}, bin{6, 50})}, metric.Settings{Thresholds: &th})
	if s.Band != metric.Systemic {
		t.Errorf("configured cut point: %s", s.Band)
	}
}

func TestMeanWithoutInterval(t *testing.T) {
	q := metric.Question{ID: "q", Kind: question.Rating, Scale: question.Scale1To5}
	one := evaluate(t, metric.MeanSingleQuestion, q, metric.Data{Answers: answers(t, bin{4, 1})}, metric.Settings{})
	if *one.Estimate != 4 || one.StandardError != nil || one.Interval != nil {
		t.Errorf("one answer: %+v", one)
	}
	same := evaluate(t, metric.MeanSingleQuestion, q, metric.Data{Answers: answers(t, bin{4, 9})}, metric.Settings{})
	if *same.Estimate != 4 || *same.StandardError != 0 || same.Interval != nil {
		t.Errorf("equal answers: %+v", same)
	}
}

func TestCES(t *testing.T) {
	d := metric.Data{Answers: answers(t, bin{1, 10}, bin{2, 20}, bin{3, 5}, bin{4, 5}, bin{5, 25}, bin{6, 15}, bin{7, 20})}
	ease := metric.Question{ID: "ces", Kind: question.CES, Scale: question.Scale1To7}
	top := evaluate(t, metric.CESTopBox, ease, d, metric.Settings{})
	within(t, "top box", *top.Estimate, 60, 1e-12)
	net := evaluate(t, metric.CESNetEasy, ease, d, metric.Settings{})
	within(t, "net easy", *net.Estimate, 0, 1e-12) // as many easy as difficult
	if *net.Counts.Positive != 35 || *net.Counts.Negative != 35 || *top.Counts.Positive != 60 || net.Band != metric.NoBand {
		t.Errorf("counts %+v and %+v", net.Counts, top.Counts)
	}
	effort := ease
	effort.Direction = question.Effort
	within(t, "top box of effort", *evaluate(t, metric.CESTopBox, effort, d, metric.Settings{}).Estimate, 35, 1e-12)
	a, b := evaluate(t, metric.CESMean, ease, d, metric.Settings{}), evaluate(t, metric.CESMean, effort, d, metric.Settings{})
	within(t, "means", *a.Estimate+*b.Estimate, 8, 1e-12)
	within(t, "normalised", *a.Normalized+*b.Normalized, 100, 1e-12)
	within(t, "interval", a.Interval.Low, 8-b.Interval.High, 1e-12)

	defaults := []metric.Variant{metric.CESMean, metric.CESTopBox}
	ces, err := metric.Find(metric.CES)
	if err != nil || !slices.Equal(ces.Defaults(false), defaults) {
		t.Errorf("defaults %v, %v, want %v", ces.Defaults(false), err, defaults)
	}
}

// TestFlippingEffortIsFlippingAnswers: an EFFORT question scores as its mirrored answers on an EASE question.
func TestFlippingEffortIsFlippingAnswers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		scale := rapid.SampledFrom([]question.Scale{
			question.Scale1To5, question.Scale1To7, question.Scale1To10, {Min: 100, Max: 500, Step: 50},
		}).Draw(rt, "scale")
		effort := metric.Question{ID: "q", Kind: question.CES, Scale: scale, Direction: question.Effort}
		ease := effort
		ease.Direction = question.Ease
		d := genData(rt, effort)
		var mirrored histogram.Histogram
		for b := range d.Answers.Bins() {
			if err := mirrored.Add(int64(scale.Flip(question.Centi(b.Value))), b.Count); err != nil {
				rt.Fatal(err)
			}
		}
		for _, v := range []metric.Variant{metric.CESMean, metric.CESTopBox, metric.CESNetEasy} {
			a, errA := metric.Evaluate(v, effort, d, metric.Settings{})
			b, errB := metric.Evaluate(v, ease, metric.Data{Answers: mirrored}, metric.Settings{})
			if err := errors.Join(errA, errB); err != nil {
				rt.Fatal(err)
			}
			if (a.Estimate == nil) != (b.Estimate == nil) {
				rt.Fatalf("%s: %+v and %+v", v, a, b)
			}
			if a.Estimate != nil && math.Abs(*a.Estimate-*b.Estimate) > 1e-9 {
				rt.Fatalf("%s: %v and %v", v, *a.Estimate, *b.Estimate)
			}
		}
	})
}

func TestAllAnswers(t *testing.T) {
	// Two people: one answered 5 of 1-5 and 10 of 0-10, the other 3 of 1-5.
	first := pool.Answers{Count: 2, Sum: 2 * pool.Resolution}
	second := pool.Answers{Count: 1, Sum: pool.Resolution / 2}
	d := metric.Data{Pooled: histogram.Of(first.Code(), second.Code())}
	s := evaluate(t, metric.MeanAllAnswers, metric.Question{}, d, metric.Settings{})
	within(t, "mean", *s.Estimate, 1+9*2.5/3, 1e-12)
	// Residuals ±1/3, two clusters: sqrt(2·(2/9))/3.
	within(t, "standard error", *s.StandardError, 9*math.Sqrt(4.0/9)/3, 1e-12)
	if s.N != 3 || *s.Counts.Respondents != 2 || s.Scale != question.Scale1To10 || s.Method != metric.ClusteredT || s.Interval == nil {
		t.Errorf("score %+v", s)
	}
}

func TestEvaluateRefuses(t *testing.T) {
	wide := question.Scale{Min: 0, Max: 10_000, Step: 100}
	cut := question.Centi(8000)
	off := question.Centi(20_000)
	low := question.Centi(100)
	for _, c := range []struct {
		name     string
		variant  metric.Variant
		question metric.Question
		settings metric.Settings
		want     error
	}{
		{"kind", metric.NPSAnswered, csat(question.Scale1To5), metric.Settings{}, metric.ErrMismatch},
		{"scale", metric.NPSAnswered, nps(question.Scale1To5), metric.Settings{}, metric.ErrMismatch},
		{"no scale", metric.CSATShare, csat(question.Scale{}), metric.Settings{}, metric.ErrMismatch},
		{"text", metric.MeanSingleQuestion, metric.Question{ID: "q", Kind: question.Text}, metric.Settings{}, metric.ErrMismatch},
		{"cuts", metric.CSATShare, csat(wide), metric.Settings{}, metric.ErrCutsMissing},
		{"net cuts", metric.CESNetEasy, metric.Question{Kind: question.CES, Scale: wide}, metric.Settings{}, metric.ErrCutsMissing},
		{"stated", metric.CSATShare, metric.Question{Kind: question.CSAT, Scale: wide, Cuts: metric.Cuts{SatisfiedFrom: &cut}}, metric.Settings{}, nil},
		{"cut off scale", metric.CSATShare, metric.Question{Kind: question.CSAT, Scale: wide, Cuts: metric.Cuts{SatisfiedFrom: &off}}, metric.Settings{}, metric.ErrSettings},
		{"overlap", metric.CESNetEasy, metric.Question{Kind: question.CES, Scale: question.Scale1To5, Cuts: metric.Cuts{NetEasyFrom: &low}}, metric.Settings{}, metric.ErrSettings},
		{"method", metric.CSATShare, csat(question.Scale1To5), metric.Settings{Method: metric.Wald}, metric.ErrMethod},
		{"level", metric.CSATShare, csat(question.Scale1To5), metric.Settings{Level: 1}, metric.ErrSettings},
		{"thresholds", metric.CSATShare, csat(question.Scale1To5), metric.Settings{Thresholds: &metric.Thresholds{SystemicTo: 8, CaseLevelFrom: 3}}, metric.ErrSettings},
		{"variant", "NPS_MAGIC", nps(question.Scale0To10), metric.Settings{}, metric.ErrUnknown},
	} {
		if _, err := metric.Evaluate(c.variant, c.question, metric.Data{}, c.settings); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	_, err := metric.Evaluate(metric.CSATShare, csat(question.Scale1To5), metric.Data{Answers: histogram.Of(600)}, metric.Settings{})
	var out *question.OutOfScaleError
	if !errors.As(err, &out) || out.Question != "csat" || out.Value != 600 {
		t.Errorf("got %v, want an error that names question and value", err)
	}
}

// TestStatedCutPoint: the share of the highest answer alone, as published for some questionnaires.
func TestStatedCutPoint(t *testing.T) {
	five := question.Centi(500)
	q := csat(question.Scale1To5)
	q.Cuts.SatisfiedFrom = &five
	s := evaluate(t, metric.CSATShare, q, metric.Data{Answers: answers(t, bin{4, 30}, bin{5, 10})}, metric.Settings{})
	within(t, "share of 5", *s.Estimate, 25, 1e-12)
}
