// Package storetest is the conformance suite of comment stores: what package store promises, as tests that every backend has to pass.
package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// Open opens a store of the test, empty at first; opened again within the same test it holds what was stored before. The suite closes what
// it opens, before it opens the next.
type Open func(t testing.TB) store.Store

// testCase is one promise.
type testCase struct {
	name string
	run  func(t *testing.T, open Open)
}

// Run runs the suite. newOpen is called once for each case and returns the way to open that case's store.
func Run(t *testing.T, newOpen func(t testing.TB) Open) {
	for _, c := range slices.Concat(lifeCases(), feedCases(), applyCases(), removalCases(), deadLetterCases(), listCases(), searchCases(), duplicateCases(), countCases(),
		correctionCases(), aspectCases(), reanalysisCases(), analysisCases(), entryCases(), testimonialCases(), outboxCases(), personCases(), wordCases(), isolationCases()) {
		t.Run(c.name, func(t *testing.T) {
			open := newOpen(t)
			t.Parallel()
			c.run(t, open)
		})
	}
}

// lifeCases are about stores as a whole.
func lifeCases() []testCase {
	return []testCase{{"UseAfterClose", useAfterClose}, {"EndedContext", endedContext}, {"Reopened", reopened}}
}

func useAfterClose(t *testing.T, open Open) {
	s := open(t)
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "ping", s.Ping(t.Context()), store.ErrClosed)
	_, err := s.HoldFeed(t.Context(), holder, noon, noon)
	want(t, "hold feed", err, store.ErrClosed)
	_, _, err = s.ListComments(t.Context(), store.CommentQuery{Slice: store.Slice{Organization: acme}, Limit: 1})
	want(t, "list comments", err, store.ErrClosed)
}

func endedContext(t *testing.T, open Open) {
	w := begin(t, open)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, "apply", w.s.ApplyEvents(ctx, holder, store.Batch{To: 5}), context.Canceled)
	_, err := w.s.GetComment(ctx, store.Ref{Organization: acme}, nil)
	want(t, "get", err, context.Canceled)
	equal(t, "position", w.cursor().Position, 0)
}

func reopened(t *testing.T, open Open) {
	s := open(t)
	w := &world{t: t, s: s, rand: rand.New(rand.NewPCG(1, 1))}
	w.hold()
	r := w.response(acme, visits, "r1")
	w.apply(r)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	w = begin(t, open)
	w.holds(r)
	equal(t, "position", w.cursor().Position, r.Position)
}

// holder follows the feed.
const holder = "tester"

// world is a store with what was put into it.
type world struct {
	t    testing.TB
	s    store.Store
	rand *rand.Rand
	// position is that of the last event made.
	position int64
}

// begin opens a store, which is closed at the end of the test, and takes the feed.
func begin(t testing.TB, open Open) *world {
	t.Helper()
	s := open(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	w := &world{t: t, s: s, rand: rand.New(rand.NewPCG(1, 2))}
	w.hold()
	return w
}

// hold takes the feed for a long time.
func (w *world) hold() {
	w.t.Helper()
	c, err := w.s.HoldFeed(w.t.Context(), holder, noon, noon.AddDate(100, 0, 0))
	if err != nil {
		w.t.Fatal(err)
	}
	w.position = c.Position
}

func (w *world) cursor() store.Cursor {
	w.t.Helper()
	c, err := w.s.Cursor(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// response makes a response at random at the next position.
func (w *world) response(organization, survey, id string) store.Response {
	w.position++
	return Response(w.rand, organization, survey, id, w.position)
}

// batch applies a batch from where the feed is to the last position made.
func (w *world) batch(b store.Batch) {
	w.t.Helper()
	b.From, b.To = w.cursor().Position, w.position
	if err := w.s.ApplyEvents(w.t.Context(), holder, b); err != nil {
		w.t.Fatal(err)
	}
}

// apply applies responses.
func (w *world) apply(responses ...store.Response) {
	w.t.Helper()
	w.batch(store.Batch{Responses: responses})
}

// remove applies the removal of a response at the next position.
func (w *world) remove(r store.Response, erasure string) {
	w.t.Helper()
	w.position++
	w.batch(store.Batch{Removals: []store.Removal{{Organization: r.Organization, Survey: r.Survey, Response: r.ID, Erasure: erasure, Position: w.position}}})
}

// get reads a comment.
func (w *world) get(ref store.Ref) store.Comment {
	w.t.Helper()
	c, err := w.s.GetComment(w.t.Context(), ref, nil)
	if err != nil {
		w.t.Fatalf("get %v: %v", ref, err)
	}
	return c
}

// gone checks that a comment is not there.
func (w *world) gone(ref store.Ref) {
	w.t.Helper()
	_, err := w.s.GetComment(w.t.Context(), ref, nil)
	want(w.t, "get a comment that is gone", err, store.ErrNotFound)
}

// list reads all comments of a slice, page by page.
func (w *world) list(q store.CommentQuery) []store.Comment {
	w.t.Helper()
	var all []store.Comment
	for {
		found, more, err := w.s.ListComments(w.t.Context(), q)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, found...)
		if !more {
			return all
		}
		last := found[len(found)-1]
		q.Before = store.Mark{CountTime: last.CountTime, Seq: last.Seq}
	}
}

// stored is a comment of a response as it is read; what the store fills by itself is left out.
func stored(r store.Response, c store.Comment) store.Comment {
	c.Organization, c.Survey, c.Response = r.Organization, r.Survey, r.ID
	c.AnswerLanguage, c.Context, c.NPS, c.Person = r.Language, r.Context, r.NPS, r.Person
	if c.ReceiveTime = r.ReceiveTime; c.ReceiveTime.IsZero() {
		c.ReceiveTime = r.CountTime
	}
	return plain(c)
}

// plain is a comment without what the store fills by itself, or does not give back.
func plain(c store.Comment) store.Comment {
	c.Seq, c.Terms, c.Duplicates = 0, "", 0
	return c
}

// holds checks that all of a response is there, in order.
func (w *world) holds(r store.Response) {
	w.t.Helper()
	var seq int64
	for _, c := range r.Comments {
		c = stored(r, c)
		got := w.get(c.Ref)
		if got.Seq <= seq {
			w.t.Fatalf("%v has number %d after %d", c.Ref, got.Seq, seq)
		}
		seq = got.Seq
		same(w.t, "comment", plain(got), c)
	}
}

// reporter is a test, of this package or of a library.
type reporter interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func want(t reporter, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("%s: got %v, want %v", what, err, target)
	}
}

func must(t reporter, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// check returns a value, and fails the test on an error.
func check[T any](t reporter) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func equal[T comparable](t reporter, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func same[T any](t reporter, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// refs are the names of comments.
func refs(comments []store.Comment) []store.Ref {
	var out []store.Ref
	for _, c := range comments {
		out = append(out, c.Ref)
	}
	return out
}

// soon is a while after a time.
func soon(t time.Time) time.Time { return t.Add(time.Minute) }
