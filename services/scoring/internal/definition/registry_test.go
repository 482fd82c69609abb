package definition_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/definition"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/sqlite"
)

const acme, globex = "acme", "globex"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// me changes what is changed in the tests.
var me = definition.Author{ID: "key-1", Note: "for the board"}

// catalog knows the survey "shop".
type catalog struct{}

var errNoSurvey = errors.New("no such survey")

// History returns the revisions of a survey.
func (catalog) History(_ context.Context, _, survey string) (questionnaire.History, error) {
	if survey != "shop" {
		return questionnaire.History{}, errNoSurvey
	}
	return questionnaire.History{Revisions: []*questionnaire.Revision{{Survey: "shop", Number: 1, Population: fact.Customer, Questions: []metric.Question{
		{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10}, {ID: "staff", Kind: question.CSAT, Scale: question.Scale1To5},
		{ID: "speed", Kind: question.Rating, Scale: question.Scale1To10}, {ID: "speed_matters", Kind: question.Importance, Scale: question.Scale1To5},
		{ID: "why", Kind: question.Text},
	}}}}, nil
}

// Forget implements definition.Catalog.
func (catalog) Forget(string, string) {}

// fixture is a registry over a store of its own, and its clock.
type fixture struct {
	*definition.Registry
	store *sqlite.Store
	now   time.Time
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "scoring.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	f := &fixture{store: s, now: noon}
	f.Registry = definition.New(s, catalog{}, func() time.Time { return f.now })
	return f
}

// formula is content of the kind that most tests make.
func formula(f string, terms ...composite.Term) definition.Content {
	return definition.Content{Title: metric.Text{RU: "Смесь"}, Spec: composite.Spec{Expression: &composite.Expression{Formula: f, Terms: terms}}}
}

func term(id string, m metric.ID) composite.Term { return composite.Term{ID: id, Metric: m} }

// of is a term that refers to a definition.
func of(id string, version int) composite.Term {
	return composite.Term{ID: "x", Definition: composite.Ref{ID: id, Version: version}}
}

func (f *fixture) create(t testing.TB, org, id string, c definition.Content) definition.Definition {
	t.Helper()
	d, err := f.Create(t.Context(), org, id, c, me, false)
	if err != nil {
		t.Fatalf("create %s: %v", id, err)
	}
	return d
}

// revise gives a definition other content.
func (f *fixture) revise(t testing.TB, org, id string, c definition.Content) (definition.Definition, error) {
	t.Helper()
	return f.Revise(t.Context(), org, id, 0, func(definition.Content) (definition.Content, error) { return c, nil }, me, false)
}

// wantField checks that content was refused for a field, with words that say why.
func wantField(t testing.TB, what string, err error, field, words string) {
	t.Helper()
	var e *composite.FieldError
	if !errors.As(err, &e) || e.Field != field || !strings.Contains(e.Description, words) {
		t.Errorf("%s: %v, want %q in %s", what, err, words, field)
	}
}

