package follow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Unfit tells that an event can never be applied as it is.
type Unfit struct {
	// Reason is for people, and holds nothing that was written.
	Reason string
	// Err is what failed; it may be nil.
	Err error
}

// Error says why.
func (u *Unfit) Error() string { return "unfit event: " + u.Reason }

// Unwrap returns the cause.
func (u *Unfit) Unwrap() error { return u.Err }

// Feed is a follower of a log. Fill in what has no default; Survey, Comments, Alerts and Own make feeds of the logs that there are.
type Feed[E any] struct {
	// Called is the follower's name.
	Called string
	// Source is the log.
	Source eventlog.Source[E]
	// Position is an event's in the log.
	Position func(E) int64
	// Apply stores what events say and moves the follower from a position to another one (relational's advance), all or nothing. It must bear to be given
	// events again that it has applied, after the log was begun anew, and events that are older than what it has of the same thing, which are replayed dead
	// letters: then from and to are store.Unmoved. What fails is tried again where that can help; an event that fails by itself is set aside.
	Apply func(ctx context.Context, events []E, from, to int64) error
	// Restart clears what came from the log, if there is anything that the log should bring anew, and moves the follower from a position to 0: the log is another
	// one than before, such as one that was restored from a backup. Nil: only the position is moved.
	Restart func(ctx context.Context, from int64) error
	// Reached is told that everything that the log's service had stored up to a time is applied; nil: nobody wants to know. Logs that tell no times do not call it.
	Reached func(ctx context.Context, asOf time.Time)
	// Letter is what a dead letter says of an event: organisation, resource, person, and the event such that Parse can read it.
	Letter func(E) store.DeadLetter
	// Parse reads the event of a dead letter.
	Parse func(event []byte) (E, error)
	// Removed is the resource that an event says is gone; empty for other events. Nil: there are no such events.
	Removed func(E) (organization, resource string)

	ofSurvey bool
	mu       sync.Mutex
	consumer *eventlog.Consumer[E]
}

// Name implements Follower.
func (f *Feed[E]) Name() string { return f.Called }

// OfSurvey implements Follower.
func (f *Feed[E]) OfSurvey() bool { return f.ofSurvey }

// Status implements Follower.
func (f *Feed[E]) Status() eventlog.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.consumer == nil {
		return eventlog.Status{}
	}
	return f.consumer.Status()
}

// run implements Follower.
func (f *Feed[E]) run(ctx context.Context, o *Options) error {
	consumer := eventlog.New[E](eventlog.Config{Name: "segmentation " + f.Called, Logger: o.Logger}, source[E]{f, o}, &sink[E]{ctx: ctx, feed: f, o: o}, f.Position)
	f.mu.Lock()
	f.consumer = consumer
	f.mu.Unlock()
	return consumer.Run(ctx)
}

// replay implements Follower.
func (f *Feed[E]) replay(ctx context.Context, letter store.DeadLetter) error {
	e, err := f.Parse(letter.Event)
	if err != nil {
		return &Unfit{Reason: "what was kept of it cannot be decoded", Err: err}
	}
	err = f.apply(ctx, []E{e}, store.Unmoved, store.Unmoved)
	if err == nil || passes(ctx, err) {
		return err
	}
	return unfit(err)
}

// apply is Apply, where a panic is an event that can never be applied.
func (f *Feed[E]) apply(ctx context.Context, events []E, from, to int64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Unfit{Reason: "applying it failed in a way that nobody foresaw", Err: fmt.Errorf("panic: %v", p)}
		}
	}()
	return f.Apply(ctx, events, from, to)
}

// unfit is the error of an event that fails by itself.
func unfit(err error) *Unfit {
	var known *Unfit
	if errors.As(err, &known) {
		return known
	}
	return &Unfit{Reason: "it could not be stored", Err: err}
}

// passes tells whether what failed may be gone the next time.
func passes(ctx context.Context, err error) bool {
	var known *Unfit
	if errors.As(err, &known) {
		return false
	}
	if ctx.Err() != nil || errors.Is(err, store.ErrClosed) || errors.Is(err, store.ErrLost) {
		return true
	}
	switch rpcerr.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.ResourceExhausted, codes.Aborted, codes.Unauthenticated, codes.PermissionDenied:
		return true
	}
	return false
}

// source is the log, begun anew where it ends before the follower.
type source[E any] struct {
	feed *Feed[E]
	o    *Options
}

// Open implements eventlog.Source.
func (s source[E]) Open(ctx context.Context, after int64) (eventlog.Stream[E], error) {
	opened, err := s.feed.Source.Open(ctx, after)
	if err != nil {
		return nil, s.failed(ctx, after, err)
	}
	return stream[E]{opened, s, ctx, after}, nil
}

// failed starts over if that is why it failed.
func (s source[E]) failed(ctx context.Context, after int64, err error) error {
	if !eventlog.Ahead(err) {
		return err
	}
	s.o.Logger.WarnContext(ctx, "a log ends before what was read of it: reading it anew", "follower", s.feed.Called, "position", after)
	if s.feed.Restart != nil {
		return errors.Join(err, s.feed.Restart(ctx, after))
	}
	return errors.Join(err, s.o.Store.MoveFollower(ctx, s.feed.Called, after, 0))
}

// stream is one that its source looks after.
type stream[E any] struct {
	eventlog.Stream[E]
	source source[E]
	// ctx is what the stream was opened with: its own ends with it.
	ctx   context.Context
	after int64
}

// Recv implements eventlog.Stream.
func (s stream[E]) Recv() (eventlog.Batch[E], error) {
	b, err := s.Stream.Recv()
	if err != nil {
		err = s.source.failed(s.ctx, s.after, err)
	}
	return b, err
}
