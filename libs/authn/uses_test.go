package authn_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/testkit"
)

func TestLastUseIsReported(t *testing.T) {
	var batches [][]authn.Use
	var fault error
	uses := authn.NewUses(func(_ context.Context, batch []authn.Use) error {
		if fault == nil {
			batches = append(batches, batch)
		}
		return fault
	}, authn.UsesOptions{})
	clock := testkit.NewClock(time.Unix(1e9, 0))
	r := authn.NewResolver(newSource("a", "b").lookup, uses, authn.CacheOptions{Now: clock.Now, Fresh: time.Hour})
	call := func(token string) {
		t.Helper()
		if _, err := r.Authenticate(t.Context(), authn.Credential{Token: token}); err != nil {
			t.Fatal(err)
		}
	}
	call("a")
	call("b")
	clock.Advance(10 * time.Second)
	call("a")
	if _, err := r.Authenticate(t.Context(), authn.Credential{Token: "wrong"}); err == nil {
		t.Fatal("accepted")
	}
	fault = errors.New("away")
	if err := uses.Flush(t.Context()); !errors.Is(err, fault) {
		t.Errorf("got %v", err)
	}
	fault = nil
	if err := uses.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(batches) != 1 || len(batches[0]) != 2 {
		t.Fatalf("reported %v", batches)
	}
	for _, use := range batches[0] {
		want := time.Unix(1e9, 0)
		if use.SHA256 == sha256.Sum256([]byte("a")) {
			want = want.Add(10 * time.Second)
		}
		if !use.Time.Equal(want) {
			t.Errorf("%x was used at %v, want %v", use.SHA256[:4], use.Time, want)
		}
	}
	if err := uses.Flush(t.Context()); err != nil || len(batches) != 1 {
		t.Errorf("reported twice: %v, %v", batches, err)
	}
}

func TestReportsAreOfAThousandAtMost(t *testing.T) {
	reported := 0
	uses := authn.NewUses(func(_ context.Context, batch []authn.Use) error {
		if len(batch) == 0 || len(batch) > 1000 {
			t.Errorf("a report of %d", len(batch))
		}
		reported += len(batch)
		return nil
	}, authn.UsesOptions{Most: 2500})
	r := authn.NewResolver(func(context.Context, [sha256.Size]byte) (authn.Principal, error) {
		return authn.Principal{ID: "k"}, nil
	}, uses, authn.CacheOptions{})
	for i := range 3000 {
		if _, err := r.Authenticate(t.Context(), authn.Credential{Token: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := uses.Flush(t.Context()); err != nil || reported != 2500 {
		t.Errorf("%d were reported, %v", reported, err)
	}
}

func TestUsesAreReportedNowAndThen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reported := make(chan struct{}, 10)
	uses := authn.NewUses(func(context.Context, []authn.Use) error {
		reported <- struct{}{}
		return nil
	}, authn.UsesOptions{Interval: time.Millisecond})
	done := make(chan error, 1)
	go func() { done <- uses.Run(ctx) }()
	r := authn.NewResolver(newSource("a").lookup, uses, authn.CacheOptions{})
	if _, err := r.Authenticate(ctx, authn.Credential{Token: "a"}); err != nil {
		t.Fatal(err)
	}
	<-reported
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
