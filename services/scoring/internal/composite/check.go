package composite

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Limits of specs.
const (
	maxTerms      = 20
	maxAttributes = 60
	maxDimensions = 20
	maxItems      = 60
	// maxWeight is the greatest weight, its reciprocal the least: sums of what they weigh stay numbers.
	maxWeight = 1e6
)

// hundred is what points are shares of.
const hundred = 100

var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Check returns a *FieldError when the spec is wrong in a way that shows without other definitions and without a survey.
func (s Spec) Check() error {
	parts := 0
	for _, set := range []bool{s.Expression != nil, s.Index != nil, s.Gap != nil, s.Cuts != nil} {
		if set {
			parts++
		}
	}
	if parts != 1 {
		return wrong("", "state exactly one of expression, index, gap and cuts")
	}
	var err *FieldError
	switch {
	case s.Expression != nil:
		err = s.Expression.check()
	case s.Index != nil:
		err = s.Index.check()
	case s.Gap != nil:
		err = s.Gap.check()
	default:
		err = s.Cuts.check()
	}
	if err != nil {
		return err
	}
	return nil
}

// Questions are the identifiers of the questions that the spec names, each once, in order of occurrence.
func (s Spec) Questions() []string {
	var ids []string
	add := func(more ...string) {
		for _, id := range more {
			if id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	if e := s.Expression; e != nil {
		for _, t := range e.Terms {
			add(t.Question)
		}
	}
	if x := s.Index; x != nil {
		for _, a := range x.Attributes {
			add(a.Question, a.ImportanceQuestion)
		}
		add(x.Outcome)
	}
	if g := s.Gap; g != nil {
		for _, d := range g.Dimensions {
			for _, i := range d.Items {
				add(i.Expectation, i.Perception)
			}
			add(d.PointsQuestion)
		}
	}
	return ids
}

// checkID refuses what is no identifier, and one that occurred before.
func checkID(field, id string, seen map[string]bool) *FieldError {
	switch {
	case !identifier.MatchString(id):
		return wrong(field, "%q is no identifier: use a lower-case letter, then up to 62 lower-case letters, digits and underscores", id)
	case seen[id]:
		return wrong(field, "%q occurs twice", id)
	}
	seen[id] = true
	return nil
}

// checkQuestion refuses what is no identifier of a question.
func checkQuestion(field, id string) *FieldError {
	if !identifier.MatchString(id) {
		return wrong(field, "%q is no identifier of a question", id)
	}
	return nil
}

func checkCount(field string, n, most int) *FieldError {
	if n < 1 || n > most {
		return wrong(field, "there are %d: state from 1 to %d", n, most)
	}
	return nil
}

func (e *Expression) check() *FieldError {
	if err := checkCount("expression.terms", len(e.Terms), maxTerms); err != nil {
		return err
	}
	seen := make(map[string]bool)
	ids := make([]string, len(e.Terms))
	for i, t := range e.Terms {
		field := fmt.Sprintf("expression.terms[%d]", i)
		if err := checkID(field+".id", t.ID, seen); err != nil {
			return err
		}
		if err := t.check(field); err != nil {
			return err
		}
		ids[i] = t.ID
	}
	f, err := Parse(e.Formula)
	if err != nil {
		return wrong("expression.formula", "%s", strings.TrimSuffix(err.Error(), ": "+ErrFormula.Error()))
	}
	for _, n := range f.Names() {
		if !seen[n] {
			return wrong("expression.formula", "there is no term %q%s", n, meant(near.Name(n, ids)))
		}
	}
	for i, id := range ids {
		if !slices.Contains(f.Names(), id) {
			return wrong(fmt.Sprintf("expression.terms[%d].id", i), "%q does not occur in the formula: use it or leave it out", id)
		}
	}
	if why := f.never(); why != "" {
		return wrong("expression.formula", "it is never a number: %s", why)
	}
	for field, end := range map[string]*float64{"min": e.Min, "max": e.Max} {
		if end != nil && (math.IsNaN(*end) || math.IsInf(*end, 0)) {
			return wrong("expression."+field, "%v is no end of a range", *end)
		}
	}
	if e.Min != nil && e.Max != nil && *e.Min >= *e.Max {
		return wrong("expression.max", "%v is not above the least value %v", *e.Max, *e.Min)
	}
	return nil
}

// meant is a question after the nearest name, if there is one.
func meant(nearest string) string {
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", nearest)
}

func (t Term) check(field string) *FieldError {
	if t.Question != "" {
		if err := checkQuestion(field+".question", t.Question); err != nil {
			return err
		}
	}
	switch {
	case t.Definition != (Ref{}) && (t.Metric != "" || t.Variant != "" || t.Option != ""):
		return wrong(field+".definition", "a term is a metric or a definition: state one of them")
	case t.Definition != (Ref{}):
		if t.Definition.ID == "" || t.Definition.Version < 0 {
			return wrong(field+".definition", "%q version %d names no definition", t.Definition.ID, t.Definition.Version)
		}
		return nil
	case t.Metric == "" && t.Variant == "":
		return wrong(field+".metric", "state a metric or a definition")
	}
	d, v, err := t.resolve(field)
	if err != nil {
		return err
	}
	switch {
	case v.Requires != "":
		return wrong(field+".variant", "%s needs a count of %s that only who asks knows: it cannot be part of a formula", v.Variant, v.Requires)
	case d.Named && t.Question == "":
		return wrong(field+".question", "%s is computed from a question that is named", d.ID)
	case (v.Variant == metric.ShareOption) != (t.Option != ""):
		return wrong(field+".option", "an option is stated for %s and for nothing else", metric.ShareOption)
	case t.Normalized && v.Unit == metric.Points:
		return wrong(field+".normalized", "points run from -100 to 100 and have no form on 0 to 100: write (x + 100) / 2 in the formula")
	}
	return nil
}

// resolve finds the metric and the variant of a term.
func (t Term) resolve(field string) (metric.Definition, metric.VariantDefinition, *FieldError) {
	if t.Variant == "" {
		d, err := metric.Find(t.Metric)
		if err != nil {
			return d, metric.VariantDefinition{}, wrong(field+".metric", "there is no metric %q%s", t.Metric, meant(near.Name(string(t.Metric), names(metric.AllIDs()))))
		}
		for _, v := range d.Variants {
			if v.Default {
				return d, v, nil
			}
		}
		return d, metric.VariantDefinition{}, wrong(field+".variant", "%s has no default: name a variant", d.ID)
	}
	d, v, err := metric.FindVariant(t.Variant)
	if err != nil {
		return d, v, wrong(field+".variant", "there is no variant %q%s", t.Variant, meant(near.Name(string(t.Variant), names(metric.Variants()))))
	}
	if t.Metric != "" && t.Metric != d.ID {
		return d, v, wrong(field+".variant", "%s belongs to %s, not to %s", v.Variant, d.ID, t.Metric)
	}
	return d, v, nil
}

func names[S ~string](of []S) []string {
	all := make([]string, len(of))
	for i, s := range of {
		all[i] = string(s)
	}
	return all
}

func (c *Cuts) check() *FieldError {
	_, v, err := Term{Variant: c.Variant}.resolve("cuts")
	if err != nil {
		return err
	}
	if c.Cuts == (metric.Cuts{}) {
		if c.Thresholds == nil {
			return wrong("cuts", "state cut points or thresholds")
		}
		if c.Scale != "" {
			return wrong("cuts.scale", "a scale belongs to cut points: leave it out")
		}
		return c.checkThresholds()
	}
	scale, parseErr := question.ParseScale(c.Scale)
	if parseErr != nil {
		return wrong("cuts.scale", "%q is no scale: cut points need theirs, such as 1-10", c.Scale)
	}
	for _, cut := range []struct {
		field string
		value *question.Centi
		of    metric.Variant
	}{
		{"satisfied_from", c.Cuts.SatisfiedFrom, metric.CSATShare}, {"easy_from", c.Cuts.EasyFrom, metric.CESTopBox},
		{"net_easy_from", c.Cuts.NetEasyFrom, metric.CESNetEasy}, {"net_difficult_to", c.Cuts.NetDifficultTo, metric.CESNetEasy},
	} {
		switch {
		case cut.value == nil:
		case cut.of != v.Variant:
			return wrong("cuts."+cut.field, "it belongs to %s, not to %s", cut.of, v.Variant)
		case *cut.value < scale.Min || *cut.value > scale.Max:
			return wrong("cuts."+cut.field, "%v is not within the scale %s", *cut.value, scale.ID())
		}
	}
	if easy, difficult := c.Cuts.NetEasyFrom, c.Cuts.NetDifficultTo; easy != nil && difficult != nil && *difficult >= *easy {
		return wrong("cuts.net_difficult_to", "difficult up to %v overlaps easy from %v", *difficult, *easy)
	}
	return c.checkThresholds()
}

func (c *Cuts) checkThresholds() *FieldError {
	if c.Thresholds == nil {
		return nil
	}
	if err := c.Thresholds.Check(); err != nil {
		return wrong("cuts.thresholds", "%s", strings.TrimSuffix(err.Error(), ": "+errors.Unwrap(err).Error()))
	}
	return nil
}
