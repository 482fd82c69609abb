package composite_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func health() composite.Spec {
	return composite.Spec{Expression: &composite.Expression{
		Formula: "(loyal + 100) / 4 + easy / 2",
		Terms: []composite.Term{
			{ID: "loyal", Metric: metric.NPS, Variant: metric.NPSContacted, Question: "recommend"},
			{ID: "easy", Variant: metric.CESTopBox},
		},
		Unit: "points", Min: ptr(0.0), Max: ptr(100.0),
	}}
}

func statedIndex() composite.Spec {
	return composite.Spec{Index: &composite.Index{Importance: composite.Stated, Attributes: []composite.Attribute{
		{ID: "price", Question: "q_price", ImportanceQuestion: "i_price"},
		{ID: "staff", Question: "q_staff", ImportanceQuestion: "i_staff"},
	}}}
}

func gaps() composite.Spec {
	return composite.Spec{Gap: &composite.Gap{Dimensions: []composite.Dimension{
		{ID: "look", Points: 40, Items: []composite.Item{{ID: "i1", Perception: "p1", Expectation: "e1"}, {ID: "i2", Perception: "p2", Expectation: "e2"}},
			Subdimensions: []composite.Subdimension{{ID: "shop", Items: []string{"i1"}}}},
		{ID: "staff", Points: 60, Items: []composite.Item{{ID: "i3", Perception: "p3", Expectation: "e3"}}},
	}}}
}

func cuts() composite.Spec {
	return composite.Spec{Cuts: &composite.Cuts{Variant: metric.CSATShare, Scale: "1-5", Cuts: metric.Cuts{SatisfiedFrom: ptr(question.Centi(500))}}}
}

func ptr[T any](v T) *T { return &v }

func TestSpecsAreSoundAndSurviveJSON(t *testing.T) {
	t.Parallel()
	for _, s := range []composite.Spec{health(), statedIndex(), gaps(), cuts()} {
		if err := s.Check(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back composite.Spec
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, s) {
			t.Errorf("%s comes back as %+v, %v", b, back, err)
		}
	}
	if got, want := gaps().Questions(), []string{"e1", "p1", "e2", "p2", "e3", "p3"}; !slices.Equal(got, want) {
		t.Errorf("questions %v, want %v", got, want)
	}
	if got, want := statedIndex().Questions(), []string{"q_price", "i_price", "q_staff", "i_staff"}; !slices.Equal(got, want) {
		t.Errorf("questions %v, want %v", got, want)
	}
}

