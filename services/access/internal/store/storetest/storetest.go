// Package storetest is the conformance suite of access stores: what package store promises, as tests that every backend has to pass.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/store"
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
	for _, c := range slices.Concat(lifeCases(), keyCases(), credentialCases(), memberCases(), sessionCases(), delegationCases(), invitationCases(), auditCases(), vaultCases(), erasureCases(), webhookCases(), deliveryCases()) {
		t.Run(c.name, func(t *testing.T) { c.run(t, newOpen(t)) })
	}
}

const (
	acme   = "acme"
	globex = "globex"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// lifeCases are about stores as a whole.
func lifeCases() []testCase {
	return []testCase{{"UseAfterClose", useAfterClose}}
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
}

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

// ended returns a context that has ended.
func ended(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
