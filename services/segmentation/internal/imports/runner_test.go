package imports_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/segmentation/internal/imports"
	"github.com/otklik/otklik/services/segmentation/internal/profile"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/store/sqlite"
)

// interrupted is a store under which a process dies when it says how far it has come for the nth time: before that is noted.
type interrupted struct {
	store.Store
	left int
}

var errDied = errors.New("the process died")

// MoveImport implements store.Imports.
func (s *interrupted) MoveImport(ctx context.Context, holder string, until time.Time, i store.Import, refusals []store.ImportRefusal) error {
	if s.left--; s.left < 0 {
		return errDied
	}
	return s.Store.MoveImport(ctx, holder, until, i, refusals)
}

// runner works on imports of contacts as a process of a name.
func runner(t *testing.T, s store.Store, v *vault, holder string, now func() time.Time) *imports.Runner {
	t.Helper()
	keeper := seal.NewKeeper(v, seal.KeeperOptions{Lease: 100})
	t.Cleanup(func() { _ = keeper.Close() })
	return &imports.Runner{Store: s, Holder: holder, Rows: 10, Now: now, Kinds: map[string]imports.Kind{
		"contact": imports.Contacts{Directory: imports.Directory{Store: s, Now: now}, Register: &profile.Register{Store: s, Keeper: keeper}},
	}}
}

