package postgres

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otklik/otklik/services/survey/internal/store"
)

// flights gathers calls, so that many share a round trip: one flight is under way at a time, and whoever arrives meanwhile goes with the next.
// What a flight does begins after each of its calls has arrived.
type flights[T any] struct {
	options flightOptions[T]
	fly     func([]*call[T])

	mu     sync.Mutex
	wake   *sync.Cond
	queue  []*call[T]
	closed bool
	// last is the number of calls of the last flight.
	last int

	done chan struct{}
}

// flightOptions bound a flight.
type flightOptions[T any] struct {
	// maxCalls is the most calls of a flight.
	maxCalls int
	// maxWeight is the weight with which a flight is full; 0 is no bound. A call that is heavier flies alone.
	maxWeight int
	weigh     func(*T) int
	// pace is the least time from the start of a flight to the start of the next when calls are waiting: it makes flights larger under load and
	// delays nobody else. A call that finds no flight under way or just gone starts at once.
	pace time.Duration
	// linger is the longest time for which a flight waits for more calls after it could start: as long as they come in numbers, and only when the
	// last one had more than one.
	linger time.Duration
}

const (
	// lingerStep is how often is looked whether more calls have come.
	lingerStep = time.Millisecond
	// lingerGrowth is the part of the queue by which it must grow in a step to make waiting worth while.
	lingerGrowth = 8
)

// call is one caller's wish, and afterwards the answer.
type call[T any] struct {
	value T
	err   error

	state atomic.Int32
	done  chan struct{}
}

// States of a call.
const (
	callQueued int32 = iota
	callFlying
	callWithdrawn
)

// newFlights starts the gathering. fly answers every call of a flight by filling in its value or its error.
func newFlights[T any](o flightOptions[T], fly func([]*call[T])) *flights[T] {
	f := &flights[T]{options: o, fly: fly, done: make(chan struct{})}
	f.wake = sync.NewCond(&f.mu)
	go f.run()
	return f
}

// do takes part in the next flight and returns the value with its answer. When ctx ends first its error is returned: before the start the call
// takes no part at all, afterwards its outcome is not waited for.
func (f *flights[T]) do(ctx context.Context, value T) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	c := &call[T]{value: value, done: make(chan struct{})}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return none, store.ErrClosed
	}
	f.queue = append(f.queue, c)
	if len(f.queue) == 1 {
		f.wake.Signal()
	}
	f.mu.Unlock()
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
		// Nobody else looks at the call any more, unless it flies already.
		c.state.CompareAndSwap(callQueued, callWithdrawn)
		return none, ctx.Err()
	}
}

// close lets the queued calls fly and then stops. Calls that come later get store.ErrClosed.
func (f *flights[T]) close() {
	f.mu.Lock()
	f.closed = true
	f.wake.Signal()
	f.mu.Unlock()
	<-f.done
}

func (f *flights[T]) run() {
	defer close(f.done)
	var started time.Time
	for {
		batch := f.next(started)
		if batch == nil {
			return
		}
		started = time.Now()
		live := batch[:0]
		for _, c := range batch {
			if c.state.CompareAndSwap(callQueued, callFlying) {
				live = append(live, c)
			}
		}
		if len(live) == 0 {
			continue
		}
		f.fly(live)
		for _, c := range live {
			close(c.done)
		}
	}
}

// next waits for calls and takes those of the next flight out of the queue; nil after the last.
func (f *flights[T]) next(last time.Time) []*call[T] {
	// Let the callers that the last flight woke, or that are about to queue, run first: on a busy machine this makes the flights larger, on an
	// idle one it costs nothing.
	runtime.Gosched()
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.queue) == 0 && !f.closed {
		f.wake.Wait()
	}
	if wait := f.options.pace - time.Since(last); wait > 0 && !f.closed {
		f.mu.Unlock()
		time.Sleep(wait)
		f.mu.Lock()
	}
	if len(f.queue) == 0 {
		return nil
	}
	f.gather()
	n, weight := 0, 0
	for n < len(f.queue) && n < f.options.maxCalls {
		if f.options.maxWeight > 0 {
			if weight += f.options.weigh(&f.queue[n].value); weight > f.options.maxWeight && n > 0 {
				break
			}
		}
		n++
	}
	batch := make([]*call[T], n)
	copy(batch, f.queue)
	rest := copy(f.queue, f.queue[n:])
	clear(f.queue[rest:])
	f.queue = f.queue[:rest]
	f.last = n
	return batch
}

// gather waits while the queue grows quickly. The caller holds mu.
func (f *flights[T]) gather() {
	for began := time.Now(); f.last > 1 && !f.closed && len(f.queue) < f.options.maxCalls && time.Since(began) < f.options.linger; {
		before := len(f.queue)
		f.mu.Unlock()
		time.Sleep(lingerStep)
		f.mu.Lock()
		if (len(f.queue)-before)*lingerGrowth < before {
			return
		}
	}
}
