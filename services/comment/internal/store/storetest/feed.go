package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// feedCases are about who follows the change log, and how far.
func feedCases() []testCase {
	return []testCase{
		{"OneHolder", oneHolder}, {"CursorMoves", cursorMoves}, {"NothingOfAFailedBatch", nothingOfFailedBatch}, {"Restart", restart}, {"EndPass", endPass},
	}
}

func oneHolder(t *testing.T, open Open) {
	s := begin(t, open).s
	ctx := t.Context()
	must(t, s.LeaveFeed(ctx, holder))
	check[store.Cursor](t)(s.HoldFeed(ctx, "a", noon, soon(noon)))
	_, err := s.HoldFeed(ctx, "b", noon, soon(noon))
	want(t, "hold what is another's", err, store.ErrLost)
	check[store.Cursor](t)(s.HoldFeed(ctx, "a", noon, noon.Add(2*time.Minute)))
	_, err = s.HoldFeed(ctx, "b", soon(noon), noon.Add(time.Hour))
	want(t, "hold what was prolonged", err, store.ErrLost)
	must(t, s.LeaveFeed(ctx, "b"))
	check[store.Cursor](t)(s.HoldFeed(ctx, "b", noon.Add(2*time.Minute), noon.Add(time.Hour)))
	for what, err := range map[string]error{
		"apply":   s.ApplyEvents(ctx, "a", store.Batch{To: 1}),
		"restart": s.RestartFeed(ctx, "a"),
	} {
		want(t, what+" by who lost the feed", err, store.ErrLost)
	}
	_, err = s.EndPass(ctx, "a", 10)
	want(t, "end pass by who lost the feed", err, store.ErrLost)
	must(t, s.LeaveFeed(ctx, "b"))
	check[store.Cursor](t)(s.HoldFeed(ctx, "a", noon, soon(noon)))
}

func cursorMoves(t *testing.T, open Open) {
	s := begin(t, open).s
	ctx := t.Context()
	must(t, s.ApplyEvents(ctx, holder, store.Batch{To: 10, AsOf: noon}))
	same(t, "cursor", check[store.Cursor](t)(s.Cursor(ctx)), store.Cursor{Position: 10, AsOf: noon})
	must(t, s.ApplyEvents(ctx, holder, store.Batch{From: 10, To: 12}))
	same(t, "cursor that keeps its time", check[store.Cursor](t)(s.Cursor(ctx)), store.Cursor{Position: 12, AsOf: noon})
	want(t, "a batch that does not follow", s.ApplyEvents(ctx, holder, store.Batch{From: 10, To: 13}), store.ErrLost)
	same(t, "cursor of who holds it", check[store.Cursor](t)(s.HoldFeed(ctx, holder, noon, soon(noon))), store.Cursor{Position: 12, AsOf: noon})
}

func nothingOfFailedBatch(t *testing.T, open Open) {
	w := begin(t, open)
	r := w.response(acme, visits, "r1")
	want(t, "a batch that does not follow", w.s.ApplyEvents(t.Context(), holder, store.Batch{From: 5, To: 6, Responses: []store.Response{r}}), store.ErrLost)
	w.gone(store.Ref{Organization: acme, Survey: visits, Response: "r1", ID: "q0"})
	equal(t, "position", w.cursor().Position, 0)
	w.apply(r)
	w.holds(r)
}

func restart(t *testing.T, open Open) {
	w := begin(t, open)
	old := w.response(acme, visits, "r1")
	w.apply(old)
	must(t, w.s.RestartFeed(t.Context(), holder))
	c := w.cursor()
	equal(t, "position", c.Position, 0)
	equal(t, "pass", c.Pass, 1)
	w.holds(old)
	// Positions of another log say nothing about those of this one.
	w.position = 0
	anew := w.response(acme, visits, "r1")
	anew.Position = 0
	w.apply(anew)
	w.holds(anew)
}

func endPass(t *testing.T, open Open) {
	w := begin(t, open)
	var all []store.Response
	for _, id := range []string{"r1", "r2", "r3", "r4"} {
		all = append(all, w.response(acme, visits, id))
	}
	all = append(all, w.response(globex, visits, "r1"))
	w.apply(all...)
	w.die(acme, "aside")
	w.die(globex, "aside")
	equal(t, "removed before another pass", check[int](t)(w.s.EndPass(t.Context(), holder, 10)), 0)
	must(t, w.s.RestartFeed(t.Context(), holder))
	w.position = 0
	again := w.response(acme, visits, "r2")
	again.Comments = all[1].Comments
	w.apply(again)
	w.die(acme, "again")
	equal(t, "removed", check[int](t)(w.s.EndPass(t.Context(), holder, 3)), 3)
	equal(t, "removed then", check[int](t)(w.s.EndPass(t.Context(), holder, 3)), 3)
	equal(t, "removed at last", check[int](t)(w.s.EndPass(t.Context(), holder, 3)), 0)
	equal(t, "dead letters", len(check[[]store.DeadLetter](t)(w.s.ListDeadLetters(t.Context(), acme, 0, 10))), 1)
	equal(t, "another's dead letters", len(check[[]store.DeadLetter](t)(w.s.ListDeadLetters(t.Context(), globex, 0, 10))), 0)
	w.holds(again)
	for i, r := range all {
		if i != 1 {
			w.gone(store.Ref{Organization: r.Organization, Survey: r.Survey, Response: r.ID, ID: "q0"})
			equal(t, "removed event of "+r.ID, w.event(r).Removed, true)
		}
	}
}