func committed(t *testing.T, s store.Store, table string) {
	t.Helper()
	_, err := s.CreateImport(t.Context(), acme, store.Import{ID: "i", Kind: "contact", CreateTime: time.Now(), ImportSettings: store.ImportSettings{MostRefused: 1, IgnoreUnknown: true}}, time.Time{})
	if err == nil {
		_, err = s.PutPart(t.Context(), acme, "i", 0, []byte(table), 1<<30, time.Now())
	}
	if err == nil {
		_, err = s.CommitImport(t.Context(), acme, "i", 1)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func opened(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "segmentation.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Wherever a process dies, the next one ends its import: each row is checked and applied, and each contact made once.
func TestImportsGoOn(t *testing.T) {
	t.Parallel()
	const n = 25
	var table bytes.Buffer
	if err := writeContacts(&table, n); err != nil {
		t.Fatal(err)
	}
	table.WriteString("a/b,,,,,,,\n")
	for _, died := range []int{0, 1, 4, 5} {
		s, keys := opened(t), &vault{keys: map[string]seal.Key{}}
		committed(t, s, "id,display_name,email,x1,x2,x3,x4,x5"+table.String()[bytes.IndexByte(table.Bytes(), '\n'):])
		now := time.Now()
		clock := func() time.Time { return now }
		if err := runner(t, &interrupted{s, died}, keys, "first", clock).Run(t.Context()); !errors.Is(err, errDied) {
			t.Fatalf("%d: %v", died, err)
		}
		// Nobody else may go on before the first one's time is over.
		if err := runner(t, s, keys, "second", clock).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i, err := s.GetImport(t.Context(), acme, "i"); err != nil || i.State.Ended() {
			t.Fatalf("%d: taken over at once: %+v, %v", died, i, err)
		}
		now = now.Add(time.Hour)
		if err := runner(t, s, keys, "second", clock).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		i, err := s.GetImport(t.Context(), acme, "i")
		if err != nil || i.State != store.ImportDone || i.Checked != n+1 || i.Applied != n || i.Refused != 1 || i.Updated != 0 || i.Created != n {
			t.Errorf("%d: %+v, %v", died, i, err)
		}
		contacts := 0
		if err := s.EachContact(t.Context(), acme, "", func(store.ContactRow) error { contacts++; return nil }); err != nil || contacts != n {
			t.Errorf("%d: %d contacts, %v", died, contacts, err)
		}
	}
}

// What is cancelled while it is applied stops, and what was applied stays.
func TestImportsAreCancelledUnderWay(t *testing.T) {
	t.Parallel()
	s, keys := opened(t), &vault{keys: map[string]seal.Key{}}
	committed(t, s, "id\na\nb\n")
	if err := runner(t, &interrupted{s, 2}, keys, "me", time.Now).Run(t.Context()); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	if _, err := s.EndImport(t.Context(), acme, "i", store.ImportCancelled, "", time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := runner(t, s, keys, "me", time.Now).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := s.GetContacts(t.Context(), acme, []string{"a", "b"})
	if err != nil || len(all) != 2 {
		t.Errorf("%v, %v", all, err)
	}
}

// held is a store in which an import is lost after it was said some times that somebody works on it.
type held struct {
	store.Imports
	left int
}

func (h *held) ClaimImport(context.Context, string, time.Time, time.Time) (store.Import, error) {
	if h.left < 0 {
		return store.Import{}, store.ErrNotFound
	}
	return store.Import{Kind: "slow", State: store.ImportChecking}, nil
}

func (h *held) HoldImport(context.Context, string, string, string, time.Time) error {
	if h.left--; h.left < 0 {
		return store.ErrLost
	}
	return nil
}

// slow is a kind of rows that never come.
type slow struct{ imports.Kind }

func (slow) Columns(ctx context.Context, _ string) ([]sheet.Column, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Who works on an import says so, however long a step takes, and stops when another one has it.
func TestImportsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, begun := &imports.Runner{Store: &held{left: 10}, Holder: "me", Now: time.Now, Kinds: map[string]imports.Kind{"slow": slow{}}}, time.Now()
		if err := r.Run(t.Context()); err != nil || time.Since(begun) < 50*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

// A table that was not uploaded in full is removed when nobody goes on with it for a day.
func TestUploadsAreForgotten(t *testing.T) {
	t.Parallel()
	s, begun := opened(t), time.Now()
	_, err := s.CreateImport(t.Context(), acme, store.Import{ID: "i", Kind: "contact", CreateTime: begun}, time.Time{})
	if err == nil {
		_, err = s.PutPart(t.Context(), acme, "i", 0, []byte("id"), 1<<30, begun)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after time.Duration
		want  error
	}{{imports.Stale - time.Minute, nil}, {imports.Stale + time.Minute, store.ErrNotFound}} {
		r := &imports.Runner{Store: s, Now: func() time.Time { return begun.Add(step.after) }}
		if err := r.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Part(t.Context(), acme, "i", 0); !errors.Is(err, step.want) {
			t.Errorf("after %v: %v", step.after, err)
		}
	}
}

// stuck is a kind whose tables cannot be worked on for a reason that is not the file's.
type stuck struct{ imports.Kind }

func (stuck) Columns(context.Context, string) ([]sheet.Column, error) {
	return nil, errors.New("the key service is away")
}

// An import that fails lets others go on, and is given up in the end.
func TestImportsThatFailStopNoOther(t *testing.T) {
	t.Parallel()
	s, now := opened(t), time.Now()
	_, err := s.CreateImport(t.Context(), acme, store.Import{ID: "stuck", Kind: "stuck", CreateTime: now.Add(-time.Hour)}, time.Time{})
	if err == nil {
		_, err = s.CommitImport(t.Context(), acme, "stuck", 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	committed(t, s, "id\na\n")
	r := runner(t, s, &vault{keys: map[string]seal.Key{}}, "p", func() time.Time { return now })
	r.Kinds["stuck"] = stuck{}
	if err := r.Run(t.Context()); err == nil {
		t.Error("nobody is told")
	}
	if i, err := s.GetImport(t.Context(), acme, "i"); err != nil || i.State != store.ImportDone {
		t.Errorf("the other one: %+v, %v", i, err)
	}
	tries := 1
	for range 100 {
		i, err := s.GetImport(t.Context(), acme, "stuck")
		if err != nil {
			t.Fatal(err)
		}
		if i.State == store.ImportRefused {
			break
		}
		if now = now.Add(10 * time.Minute); r.Run(t.Context()) != nil {
			tries++
		}
	}
	if i, err := s.GetImport(t.Context(), acme, "stuck"); err != nil || i.State != store.ImportRefused || i.Refusal == "" || tries != 15 {
		t.Errorf("after %d tries: %+v, %v", tries, i, err)
	}
}
