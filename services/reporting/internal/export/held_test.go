package export_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/reporting/internal/export"
)

// shared hands one export out to whoever comes first, and again when nobody says any more that he is at work. From the time `off` on it is called off.
type shared struct {
	mu     sync.Mutex
	kept   kept
	off    time.Time
	claims int
	end    context.CancelFunc
}

func (s *shared) Claim(ctx context.Context, holder string, now, until time.Time) (export.Export, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept.e.State == export.Running && now.Before(s.kept.e.Until) {
		return export.Export{}, export.ErrNone
	}
	e, err := s.kept.Claim(ctx, holder, now, until)
	if err != nil {
		s.end()
		return e, err
	}
	s.claims++
	return e, nil
}

func (s *shared) Hold(_ context.Context, e export.Export, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.off.IsZero() && !time.Now().Before(s.off) {
		s.kept.e.State = export.Cancelled
	}
	if s.kept.e.State.Ended() || s.kept.e.Holder != e.Holder {
		return export.ErrLost
	}
	s.kept.e.Until = until
	return nil
}

func (s *shared) Proceed(ctx context.Context, e export.Export, part *export.Part) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept.Proceed(ctx, e, part)
}

func (s *shared) Restart(ctx context.Context, e export.Export) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept.Restart(ctx, e)
}

// scarce looks through others' rows for an hour before it comes upon one that may be seen.
type scarce struct{ source }

func (s *scarce) Rows(ctx context.Context, _ export.Order, _ export.Mark, fn func(export.Mark, []export.Cell) error) error {
	if err := pause.For(ctx, time.Hour); err != nil {
		return err
	}
	return fn(export.Mark{Position: 1}, []export.Cell{{Number: 1, Numeric: true}})
}

// replicas has two processes make the export of a reader who sees one row of very many, and tells how long that took.
func replicas(t *testing.T, s *shared) time.Duration {
	t.Helper()
	s.kept = kept{dies: -1, cancels: -1, e: export.Export{ID: "one", State: export.Pending, Order: export.Order{Kind: export.Responses, Format: export.CSV, Columns: []string{"position"}}}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.end = cancel
	begun := time.Now()
	var group sync.WaitGroup
	for range 2 {
		r := &export.Runner{
			Kept: s, Acting: (&scarce{}).Acting, Sources: map[export.Kind]export.Source{export.Responses: &scarce{}}, Safe: open{}, MostBytes: 1 << 20, Now: time.Now,
			Log: slog.New(slog.DiscardHandler),
		}
		group.Go(func() {
			if err := r.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	return time.Since(begun)
}

// TestHeldWithoutRows: an export that has no row to write for an hour stays with the process that makes it.
func TestHeldWithoutRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shared{}
		replicas(t, s)
		if s.claims != 1 || s.kept.e.State != export.Succeeded || s.kept.e.Rows != 1 || s.kept.file.String() != "position\n1\n" {
			t.Errorf("begun %d times, %+v, %q", s.claims, s.kept.e, s.kept.file.String())
		}
	})
}

// TestCalledOffWithoutRows: an export that was called off is not looked through to its end.
func TestCalledOffWithoutRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shared{off: time.Now().Add(5 * time.Minute)}
		took := replicas(t, s)
		if s.claims != 1 || s.kept.e.State != export.Cancelled || took > 6*time.Minute {
			t.Errorf("begun %d times, %+v, ended after %v", s.claims, s.kept.e, took)
		}
	})
}
