package storetest

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

// testimonialCases are about praise that may be shown.
func testimonialCases() []testCase {
	return []testCase{{"Testimonials", testimonials}, {"TestimonialsInOrder", testimonialsInOrder}, {"Candidates", candidates}, {"WithdrawnIsNotInTheWay", withdrawnAnew}, {"QuotesOfAnotherText", quotesChecked}}
}

// praise is a testimonial of a comment.
func praise(ref store.Ref, id string) testimonial.Testimonial {
	return testimonial.Testimonial{
		Organization: ref.Organization, ID: id, Survey: ref.Survey, Response: ref.Response, Comment: ref.ID, Text: "Спасибо", State: testimonial.Draft,
		Uses: []testimonial.Use{testimonial.Thanks, testimonial.Advantage}, Creator: "who", CreateTime: noon,
	}
}

func testimonials(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	r := w.response(acme, visits, "r1")
	r.Comments = []store.Comment{Comment(w.rand, r, "a"), Comment(w.rand, r, "b")}
	w.apply(r)
	a, b := stored(r, r.Comments[0]).Ref, stored(r, r.Comments[1]).Ref
	made := praise(a, "t1")
	must(t, w.s.CreateTestimonial(ctx, made))
	same(t, "read", check[testimonial.Testimonial](t)(w.s.GetTestimonial(ctx, acme, "t1")), made)
	want(t, "create under a name that is taken", w.s.CreateTestimonial(ctx, praise(b, "t1")), store.ErrExists)
	want(t, "create of what is one", w.s.CreateTestimonial(ctx, praise(a, "t2")), store.ErrExists)
	want(t, "create of nothing", w.s.CreateTestimonial(ctx, praise(store.Ref{Organization: globex, Survey: visits, Response: "r1", ID: "a"}, "t3")), store.ErrNotFound)
	made.State, made.Consent, made.PublishTime, made.Uses = testimonial.Published, "consents/1", soon(noon), nil
	must(t, w.s.UpdateTestimonial(ctx, made, testimonial.Draft))
	same(t, "published", check[testimonial.Testimonial](t)(w.s.GetTestimonial(ctx, acme, "t1")), made)
	want(t, "update over another state", w.s.UpdateTestimonial(ctx, made, testimonial.Draft), store.ErrChanged)
	other := made
	other.Organization = globex
	want(t, "update another's", w.s.UpdateTestimonial(ctx, other, testimonial.Published), store.ErrNotFound)
	_, err := w.s.GetTestimonial(ctx, globex, "t1")
	want(t, "read another's", err, store.ErrNotFound)
}

func testimonialsInOrder(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	r, other := w.response(acme, visits, "r1"), w.response(globex, visits, "r1")
	r.Comments = nil
	for _, id := range []string{"a", "b", "c", "d"} {
		r.Comments = append(r.Comments, Comment(w.rand, r, id))
	}
	w.apply(r, other)
	for i, c := range append(r.Comments, other.Comments[0]) {
		made := praise(c.Ref, "t-"+c.ID)
		if i%2 == 1 {
			made.Uses = []testimonial.Use{testimonial.Training}
		}
		if i != 0 {
			made.State = testimonial.Published
		}
		made.Survey, made.Response, made.CreateTime = visits, "r1", noon.Add(time.Duration(i)*time.Hour)
		must(t, w.s.CreateTestimonial(ctx, made))
	}
	list := func(q store.TestimonialQuery) (out []string) {
		t.Helper()
		q.Organization = acme
		for {
			page, more, err := w.s.ListTestimonials(ctx, q)
			must(t, err)
			for _, v := range page {
				out = append(out, v.ID)
			}
			if !more {
				return out
			}
			q.Offset += len(page)
		}
	}
	same(t, "all", list(store.TestimonialQuery{Limit: 3}), []string{"t-d", "t-c", "t-b", "t-a"})
	same(t, "by state", list(store.TestimonialQuery{Limit: 3, State: testimonial.Published}), []string{"t-d", "t-c", "t-b"})
	same(t, "by use", list(store.TestimonialQuery{Limit: 3, Use: testimonial.Training}), []string{"t-d", "t-b"})
	same(t, "by use and state", list(store.TestimonialQuery{Limit: 3, Use: testimonial.Thanks, State: testimonial.Published}), []string{"t-c"})
	published := func(after [2]string, limit int) (out []string) {
		t.Helper()
		for _, v := range check[[]testimonial.Testimonial](t)(w.s.PublishedAfter(ctx, after, limit)) {
			out = append(out, v.Organization+"/"+v.ID)
		}
		return out
	}
	same(t, "published", published([2]string{}, 3), []string{"acme/t-b", "acme/t-c", "acme/t-d"})
	same(t, "published after", published([2]string{acme, "t-c"}, 3), []string{"acme/t-d", "globex/t-q0"})
}

func candidates(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	all := w.fill(48)
	var left []store.Comment
	for i, c := range all {
		if i%4 == 0 {
			must(t, w.s.CreateTestimonial(ctx, praise(c.Ref, "t-"+c.Survey+c.Response+c.ID)))
		} else if c.Effective().Sentiment == store.Positive {
			left = append(left, c)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		slice := drawSlice(t, acme)
		var got []store.Comment
		q := store.CommentQuery{Slice: slice, Limit: 3}
		for {
			page, more, err := w.s.ListCandidates(ctx, q)
			must(t, err)
			got = append(got, page...)
			if !more {
				break
			}
			last := page[len(page)-1]
			q.Before = store.Mark{CountTime: last.CountTime, Seq: last.Seq}
		}
		// They are positive, whatever is asked for.
		slice.Sentiment = store.Positive
		same(t, "candidates", refs(got), refs(sliceOf(slice, left)))
	})
}
