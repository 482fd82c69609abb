package storetest

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// deadLetterCases are about what could not be analysed.
func deadLetterCases() []testCase {
	return []testCase{{"DeadLetters", deadLetters}, {"DeadLetterReplayed", deadLetterReplayed}, {"DeadLetterOfAnotherPass", deadLetterOfPass}}
}

// die applies a dead letter of a response at the next position.
func (w *world) die(organization, response string) store.DeadLetter {
	w.t.Helper()
	w.position++
	d := store.DeadLetter{
		Organization: organization, Survey: visits, Response: response, Position: w.position, Reason: "it was odd", Event: []byte{0, 1, 2}, CreateTime: noon,
	}
	w.batch(store.Batch{DeadLetters: []store.DeadLetter{d}})
	all := check[[]store.DeadLetter](w.t)(w.s.ListDeadLetters(w.t.Context(), organization, 0, 100))
	d.ID = all[len(all)-1].ID
	return d
}

func deadLetters(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	first, _, third := w.die(acme, "r1"), w.die(globex, "r1"), w.die(acme, "r2")
	same(t, "all", check[[]store.DeadLetter](t)(w.s.ListDeadLetters(ctx, acme, 0, 10)), []store.DeadLetter{first, third})
	same(t, "after one", check[[]store.DeadLetter](t)(w.s.ListDeadLetters(ctx, acme, first.ID, 10)), []store.DeadLetter{third})
	same(t, "a page", check[[]store.DeadLetter](t)(w.s.ListDeadLetters(ctx, acme, 0, 1)), []store.DeadLetter{first})
	same(t, "one", check[store.DeadLetter](t)(w.s.GetDeadLetter(ctx, acme, third.ID)), third)
	_, err := w.s.GetDeadLetter(ctx, globex, third.ID)
	want(t, "another's", err, store.ErrNotFound)
	want(t, "replay another's", w.s.ReplayDeadLetter(ctx, globex, third.ID, store.Response{}), store.ErrNotFound)
}

func deadLetterReplayed(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	d := w.die(acme, "r1")
	r := Response(w.rand, acme, visits, "r1", d.Position)
	must(t, w.s.ReplayDeadLetter(ctx, acme, d.ID, r))
	w.holds(r)
	want(t, "replay again", w.s.ReplayDeadLetter(ctx, acme, d.ID, r), store.ErrNotFound)

	d = w.die(acme, "r2")
	later := w.response(acme, visits, "r2")
	w.apply(later)
	must(t, w.s.ReplayDeadLetter(ctx, acme, d.ID, Response(w.rand, acme, visits, "r2", d.Position)))
	w.holds(later)
	equal(t, "dead letters", len(check[[]store.DeadLetter](t)(w.s.ListDeadLetters(ctx, acme, 0, 10))), 0)

	// What a response said before it said nothing any more must not come back.
	d = w.die(acme, "r3")
	silent := w.response(acme, visits, "r3")
	silent.Comments = nil
	w.apply(silent)
	want(t, "replay of what was taken back", w.s.ReplayDeadLetter(ctx, acme, d.ID, Response(w.rand, acme, visits, "r3", d.Position)), store.ErrNotFound)
}

func deadLetterOfPass(t *testing.T, open Open) {
	w := begin(t, open)
	w.die(acme, "r1")
	must(t, w.s.RestartFeed(t.Context(), holder))
	w.position = 0
	again := w.die(acme, "r1")
	same(t, "dead letters", check[[]store.DeadLetter](t)(w.s.ListDeadLetters(t.Context(), acme, 0, 10)), []store.DeadLetter{again})
}
