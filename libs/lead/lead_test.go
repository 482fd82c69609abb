package lead_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otklik/otklik/libs/lead"
)

// lease is one that is kept in memory. away makes it fail.
type lease struct {
	mu     sync.Mutex
	holder string
	until  time.Time
	away   bool
}

func (l *lease) Lead(_ context.Context, holder string, now, until time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.away:
		return errors.New("away")
	case l.holder != holder && l.until.After(now):
		return lead.ErrLost
	}
	l.holder, l.until = holder, until
	return nil
}

func (l *lease) StepDown(_ context.Context, holder string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holder == holder {
		l.until = time.Time{}
	}
	return nil
}

func (l *lease) goAway(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

// process is one of those that share a lease.
type process struct {
	*lead.Leader
	log  bytes.Buffer
	stop func()
}

func start(t *testing.T, l *lease, name string, work func(context.Context) error) *process {
	t.Helper()
	p := &process{}
	p.Leader = lead.New(lead.Options{Lease: l, Holder: name, Complaint: "no dusting", Log: slog.New(slog.NewTextHandler(&p.log, nil)), Now: time.Now})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Run(ctx, work)
	}()
	p.stop = func() {
		cancel()
		<-done
	}
	return p
}

func later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestOneLeads has two processes lead in turn.
func TestOneLeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lease{}
		a := start(t, l, "a", nil)
		later(time.Millisecond)
		b := start(t, l, "b", nil)
		later(5 * time.Minute)
		if !a.Leads() || b.Leads() {
			t.Fatalf("a leads: %v, b leads: %v", a.Leads(), b.Leads())
		}
		a.stop()
		later(2 * time.Second)
		if a.Leads() || !b.Leads() {
			t.Errorf("after the end of a: a leads: %v, b leads: %v", a.Leads(), b.Leads())
		}
		b.stop()
		if b.Leads() {
			t.Error("it leads after its end")
		}
	})
}

// TestNobodyLeadsOnWithoutLease takes the lease away from who leads: it stops before another one could begin, says so once, and comes back.
func TestNobodyLeadsOnWithoutLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lease{}
		p := start(t, l, "a", nil)
		later(time.Millisecond)
		l.goAway(true)
		later(30 * time.Second)
		if p.Leads() {
			t.Error("it leads after its lease has ended")
		}
		later(5 * time.Minute)
		l.goAway(false)
		later(2 * time.Second)
		if !p.Leads() {
			t.Error("it does not come back")
		}
		p.stop()
		if n := strings.Count(p.log.String(), "no dusting; trying again"); n != 1 {
			t.Errorf("it was said %d times", n)
		}
	})
}

// TestFailedWork begins the work anew.
func TestFailedWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := 0
		p := start(t, &lease{}, "a", func(context.Context) error {
			begun++
			return errors.New("too heavy")
		})
		later(10*time.Second + time.Millisecond)
		p.stop()
		if begun != 11 {
			t.Errorf("begun %d times", begun)
		}
	})
}
