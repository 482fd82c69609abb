package api

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/interceptor/recovery"
	"github.com/otklik/otklik/libs/rpccodec"
	"github.com/otklik/otklik/services/scoring/internal/live"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// idleFactor keeps the evaluation of a costly query from taking more than this part of the time: it rests idleFactor times as long as it worked.
const idleFactor = 10

// evaluationTimeout bounds one evaluation of a watched query: no call's deadline does.
const evaluationTimeout = 30 * time.Second

// answerer answers a query.
type answerer func(ctx context.Context, c caller, q *scoringv1.ScoreQuery) (answer, error)

// watchers evaluates watched queries: each different query once per change, however many watch it.
type watchers struct {
	evaluate answerer
	board    *live.Board
	options  WatchOptions
	running  sync.WaitGroup

	mu      sync.Mutex
	stopped bool
	queries map[string]*watched
}

func newWatchers(evaluate answerer, board *live.Board, o WatchOptions) *watchers {
	return &watchers{evaluate: evaluate, board: board, options: o, queries: make(map[string]*watched)}
}

// stop ends the evaluation of all queries and waits for it. Streams are ended by the server, before.
func (w *watchers) stop() {
	w.mu.Lock()
	if !w.stopped {
		w.stopped = true
		for _, q := range w.queries {
			q.cancel()
		}
	}
	w.mu.Unlock()
	w.running.Wait()
}

// result is the answer to a watched query at one time. It is shared: nobody may change it.
type result struct {
	answer
	// cursor names what the scores say, and to whom.
	cursor string
	err    error
	// message is the result as readers get it, once one has asked for it.
	message *rpccodec.Shared
}

// watched is a query that is watched. It holds the latest result only, so that slow readers cost no memory.
type watched struct {
	owner  *watchers
	key    string
	cancel context.CancelFunc
	users  int

	mu      sync.Mutex
	latest  result
	version uint64
	next    chan struct{}
}

// subscription is one reader of a watched query.
type subscription struct {
	*watched
	seen uint64
	// cursor is that of the last result that the reader had of an earlier stream; empty when there was none, or it does not matter any more.
	cursor string
}

// update is what a reader gets.
type update struct {
	// message is the result to be sent, nil when the reader has had it; err is why there are none any more.
	message *rpccodec.Shared
	err     error
	// resumed tells that the present result is the one that the reader had of an earlier stream. It is told once.
	resumed bool
	// cursor is that of the present result; empty before the first.
	cursor string
	// next is closed at the next result.
	next <-chan struct{}
}

// join begins to watch a query for one reader, who has had the result that a cursor names. A cursor of anything else is as good as none.
func (w *watchers) join(c caller, q *scoringv1.ScoreQuery, cursor string) (*subscription, error) {
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("encode query: %w", err)
	}
	key := c.organization + "\x00" + c.units.String() + "\x00" + string(encoded)
	if c.units.Restricted() {
		key += "\x00"
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return nil, errStopped
	}
	x := w.queries[key]
	if x == nil {
		ctx, cancel := context.WithCancel(context.Background())
		x = &watched{owner: w, key: key, cancel: cancel, next: make(chan struct{})}
		w.queries[key] = x
		q := proto.CloneOf(q)
		w.running.Go(func() { x.run(ctx, c, q) })
	}
	x.users++
	return &subscription{watched: x, cursor: cursor}, nil
}

// leave ends the watching of one reader.
func (s *subscription) leave() {
	w := s.owner
	w.mu.Lock()
	defer w.mu.Unlock()
	s.users--
	if s.users == 0 {
		s.cancel()
		if w.queries[s.key] == s.watched {
			delete(w.queries, s.key)
		}
	}
}

// news is the latest result, unless the reader has had it.
func (s *subscription) news() update {
	x := s.watched
	x.mu.Lock()
	defer x.mu.Unlock()
	u := update{cursor: x.latest.cursor, next: x.next}
	if x.version == s.seen {
		return u
	}
	s.seen = x.version
	had := s.cursor
	s.cursor = ""
	switch {
	case x.latest.err != nil:
		u.err = x.latest.err
	case had == x.latest.cursor:
		u.resumed = true
	default:
		u.message, u.err = x.latest.share()
	}
	return u
}

// share is the result as readers get it, encoded once for all of them. The caller holds the lock.
func (r *result) share() (*rpccodec.Shared, error) {
	if r.message != nil {
		return r.message, nil
	}
	var err error
	r.message, err = rpccodec.Share(&scoringv1.WatchScoresResponse{
		Scores: r.scores, Watermark: momentToProto(r.watermark), Cursor: r.cursor, Coverage: r.coverage,
	})
	return r.message, err
}

// run evaluates the query now and after each change, until ctx ends or it fails.
func (x *watched) run(ctx context.Context, c caller, q *scoringv1.ScoreQuery) {
	w := x.owner
	topic := w.board.Watch(c.organization, strings.TrimPrefix(q.GetSurvey(), surveyPrefix))
	defer topic.Close()
	for {
		changed := topic.Changed()
		began := time.Now()
		r := w.answer(ctx, c, q, x.key)
		if ctx.Err() != nil {
			return
		}
		x.publish(r)
		if r.err != nil {
			w.forget(x)
			return
		}
		took := time.Since(began)
		if !pause(ctx, max(w.options.Interval, idleFactor*took)-took) {
			return
		}
		// A questionnaire that is published anew changes results without a change of the counts: they are looked at with every heartbeat.
		if !await(ctx, changed, w.options.Heartbeat) {
			return
		}
	}
}

// answer evaluates a query once. No call stands behind it, so that it has what a call would have: a limit in time, and an end to a panic,
// which each reader's stream passes on as an error to be masked.
func (w *watchers) answer(ctx context.Context, c caller, q *scoringv1.ScoreQuery, key string) (r result) {
	limited, cancel := context.WithTimeout(ctx, evaluationTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			r = result{err: &recovery.PanicError{Value: p, Stack: debug.Stack()}}
		}
	}()
	a, err := w.evaluate(limited, c, q)
	if errors.Is(err, context.DeadlineExceeded) && limited.Err() != nil && ctx.Err() == nil {
		err = errCostly
	}
	r = result{answer: a, err: err}
	if err == nil {
		r.cursor, r.err = cursorOf(key, a.scores)
	}
	return r
}

// publish makes a result the latest one. Readers who had the one before are told only if it says something else; later ones get the
// newer watermark in any case.
func (x *watched) publish(r result) {
	x.mu.Lock()
	defer x.mu.Unlock()
	news := x.version == 0 || r.err != nil || r.cursor != x.latest.cursor
	x.latest = r
	if !news {
		return
	}
	x.version++
	close(x.next)
	x.next = make(chan struct{})
}

// forget lets a query that failed be evaluated anew for the next reader.
func (w *watchers) forget(x *watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queries[x.key] == x {
		delete(w.queries, x.key)
	}
}

// pause waits; false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	return await(ctx, nil, d)
}

// await waits for a channel or some time; false when ctx ends first.
func await(ctx context.Context, ch <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ch:
		return true
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
