package api_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// attempt is one submission of a client: an identifier, one of a few contents, alone or in a batch.
type attempt struct {
	id      string
	content int
	batch   bool
}

func (a attempt) response() *surveyv1.Response {
	m := good()
	m.Answers[0] = score("recommend", float64(5+a.content))
	return m
}

// run makes the attempt and describes the outcome: "" when it failed for another reason than the identifier.
func (a attempt) run(t *testing.T, f *fixture, survey string) (outcome string, stored *surveyv1.Response) {
	if a.batch {
		r, err := f.surveys.BatchSubmitResponses(t.Context(), &surveyv1.BatchSubmitResponsesRequest{Parent: survey, Requests: []*surveyv1.SubmitResponseRequest{
			{ResponseId: a.id, Response: a.response()}, {ResponseId: a.id, Response: a.response()}}})
		if err != nil {
			t.Error(err)
			return "", nil
		}
		first, second := r.GetResults()[0], r.GetResults()[1]
		// Whatever became of the first, the second is its retry.
		if first.GetAccepted() != nil && !second.GetAccepted().GetReplayed() || first.GetError() != nil && second.GetError() == nil {
			t.Errorf("a retry within a batch: %v, then %v", first, second)
		}
		if acc := first.GetAccepted(); acc != nil {
			return map[bool]string{false: "accepted", true: "replayed"}[acc.GetReplayed()], acc.GetResponse()
		}
		return "reused", nil
	}
	r, err := f.submit(t.Context(), survey, a.id, a.response())
	switch {
	case err == nil:
		return map[bool]string{false: "accepted", true: "replayed"}[r.GetReplayed()], r.GetResponse()
	case rpcerr.Reason(err) == "ID_REUSED":
		return "reused", nil
	default:
		t.Error(err)
		return "", nil
	}
}

// TestOneRowAndOneChangePerIdentifier: however submissions, retries and conflicts interleave, each identifier is accepted once, everybody else
// is told of that acceptance, and the store holds one row and one change of it.
func TestOneRowAndOneChangePerIdentifier(t *testing.T) {
	f := newFixture(t)
	var change int64
	rapid.Check(t, func(rt *rapid.T) {
		survey := f.published(t, visit())
		attempts := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) attempt {
			return attempt{
				id: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "id"), content: rapid.IntRange(0, 2).Draw(rt, "content"),
				batch: rapid.Bool().Draw(rt, "batch"),
			}
		}), 1, 24).Draw(rt, "attempts")
		callers := rapid.IntRange(1, 8).Draw(rt, "callers")

		type result struct {
			attempt
			outcome string
			stored  *surveyv1.Response
		}
		results := make([]result, len(attempts))
		var wg sync.WaitGroup
		for c := range callers {
			wg.Go(func() {
				for i := c; i < len(attempts); i += callers {
					outcome, stored := attempts[i].run(t, f, survey)
					results[i] = result{attempts[i], outcome, stored}
				}
			})
		}
		wg.Wait()

		first := map[string]result{}
		for _, r := range results {
			if r.outcome != "accepted" {
				continue
			}
			if _, ok := first[r.id]; ok {
				rt.Fatalf("%s was accepted twice", r.id)
			}
			first[r.id] = r
		}
		for _, r := range results {
			winner, ok := first[r.id]
			switch {
			case !ok:
				rt.Fatalf("%s was never accepted: %+v", r.id, results)
			case r.outcome == "replayed" && (r.content != winner.content || !proto.Equal(r.stored, winner.stored)):
				rt.Fatalf("%+v was answered with %+v", r, winner)
			case r.outcome == "reused" && r.content == winner.content:
				rt.Fatalf("a true retry of %+v was refused", winner)
			}
		}
		rows := map[string]*surveyv1.Response{}
		list, err := f.surveys.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: survey, PageSize: 100})
		if err != nil {
			rt.Fatal(err)
		}
		for _, r := range list.GetResponses() {
			rows[r.GetName()] = r
		}
		if len(list.GetResponses()) != len(first) || len(rows) != len(first) {
			rt.Fatalf("%d rows of %d identifiers, want %d", len(list.GetResponses()), len(rows), len(first))
		}
		b, err := f.store.ReadChanges(t.Context(), store.ChangeQuery{After: change, Page: store.Page{Limit: 1000}})
		if err != nil {
			rt.Fatal(err)
		}
		change = b.Head
		changes := map[string]int{}
		for _, c := range b.Changes {
			changes[fmt.Sprintf("surveys/%s/responses/%s", c.Submission.Survey, c.Submission.ID)]++
		}
		for id, r := range first {
			name := survey + "/responses/" + id
			if changes[name] != 1 || !proto.Equal(rows[name], r.stored) {
				rt.Fatalf("%s: %d changes, row %v, told %v", name, changes[name], rows[name], r.stored)
			}
		}
		if len(b.Changes) != len(first) {
			rt.Fatalf("%d changes, want %d", len(b.Changes), len(first))
		}
	})
}

// TestFeedEqualsTheStore: a reader that comes and goes at random sees every response once, in the order of the list.
func TestFeedEqualsTheStore(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	const writers, each = 4, 60
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				m := good()
				m.AnswerTime = timestamppb.New(start.Add(-time.Duration(w*each+i) * time.Second))
				if _, err := f.submit(t.Context(), survey, fmt.Sprintf("%d-%d", w, i), m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var names []string
	var after int64
	for len(names) < writers*each {
		r := f.tail(t, after, "")
		for range 1 + rand.IntN(3) {
			m, err := r.stream.Recv()
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range m.GetEvents() {
				if e.GetPosition() <= after {
					t.Fatalf("position %d after %d", e.GetPosition(), after)
				}
				names, after = append(names, e.GetResponse().GetName()), e.GetPosition()
			}
		}
		r.cancel()
	}
	wg.Wait()
	list, err := f.surveys.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: survey, PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range list.GetResponses() {
		if i >= len(names) || names[i] != r.GetName() {
			t.Fatal(errors.New("the feed and the list differ"), i, len(names), len(list.GetResponses()))
		}
	}
}
