// Package storetest is the conformance suite of survey stores: what package store promises, as tests that every backend has to pass.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// Open opens a store of the test, empty at first; opened again within the same test it holds what was stored before. The suite closes what
// it opens. Run closes one before it opens the next, RunShared has several open at a time.
type Open func(t testing.TB) store.Store

// Run runs the suite. newOpen is called once for each case and returns the way to open that case's store.
func Run(t *testing.T, newOpen func(t testing.TB) Open) {
	run(t, newOpen, []testCase{
		{"SurveyRoundTrip", surveyRoundTrip},
		{"SurveyConflicts", surveyConflicts},
		{"SurveyUpdates", surveyUpdates},
		{"SurveyDeletes", surveyDeletes},
		{"CreateReplay", createReplay},
		{"CreateReplayConcurrently", createReplayConcurrently},
		{"SurveyPages", surveyPages},
		{"SurveyPagesStable", surveyPagesStable},
		{"Status", status},
		{"StatusFollowsConcurrentChanges", statusFollowsConcurrentChanges},
		{"UpdatesCompete", updatesCompete},
		{"Revisions", revisions},
		{"Accept", accept},
		{"AcceptReplay", acceptReplay},
		{"AcceptWithinOneCall", acceptWithinOneCall},
		{"AcceptConcurrently", acceptConcurrently},
		{"AcceptForMany", acceptForMany},
		{"KindsAndSurveysApart", kindsAndSurveysApart},
		{"OrganisationsApart", organisationsApart},
		{"Unicode", unicode},
		{"Times", times},
		{"SubmissionPages", submissionPages},
		{"SubmissionPagesStable", submissionPagesStable},
		{"SubmissionPeriods", submissionPeriods},
		{"PageBytes", pageBytes},
		{"Changes", changes},
		{"ChangesOfOneOrganisation", changesOfOneOrganisation},
		{"ChangesInOrderWhileWriting", changesInOrderWhileWriting},
		{"Await", await},
		{"Cancellation", cancellation},
		{"CancellationUnderWay", cancellationUnderWay},
		{"Reopen", reopen},
		{"UseAfterClose", useAfterClose},
	})
}

type testCase struct {
	name string
	run  func(t *testing.T, open Open)
}

func run(t *testing.T, newOpen func(t testing.TB) Open, cases []testCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, newOpen(t)) })
	}
}

const (
	acme   = "acme"
	globex = "globex"
	// patience is how long a case waits for something that must happen.
	patience = 30 * time.Second
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// opened opens a store and closes it at the end of the test.
func opened(t testing.TB, open Open) store.Store {
	t.Helper()
	s := open(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func draft(org, id string) store.Survey {
	return store.Survey{
		Organization: org, ID: id, Status: lifecycle.Status{State: lifecycle.Draft}, CreateTime: noon, UpdateTime: noon, Body: []byte("body of " + id),
	}
}

func create(t testing.TB, s store.Store, v store.Survey) store.Survey {
	t.Helper()
	out, replayed, err := s.CreateSurvey(t.Context(), v, store.Request{})
	if err != nil || replayed {
		t.Fatalf("create %s: replayed %v, %v", v.ID, replayed, err)
	}
	return out
}

func submission(id string) store.NewSubmission {
	return store.NewSubmission{ID: id, Fingerprint: []byte("print of " + id), Revision: 1, CountTime: noon, Body: []byte("body of " + id)}
}

// take accepts responses and returns what is stored; each must be new.
func take(t testing.TB, s store.Store, org, survey string, in ...store.NewSubmission) []store.Submission {
	t.Helper()
	outcomes, err := s.Accept(t.Context(), org, survey, store.KindResponse, in)
	if err != nil {
		t.Fatalf("accept: %v", err)
	}
	out := make([]store.Submission, len(outcomes))
	for i, o := range outcomes {
		if o.Err != nil || o.Replayed {
			t.Fatalf("accept %s: replayed %v, %v", in[i].ID, o.Replayed, o.Err)
		}
		out[i] = o.Submission
	}
	return out
}

func want(t testing.TB, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("%s: got %v, want %v", what, err, target)
	}
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Fatalf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func ids(list []store.Submission) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.ID
	}
	return out
}

// changesOf reads all changes from a position on.
func changesOf(t testing.TB, s store.Store, q store.ChangeQuery) (out []store.Change, head int64) {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 1000
	}
	for {
		b, err := s.ReadChanges(t.Context(), q)
		if err != nil {
			t.Fatalf("read changes: %v", err)
		}
		out = append(out, b.Changes...)
		if !b.More {
			return out, b.Head
		}
		if len(b.Changes) == 0 {
			t.Fatal("read changes: more is promised after nothing")
		}
		q.After = b.Changes[len(b.Changes)-1].Position
	}
}

// ended returns a context that has ended.
func ended(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
