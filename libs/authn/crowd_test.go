package authn_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit"
)

func TestManyWhoAskTheSameAskOnce(t *testing.T) {
	r := resolve(t, authn.CacheOptions{}, "a")
	r.hold = make(chan struct{})
	gone, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := r.resolver.Authenticate(gone, authn.Credential{Token: "a"}); !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
	})
	r.eventually(t, 1)
	for range 20 {
		wg.Go(func() {
			if _, err := r.call(t, "a"); err != nil {
				t.Error(err)
			}
		})
	}
	// That the first leaves does not matter to the others.
	leave()
	close(r.hold)
	wg.Wait()
	if n := r.times(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestStrangersWaitInTurn lets tokens that nobody knows occupy all room for questions, while one who is known is looked up again.
func TestStrangersWaitInTurn(t *testing.T) {
	r := resolve(t, authn.CacheOptions{Strangers: 2}, "a")
	if _, err := r.call(t, "a"); err != nil {
		t.Fatal(err)
	}
	hold := make(chan struct{})
	r.mu.Lock()
	r.hold = hold
	r.mu.Unlock()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := r.call(t, fmt.Sprint("random ", i)); !errors.Is(err, authn.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
	r.eventually(t, 3)
	r.clock.Advance(3 * time.Second)
	if _, err := r.call(t, "a"); err != nil {
		t.Error(err)
	}
	// Two strangers and the one who is known.
	r.eventually(t, 4)
	close(hold)
	wg.Wait()
	if n := r.times(); n != 22 {
		t.Errorf("the source was asked %d times, want once for each and once more for the one who is known", n)
	}
}

// TestACrowdOfStrangersIsBounded lets clients send random tokens and leave at once.
func TestACrowdOfStrangersIsBounded(t *testing.T) {
	r := resolve(t, authn.CacheOptions{Strangers: 2}, "a")
	if _, err := r.call(t, "a"); err != nil {
		t.Fatal(err)
	}
	hold := make(chan struct{})
	r.mu.Lock()
	r.hold = hold
	r.mu.Unlock()
	gone, leave := context.WithCancel(t.Context())
	leave()
	refused := 0
	for i := range 100 {
		if _, err := r.resolver.Authenticate(gone, authn.Credential{Token: fmt.Sprint("random ", i)}); rpcerr.Code(err) == codes.Unavailable {
			refused++
		}
	}
	// The select of a refused call may also see that its client has left.
	if waiting := authn.Waiting(r.resolver); waiting != 64 || refused == 0 {
		t.Errorf("%d wait, %d were refused; want 64 to wait", waiting, refused)
	}
	if _, err := r.call(t, "a"); err != nil {
		t.Errorf("who is known: %v", err)
	}
	close(hold)
	testkit.Eventually(t, 10*time.Second, func() error {
		if n := authn.Waiting(r.resolver); n != 0 {
			return fmt.Errorf("%d wait", n)
		}
		return nil
	})
	if _, err := r.call(t, "one more"); !errors.Is(err, authn.ErrInvalid) {
		t.Errorf("after the crowd: %v", err)
	}
}
