package definition_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/definition"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

func TestReferencesKeepTheirVersion(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, acme, "inner", formula("a", term("a", metric.NPS)))
	outer := f.create(t, acme, "outer", formula("2*x", of("inner", 0)))
	if got := outer.Spec.Expression.Terms[0].Definition; got != (composite.Ref{ID: "inner", Version: 1}) {
		t.Fatalf("refers to %+v", got)
	}
	if _, err := f.revise(t, acme, "inner", formula("a", term("a", metric.CSAT))); err != nil {
		t.Fatal(err)
	}
	resolved, err := f.Resolve(t.Context(), acme, outer.Ref())
	if err != nil {
		t.Fatal(err)
	}
	if got := resolved.Terms["x"].Definition; got.Version != 1 || got.Spec.Expression.Terms[0].Metric != metric.NPS {
		t.Errorf("refers to %+v now", got)
	}
	// Asked for anew, the newest version is meant.
	next, err := f.revise(t, acme, "outer", formula("2*x", of("inner", 0)))
	if err != nil || next.Version != 2 || next.Spec.Expression.Terms[0].Definition.Version != 2 {
		t.Errorf("%+v, %v", next, err)
	}
}

func TestCirclesAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, acme, "a", formula("y", term("y", metric.NPS)))
	f.create(t, acme, "b", formula("x", of("a", 0)))
	f.create(t, acme, "c", formula("x", of("b", 0)))
	for _, c := range []struct{ id, to, words string }{
		{"a", "a", "made of itself: a → a"}, {"a", "b", "made of itself: a → b → a"}, {"a", "c", "a → c → b → a"}, {"b", "c", "b → c → b"},
	} {
		_, err := f.revise(t, acme, c.id, formula("x", of(c.to, 0)))
		wantField(t, c.id+" of "+c.to, err, "expression.terms[0].definition", c.words)
	}
	// A new one that names itself refers to what there is not.
	_, err := f.Create(t.Context(), acme, "new", formula("x", of("new", 0)), me, false)
	wantField(t, "new of new", err, "expression.terms[0].definition", `no definition "new"`)
}

func TestDepthAndSizeAreBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, acme, "d1", formula("y", term("y", metric.NPS)))
	for i := 2; i <= 5; i++ {
		f.create(t, acme, fmt.Sprintf("d%d", i), formula("x", of(fmt.Sprintf("d%d", i-1), 0)))
	}
	_, err := f.Create(t.Context(), acme, "d6", formula("x", of("d5", 0)), me, false)
	wantField(t, "six deep", err, "expression.terms[0].definition", "more than 5 definitions")
	wide := func(m func(id string) composite.Term) definition.Content {
		var terms []composite.Term
		var ids []string
		for i := range 20 {
			id := fmt.Sprintf("t%d", i)
			terms, ids = append(terms, m(id)), append(ids, id)
		}
		return formula(strings.Join(ids, "+"), terms...)
	}
	f.create(t, acme, "wide", wide(func(id string) composite.Term { return term(id, metric.NPS) }))
	_, err = f.Create(t.Context(), acme, "wider", wide(func(id string) composite.Term {
		return composite.Term{ID: id, Definition: composite.Ref{ID: "wide"}}
	}), me, false)
	wantField(t, "400 terms", err, "expression.terms[4].definition", "more than 100 terms")
}

func TestUnknownReferences(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, acme, "loyalty", formula("a", term("a", metric.NPS)))
	f.create(t, globex, "loyaltx", formula("a", term("a", metric.NPS)))
	for _, c := range []struct {
		id      string
		version int
		words   string
	}{
		{"loyalti", 0, `did you mean "loyalty"?`}, {"loyalty", 2, "the newest is 1"}, {"servqal", 0, `did you mean "servqual"?`},
		{"servqual", 9, "the newest is 1"}, {"something", 0, `no definition "something"`}, {"nps", 0, "is a metric"},
	} {
		_, err := f.Create(t.Context(), acme, "new", formula("x", of(c.id, c.version)), me, false)
		wantField(t, c.id, err, "expression.terms[0].definition", c.words)
	}
	_, err := f.Find(t.Context(), acme, composite.Ref{ID: "loyaltx"})
	var missing *definition.NotFoundError
	if !errors.As(err, &missing) || missing.Nearest != "loyalty" || !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another organisation's: %v", err)
	}
	if _, _, err := f.Versions(t.Context(), acme, "loyaltx", 0, 10); !errors.As(err, &missing) {
		t.Errorf("versions of another organisation's: %v", err)
	}
}

// TestModelsAreComputedLikeOwnDefinitions resolves a formula over a built-in model and cut points of one's own.
func TestModelsAreComputedLikeOwnDefinitions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, acme, "satisfied", definition.Content{Title: metric.Text{EN: "Satisfied"}, Spec: composite.Spec{Cuts: cuts("1-10", 4)}})
	outer := f.create(t, acme, "outer", formula("m+s",
		composite.Term{ID: "m", Definition: composite.Ref{ID: "csi"}},
		composite.Term{ID: "s", Definition: composite.Ref{ID: "satisfied"}, Question: "speed"}))
	r, err := f.Resolve(t.Context(), acme, outer.Ref())
	if err != nil {
		t.Fatal(err)
	}
	tree := r.Tree()
	if tree.Spec.Expression.Formula != "m+s" || tree.Terms["m"].Spec.Index == nil || tree.Terms["s"].Spec.Cuts == nil {
		t.Errorf("tree %+v", tree)
	}
	if got := outer.Spec.Expression.Terms[0].Definition; got != (composite.Ref{ID: "csi", Version: 1}) {
		t.Errorf("refers to %+v", got)
	}
	_, err = f.Create(t.Context(), acme, "new", formula("m", composite.Term{ID: "m", Definition: composite.Ref{ID: "csi"}, Question: "speed"}), me, false)
	wantField(t, "a question beside a model", err, "expression.terms[0].definition", "names its questions itself")
	for _, id := range []string{"one", "two"} {
		f.create(t, acme, id, definition.Content{Title: metric.Text{EN: id}, Spec: composite.Spec{Index: derived(id, "overall")}})
	}
	_, err = f.Create(t.Context(), acme, "new", formula("a+b",
		composite.Term{ID: "a", Definition: composite.Ref{ID: "one"}}, composite.Term{ID: "b", Definition: composite.Ref{ID: "two"}}), me, false)
	wantField(t, "weights derived twice", err, "expression.terms", "cannot be counted together")
}
