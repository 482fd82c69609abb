package composite_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/composite"
)

func TestFormula(t *testing.T) {
	t.Parallel()
	values := map[string]float64{"nps": 40, "csat": 80, "zero": 0, "absent": math.NaN(), "big": 1e308}
	nan := math.NaN()
	for formula, want := range map[string]float64{
		"nps":                      40,
		"1/2":                      0.5,
		"1 + 2 * 3":                7,
		"(1 + 2) * 3":              9,
		"2 - 3 - 4":                -5,
		"16 / 4 / 2":               2,
		"-nps + --csat":            40,
		"-5 + 7.5e-1":              -4.25,
		"0.5 * nps + 0.5 * csat":   60,
		"((nps + 100)/2 + csat)/2": 75,
		"nps / zero":               nan,
		"zero / zero":              nan,
		"1 / (nps / zero)":         nan,
		"1 / (big * big)":          nan,
		"absent + 1":               nan,
		"0 * absent":               nan,
	} {
		f, err := composite.Parse(formula)
		if err != nil {
			t.Errorf("%s: %v", formula, err)
			continue
		}
		got := f.Evaluate(func(name string) float64 { return values[name] })
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%s = %v, want %v", formula, got, want)
		}
	}
	f, err := composite.Parse("b + a * b - c")
	if err != nil || !slices.Equal(f.Names(), []string{"b", "a", "c"}) {
		t.Errorf("names %v, %v", f.Names(), err)
	}
}

func TestFormulaRefuses(t *testing.T) {
	t.Parallel()
	for formula, why := range map[string]string{
		"":                                 "empty",
		"  ":                               "empty",
		"nps +":                            "column",
		"nps nps":                          "column",
		"(nps":                             "column",
		"nps % 2":                          "not allowed",
		"nps > 2":                          "not allowed",
		"nps ? 1 : 2":                      "not allowed",
		"!nps":                             "not allowed",
		"sqrt(nps)":                        "not allowed",
		"nps.size()":                       "not allowed",
		"has(nps.x)":                       "not allowed",
		"nps.answered":                     "only",
		"[1].all(x, x > 0)":                "not allowed",
		"[nps]":                            "only",
		"{'a': 1}":                         "only",
		"'text'":                           "no number",
		"true":                             "no number",
		"1u":                               "no number",
		"1e999":                            "",
		strings.Repeat("(", 500) + "1":     "",
		strings.Repeat("1+", 300) + "1":    "",
		strings.Repeat("nps+", 400) + "1":  "",
		"nps /* \x00 */":                   "",
		"99999999999999999999999999999999": "",
	} {
		_, err := composite.Parse(formula)
		if !errors.Is(err, composite.ErrFormula) || !strings.Contains(err.Error(), why) {
			t.Errorf("%.40q: got %v, want ErrFormula with %q", formula, err, why)
		}
	}
}

// TestFormulaIsArithmetic draws trees, writes them down and compares their values with those that they have by themselves.
func TestFormulaIsArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		values := map[string]float64{"a": rapid.Float64Range(-100, 100).Draw(rt, "a"), "b": rapid.Float64Range(-100, 100).Draw(rt, "b")}
		text, want := tree(rt, values, 4)
		f, err := composite.Parse(text)
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		got := f.Evaluate(func(name string) float64 { return values[name] })
		if got != want && !(math.IsNaN(got) && (math.IsNaN(want) || math.IsInf(want, 0))) {
			rt.Fatalf("%s = %v, want %v", text, got, want)
		}
	})
}

func tree(rt *rapid.T, values map[string]float64, depth int) (string, float64) {
	if depth == 0 || rapid.Bool().Draw(rt, "leaf") {
		if rapid.Bool().Draw(rt, "name") {
			name := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "which")
			return name, values[name]
		}
		n := rapid.IntRange(0, 9).Draw(rt, "number")
		return fmt.Sprint(n), float64(n)
	}
	left, x := tree(rt, values, depth-1)
	if rapid.Bool().Draw(rt, "negative") {
		return "(-" + left + ")", -x
	}
	right, y := tree(rt, values, depth-1)
	// Absence spreads: what is divided by 0 somewhere is no number in the end.
	if math.IsInf(x, 0) || math.IsInf(y, 0) {
		x = math.NaN()
	}
	switch rapid.IntRange(0, 3).Draw(rt, "operator") {
	case 0:
		return "(" + left + " + " + right + ")", x + y
	case 1:
		return "(" + left + " - " + right + ")", x - y
	case 2:
		return "(" + left + " * " + right + ")", x * y
	}
	return "(" + left + " / " + right + ")", x / y
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a+b", "-(a*2.5)/b", "a.b(c)", "((((", "1/0", "has(a.b)", "[1,2]", "\"x\"", "a ? b : c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, formula string) {
		p, err := composite.Parse(formula)
		if err != nil {
			if !errors.Is(err, composite.ErrFormula) {
				t.Errorf("got %v", err)
			}
			return
		}
		if v := p.Evaluate(func(string) float64 { return 2 }); math.IsInf(v, 0) {
			t.Errorf("%q is infinite", formula)
		}
	})
}
