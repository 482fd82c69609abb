package definition

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

func blend(formula string, terms ...composite.Term) Content {
	return Content{Title: metric.Text{EN: "Blend"}, Spec: composite.Spec{Expression: &composite.Expression{Formula: formula, Terms: terms}}}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	nps, csat := composite.Term{ID: "a", Metric: metric.NPS}, composite.Term{ID: "b", Metric: metric.CSAT}
	base := blend("0.6*a+0.4*b", nps, csat)
	titled, asked, longer, index := base, blend("0.6*a+0.4*b", nps, csat), blend("a", nps), base
	titled.Title.RU, titled.Survey = "Смесь", "shop"
	asked.Spec.Expression.Terms[1].Question = "speed"
	index.Spec = composite.Spec{Index: &composite.Index{Importance: composite.Fixed}}
	many := composite.Expression{Formula: "x"}
	for i := range 20 {
		many.Terms = append(many.Terms, composite.Term{ID: string(rune('a' + i)), Metric: metric.NPS})
	}
	renamed := many
	renamed.Terms = slices.Clone(many.Terms)
	for i := range renamed.Terms {
		renamed.Terms[i].Metric, renamed.Terms[i].Question = metric.CSAT, "q"
	}
	for name, c := range map[string]struct {
		before, after Content
		want          []string
	}{
		"nothing":                  {base, base, nil},
		"a language, the survey":   {base, titled, []string{"survey", "title"}},
		"a field deep down":        {base, asked, []string{"expression.terms[1].question"}},
		"a list of another length": {base, longer, []string{"expression.formula", "expression.terms"}},
		"another kind":             {base, index, []string{"expression", "index"}},
		"very much": {
			Content{Spec: composite.Spec{Expression: &many}}, Content{Spec: composite.Spec{Expression: &renamed}}, []string{"expression"},
		},
	} {
		got, err := changed(c.before, c.after)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
}

// TestStoredFormIsReadBack reads what was stored as it was.
func TestStoredFormIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.Custom(func(rt *rapid.T) metric.Text {
			return metric.Text{EN: rapid.String().Draw(rt, "en"), RU: rapid.String().Draw(rt, "ru"), KY: rapid.String().Draw(rt, "ky")}
		})
		c := Content{Title: text.Draw(rt, "title"), Description: text.Draw(rt, "description"), Survey: rapid.String().Draw(rt, "survey")}
		if rapid.Bool().Draw(rt, "index") {
			c.Spec.Index = &composite.Index{Importance: composite.Fixed, Attributes: []composite.Attribute{
				{ID: "a", Title: text.Draw(rt, "attribute"), Question: "q", Weight: rapid.Float64Range(0, 1e9).Draw(rt, "weight")},
			}}
		} else {
			c.Spec.Expression = &composite.Expression{Formula: rapid.String().Draw(rt, "formula"), Terms: []composite.Term{
				{ID: "a", Definition: composite.Ref{ID: "b", Version: rapid.IntRange(1, 1e6).Draw(rt, "version")}},
			}}
		}
		body, err := encode(c)
		if err != nil {
			rt.Fatal(err)
		}
		d, err := decode(store.Definition{ID: "x", Version: 1, Body: body})
		if err != nil {
			rt.Fatal(err)
		}
		if paths, err := changed(c, d.Content); err != nil || len(paths) > 0 {
			rt.Errorf("%v differ, %v", paths, err)
		}
	})
}

// TestUnknownContentIsRefused: what a newer program stored is not taken for something else.
func TestUnknownContentIsRefused(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"spec":{"ratio":{}}}`, `{"title":{"EN":"x"},"power":2}`, `{`, ``} {
		if d, err := decode(store.Definition{ID: "x", Version: 1, Body: []byte(body)}); err == nil {
			t.Errorf("%s is read as %+v", body, d)
		}
	}
}
