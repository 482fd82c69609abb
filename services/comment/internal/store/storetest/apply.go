package storetest

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// applyCases are about what becomes of responses.
func applyCases() []testCase {
	return []testCase{
		{"Stored", storedWhole}, {"OrderByPosition", orderByPosition}, {"TwiceInABatch", twiceInBatch}, {"WithoutComments", withoutComments},
		{"SameTextKeepsWhatWasSaid", sameTextKeeps}, {"SameOriginalKeepsWhatWasSaid", sameOriginalKeeps}, {"AnotherTextDropsWhatWasSaid", anotherTextDrops}, {"CommentThatGoes", commentThatGoes},
		{"AnotherModelKeepsThePrevious", anotherModel}, {"ManyResponses", manyResponses}, {"BareComment", bareComment},
	}
}

func storedWhole(t *testing.T, open Open) {
	w := begin(t, open)
	var all []store.Response
	for _, id := range []string{"r1", "r2", "r3", "r4", "r5"} {
		all = append(all, w.response(acme, visits, id))
	}
	w.apply(all...)
	for _, r := range all {
		w.holds(r)
	}
	w.gone(store.Ref{Organization: acme, Survey: visits, Response: "r1", ID: "other"})
}

func orderByPosition(t *testing.T, open Open) {
	w := begin(t, open)
	first, second := w.response(acme, visits, "r1"), w.response(acme, visits, "r1")
	w.apply(second)
	w.apply(first)
	w.holds(second)
	events, head, err := w.s.OutboxEvents(t.Context(), "", 0, 10)
	must(t, err)
	again := second
	again.Comments = first.Comments
	w.apply(again)
	w.holds(second)
	same2, head2, err := w.s.OutboxEvents(t.Context(), "", 0, 10)
	must(t, err)
	same(t, "events after what was known", same2, events)
	equal(t, "head after what was known", head2, head)
	third := w.response(acme, visits, "r1")
	w.apply(third)
	w.holds(third)
}

func twiceInBatch(t *testing.T, open Open) {
	w := begin(t, open)
	first, second := w.response(acme, visits, "r1"), w.response(acme, visits, "r1")
	w.apply(first, second)
	w.holds(second)
	equal(t, "comments", len(w.list(store.CommentQuery{Slice: store.Slice{Organization: acme}, Limit: 10})), len(second.Comments))
	third, fourth := w.response(acme, visits, "r1"), w.response(acme, visits, "r1")
	w.apply(fourth, third)
	w.holds(fourth)
}

func withoutComments(t *testing.T, open Open) {
	w := begin(t, open)
	r, never := w.response(acme, visits, "r1"), w.response(acme, visits, "r2")
	never.Comments = nil
	w.apply(r, never)
	equal(t, "events", len(w.events()), 1)
	empty := w.response(acme, visits, "r1")
	empty.Comments = nil
	w.apply(empty)
	w.gone(store.Ref{Organization: acme, Survey: visits, Response: "r1", ID: "q0"})
	equal(t, "removed", w.event(r).Removed, true)
	w.empty()
	back := w.response(acme, visits, "r1")
	w.apply(back)
	w.holds(back)
	equal(t, "removed", w.event(r).Removed, false)
}

// said is a response of two comments that were corrected and made testimonials.
func (w *world) said() store.Response {
	w.t.Helper()
	r := w.response(acme, visits, "r1")
	r.Comments = []store.Comment{Comment(w.rand, r, "a"), Comment(w.rand, r, "b")}
	w.apply(r)
	for i := range r.Comments {
		c := stored(r, r.Comments[i])
		correction := store.Correction{Sentiment: store.Mixed, AspectsCorrected: true, Corrector: "who", CreateTime: noon}
		got := check[store.Comment](w.t)(w.s.Correct(w.t.Context(), c.Ref, nil, correction))
		r.Comments[i].Correction = got.Correction
		must(w.t, w.s.CreateTestimonial(w.t.Context(), praise(c.Ref, "t"+c.ID)))
	}
	return r
}

func (w *world) corrections() []store.Correction {
	w.t.Helper()
	all, _, err := w.s.ListCorrections(w.t.Context(), acme, 0, 100)
	must(w.t, err)
	return all
}

func sameTextKeeps(t *testing.T, open Open) {
	w := begin(t, open)
	r := w.said()
	before := w.get(stored(r, r.Comments[0]).Ref)
	w.position++
	again := r
	again.Position, again.Comments = w.position, append([]store.Comment(nil), r.Comments...)
	for i := range again.Comments {
		// What the caller hands over says nothing of corrections.
		again.Comments[i].Correction = nil
		again.Comments[i].Analysis = Analysis(w.rand, "one")
	}
	w.apply(again)
	for i := range again.Comments {
		again.Comments[i].Correction = r.Comments[i].Correction
	}
	w.holds(again)
	after := w.get(before.Ref)
	equal(t, "number", after.Seq, before.Seq)
	equal(t, "sentiment", after.Effective().Sentiment, store.Mixed)
	equal(t, "comments found by what holds", len(w.list(store.CommentQuery{Slice: store.Slice{Organization: acme, Sentiment: store.Mixed}, Limit: 10})), 2)
	equal(t, "corrections", len(w.corrections()), 2)
	check[any](t)(w.s.GetTestimonial(t.Context(), acme, "ta"))
}

