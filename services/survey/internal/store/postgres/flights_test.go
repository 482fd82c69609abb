package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// gate lets flights go one by one and notes who went together.
type gate struct {
	begun chan []int
	pass  chan struct{}
}

func newGate() *gate { return &gate{begun: make(chan []int), pass: make(chan struct{})} }

func (g *gate) fly(calls []*call[int]) {
	var values []int
	for _, c := range calls {
		values = append(values, c.value)
		c.value *= 10
	}
	g.begun <- values
	<-g.pass
}

func queued(t *testing.T, f *flights[int], n int) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.queue) != n {
			return fmt.Errorf("%d calls are queued, want %d", len(f.queue), n)
		}
		return nil
	})
}

func TestFlightsGatherWhoComesMeanwhile(t *testing.T) {
	g := newGate()
	weigh := func(v *int) int { return *v }
	f := newFlights(flightOptions[int]{maxCalls: 3, maxWeight: 100, weigh: weigh}, g.fly)
	var wg sync.WaitGroup
	n := 0
	call := func(ctx context.Context, value int) {
		n++
		wg.Go(func() {
			switch got, err := f.do(ctx, value); {
			case ctx.Err() != nil:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%d: %v", value, err)
				}
			case err != nil || got != 10*value:
				t.Errorf("%d: got %d, %v", value, got, err)
			}
		})
	}
	call(t.Context(), 1)
	expect := func(want string) {
		t.Helper()
		if got := fmt.Sprint(<-g.begun); got != want {
			t.Errorf("flight of %s, want %s", got, want)
		}
	}
	expect("[1]")
	ctx, cancel := context.WithCancel(t.Context())
	for i, value := range []int{2, 3, 4, 5, 90, 6, 500, 7} {
		if value == 3 {
			call(ctx, value)
		} else {
			call(t.Context(), value)
		}
		queued(t, f, i+1)
	}
	// Who gave up before the start takes no part.
	cancel()
	testkit.Eventually(t, patience, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.queue[1].state.Load() != callWithdrawn {
			return errors.New("the call still stands")
		}
		return nil
	})
	for _, want := range []string{"[2 4]", "[5 90]", "[6]", "[500]", "[7]"} {
		g.pass <- struct{}{}
		expect(want)
	}
	closed := make(chan struct{})
	go func() {
		f.close()
		close(closed)
	}()
	g.pass <- struct{}{}
	<-closed
	wg.Wait()
	if _, err := f.do(t.Context(), 1); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

func TestFlightsFinishWhatIsQueued(t *testing.T) {
	g := newGate()
	f := newFlights(flightOptions[int]{maxCalls: 10, pace: time.Hour}, g.fly)
	var wg sync.WaitGroup
	var failed atomic.Int64
	for i := range 3 {
		wg.Go(func() {
			if _, err := f.do(t.Context(), i); err != nil {
				failed.Add(1)
			}
		})
		if i == 0 {
			<-g.begun
		} else {
			queued(t, f, i)
		}
	}
	go f.close()
	testkit.Eventually(t, patience, func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.closed {
			return errors.New("not closed yet")
		}
		return nil
	})
	g.pass <- struct{}{}
	<-g.begun
	g.pass <- struct{}{}
	wg.Wait()
	if failed.Load() != 0 {
		t.Errorf("%d calls failed", failed.Load())
	}
}

// TestFlightsAreFast: a caller that is alone does not wait for the pace.
func TestFlightsAreFast(t *testing.T) {
	const pace = 300 * time.Millisecond
	f := newFlights(flightOptions[int]{maxCalls: 10, pace: pace}, func([]*call[int]) {})
	defer f.close()
	start := time.Now()
	if _, err := f.do(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > pace/2 {
		t.Errorf("the first call took %v", took)
	}
	if _, err := f.do(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < pace {
		t.Errorf("two flights within %v", took)
	}
}
