package erasure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/seal"
)

// How a Runner works.
const (
	// workers is how many erasures are at work at once: one that waits for a service does not hold up the others.
	workers = 4
	// idle is how often a worker looks for erasures that another process took in, or that are due again.
	idle = time.Second
	// claim is for how long an erasure belongs to a process that says nothing, hold how often it says something.
	claim = 15 * time.Second
	hold  = 5 * time.Second
	// askTimeout bounds one call of a holder.
	askTimeout = time.Minute
	// firstPause and longestPause bound the time until a holder that failed is asked again.
	firstPause   = time.Second
	longestPause = time.Minute
)

// RunnerOptions are what a Runner needs.
type RunnerOptions struct {
	// Queue, Vault and Holders are required. Holders are asked in their order.
	Queue   Queue
	Vault   seal.Vault
	Holders []Holder
	// Erased is called when all holders are done, at least once for each erasure, before it counts as done; nil when nobody wants to know.
	Erased func(ctx context.Context, organization, erasure string) error
	// Owner names this process among its replicas.
	Owner string
	// Logger gets what has no caller to be told. Required.
	Logger *slog.Logger
	// Now is the clock. Required.
	Now func() time.Time
}

// Runner works on erasures until they are done. Any number of processes may run one: an erasure is at work in one of them at a time.
type Runner struct {
	o    RunnerOptions
	wake chan struct{}
}

// NewRunner makes a runner.
func NewRunner(o RunnerOptions) *Runner { return &Runner{o: o, wake: make(chan struct{}, workers)} }

// Wake says that there is something to do.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends. What is under way then goes on where it was left, in this process or another.
func (r *Runner) Run(ctx context.Context) {
	var group sync.WaitGroup
	for i := range workers {
		owner := fmt.Sprintf("%s/%d", r.o.Owner, i)
		group.Go(func() { r.work(ctx, owner) })
	}
	group.Wait()
}

func (r *Runner) work(ctx context.Context, owner string) {
	for ctx.Err() == nil {
		now := r.o.Now()
		e, ok, err := r.o.Queue.ClaimErasure(ctx, owner, now, now.Add(claim))
		if ok {
			r.advance(ctx, e, owner)
			continue
		}
		if err != nil && ctx.Err() == nil {
			r.o.Logger.WarnContext(ctx, "erasures cannot be looked for; trying again", slog.Any("error", err))
		}
		r.rest(ctx)
	}
}

// rest waits until there may be something to do.
func (r *Runner) rest(ctx context.Context) {
	t := time.NewTimer(idle)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-t.C:
	}
}

// advance works on an erasure until it is done or something is in the way.
func (r *Runner) advance(ctx context.Context, e Erasure, owner string) {
	working, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	organization, id := e.Organization, e.ID
	group.Go(func() { r.keep(working, organization, id, owner, stop) })
	err := r.erase(working, &e, owner)
	stop()
	group.Wait()
	// Without the end of ctx: a process that stops gives its claims up.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), claim)
	defer cancel()
	var obstacle *obstacleError
	switch {
	case err == nil, errors.Is(err, errLost):
		return
	case errors.As(err, &obstacle) && ctx.Err() == nil:
		e.Attempts++
		e.WaitingFor = obstacle.text
		e.Due = r.o.Now().Add(backoff(e.Attempts))
		r.o.Logger.WarnContext(ctx, "an erasure waits", slog.String("organization", e.Organization), slog.String("erasure", e.Name()),
			slog.String("waiting_for", e.WaitingFor), slog.Int("attempts", e.Attempts), slog.Any("error", obstacle.cause))
	}
	if _, err := r.o.Queue.SaveErasure(ending, e, owner, true); err != nil {
		r.o.Logger.WarnContext(ctx, "an erasure cannot be saved; it goes on when its claim ends", slog.String("erasure", e.Name()), slog.Any("error", err))
	}
}

// keep prolongs the claim until ctx ends, and calls stop when it is lost.
func (r *Runner) keep(ctx context.Context, organization, id, owner string, stop func()) {
	for pause.For(ctx, hold) == nil {
		ok, err := r.o.Queue.HoldErasure(ctx, organization, id, owner, r.o.Now().Add(claim))
		if err == nil && !ok {
			stop()
			return
		}
	}
}

// errLost tells that the erasure is at work elsewhere.
var errLost = errors.New("the claim is lost")

// obstacleError tells what is in the way.
type obstacleError struct {
	text  string
	cause error
}

func (e *obstacleError) Error() string { return e.text }

func (e *obstacleError) Unwrap() error { return e.cause }

// erase asks the holders that are not done, and ends the erasure when all are.
func (r *Runner) erase(ctx context.Context, e *Erasure, owner string) error {
	if remaining := e.remaining(r.o.Holders); len(remaining) > 0 {
		person, err := respondent(ctx, r.o.Vault, *e)
		if err != nil {
			return &obstacleError{"access: the vault", err}
		}
		for _, h := range remaining {
			if err := r.ask(ctx, e, h, person); err != nil {
				return err
			}
			if err := r.save(ctx, *e, owner, false); err != nil {
				return err
			}
		}
	}
	if r.o.Erased != nil {
		if err := r.o.Erased(ctx, e.Organization, e.Name()); err != nil {
			return &obstacleError{"access: the webhooks", err}
		}
	}
	// The key first: when the process dies in between nothing is left that needs it.
	if err := Forget(ctx, r.o.Vault, *e); err != nil {
		return &obstacleError{"access: the vault", err}
	}
	done := *e
	done.State, done.EndTime, done.Sealed, done.WaitingFor, done.Attempts = Succeeded, r.o.Now(), nil, "", 0
	return r.save(ctx, done, owner, true)
}

func (r *Runner) ask(ctx context.Context, e *Erasure, h Holder, person string) error {
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	removals, reached, err := h.Erase(asking, e.Organization, person, e.Name(), e.Position)
	switch {
	case err == nil:
	case errors.Is(err, ErrAway), errors.Is(err, context.DeadlineExceeded):
		return &obstacleError{h.Name() + ": " + ErrAway.Error(), err}
	case errors.Is(err, ErrExchanged):
		return &obstacleError{h.Name() + ": " + ErrExchanged.Error(), err}
	default:
		return &obstacleError{h.Name() + ": it failed, as the logs tell", err}
	}
	e.Removals = append(e.Removals, removals...)
	e.Position = max(e.Position, reached)
	e.Done = append(e.Done, h.Name())
	e.WaitingFor, e.Attempts = "", 0
	return nil
}

func (r *Runner) save(ctx context.Context, e Erasure, owner string, release bool) error {
	ok, err := r.o.Queue.SaveErasure(ctx, e, owner, release)
	if err != nil {
		return &obstacleError{"access: its store", err}
	}
	if !ok {
		return errLost
	}
	return nil
}

// backoff is the time until the next attempt: it doubles, and differs so that many do not come at once.
func backoff(attempts int) time.Duration {
	d := longestPause
	if attempts < 7 {
		d = min(longestPause, firstPause<<(attempts-1))
	}
	return d/2 + rand.N(d/2+1) //nolint:gosec // nothing is secret about a pause
}