// sameOriginalKeeps reads the same originals anew by a model that takes more of them for personal data.
func sameOriginalKeeps(t *testing.T, open Open) {
	w := begin(t, open)
	r := w.said()
	w.position++
	again := r
	again.Position, again.Comments = w.position, append([]store.Comment(nil), r.Comments...)
	for i := range again.Comments {
		c := &again.Comments[i]
		c.Text, c.Terms, c.Similar, c.Correction = "Спасибо, [NAME]", "спасибо", 1000+uint64(i), nil
		c.Analysis = Analysis(w.rand, "two")
	}
	before := w.get(stored(r, r.Comments[0]).Ref)
	w.apply(again)
	for i := range again.Comments {
		again.Comments[i].Correction, again.Comments[i].Previous = r.Comments[i].Correction, &r.Comments[i].Analysis
	}
	w.holds(again)
	equal(t, "number", w.get(before.Ref).Seq, before.Seq)
	equal(t, "corrections", len(w.corrections()), 2)
	check[any](t)(w.s.GetTestimonial(t.Context(), acme, "ta"))
}

func anotherTextDrops(t *testing.T, open Open) {
	w := begin(t, open)
	r := w.said()
	before := w.get(stored(r, r.Comments[0]).Ref)
	w.position++
	again := r
	again.Position, again.Comments = w.position, append([]store.Comment(nil), r.Comments...)
	again.Comments[0] = Comment(w.rand, r, "a")
	again.Comments[1].Correction = nil
	w.apply(again)
	again.Comments[1].Correction = r.Comments[1].Correction
	for i := range again.Comments {
		same(t, "comment", plain(w.get(stored(again, again.Comments[i]).Ref)), stored(again, again.Comments[i]))
	}
	if after := w.get(before.Ref); after.Seq == before.Seq {
		t.Fatal("another text has the number of the one before")
	}
	equal(t, "corrections", len(w.corrections()), 1)
	_, err := w.s.GetTestimonial(t.Context(), acme, "ta")
	want(t, "testimonial of another text", err, store.ErrNotFound)
	// What nothing is known of the original of is told by what is kept of it.
	short := again
	w.position++
	short.Position, short.Comments = w.position, append([]store.Comment(nil), again.Comments...)
	short.Comments[1].Original, short.Comments[1].Text = nil, "да"
	w.apply(short)
	if c := w.get(stored(r, r.Comments[1]).Ref); c.Correction != nil {
		t.Fatal("a correction holds on for another text")
	}
}

func commentThatGoes(t *testing.T, open Open) {
	w := begin(t, open)
	r := w.said()
	w.position++
	again := r
	again.Position, again.Comments = w.position, append([]store.Comment(nil), r.Comments[1:]...)
	w.apply(again)
	w.holds(again)
	w.gone(stored(r, r.Comments[0]).Ref)
	equal(t, "corrections", len(w.corrections()), 1)
}

func anotherModel(t *testing.T, open Open) {
	w := begin(t, open)
	r := w.response(acme, visits, "r1")
	w.apply(r)
	w.position++
	again := r
	again.Position, again.Comments = w.position, append([]store.Comment(nil), r.Comments...)
	for i := range again.Comments {
		again.Comments[i].Analysis = Analysis(w.rand, "two")
	}
	w.apply(again)
	for i := range again.Comments {
		again.Comments[i].Previous = &r.Comments[i].Analysis
	}
	w.holds(again)
}

func manyResponses(t *testing.T, open Open) {
	w := begin(t, open)
	var all []store.Response
	// More than are looked up at a time.
	for i := range 72 {
		all = append(all, w.response([]string{acme, globex}[i%2], []string{visits, calls}[i/2%2], string(rune('a'+i/26))+string(rune('a'+i%26))))
	}
	w.apply(all...)
	for i := range all {
		w.position++
		all[i].Position = w.position
	}
	w.apply(all...)
	for _, r := range all {
		w.holds(r)
	}
}

func bareComment(t *testing.T, open Open) {
	w := begin(t, open)
	w.position++
	r := store.Response{Organization: acme, Survey: visits, ID: "r1", Position: 1, CountTime: noon, Comments: []store.Comment{{Ref: store.Ref{ID: "q"}}}}
	w.apply(r)
	// A comment without a time counts when its response does.
	r.Comments[0].CountTime = noon
	w.holds(r)
}
