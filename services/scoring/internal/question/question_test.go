package question_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/question"
)

func TestCentiOf(t *testing.T) {
	for score, want := range map[float64]question.Centi{0: 0, 8.5: 850, 0.07: 7, 1.15: 115, -3: -300, 1000: 100_000, 4.35: 435, 0.1 + 0.2: 30} {
		if got, err := question.CentiOf(score); err != nil || got != want {
			t.Errorf("%v: got %d, %v, want %d", score, got, err, want)
		}
	}
	for _, bad := range []float64{0.005, 1000.01, -1001, math.NaN(), math.Inf(1), 1e300, 3.141} {
		if got, err := question.CentiOf(bad); err == nil {
			t.Errorf("%v: got %d, want an error", bad, got)
		}
	}
}

func TestScaleIDs(t *testing.T) {
	for id, want := range map[string]question.Scale{
		"0-10": question.Scale0To10, "1-10": question.Scale1To10, "1-5": question.Scale1To5, "1-7": question.Scale1To7,
		"1-10/0.5": {Min: 100, Max: 1000, Step: 50}, "-5-5": {Min: -500, Max: 500, Step: 100}, "-3--1/0.25": {Min: -300, Max: -100, Step: 25},
	} {
		got, err := question.ParseScale(id)
		if err != nil || got != want || want.ID() != id {
			t.Errorf("%s: parsed %+v, %v; identifier %s", id, got, err, want.ID())
		}
	}
	if id := (question.Scale{}).ID(); id != "" {
		t.Errorf("no scale has the identifier %q", id)
	}
	for _, bad := range []string{"", "-", "5", "5-", "-5", "5-1", "1-5/0", "1-5/3", "a-b", "0-2000", "0-1e2", "1-5/", "NaN-5"} {
		if s, err := question.ParseScale(bad); err == nil {
			t.Errorf("%q: parsed %+v, want an error", bad, s)
		}
	}
}

func genScale(t *rapid.T) question.Scale {
	step := question.Centi(rapid.IntRange(1, 300).Draw(t, "step"))
	least := question.Centi(rapid.IntRange(-10_000, 10_000).Draw(t, "min"))
	return question.Scale{Min: least, Max: least + step*question.Centi(rapid.IntRange(1, 200).Draw(t, "steps")), Step: step}
}

func TestScaleIDsRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := genScale(rt)
		if got, err := question.ParseScale(s.ID()); err != nil || got != s {
			rt.Errorf("%s parses to %+v, %v, want %+v", s.ID(), got, err, s)
		}
	})
}

func TestFlipStaysOnTheScale(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := genScale(rt)
		v := s.Min + s.Step*question.Centi(rapid.IntRange(0, int(s.Width()/s.Step)).Draw(rt, "value"))
		if !s.Contains(v) || !s.Contains(s.Flip(v)) || s.Flip(s.Flip(v)) != v {
			rt.Errorf("%v on %s flips to %v", v, s.ID(), s.Flip(v))
		}
		for _, off := range []question.Centi{s.Min - s.Step, s.Max + s.Step, s.Min - 1} {
			if s.Contains(off) {
				rt.Errorf("%v is on %s", off, s.ID())
			}
		}
	})
}

func TestOutOfScaleErrorNamesQuestionAndValue(t *testing.T) {
	err := question.Scale1To5.CheckValue("speed", 650)
	var out *question.OutOfScaleError
	if !errors.As(err, &out) || !strings.Contains(err.Error(), `"speed"`) || !strings.Contains(err.Error(), "6.5") {
		t.Errorf("got %v", err)
	}
	if err := question.Scale1To5.CheckValue("speed", 500); err != nil {
		t.Error(err)
	}
}

func TestKinds(t *testing.T) {
	for k, want := range map[question.Kind][2]bool{
		question.NPS: {true, true}, question.Importance: {true, false}, question.Choice: {false, false}, question.Text: {false, false},
		question.Expectation: {true, true}, question.KindUnspecified: {false, false}, 99: {false, false},
	} {
		if k.Scored() != want[0] || k.Rated() != want[1] {
			t.Errorf("%s: scored %t, rated %t", k, k.Scored(), k.Rated())
		}
	}
}
