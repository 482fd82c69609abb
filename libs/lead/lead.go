// Package lead has one of the processes that share a database do what is to be done once: it leads for as long as its lease lasts.
package lead

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/otklik/otklik/libs/pause"
)

const (
	// length is how long a process leads when it says nothing; hold is how often it says something.
	length = 30 * time.Second
	hold   = 5 * time.Second
	// again is the wait between looks at whether the lead is free.
	again = time.Second
)

// ErrLost tells that another process leads.
var ErrLost = errors.New("another process is at work")

// Lease is what processes take in turn. A Table is one.
type Lease interface {
	// Lead makes the holder the leader until a time, unless another one is at the time now. Errors: ErrLost.
	Lead(ctx context.Context, holder string, now, until time.Time) error
	// StepDown gives the lead up if it is the holder's.
	StepDown(ctx context.Context, holder string) error
}

// Options are what a Leader works with.
type Options struct {
	Lease Lease
	// Holder names this process among those that share the lease.
	Holder string
	// Complaint says for logs what does not happen while the lease cannot be asked for.
	Complaint string
	Log       *slog.Logger
	Now       func() time.Time
}

// Leader knows whether its process leads.
type Leader struct {
	o     Options
	leads atomic.Bool
}

// New makes a leader.
func New(o Options) *Leader { return &Leader{o: o} }

// Leads tells whether this process leads.
func (l *Leader) Leads() bool { return l.leads.Load() }

// Observe tells 1 in the process that leads, and 0 in others: the callback of an instrument.
func (l *Leader) Observe(_ context.Context, o metric.Int64Observer) error {
	var v int64
	if l.Leads() {
		v = 1
	}
	o.Observe(v)
	return nil
}

// Run leads whenever it can until ctx ends. Meanwhile it does the work, which ends when its ctx does, at the latest when the lead is lost; where it fails, the
// lead is given up for a moment. Nil is nothing to do.
func (l *Leader) Run(ctx context.Context, work func(ctx context.Context) error) {
	if work == nil {
		work = waits
	}
	complained := false
	for {
		err := l.session(ctx, work)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil || errors.Is(err, ErrLost):
			complained = false
		case !complained:
			complained = true
			l.o.Log.WarnContext(ctx, l.o.Complaint+"; trying again", slog.Any("error", err))
		}
		if pause.For(ctx, again) != nil {
			return
		}
	}
}

func waits(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// session leads for as long as it can. Errors: ErrLost when another process leads.
func (l *Leader) session(ctx context.Context, work func(ctx context.Context) error) error {
	now := l.o.Now()
	if err := l.o.Lease.Lead(ctx, l.o.Holder, now, now.Add(length)); err != nil {
		return err
	}
	defer l.stepDown(ctx)
	l.leads.Store(true)
	defer l.leads.Store(false)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go l.hold(ctx, cancel)
	return work(ctx)
}

// stepDown lets another process lead, also when ctx has ended.
func (l *Leader) stepDown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hold)
	defer cancel()
	if err := l.o.Lease.StepDown(ctx, l.o.Holder); err != nil {
		l.o.Log.DebugContext(ctx, "the lead cannot be given up; its lease ends by itself", slog.Any("error", err))
	}
}

// hold keeps the lead until ctx ends, and calls stop when it is lost.
func (l *Leader) hold(ctx context.Context, stop func()) {
	for failures := 0; pause.For(ctx, hold) == nil; {
		now := l.o.Now()
		err := l.o.Lease.Lead(ctx, l.o.Holder, now, now.Add(length))
		switch {
		case err == nil:
			failures = 0
		case errors.Is(err, ErrLost) || failures >= int(length/hold)-2:
			stop()
			return
		default:
			failures++
		}
	}
}
