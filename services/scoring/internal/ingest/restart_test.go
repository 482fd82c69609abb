package ingest_test

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// TestRestoredLogIsCountedAnew puts the log of an older backup, which then goes another way, in the place of the log that was counted.
func TestRestoredLogIsCountedAnew(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	random := rand.New(rand.NewPCG(7, 7))
	log := randomLog(random, 100)
	st := openStore(t, t.TempDir())
	defer st.Close()
	f := newFeed(log...)
	var out bytes.Buffer
	r := follow(t, st, f, func(a *ingest.Applier) { a.Logger = slog.New(slog.NewTextHandler(&out, nil)) })
	defer r.stop()
	r.caughtUp(t, f)
	// A rebuild of the old log cannot go on.
	b, err := st.StartRebuild(ctx, "globex", "somebody", noon)
	if err != nil {
		t.Fatal(err)
	}
	restored := append([]*surveyv1.Event{}, log[:40]...)
	f.restore(restored...)
	eventually(t, func() error {
		if position(t, st) != restored[39].GetPosition() {
			return errBroken
		}
		return nil
	})
	other := accepted(random, 60)
	shift(other, restored[39].GetPosition())
	f.add(other...)
	restored = append(restored, other...)
	r.caughtUp(t, f)
	r.stop()
	for _, org := range []string{"acme", "globex"} {
		want := recount(restored, org)
		wantEqualBooks(t, "board", r.board.Book(org), want)
		wantEqualBooks(t, "stored cells", loaded(t, st, org), want)
		wantEqualBooks(t, "stored records", recountStore(t, st, org), want)
	}
	if ended := r.ended(t, b); ended.State != store.Failed || ended.Error == "" {
		t.Errorf("the rebuild that was running: %+v", ended)
	}
	if n := strings.Count(out.String(), "restored from a backup"); n != 1 {
		t.Errorf("it was said %d times: %s", n, out.String())
	}
}

// position is how far the first partition of a store is.
func position(t failer, st store.Store) int64 {
	t.Helper()
	m, err := st.Marks(context.Background())
	if err != nil {
		t.Fatalf("marks: %v", err)
	}
	return m.Cursors[0].Position
}
