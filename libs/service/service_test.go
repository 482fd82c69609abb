package service_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otklik/otklik/libs/service"
)

// diary notes what happens in which order.
type diary struct {
	mu    sync.Mutex
	notes []string
}

func (d *diary) add(note string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = append(d.notes, note)
}

func (d *diary) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.notes)
}

// part makes a component that notes everything and runs until its context ends.
func part(d *diary, name string) service.Component {
	return service.Component{
		Name:  name,
		Start: func(context.Context) error { d.add("start " + name); return nil },
		Run: func(ctx context.Context) error {
			<-ctx.Done()
			d.add("ended " + name)
			return ctx.Err()
		},
		Stop: func(context.Context) error { d.add("stop " + name); return nil },
	}
}

var inOrder = []string{"start a", "start b", "start c", "ready", "stop c", "ended c", "stop b", "ended b", "stop a", "ended a"}

func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		ctx, cancel := context.WithCancel(t.Context())
		err := service.Run(ctx, []service.Component{part(&d, "a"), part(&d, "b"), part(&d, "c")}, service.WithSignals(),
			service.WithReady(func() { d.add("ready"); cancel() }))
		if err != nil || !slices.Equal(d.all(), inOrder) {
			t.Errorf("%v, %v", d.all(), err)
		}
	})
}

func TestSignal(t *testing.T) {
	var d diary
	err := service.Run(t.Context(), []service.Component{part(&d, "a"), part(&d, "b"), part(&d, "c")}, service.WithSignals(syscall.SIGUSR1),
		service.WithReady(func() {
			d.add("ready")
			if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR1); err != nil {
				t.Error(err)
			}
		}))
	if err != nil || !slices.Equal(d.all(), inOrder) {
		t.Errorf("%v, %v", d.all(), err)
	}
}

func TestSecondSignalEndsThePatience(t *testing.T) {
	kill := func() {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR2); err != nil {
			t.Error(err)
		}
	}
	var first time.Time
	slow := service.Component{Name: "slow", Stop: func(ctx context.Context) error {
		first = time.Now()
		again := time.NewTicker(100 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-again.C:
				kill() // until it is no longer taken for a repetition of the first
			}
		}
	}}
	err := service.Run(t.Context(), []service.Component{slow}, service.WithSignals(syscall.SIGUSR2), service.WithStopTimeout(time.Hour), service.WithReady(kill))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if patience := time.Since(first); patience < 900*time.Millisecond {
		t.Errorf("a signal %v after the first was not taken for its repetition", patience)
	}
}

func TestFailures(t *testing.T) {
	boom := errors.New("boom")
	for _, tc := range []struct {
		name   string
		change func(b *service.Component)
		want   error
		text   string
		notes  []string
	}{
		{"start fails", func(b *service.Component) { b.Start = func(context.Context) error { return boom } }, boom, "start b", []string{"start a", "stop a", "ended a"}},
		{"run fails", func(b *service.Component) { b.Run = func(context.Context) error { return boom } }, boom, "run b",
			[]string{"start a", "start b", "start c", "stop c", "ended c", "stop b", "stop a", "ended a"}},
		{"run ends by itself", func(b *service.Component) { b.Run = func(context.Context) error { return nil } }, service.ErrEnded, "run b",
			[]string{"start a", "start b", "start c", "stop c", "ended c", "stop b", "stop a", "ended a"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var d diary
				a, b, c := part(&d, "a"), part(&d, "b"), part(&d, "c")
				tc.change(&b)
				// The failure comes while the last component starts: the others are in their runs by then.
				startC := c.Start
				c.Start = func(ctx context.Context) error { synctest.Wait(); return startC(ctx) }
				err := service.Run(t.Context(), []service.Component{a, b, c}, service.WithSignals())
				if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
					t.Errorf("got %v", err)
				}
				if !slices.Equal(d.all(), tc.notes) {
					t.Errorf("notes %v, want %v", d.all(), tc.notes)
				}
			})
		})
	}
}

func TestStopErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		var log bytes.Buffer
		a, b, c := part(&d, "a"), part(&d, "b"), part(&d, "c")
		first, second := errors.New("first"), errors.New("second")
		c.Stop = func(context.Context) error { return first }
		a.Stop = func(context.Context) error { return second }
		ctx, cancel := context.WithCancel(t.Context())
		err := service.Run(ctx, []service.Component{a, b, c}, service.WithSignals(), service.WithReady(cancel),
			service.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		if !errors.Is(err, first) || errors.Is(err, second) {
			t.Errorf("got %v, want the first error", err)
		}
		if !strings.Contains(log.String(), "second") {
			t.Errorf("the second error is lost: %s", log.String())
		}
		if notes := d.all(); !slices.Contains(notes, "stop b") || !slices.Contains(notes, "ended a") {
			t.Errorf("an error kept others from stopping: %v", notes)
		}
	})
}

func TestAComponentThatDoesNotStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		stuck := service.Component{Name: "stuck", Run: func(context.Context) error { <-release; return nil }}
		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		err := service.Run(ctx, []service.Component{stuck}, service.WithSignals(), service.WithStopTimeout(3*time.Second), service.WithReady(cancel))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stuck") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("waited %v", took)
		}
		close(release)
	})
}

func TestEmptyComponents(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if err := service.Run(ctx, []service.Component{{Name: "nothing"}}, service.WithSignals(), service.WithReady(cancel)); err != nil {
		t.Error(err)
	}
}
