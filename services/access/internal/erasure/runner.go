package erasure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/pause"
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
	// Queue and Holders are required. Holders are asked in their order.
	Queue   Queue
	Holders []Holder
	// Directory knows by what else persons are known; nil where there is none: what is kept under the one pseudonym goes.
	Directory Directory
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
	if len(e.Persons) == 0 {
		if err := r.learn(ctx, e, owner); err != nil {
			return err
		}
	}
	for remaining := e.remaining(r.o.Holders); len(remaining) > 0; remaining = e.remaining(r.o.Holders) {
		err, known := r.ask(ctx, e, remaining[0]), len(e.Persons)
		if errors.Is(err, ErrFurther) {
			// Somebody was merged with the person since.
			if err := r.learn(ctx, e, owner); err != nil {
				return err
			}
			if len(e.Persons) > known {
				continue
			}
		}
		if err != nil {
			return err
		}
		if err := r.save(ctx, *e, owner, false); err != nil {
			return err
		}
	}
	if r.o.Erased != nil {
		if err := r.o.Erased(ctx, e.Organization, e.Name()); err != nil {
			return &obstacleError{"access: the webhooks", err}
		}
	}
	done := *e
	done.State, done.EndTime, done.WaitingFor, done.Attempts = Succeeded, r.o.Now(), "", 0
	return r.save(ctx, done, owner, true)
}

// learn asks the directory by what the person is known, and stores that before anything is removed on the strength of it. What is known already is asked,
// too: whoever was merged with any of it is found.
func (r *Runner) learn(ctx context.Context, e *Erasure, owner string) error {
	persons := e.Persons
	if len(persons) == 0 {
		persons = []string{e.Person}
	}
	if r.o.Directory != nil {
		for _, p := range slices.Clone(persons) {
			asking, cancel := context.WithTimeout(ctx, askTimeout)
			known, err := r.o.Directory.Persons(asking, e.Organization, p)
			cancel()
			if err != nil {
				return obstacleOf("the directory", err)
			}
			persons = append(slices.Clip(persons), known...)
		}
	}
	e.learn(persons)
	return r.save(ctx, *e, owner, false)
}

// ask has a holder remove what it keeps under each of the pseudonyms.
func (r *Runner) ask(ctx context.Context, e *Erasure, h Holder) error {
	var receipt []Removal
	reached := e.Position
	for i := range e.Persons {
		asking, cancel := context.WithTimeout(ctx, askTimeout)
		removals, position, err := h.Erase(asking, e.step(i))
		cancel()
		if err != nil {
			return obstacleOf(h.Name(), err)
		}
		receipt, reached = addUp(receipt, removals), max(reached, position)
	}
	e.Removals = append(e.Removals, receipt...)
	e.Position = reached
	e.Done = append(e.Done, h.Name())
	e.WaitingFor, e.Attempts = "", 0
	return nil
}

// addUp adds lines to a receipt: those of the same kind and place become one.
func addUp(receipt, lines []Removal) []Removal {
	for _, line := range lines {
		i := slices.IndexFunc(receipt, func(r Removal) bool { return r.Service == line.Service && r.Kind == line.Kind && r.Place == line.Place })
		if i < 0 {
			receipt = append(receipt, line)
			continue
		}
		receipt[i].Count += line.Count
	}
	return receipt
}

// obstacleOf tells what is in the way when somebody cannot be asked.
func obstacleOf(who string, err error) error {
	switch {
	case errors.Is(err, ErrAway), errors.Is(err, context.DeadlineExceeded):
		return &obstacleError{who + ": " + ErrAway.Error(), err}
	case errors.Is(err, ErrExchanged):
		return &obstacleError{who + ": " + ErrExchanged.Error(), err}
	}
	return &obstacleError{who + ": it failed, as the logs tell", err}
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
