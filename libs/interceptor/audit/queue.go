package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

// maxBatch is the most entries that a sink takes at a time.
const maxBatch = 1000

// maxDenials is how many refusals of an actor are remembered one by one in a second; the others are counted.
const maxDenials = 10

// flushPause is the wait between attempts while somebody waits for the end.
const flushPause = 20 * time.Millisecond

// maxBackoff is the longest wait between attempts to reach the sink.
const maxBackoff = 5 * time.Second

// queue holds entries that need not be remembered at once, and hands them to the sink in the background. It has a goroutine only while there are some.
type queue struct {
	sink    Sink
	options Options
	counts  instruments

	mu      sync.Mutex
	waiting []Entry
	// denials are the refusals of actors in the present second.
	denials map[actor]*denial
	lost    int
	// idle is closed when the goroutine ends; nil while there is none.
	idle chan struct{}
	// hurry wakes the goroutine when somebody waits for the end.
	hurry    chan struct{}
	flushing int
}

type actor struct{ organization, id string }

// denial counts the refusals of an actor since begin. counted are those that are not remembered one by one, by method.
type denial struct {
	begin   time.Time
	count   int
	counted map[string]*counted
}

// counted are several refusals of a method, of which last is the latest.
type counted struct {
	count int
	last  Entry
}

func newQueue(sink Sink, options Options) *queue {
	q := &queue{sink: sink, options: options, denials: make(map[actor]*denial), hurry: make(chan struct{}, 1)}
	q.counts = newInstruments(options.Meters, q.length)
	return q
}

// length is how many entries wait.
func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// failed counts an attempt to append that failed.
func (q *queue) failed(ctx context.Context) { q.counts.failures.Add(ctx, 1) }

// push adds an entry.
func (q *queue) push(e Entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.add(e)
	q.wake()
}

// deny adds a refusal, or counts it if the actor has been refused often in this second.
func (q *queue) deny(e Entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.wake()
	who := actor{e.Organization, e.Actor}
	d, ok := q.denials[who]
	if !ok || e.Time.Sub(d.begin) >= time.Second {
		if ok {
			q.add(d.sum()...)
		}
		if !ok && len(q.denials) >= q.options.Most {
			q.lost++
			return
		}
		d = &denial{begin: e.Time}
		q.denials[who] = d
	}
	if d.count++; d.count <= maxDenials {
		q.add(e)
		return
	}
	of := d.counted[e.Method]
	if of == nil {
		if d.counted == nil {
			d.counted = make(map[string]*counted)
		}
		of = &counted{}
		d.counted[e.Method] = of
	}
	of.count++
	of.last = e
}

// sum is one entry for each method of which refusals were only counted, in the order of methods.
func (d *denial) sum() []Entry {
	var sums []Entry
	for _, method := range slices.Sorted(maps.Keys(d.counted)) {
		of := d.counted[method]
		if of.count > 1 {
			of.last.Code += " x" + strconv.Itoa(of.count)
		}
		sums = append(sums, of.last)
	}
	return sums
}

// add is called with mu held.
func (q *queue) add(entries ...Entry) {
	for _, e := range entries {
		if len(q.waiting) >= q.options.Most {
			q.lost++
			continue
		}
		q.waiting = append(q.waiting, e)
	}
}

// wake starts the goroutine if there is none. Called with mu held.
func (q *queue) wake() {
	if q.idle == nil {
		q.idle = make(chan struct{})
		go q.work(q.idle)
	}
}

// work hands entries over until there are none.
func (q *queue) work(idle chan struct{}) {
	defer close(idle)
	pause, failures, most := q.options.Gather, 0, maxBatch
	for {
		q.wait(pause)
		batch, done := q.take(most)
		if done {
			return
		}
		if len(batch) == 0 {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), q.options.Timeout)
		_, err := q.sink.Append(ctx, batch)
		cancel()
		if err == nil {
			q.remembered(len(batch))
			pause, failures, most = q.options.Gather, 0, min(2*most, maxBatch)
			continue
		}
		q.failed(context.Background())
		if rpcerr.Code(err) == codes.InvalidArgument {
			// Will never do. In ever smaller parts, so that the sound ones do not wait for the faulty one.
			if most = max(1, len(batch)/2); len(batch) == 1 {
				q.options.Logger.Error("an audit entry is lost, since it was refused", "method", batch[0].Method, "error", err)
				q.counts.lost.Add(context.Background(), 1)
				q.remembered(1)
			}
			continue
		}
		if failures++; failures == 1 {
			q.options.Logger.Error("audit entries cannot be appended; they wait", "entries", len(batch), "error", err)
		}
		pause = min(2*max(pause, 100*time.Millisecond), maxBackoff)
	}
}

// wait waits a while, or less when somebody waits for the end.
func (q *queue) wait(d time.Duration) {
	q.mu.Lock()
	if q.flushing > 0 {
		d = min(d, flushPause)
	}
	q.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-q.hurry:
	}
}

// take returns what is to be appended next, which stays in the queue until it is remembered. done tells that there is nothing and will be
// nothing: the goroutine ends.
func (q *queue) take(most int) (batch []Entry, done bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.options.Now()
	for who, d := range q.denials {
		if q.flushing > 0 || now.Sub(d.begin) >= time.Second {
			q.add(d.sum()...)
			delete(q.denials, who)
		}
	}
	if q.lost > 0 {
		q.options.Logger.Error("audit entries are lost, since too many wait", "entries", q.lost)
		q.counts.lost.Add(context.Background(), int64(q.lost))
		q.lost = 0
	}
	if len(q.waiting) == 0 && len(q.denials) == 0 {
		q.idle = nil
		return nil, true
	}
	n := min(len(q.waiting), most)
	return q.waiting[:n:n], false
}

// remembered takes the first n out of the queue.
func (q *queue) remembered(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append([]Entry(nil), q.waiting[n:]...)
}

// flush waits until all is remembered.
func (q *queue) flush(ctx context.Context) error {
	q.mu.Lock()
	idle := q.idle
	if idle == nil {
		q.mu.Unlock()
		return nil
	}
	q.flushing++
	q.mu.Unlock()
	select {
	case q.hurry <- struct{}{}:
	default:
	}
	select {
	case <-idle:
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.flushing--
	if left := len(q.waiting); left > 0 {
		return fmt.Errorf("flush audit entries: %d are not remembered: %w", left, context.Cause(ctx))
	}
	return nil
}
