package comment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/comment/internal/peers"
	"github.com/otklik/otklik/services/comment/internal/register"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/store/sqlite"
	"github.com/otklik/otklik/services/comment/internal/testimonial"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// helpers are what chores ask: who agrees to publication, and what emerges.
type helpers struct {
	mu       sync.Mutex
	agreed   map[string]bool
	err      error
	proposed []string
	faulty   string
}

func (h *helpers) Publication(_ context.Context, _, response string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.agreed[response] {
		return "consents/c", h.err
	}
	return "", h.err
}

func (h *helpers) Propose(_ context.Context, organization, survey string) ([]register.Entry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.proposed = append(h.proposed, organization+"/"+survey)
	if survey == h.faulty {
		return nil, errors.New("faulty")
	}
	return []register.Entry{{}}, nil
}

func newChores(t *testing.T) (*chores, *helpers, *testkit.Clock) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "comment.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	h, clock := &helpers{agreed: map[string]bool{}}, testkit.NewClock(noon)
	return &chores{
		store: db, proposer: h, consents: h, mine: func() bool { return true }, config: DefaultConfig(), log: slog.New(slog.DiscardHandler), now: clock.Now,
	}, h, clock
}

// fill stores a comment in each survey, counted at noon.
func fill(t *testing.T, db store.Store, surveys ...string) {
	t.Helper()
	if _, err := db.HoldFeed(t.Context(), "test", noon, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	b := store.Batch{To: int64(len(surveys))}
	for i, survey := range surveys {
		b.Responses = append(b.Responses, store.Response{
			Organization: "acme", Survey: survey, ID: "r", Position: int64(i + 1), CountTime: noon, Comments: []store.Comment{{
				Ref: store.Ref{Organization: "acme", Survey: survey, Response: "r", ID: "why"}, Question: "why", CountTime: noon, Text: "good", Terms: "good",
				Sealed: []byte{1}, Key: "k", Analysis: store.Analysis{Model: "m", Sentiment: store.Positive},
			}},
		})
	}
	if err := db.ApplyEvents(t.Context(), "test", b); err != nil {
		t.Fatal(err)
	}
}

// Praise is taken back whose writer does not agree any more; what stays inside needs nobody's consent.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	c, h, _ := newChores(t)
	fill(t, c.store, "a", "b", "c")
	for survey, use := range map[string]testimonial.Use{"a": testimonial.Advantage, "b": testimonial.Advantage, "c": testimonial.Thanks} {
		if err := c.store.CreateTestimonial(t.Context(), testimonial.Testimonial{
			Organization: "acme", ID: survey, Survey: survey, Response: "r", Comment: "why", Text: "good", Uses: []testimonial.Use{use}, State: testimonial.Published,
			CreateTime: noon, PublishTime: noon,
		}); err != nil {
			t.Fatal(err)
		}
	}
	states := func() (out []testimonial.State) {
		for _, id := range []string{"a", "b", "c"} {
			got, err := c.store.GetTestimonial(t.Context(), "acme", id)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, got.State)
		}
		return out
	}
	h.agreed["surveys/a/responses/r"], h.err = true, peers.ErrUnavailable
	if err := c.withdraw(t.Context()); !errors.Is(err, peers.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	const published, withdrawn = testimonial.Published, testimonial.Withdrawn
	if got := states(); !slices.Equal(got, []testimonial.State{published, published, published}) {
		t.Errorf("%v: nothing is taken back while nobody can be asked", got)
	}
	h.err = nil
	for range 2 {
		if err := c.withdraw(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := states(); !slices.Equal(got, []testimonial.State{published, withdrawn, published}) {
			t.Errorf("%v", got)
		}
	}
}

// Each survey that has comments of late is looked at, also after one that fails.
func TestPropose(t *testing.T) {
	t.Parallel()
	c, h, clock := newChores(t)
	fill(t, c.store, "a", "b", "c")
	h.faulty = "b"
	if err := c.propose(t.Context()); err == nil {
		t.Error("want the failure told")
	}
	if want := []string{"acme/a", "acme/b", "acme/c"}; !slices.Equal(h.proposed, want) {
		t.Errorf("%v, want %v", h.proposed, want)
	}
	h.proposed = nil
	clock.Advance(activeFor + time.Hour)
	if err := c.propose(t.Context()); err != nil || len(h.proposed) != 0 {
		t.Errorf("%v, %v: nothing is written there any more", h.proposed, err)
	}
}

// Words whose time is over go; what they express stays.
func TestForget(t *testing.T) {
	t.Parallel()
	c, _, clock := newChores(t)
	fill(t, c.store, "a")
	c.config.Retention.Words = time.Hour
	get := func() store.Comment {
		got, err := c.store.GetComment(t.Context(), store.Ref{Organization: "acme", Survey: "a", Response: "r", ID: "why"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if err := c.forget(t.Context()); err != nil || get().Text == "" {
		t.Errorf("%+v, %v: its time is not over", get(), err)
	}
	clock.Advance(2 * time.Hour)
	if err := c.forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := get(); got.Text != "" || got.Sealed != nil || got.Analysis.Sentiment != store.Positive {
		t.Errorf("%+v", got)
	}
}

// What fails is tried again soon, what succeeds after its interval; only the process whose turn it is does anything.
func TestChoresAreTriedAgain(t *testing.T) {
	t.Parallel()
	c, h, clock := newChores(t)
	fill(t, c.store, "a")
	var mine atomic.Bool
	c.mine, h.faulty = mine.Load, "a"
	c.config.Proposals, c.config.Consents = 20*time.Millisecond, time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.run(ctx) }()
	count := func() int {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.proposed)
	}
	time.Sleep(60 * time.Millisecond)
	if n := count(); n != 0 {
		t.Errorf("%d proposals by a process whose turn it is not", n)
	}
	mine.Store(true)
	testkit.Eventually(t, time.Minute, func() error {
		if n := count(); n < 3 {
			return fmt.Errorf("%d attempts", n)
		}
		return nil
	})
	h.mu.Lock()
	h.faulty = ""
	n := len(h.proposed)
	h.mu.Unlock()
	testkit.Eventually(t, time.Minute, func() error {
		if count() <= n {
			return errors.New("not tried again")
		}
		return nil
	})
	// The clock stands still: it is done.
	time.Sleep(60 * time.Millisecond)
	if got := count(); got > n+2 {
		t.Errorf("%d attempts after it was done, want none", got-n)
	}
	clock.Advance(time.Second)
	testkit.Eventually(t, time.Minute, func() error {
		if count() <= n+1 {
			return errors.New("not done again")
		}
		return nil
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"path": func(c *Config) { c.Path = "" }, "page_token_ttl": func(c *Config) { c.PageTokenTTL = 0 }, "proposals": func(c *Config) { c.Proposals = -1 },
		"retention": func(c *Config) { c.Retention.Words = -1 }, "consents": func(c *Config) { c.Consents = 0 },
	} {
		c := DefaultConfig()
		if err := c.check(); err != nil {
			t.Fatal(err)
		}
		if change(&c); c.check() == nil {
			t.Errorf("%s: want a refusal", name)
		}
		if _, err := New(t.Context(), c, Deps{}); err == nil {
			t.Errorf("%s: want no service", name)
		}
	}
	if _, err := New(t.Context(), DefaultConfig(), Deps{}); err == nil {
		t.Error("want a refusal without other services")
	}
}