// TestSpecsAreRefused changes one thing of a sound spec at a time.
func TestSpecsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spec   composite.Spec
		change func(*composite.Spec)
		field  string
		says   string
	}{
		{health(), func(s *composite.Spec) { s.Index = statedIndex().Index }, "", "exactly one"},
		{health(), func(s *composite.Spec) { s.Expression = nil }, "", "exactly one"},
		{health(), func(s *composite.Spec) { s.Expression.Formula = "loyal + essy" }, "expression.formula", `did you mean "easy"?`},
		{health(), func(s *composite.Spec) { s.Expression.Formula = "loyal" }, "expression.terms[1].id", "does not occur"},
		{health(), func(s *composite.Spec) { s.Expression.Formula = "loyal +" }, "expression.formula", "column"},
		{health(), func(s *composite.Spec) { s.Expression.Terms[1].ID = "loyal" }, "expression.terms[1].id", "twice"},
		{health(), func(s *composite.Spec) { s.Expression.Terms[1].ID = "E" }, "expression.terms[1].id", "identifier"},
		{health(), func(s *composite.Spec) { s.Expression.Terms[1].Variant = "CES_TOPBOX" }, "expression.terms[1].variant", `did you mean "CES_TOP_BOX"?`},
		{health(), func(s *composite.Spec) { s.Expression.Terms[1].Metric = metric.NPS }, "expression.terms[1].variant", "belongs to ces"},
		{health(), func(s *composite.Spec) { s.Expression.Terms[0] = composite.Term{ID: "loyal", Metric: "nsp"} }, "expression.terms[0].metric", `did you mean "nps"?`},
		{health(), func(s *composite.Spec) { s.Expression.Terms[0].Definition.ID = "other" }, "expression.terms[0].definition", "one of them"},
		{health(), func(s *composite.Spec) { s.Expression.Terms[0] = composite.Term{ID: "loyal"} }, "expression.terms[0].metric", "state a metric"},
		{health(), func(s *composite.Spec) { s.Expression.Terms[0].Question = "Q!" }, "expression.terms[0].question", "no identifier"},
		{health(), func(s *composite.Spec) { s.Expression.Terms[0].Normalized = true }, "expression.terms[0].normalized", "(x + 100) / 2"},
		{health(), func(s *composite.Spec) { s.Expression.Terms[0].Option = "yes" }, "expression.terms[0].option", "SHARE_OPTION"},
		{health(), func(s *composite.Spec) { s.Expression.Terms[1].Variant = metric.ResponseRateInvited }, "expression.terms[1].variant", "invitations"},
		{health(), func(s *composite.Spec) { s.Expression.Terms[1].Variant = metric.SmileIndexBuyer }, "expression.terms[1].question", "named"},
		{health(), func(s *composite.Spec) { s.Expression.Terms[1] = composite.Term{ID: "easy", Metric: metric.SmileIndex} }, "expression.terms[1].variant", "no default"},
		{health(), func(s *composite.Spec) { s.Expression.Max = ptr(0.0) }, "expression.max", "not above"},
		{health(), func(s *composite.Spec) { s.Expression.Terms = nil }, "expression.terms", "from 1 to 20"},
		{statedIndex(), func(s *composite.Spec) { s.Index.Importance = "" }, "index.importance", "none of"},
		{statedIndex(), func(s *composite.Spec) { s.Index.Form = "SUM" }, "index.form", "neither"},
		{statedIndex(), func(s *composite.Spec) { s.Index.Outcome = "overall" }, "index.outcome_question", "leave it out"},
		{statedIndex(), func(s *composite.Spec) { s.Index.Importance = composite.Derived }, "index.outcome_question", "no identifier"},
		{statedIndex(), func(s *composite.Spec) { s.Index.Importance = composite.Fixed }, "index.attributes[0].importance_question", "leave it out"},
		{statedIndex(), func(s *composite.Spec) { s.Index.Attributes[1].Weight = 1 }, "index.attributes[1].weight", "FIXED"},
		{statedIndex(), func(s *composite.Spec) { s.Index.Attributes[1].Question = "q_price" }, "index.attributes[1].question", "twice"},
		{statedIndex(), func(s *composite.Spec) { s.Index.Attributes = nil }, "index.attributes", "from 1 to 60"},
		{statedIndex(), func(s *composite.Spec) {
			*s.Index = composite.Index{Importance: composite.Fixed, Attributes: []composite.Attribute{{ID: "a", Question: "a"}}}
		}, "index.attributes", "no attribute has a weight"},
		{statedIndex(), func(s *composite.Spec) {
			*s.Index = composite.Index{Importance: composite.Fixed, Attributes: []composite.Attribute{{ID: "a", Question: "a", Weight: -1}}}
		}, "index.attributes[0].weight", "from 0.000001 to 1000000"},
		{statedIndex(), func(s *composite.Spec) {
			*s.Index = composite.Index{Importance: composite.Fixed, Attributes: []composite.Attribute{{ID: "a", Question: "a", Weight: 1e308}}}
		}, "index.attributes[0].weight", "from 0.000001 to 1000000"},
		{statedIndex(), func(s *composite.Spec) {
			*s.Index = composite.Index{Form: composite.Rosenberg, Importance: composite.Derived, Outcome: "o"}
		}, "index.importance", "Rosenberg"},
		{statedIndex(), func(s *composite.Spec) {
			*s.Index = composite.Index{Importance: composite.Derived, Outcome: "a", Attributes: []composite.Attribute{{ID: "a", Question: "a"}}}
		}, "index.attributes[0].question", "twice"},
		{gaps(), func(s *composite.Spec) { s.Gap.Dimensions[0].Points = 50 }, "gap.dimensions", "sum to 110"},
		{gaps(), func(s *composite.Spec) { s.Gap.Dimensions[0].PointsQuestion = "w" }, "gap.dimensions", "not both"},
		{gaps(), func(s *composite.Spec) {
			s.Gap.Dimensions[0].Points, s.Gap.Dimensions[1].Points, s.Gap.Dimensions[0].PointsQuestion = 0, 0, "w"
		}, "gap.dimensions", "1 of 2"},
		{gaps(), func(s *composite.Spec) { s.Gap.Dimensions[1].Items[0].Expectation = "" }, "gap.dimensions[1].items[0].expectation_question", "throughout"},
		{gaps(), func(s *composite.Spec) { s.Gap.Dimensions[1].Items[0].Expectation = "p3" }, "gap.dimensions[1].items[0].expectation_question", "perception"},
		{gaps(), func(s *composite.Spec) { s.Gap.Dimensions[1].Items[0].ID = "i1" }, "gap.dimensions[1].items[0].id", "twice"},
		{gaps(), func(s *composite.Spec) { s.Gap.Dimensions[1].Items = nil }, "gap.dimensions[1].items", "from 1 to 60"},
		{gaps(), func(s *composite.Spec) { s.Gap.Dimensions[0].Subdimensions[0].Items[0] = "i3" }, "gap.dimensions[0].subdimensions[0].items[0]", "no further item"},
		{gaps(), func(s *composite.Spec) { s.Gap.Dimensions[1].Points = -60 }, "gap.dimensions[1].points", "not from 0"},
		{cuts(), func(s *composite.Spec) { s.Cuts.Variant = "CSAT" }, "cuts.variant", "CSAT"},
		{cuts(), func(s *composite.Spec) { s.Cuts.Variant = metric.CESTopBox }, "cuts.satisfied_from", "CSAT_SHARE"},
		{cuts(), func(s *composite.Spec) { s.Cuts.Scale = "" }, "cuts.scale", "1-10"},
		{cuts(), func(s *composite.Spec) { *s.Cuts.Cuts.SatisfiedFrom = 600 }, "cuts.satisfied_from", "not within"},
		{cuts(), func(s *composite.Spec) { s.Cuts.Cuts = metric.Cuts{} }, "cuts", "state cut points"},
		{cuts(), func(s *composite.Spec) { s.Cuts.Thresholds = &metric.Thresholds{SystemicTo: 9, CaseLevelFrom: 8} }, "cuts.thresholds", "order"},
	} {
		c.change(&c.spec)
		err := c.spec.Check()
		var field *composite.FieldError
		if !errors.As(err, &field) || field.Field != c.field || !strings.Contains(field.Description, c.says) {
			t.Errorf("got %v, want %s with %q", err, c.field, c.says)
		}
	}
}
