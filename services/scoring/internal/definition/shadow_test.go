package definition

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/store/sqlite"
)

// TestOwnDefinitionsStayWhenTheProductGetsOneOfTheirName: what scores name is found for good, whatever comes with a later release.
func TestOwnDefinitionsStayWhenTheProductGetsOneOfTheirName(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "scoring.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := New(s, nil, nil)
	c := blend("a", composite.Term{ID: "a", Metric: metric.NPS})
	if _, err := r.Create(ctx, "acme", "joy", c, Author{ID: "me"}, false); err != nil {
		t.Fatal(err)
	}
	later := New(s, nil, nil)
	later.builtIn = append(later.builtIn, Definition{ID: "joy", Version: 3, Newest: 3, BuiltIn: true, Content: blend("b", composite.Term{ID: "b", Metric: metric.CSAT})})
	if d, err := later.Resolve(ctx, "acme", composite.Ref{ID: "joy", Version: 1}); err != nil || d.Definition.BuiltIn || d.Definition.Author != "me" {
		t.Errorf("resolved %+v, %v", d, err)
	}
	edit := func(c Content) (Content, error) {
		c.Title.RU = "Радость"
		return c, nil
	}
	if d, err := later.Revise(ctx, "acme", "joy", 0, edit, Author{}, false); err != nil || d.Version != 2 {
		t.Errorf("revised %+v, %v", d, err)
	}
	if list, _, err := later.Versions(ctx, "acme", "joy", 0, 10); err != nil || len(list) != 2 {
		t.Errorf("versions %+v, %v", list, err)
	}
	var missing *NotFoundError
	if d, err := later.Find(ctx, "acme", composite.Ref{ID: "joy", Version: 3}); !errors.As(err, &missing) || missing.Newest != 2 {
		t.Errorf("a version of the built-in one: %+v, %v", d, err)
	}
	if d, err := later.Find(ctx, "globex", composite.Ref{ID: "joy"}); err != nil || !d.BuiltIn {
		t.Errorf("another organisation finds %+v, %v", d, err)
	}
}
