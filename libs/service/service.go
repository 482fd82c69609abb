// Package service runs the components of a process: started in order, stopped in reverse on a signal or when one of them fails, every stop
// with a deadline.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// DefaultStopTimeout is the time that all components together have for stopping.
const DefaultStopTimeout = 30 * time.Second

// repeatWindow is the time within which another signal is taken for a repetition of the first.
const repeatWindow = time.Second

// Component is one part of a process. Every function may be nil.
type Component struct {
	// Name is for logs and errors.
	Name string
	// Start gets the component ready and returns; components that come later may use it from then on.
	Start func(ctx context.Context) error
	// Run does the component's work until ctx ends or Stop was called. When it returns an error the whole process stops; so it does when Run
	// returns nil without being told to.
	Run func(ctx context.Context) error
	// Stop ends the component; it is called once, also when Run has returned already, and only if Start succeeded. ctx is the deadline of
	// stopping. Run's context is still open during Stop.
	Stop func(ctx context.Context) error
}

// Option changes how Run runs.
type Option func(*options)

type options struct {
	stopTimeout time.Duration
	logger      *slog.Logger
	ready       func()
	signals     []os.Signal
}

// WithStopTimeout sets the time that all components together have for stopping.
func WithStopTimeout(d time.Duration) Option { return func(o *options) { o.stopTimeout = d } }

// WithLogger sets where starts, stops and secondary errors are logged; by default they are not.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.logger = l } }

// WithReady sets a function that is called when all components have started.
func WithReady(f func()) Option { return func(o *options) { o.ready = f } }

// WithSignals sets the signals that stop the process (default SIGINT and SIGTERM); none at all with no arguments.
func WithSignals(s ...os.Signal) Option { return func(o *options) { o.signals = s } }

// ErrEnded tells that a component's Run returned without being told to.
var ErrEnded = errors.New("ended without being told to")

type running struct {
	Component
	cancel context.CancelFunc
	done   chan struct{}
}

// Run starts the components in order, waits for a signal, the end of ctx or the first failure, and stops them in reverse. A second signal
// ends the patience: the rest is stopped with an expired deadline. The result is the first error; an ordinary stop gives nil.
func Run(ctx context.Context, components []Component, opts ...Option) error {
	o := options{stopTimeout: DefaultStopTimeout, logger: slog.New(slog.DiscardHandler), signals: []os.Signal{syscall.SIGINT, syscall.SIGTERM}}
	for _, opt := range opts {
		opt(&o)
	}
	signals := make(chan os.Signal, 2)
	if len(o.signals) > 0 {
		signal.Notify(signals, o.signals...)
		defer signal.Stop(signals)
	}

	failed := make(chan error, len(components))
	var up []*running
	first := startAll(ctx, components, &up, failed, signals, o)
	if first == nil && len(up) == len(components) {
		if o.ready != nil {
			o.ready()
		}
		select {
		case s := <-signals:
			o.logger.Info("stopping", "signal", s.String())
		case <-ctx.Done():
			o.logger.Info("stopping", "reason", "context ended")
		case first = <-failed:
			o.logger.Error("stopping", "error", first)
		}
	}
	if err := stopAll(up, signals, o); first == nil {
		first = err
	}
	return first
}

// startAll starts components until one fails or a signal comes.
func startAll(ctx context.Context, components []Component, up *[]*running, failed chan<- error, signals chan os.Signal, o options) error {
	for _, c := range components {
		select {
		case s := <-signals:
			o.logger.Info("stopping during start", "signal", s.String())
			return nil
		default:
		}
		if c.Start != nil {
			if err := c.Start(ctx); err != nil {
				return fmt.Errorf("start %s: %w", c.Name, err)
			}
		}
		// A component's own context: components end one after the other, not all at once when ctx does.
		runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		r := &running{Component: c, cancel: cancel, done: make(chan struct{})}
		*up = append(*up, r)
		if c.Run == nil {
			close(r.done)
			continue
		}
		go func() {
			defer close(r.done)
			err := c.Run(runCtx)
			if runCtx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
				return
			}
			if err == nil {
				err = ErrEnded
			}
			failed <- fmt.Errorf("run %s: %w", c.Name, err)
		}()
	}
	return nil
}

// stopAll stops what is up in reverse and returns the first error.
func stopAll(up []*running, signals <-chan os.Signal, o options) error {
	ctx, cancel := context.WithTimeout(context.Background(), o.stopTimeout)
	defer cancel()
	finished := make(chan struct{})
	defer close(finished)
	begun := time.Now()
	go func() {
		for {
			select {
			case <-signals:
			case <-finished:
				return
			}
			// Shells and supervisors send a signal to a process and to its group: that is one request, not two.
			if time.Since(begun) >= repeatWindow {
				o.logger.Warn("second signal: stopping at once")
				cancel()
				return
			}
		}
	}()
	var first error
	for i := len(up) - 1; i >= 0; i-- {
		err := stop(ctx, up[i])
		if err == nil {
			o.logger.Debug("stopped", "component", up[i].Name)
			continue
		}
		if first == nil {
			first = err
		}
		o.logger.Error("stop", "component", up[i].Name, "error", err)
	}
	return first
}

func stop(ctx context.Context, r *running) error {
	var err error
	if r.Stop != nil {
		if err = r.Stop(ctx); err != nil {
			err = fmt.Errorf("stop %s: %w", r.Name, err)
		}
	}
	r.cancel()
	select {
	case <-r.done:
		return err
	default:
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("stop %s: it still runs: %w", r.Name, ctx.Err()))
	}
	return err
}