func TestVersionsNameWhoAndWhen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.create(t, acme, "blend", formula("0.6*a+0.4*b", term("a", metric.NPS), term("b", metric.CSAT)))
	if first.Version != 1 || first.Author != "key-1" || first.Note != "for the board" || !first.Time.Equal(noon) || first.BuiltIn || first.Changes != 1 {
		t.Errorf("created %+v", first)
	}
	f.now = noon.Add(time.Hour)
	other := definition.Author{ID: "member-2"}
	second, err := f.Revise(t.Context(), acme, "blend", first.Changes, func(c definition.Content) (definition.Content, error) {
		e := *c.Spec.Expression
		e.Formula = "0.5*a+0.5*b"
		c.Spec.Expression = &e
		return c, nil
	}, other, false)
	if err != nil || second.Version != 2 || second.Author != "member-2" || !second.Time.Equal(f.now) || second.Note != "" {
		t.Fatalf("revised %+v, %v", second, err)
	}
	list, more, err := f.Versions(t.Context(), acme, "blend", 0, 10)
	if err != nil || more || len(list) != 2 {
		t.Fatalf("versions %+v, %v, %v", list, more, err)
	}
	if !slices.Equal(list[0].Changed, []string{"expression.formula"}) || list[1].Changed != nil || list[1].Author != "key-1" {
		t.Errorf("version 2 changed %v, version 1 %v by %s", list[0].Changed, list[1].Changed, list[1].Author)
	}
	page, more, err := f.Versions(t.Context(), acme, "blend", 0, 1)
	if err != nil || !more || len(page) != 1 || !slices.Equal(page[0].Changed, []string{"expression.formula"}) {
		t.Errorf("a page of one: %+v, %v, %v", page, more, err)
	}
	for version, want := range map[int]string{1: "0.6*a+0.4*b", 2: "0.5*a+0.5*b", 0: "0.5*a+0.5*b"} {
		d, err := f.Resolve(t.Context(), acme, composite.Ref{ID: "blend", Version: version})
		if err != nil || d.Definition.Spec.Expression.Formula != want {
			t.Errorf("version %d: %+v, %v", version, d, err)
		}
	}
	// What changes nothing makes no version.
	same, err := f.Revise(t.Context(), acme, "blend", 0, func(c definition.Content) (definition.Content, error) { return c, nil }, me, false)
	if err != nil || same.Version != 2 {
		t.Errorf("changing nothing: %+v, %v", same, err)
	}
}

func TestListInPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, id := range []string{"b", "a_1", "a-1"} {
		f.create(t, acme, id, formula("a", term("a", metric.NPS)))
	}
	f.create(t, globex, "theirs", formula("a", term("a", metric.NPS)))
	var want []string
	for _, d := range definition.BuiltIn() {
		want = append(want, d.ID)
	}
	want = append(want, "a-1", "a_1", "b")
	for size := 1; size <= len(want)+1; size++ {
		var got []string
		for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
			page, next, err := f.List(t.Context(), acme, cursor, false, size)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range page {
				got = append(got, d.ID)
			}
			if len(page) > size || len(page) == 0 || pages > len(want) {
				t.Fatalf("%d on a page of %d", len(page), size)
			}
			cursor = next
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %d: %v, want %v", size, got, want)
		}
	}
}

func TestBuiltInStaysAsItIs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	seen := make(map[string]bool)
	for _, d := range definition.BuiltIn() {
		if seen[d.ID] || d.Version < 1 || d.Title.EN == "" || d.Title.RU == "" || d.Title.KY == "" || d.Description == (metric.Text{}) {
			t.Errorf("%q version %d: %+v", d.ID, d.Version, d.Title)
		}
		seen[d.ID] = true
		if _, err := f.Create(t.Context(), acme, d.ID, formula("a", term("a", metric.NPS)), me, false); !errors.Is(err, store.ErrTaken) || !errors.Is(err, definition.ErrBuiltIn) {
			t.Errorf("create %s: %v, want ErrTaken and ErrBuiltIn", d.ID, err)
		}
		if _, err := f.revise(t, acme, d.ID, d.Content); !errors.Is(err, definition.ErrBuiltIn) {
			t.Errorf("revise %s: %v, want ErrBuiltIn", d.ID, err)
		}
		if _, err := f.Retire(t.Context(), acme, d.ID, 0, me); !errors.Is(err, definition.ErrBuiltIn) {
			t.Errorf("retire %s: %v, want ErrBuiltIn", d.ID, err)
		}
		if r, err := f.Resolve(t.Context(), acme, d.Ref()); err != nil || r.Definition.Version != d.Version {
			t.Errorf("resolve %s: %+v, %v", d.ID, r, err)
		}
		if list, more, err := f.Versions(t.Context(), acme, d.ID, 0, 10); err != nil || more || len(list) != 1 {
			t.Errorf("versions of %s: %d, %v", d.ID, len(list), err)
		}
		if d.Metric != nil {
			continue
		}
		if err := d.Spec.Check(); err != nil {
			t.Errorf("%s: %v", d.ID, err)
		}
	}
	for _, id := range []string{"nps", "response_rate", "servqual", "servperf", "rsqs", "csi"} {
		if !seen[id] {
			t.Errorf("%s is not built in", id)
		}
	}
}
