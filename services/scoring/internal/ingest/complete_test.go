package ingest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// rowless is a store as it was before there were rows.
type rowless struct{ store.Store }

// Apply leaves rows out.
func (s rowless) Apply(ctx context.Context, b store.Batch) error {
	for i := range b.Changes {
		var old []cell.Chunk
		for _, c := range b.Changes[i].Cells {
			// The second version begins with the length of the cells; the first one has nothing else.
			n, width := binary.Uvarint(c.Data[1:])
			if n > 0 {
				old = append(old, cell.Chunk{Survey: c.Survey, Span: c.Span, Data: append([]byte{1}, c.Data[1+width:1+width+int(n)]...)})
			}
		}
		b.Changes[i].Cells, b.Changes[i].Purged = old, nil
	}
	return s.Store.Apply(ctx, b)
}

// TestMissingRowsAreBrought: of what was counted before there were rows the cube tells all the while, and tables do once a rebuild has brought
// their rows, which begins by itself. What comes meanwhile, removals of what has no rows included, changes nothing of that.
func TestMissingRowsAreBrought(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := tempDirs(t)
	rapid.Check(t, func(t *rapid.T) {
		random := seeded(t)
		log := randomLog(random, 20+random.IntN(80))
		before, meanwhile := random.IntN(len(log))+1, 0
		if rest := len(log) - before; rest > 0 {
			meanwhile = random.IntN(rest)
		}
		st := openStore(t, dir())
		defer func() { _ = st.Close() }()
		old, _ := newApplier(t, rowless{st}, &shopCatalog{})
		if _, err := old.Sink(0).Apply(ctx, log[:before]); err != nil {
			t.Fatalf("apply: %v", err)
		}
		a, board := newApplier(t, st, &shopCatalog{})
		if _, err := a.Sink(0).Apply(ctx, log[before:before+meanwhile]); err != nil {
			t.Fatalf("apply: %v", err)
		}
		for _, org := range []string{"acme", "globex"} {
			want := recount(log[:before+meanwhile], org)
			if d := cube.Diff(board.Cube(org), want.Cube, 1); len(d) > 0 {
				t.Fatalf("cube of %s: %+v", org, d[0])
			}
			// A table that seems complete is.
			if _, complete := board.Table(org, "shop"); complete {
				wantEqualBooks(t, "board of "+org, board.Book(org), want)
			} else if !slices.Contains(board.Short(), org) {
				t.Fatalf("rows of %s are missing, and nobody is told", org)
			}
		}
		f := newFeed(log...)
		r := follow(t, st, f)
		defer r.stop()
		r.caughtUp(t, f)
		eventually(t, func() error {
			if short := r.board.Short(); len(short) > 0 {
				return errors.New("rows are missing")
			}
			// What was rebuilt is seen a moment before it is stored.
			running, err := st.RunningRebuilds(ctx)
			if err == nil && len(running) > 0 {
				err = errors.New("a rebuild is running")
			}
			return err
		})
		r.stop()
		for _, org := range []string{"acme", "globex"} {
			wantEqualBooks(t, "board", r.board.Book(org), recount(log, org))
			wantEqualBooks(t, "stored cells", loaded(t, st, org), recount(log, org))
		}
	})
}
