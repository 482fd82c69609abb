package ingest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/store"
)

// TestSilentRebuildsAreFound takes a rebuild for dead when its signs of life stop, whatever the clock of the other process shows.
func TestSilentRebuildsAreFound(t *testing.T) {
	t.Parallel()
	r := &Rebuilder{applier: &Applier{Options: Options{Instance: "me"}}}
	now := time.Unix(1_000_000, 0)
	// The clock of the other one is a day behind; that of the third is a day ahead, and stands still.
	beat := now.Add(-24 * time.Hour)
	signs := make(map[store.Ledger]sign)
	look := func(after time.Duration, list ...store.Rebuild) []store.Rebuild {
		now = now.Add(after)
		return r.silent(list, signs, now)
	}
	alive := store.Rebuild{Organization: "alive", Number: 1, Owner: "other", Beat: beat}
	dead := store.Rebuild{Organization: "dead", Number: 1, Owner: "third", Beat: now.Add(24 * time.Hour)}
	mine := store.Rebuild{Organization: "mine", Number: 1, Owner: "me", Beat: beat}
	for range 10 {
		alive.Beat = alive.Beat.Add(beatInterval)
		if got := look(4*time.Second, alive, mine); len(got) > 0 {
			t.Fatalf("taken for dead: %+v", got)
		}
	}
	if got := look(0, alive, dead); len(got) > 0 {
		t.Fatalf("taken for dead at first sight: %+v", got)
	}
	// Progress is a sign of life, too.
	dead.Version++
	if got := look(deadAfter, dead); len(got) > 0 {
		t.Fatalf("taken for dead after progress: %+v", got)
	}
	if got := look(deadAfter-time.Second, dead); len(got) > 0 {
		t.Fatalf("taken for dead too early: %+v", got)
	}
	if got := look(time.Second, dead); len(got) != 1 || got[0].Organization != "dead" {
		t.Fatalf("taken for dead: %+v, want the third", got)
	}
	// One that is gone is forgotten.
	look(0)
	if len(signs) > 0 {
		t.Errorf("still watched: %+v", signs)
	}
}
