package definition_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/definition"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// TestCreateMayBeRepeated: the same content gives what is there, other content is refused.
func TestCreateMayBeRepeated(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	inner := f.create(t, acme, "inner", formula("a", term("a", metric.NPS)))
	c := formula("2*x", of("inner", 0))
	f.create(t, acme, "outer", c)
	if _, err := f.revise(t, acme, "inner", formula("a", term("a", metric.CSAT))); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Retire(t.Context(), acme, "inner", 0, me); err != nil {
		t.Fatal(err)
	}
	f.now = noon.Add(time.Hour)
	again := f.create(t, acme, "outer", c)
	if again.Version != 1 || !again.Time.Equal(noon) || again.Spec.Expression.Terms[0].Definition != inner.Ref() {
		t.Errorf("made again: %+v", again)
	}
	next, err := f.revise(t, acme, "outer", formula("3*x", of("inner", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if again := f.create(t, acme, "outer", c); again.Version != next.Version {
		t.Errorf("made again after a change: version %d, want %d", again.Version, next.Version)
	}
	if _, err := f.Create(t.Context(), acme, "outer", formula("4*x", of("inner", 1)), me, false); !errors.Is(err, store.ErrTaken) {
		t.Errorf("made of something else: %v, want ErrTaken", err)
	}
}

func TestRetired(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	inner := f.create(t, acme, "inner", formula("a", term("a", metric.NPS)))
	f.create(t, acme, "outer", formula("2*x", of("inner", 0)))
	if _, err := f.Retire(ctx, acme, "inner", inner.Changes+1, me); !errors.Is(err, store.ErrChanged) {
		t.Errorf("a wrong etag: %v, want ErrChanged", err)
	}
	retired, err := f.Retire(ctx, acme, "inner", inner.Changes, me)
	if err != nil || retired.Retired == nil || retired.Retired.Author != "key-1" || !retired.Retired.Time.Equal(noon) {
		t.Fatalf("%+v, %v", retired, err)
	}
	if again, err := f.Retire(ctx, acme, "inner", inner.Changes, me); err != nil || again.Changes != retired.Changes {
		t.Errorf("retired again: %+v, %v", again, err)
	}
	if _, err := f.revise(t, acme, "inner", formula("a", term("a", metric.CSAT))); !errors.Is(err, store.ErrRetired) {
		t.Errorf("revised: %v, want ErrRetired", err)
	}
	if _, err := f.Create(ctx, acme, "inner", formula("a", term("a", metric.CSAT)), me, false); !errors.Is(err, store.ErrTaken) {
		t.Errorf("created anew: %v, want ErrTaken", err)
	}
	// It is computed as before, alone and within others; nothing new is made of it.
	for _, id := range []string{"inner", "outer"} {
		if _, err := f.Resolve(ctx, acme, composite.Ref{ID: id}); err != nil {
			t.Errorf("resolve %s: %v", id, err)
		}
	}
	if _, err := f.revise(t, acme, "outer", formula("3*x", of("inner", 1))); err != nil {
		t.Errorf("revise what is made of it: %v", err)
	}
	_, err = f.Create(ctx, acme, "new", formula("x", of("inner", 0)), me, false)
	wantField(t, "made anew of it", err, "expression.terms[0].definition", "is retired")
	listed, _, err := f.List(ctx, acme, "", false, 1000)
	if err != nil || slices.ContainsFunc(listed, func(d definition.Definition) bool { return d.ID == "inner" }) {
		t.Errorf("listed though it is retired, %v", err)
	}
}

func TestDryRunStoresNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	c := formula("a", term("a", metric.NPS))
	would, err := f.Create(ctx, acme, "blend", c, me, true)
	if err != nil || would.Version != 1 || would.Title.RU != "Смесь" {
		t.Errorf("%+v, %v", would, err)
	}
	if _, err := f.Find(ctx, acme, composite.Ref{ID: "blend"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is stored: %v", err)
	}
	made := f.create(t, acme, "blend", c)
	if made.Changes != would.Changes {
		t.Errorf("%d changes, %d were told", made.Changes, would.Changes)
	}
	if _, err := f.Create(ctx, acme, "blend", formula("2*a", term("a", metric.NPS)), me, true); !errors.Is(err, store.ErrTaken) {
		t.Errorf("create another one: %v, want ErrTaken", err)
	}
	edit := func(definition.Content) (definition.Content, error) {
		return formula("2*a", term("a", metric.NPS)), nil
	}
	would, err = f.Revise(ctx, acme, "blend", 0, edit, me, true)
	if err != nil || would.Version != 2 || would.Changes != 2 {
		t.Errorf("%+v, %v", would, err)
	}
	if d, err := f.Find(ctx, acme, composite.Ref{ID: "blend"}); err != nil || d.Version != 1 {
		t.Errorf("version %d is stored, %v", d.Version, err)
	}
	if _, err := f.Retire(ctx, acme, "blend", 0, me); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Create(ctx, acme, "blend", formula("2*a", term("a", metric.NPS)), me, false); !errors.Is(err, store.ErrTaken) || !errors.Is(err, store.ErrRetired) {
		t.Errorf("create over a retired one: %v, want ErrTaken and ErrRetired", err)
	}
}
