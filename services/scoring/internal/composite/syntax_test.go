package composite_test

import (
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
)

// TestSyntaxIsToldInOurWords holds the place of a fault, what was expected and what stands there.
func TestSyntaxIsToldInOurWords(t *testing.T) {
	t.Parallel()
	for formula, want := range map[string]string{
		"nps + * csat":                     "column 7: expected a number, a term or (, not *",
		"nps +":                            "column 6: expected a number, a term or (, not the end",
		"nps nps":                          `column 5: expected + - * / or the end, not "nps"`,
		"(nps nps)":                        `column 6: expected + - * / or ), not "nps"`,
		"2 * (nps + 1":                     "column 5: the ( is not closed",
		"nps)":                             "column 4: ) closes nothing",
		"nps // 3":                         "column 6: expected a number, a term or (, not /",
		"nps^2":                            `column 4: expected + - * / or the end, not "^"`,
		"оценка + 1":                       `column 1: expected a number, a term or (, not "о"`,
		"1 + ()":                           "column 6: expected a number, a term or (, not )",
		"for + 1":                          `column 1: "for" is a word of the grammar: call the term otherwise`,
		"99999999999999999999999999999999": "column 1: 99999999999999999999999999999999 is too great for a number",
		"nps + 1e999":                      "column 7: 1e999 is too great for a number",
	} {
		_, err := composite.Parse(formula)
		if err == nil || err.Error() != want+": "+composite.ErrFormula.Error() {
			t.Errorf("%s: %v, want %s", formula, err, want)
		}
	}
}

// TestFormulasThatAreNeverNumbers are refused when they are made.
func TestFormulasThatAreNeverNumbers(t *testing.T) {
	t.Parallel()
	for formula, want := range map[string]string{
		"loyal / 0 + easy":                      "it is never a number: the formula divides by 0",
		"loyal / (easy - easy)":                 "it is never a number: the formula divides by 0",
		"loyal * easy * 1e308 * 1e308":          "it is never a number: a result is too great for a number",
		"loyal / (easy - 80)":                   "",
		"loyal * 1e300 + easy":                  "",
		"loyal / (0.5 * easy - easy / 2 + 0.1)": "",
	} {
		spec := health()
		spec.Expression.Formula = formula
		err := spec.Check()
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != "expression.formula: "+want) {
			t.Errorf("%s: %v, want %q", formula, err, want)
		}
	}
}
