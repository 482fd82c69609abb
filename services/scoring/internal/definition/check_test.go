package definition_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/definition"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// TestContentIsChecked names the field at fault of content that cannot be computed.
func TestContentIsChecked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, acme, "cut", definition.Content{Title: metric.Text{EN: "Satisfied"}, Spec: composite.Spec{Cuts: cuts("1-10", 4)}})
	f.create(t, acme, "shops", in("shop", formula("a", term("a", metric.NPS))))
	f.create(t, acme, "stranger", definition.Content{Title: metric.Text{EN: "x"}, Spec: composite.Spec{Index: index("elsewhere")}})
	untitled, long, other := formula("a", term("a", metric.NPS)), formula("a", term("a", metric.NPS)), formula("a", term("a", metric.NPS))
	untitled.Title = metric.Text{}
	long.Title.KY = strings.Repeat("ө", 201)
	other.Description.EN = strings.Repeat("a", 2001)
	asked := func(t composite.Term, question string) composite.Term {
		t.Question = question
		return t
	}
	for _, c := range []struct {
		name         string
		content      definition.Content
		field, words string
	}{
		{"no title", untitled, "title", "en, ru or ky"},
		{"a long title", long, `title.texts["ky"]`, "201 characters"},
		{"a long description", other, `description.texts["en"]`, "at most 2000"},
		{"no term of the name", formula("a+nsp", term("a", metric.CSAT), term("nps", metric.NPS)), "expression.formula", `did you mean "nps"?`},
		{"no metric of the name", formula("a", term("a", "npc")), "expression.terms[0].metric", `did you mean "nps"?`},
		{"no part", definition.Content{Title: metric.Text{EN: "x"}}, "", "exactly one"},
		{"no such question", in("shop", formula("a", asked(term("a", metric.NPS), "recommendd"))), "expression.terms[0].question", `did you mean "recommend"?`},
		{"a question that does not fit", in("shop", formula("a", asked(term("a", metric.NPS), "staff"))), "expression.terms[0].question", "does not support NPS"},
		{"no question that fits", in("shop", formula("a", term("a", metric.CES))), "expression.terms[0]", "no question of the survey shop supports CES"},
		{"no such value", in("shop", formula("a", composite.Term{ID: "a", Variant: metric.ShareOption, Question: "staff", Option: "6"})), "expression.terms[0].question", `of "6"`},
		{"words are no numbers", indexed(index("staff", "why")), "index.attributes[1].question", "has no scale"},
		{"two scales", indexed(index("staff", "speed")), "index.attributes[1].question", "on one"},
		{"no question of importance", indexed(stated("speed", "speed_maters")), "index.attributes[0].importance_question", `did you mean "speed_matters"?`},
		{"no outcome", indexed(derived("speed", "satisfaction")), "index.outcome_question", "no question"},
		{"no perception", gaps(composite.Item{ID: "i", Perception: "p1"}), "gap.dimensions[0].items[0].perception_question", "no question"},
		{"gap of two scales", gaps(composite.Item{ID: "i", Perception: "speed", Expectation: "staff"}), "gap.dimensions[0].items[0].perception_question", "on one"},
		{"cut points of another scale", in("shop", definition.Content{Title: metric.Text{EN: "x"}, Spec: composite.Spec{Cuts: cuts("1-7", 4)}}), "cuts", "on the scale 1-7"},
		{"of another survey", formula("x", of("shops", 0)), "expression.terms[0].definition", "belongs to the survey shop"},
		{"made of what the survey lacks", in("shop", formula("x", of("stranger", 0))), "expression.terms[0].definition", `"elsewhere"`},
	} {
		_, err := f.Create(t.Context(), acme, "new", c.content, me, false)
		wantField(t, c.name, err, c.field, c.words)
	}
	if _, err := f.Create(t.Context(), acme, "new", in("nowhere", formula("a", term("a", metric.NPS))), me, false); !errors.Is(err, errNoSurvey) {
		t.Errorf("no such survey: %v", err)
	}
	for name, content := range map[string]definition.Content{
		"formula": in("shop", formula("a+x", asked(term("a", metric.NPS), "recommend"), of("shops", 0))),
		"of_cut":  in("shop", formula("x", of("cut", 0))),
		"fixed":   indexed(index("staff")), "stated": indexed(stated("speed", "speed_matters")), "derived": indexed(derived("speed", "recommend")),
		"gap":    gaps(composite.Item{ID: "i", Perception: "speed"}),
		"cut2":   in("shop", definition.Content{Title: metric.Text{EN: "x"}, Spec: composite.Spec{Cuts: cuts("1-5", 3)}}),
		"rates":  in("shop", formula("a", term("a", metric.ResponseRate))),
		"anyone": formula("a", asked(term("a", metric.NPS), "whatever")),
	} {
		if _, err := f.Create(t.Context(), acme, name, content, me, false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := f.revise(t, acme, "gap", indexed(index("staff")))
	wantField(t, "another kind", err, "", "is of the kind gap")
}

// in is content that belongs to a survey.
func in(survey string, c definition.Content) definition.Content {
	c.Survey = survey
	return c
}

func indexed(x *composite.Index) definition.Content {
	return in("shop", definition.Content{Title: metric.Text{EN: "Index"}, Spec: composite.Spec{Index: x}})
}

// index weighs questions alike.
func index(questions ...string) *composite.Index {
	x := &composite.Index{Importance: composite.Fixed}
	for _, q := range questions {
		x.Attributes = append(x.Attributes, composite.Attribute{ID: q, Question: q, Weight: 1})
	}
	return x
}

func stated(question, importance string) *composite.Index {
	return &composite.Index{Importance: composite.Stated, Attributes: []composite.Attribute{{ID: "a", Question: question, ImportanceQuestion: importance}}}
}

func derived(question, outcome string) *composite.Index {
	return &composite.Index{Importance: composite.Derived, Outcome: outcome, Attributes: []composite.Attribute{{ID: "a", Question: question}}}
}

func gaps(items ...composite.Item) definition.Content {
	return in("shop", definition.Content{
		Title: metric.Text{EN: "Gap"}, Spec: composite.Spec{Gap: &composite.Gap{Dimensions: []composite.Dimension{{ID: "d", Items: items}}}},
	})
}

// cuts counts answers from a value on as satisfied.
func cuts(scale string, from question.Centi) *composite.Cuts {
	from *= question.Unit
	return &composite.Cuts{Variant: metric.CSATShare, Scale: scale, Cuts: metric.Cuts{SatisfiedFrom: &from}}
}

// stale is a catalog that does not know the newest revision of the survey until it is asked anew.
type stale struct {
	catalog
	asked *bool
}

// History returns the revisions of a survey.
func (c stale) History(ctx context.Context, organization, survey string) (questionnaire.History, error) {
	if *c.asked {
		return c.catalog.History(ctx, organization, survey)
	}
	return questionnaire.History{}, nil
}

// Forget implements definition.Catalog.
func (c stale) Forget(string, string) { *c.asked = true }

// TestQuestionsCanBeUsedAtOnce makes a definition of questions that were published a moment ago.
func TestQuestionsCanBeUsedAtOnce(t *testing.T) {
	t.Parallel()
	r := definition.New(newFixture(t).store, stale{asked: new(bool)}, nil)
	if _, err := r.Create(t.Context(), acme, "fresh", in("shop", formula("a", term("a", metric.NPS))), me, false); err != nil {
		t.Error(err)
	}
}
