package storetest

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

func withdrawnAnew(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	r := w.response(acme, visits, "r1")
	r.Comments = []store.Comment{Comment(w.rand, r, "a")}
	r.Comments[0].Analysis.Sentiment = store.Positive
	w.apply(r)
	ref := r.Comments[0].Ref
	candidates := func() int {
		found, _, err := w.s.ListCandidates(ctx, store.CommentQuery{Slice: store.Slice{Organization: acme}, Limit: 5})
		must(t, err)
		return len(found)
	}
	for _, id := range []string{"t1", "t2"} {
		equal(t, "candidates before "+id, candidates(), 1)
		made := praise(ref, id)
		must(t, w.s.CreateTestimonial(ctx, made))
		equal(t, "candidates with "+id, candidates(), 0)
		want(t, "a second beside "+id, w.s.CreateTestimonial(ctx, praise(ref, "t3")), store.ErrExists)
		made.Withdraw(noon)
		must(t, w.s.UpdateTestimonial(ctx, made, testimonial.Draft))
	}
	want(t, "create under the name of a withdrawn one", w.s.CreateTestimonial(ctx, praise(ref, "t1")), store.ErrExists)
	w.remove(r, "e")
	same(t, "erased", check[store.Erased](t)(w.s.Erased(ctx, acme, "e")), store.Erased{Comments: 1, Testimonials: 2})
}

// quotesChecked takes quotes back that are no part of the text any more, however it came to be another.
func quotesChecked(t *testing.T, open Open) {
	const before, after = "Спасибо, Айгуль! Всё быстро.", "Спасибо, [NAME]! Всё быстро."
	for name, change := range map[string]func(w *world, r store.Response){
		"analysed anew": func(w *world, _ store.Response) {
			ctx := w.t.Context()
			check[store.Reanalysis](w.t)(w.s.BeginReanalysis(ctx, reanalysis(acme, "a", noon)))
			run := check[store.Reanalysis](w.t)(w.s.ClaimReanalysis(ctx, "x", noon, soon(noon)))
			comments := check[[]store.Comment](w.t)(w.s.StaleComments(ctx, acme, "two", 0, 0, 100))
			for i := range comments {
				comments[i].Text = after
			}
			must(w.t, w.s.StoreAnalyses(ctx, "x", soon(noon), run, comments))
		},
		"read again": func(w *world, r store.Response) {
			w.position++
			r.Position = w.position
			for i := range r.Comments {
				r.Comments[i].Text = after
			}
			w.apply(r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, open)
			ctx := t.Context()
			r := w.response(acme, visits, name)
			r.Comments = nil
			for _, id := range []string{"a", "b", "c"} {
				c := Comment(w.rand, r, id)
				c.Text = before
				r.Comments = append(r.Comments, c)
			}
			w.apply(r)
			for i, quote := range []string{"Спасибо, Айгуль!", "Всё быстро", before} {
				made := praise(r.Comments[i].Ref, name+r.Comments[i].ID)
				made.Text, made.State = quote, testimonial.Published
				must(t, w.s.CreateTestimonial(ctx, made))
			}
			change(w, r)
			for i, left := range []string{"", "Всё быстро", ""} {
				got := check[testimonial.Testimonial](t)(w.s.GetTestimonial(ctx, acme, name+r.Comments[i].ID))
				equal(t, "text", got.Text, left)
				equal(t, "published", got.State == testimonial.Published, left != "")
				equal(t, "withdrawn", !got.WithdrawTime.IsZero(), left == "")
			}
		})
	}
}
