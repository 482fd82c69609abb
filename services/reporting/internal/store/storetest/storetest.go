// Package storetest is the conformance suite of reporting stores: what package store promises, as tests that every backend has to pass.
package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otklik/otklik/services/reporting/internal/store"
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
	for _, c := range slices.Concat(lifeCases(), leaderCases(), reportCases(), scheduleCases(), operationCases(), kpiCases(), benchmarkCases(), exportCases(), shareCases(), eventCases()) {
		t.Run(c.name, func(t *testing.T) {
			open := newOpen(t)
			t.Parallel()
			c.run(t, open)
		})
	}
}

// The organisations of the tests.
const (
	acme  = "acme"
	other = "other"
)

// noon is a time of the tests.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// opened opens a store that is closed at the end of the test.
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

// must fails the test where a call failed.
func must(t testing.TB, doing string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", doing, err)
	}
}

// got is the value of a call that must not fail.
func got[T any](t testing.TB, v T, err error) T {
	t.Helper()
	must(t, "call", err)
	return v
}

// want fails the test where a call did not fail as it should.
func want(t testing.TB, doing string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: %v, want %v", doing, err, target)
	}
}

// equal fails the test where two values differ.
func equal[T any](t testing.TB, what string, have, wanted T) {
	t.Helper()
	if diff := cmp.Diff(wanted, have); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// lifeCases are about stores as a whole.
func lifeCases() []testCase {
	return []testCase{{"UseAfterClose", useAfterClose}, {"EndedContext", endedContext}, {"Reopened", reopened}}
}

func useAfterClose(t *testing.T, open Open) {
	s := open(t)
	must(t, "ping", s.Ping(t.Context()))
	for range 2 {
		must(t, "close", s.Close())
	}
	want(t, "ping", s.Ping(t.Context()), store.ErrClosed)
	want(t, "lead", s.Lead(t.Context(), "a", noon, noon), store.ErrClosed)
}

func endedContext(t *testing.T, open Open) {
	s := opened(t, open)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, "lead", s.Lead(ctx, "a", noon, noon.Add(time.Hour)), context.Canceled)
	must(t, "lead in its place", s.Lead(t.Context(), "b", noon, noon.Add(time.Hour)))
}

func reopened(t *testing.T, open Open) {
	s := open(t)
	must(t, "lead", s.Lead(t.Context(), "a", noon, noon.Add(time.Hour)))
	must(t, "close", s.Close())
	s = opened(t, open)
	want(t, "lead meanwhile", s.Lead(t.Context(), "b", noon, noon.Add(time.Hour)), store.ErrLost)
}
