package authn

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"sync"
	"time"
)

// Use tells when a secret was used last.
type Use struct {
	SHA256 [sha256.Size]byte
	Time   time.Time
}

// UsesOptions are how uses are reported. The zero value is sound.
type UsesOptions struct {
	// Interval is the time between reports; 0 is 30 s.
	Interval time.Duration
	// Most bounds the secrets that wait to be reported; further ones are left out. 0 is 100,000.
	Most int
	// Logger is told of reports that failed; nil is nobody.
	Logger *slog.Logger
}

// maxReport is the most uses of one report.
const maxReport = 1000

// Uses gathers which secrets are in use, and reports it now and then. It is for people who want to know which keys nobody uses any more: a use
// that goes unreported does no harm.
type Uses struct {
	report  func(context.Context, []Use) error
	options UsesOptions

	mu   sync.Mutex
	last map[[sha256.Size]byte]time.Time
}

// NewUses makes a reporter; report is given at most 1,000 uses at a time. Run it.
func NewUses(report func(context.Context, []Use) error, options UsesOptions) *Uses {
	if options.Interval <= 0 {
		options.Interval = 30 * time.Second
	}
	if options.Most <= 0 {
		options.Most = 100_000
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	return &Uses{report: report, options: options, last: make(map[[sha256.Size]byte]time.Time)}
}

// note tells that a secret is in use.
func (u *Uses) note(hash [sha256.Size]byte, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if before, ok := u.last[hash]; ok || len(u.last) < u.options.Most {
		if at.After(before) {
			u.last[hash] = at
		}
	}
}

// Run reports until ctx ends. It returns nil.
func (u *Uses) Run(ctx context.Context) error {
	ticker := time.NewTicker(u.options.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := u.Flush(ctx); err != nil && ctx.Err() == nil {
				u.options.Logger.WarnContext(ctx, "the last use of keys could not be reported; it will be tried again", "error", err)
			}
		}
	}
}

// Flush reports what has been gathered; it is for the end, after Run. What could not be reported is kept for the next time.
func (u *Uses) Flush(ctx context.Context) error {
	u.mu.Lock()
	gathered := u.last
	u.last = make(map[[sha256.Size]byte]time.Time)
	u.mu.Unlock()
	batch := make([]Use, 0, min(len(gathered), maxReport))
	for hash, at := range gathered {
		batch = append(batch, Use{SHA256: hash, Time: at})
		delete(gathered, hash)
		if len(batch) < maxReport && len(gathered) > 0 {
			continue
		}
		if err := u.report(ctx, batch); err != nil {
			u.putBack(batch, gathered)
			return err
		}
		batch = make([]Use, 0, min(len(gathered), maxReport))
	}
	return nil
}

func (u *Uses) putBack(batch []Use, rest map[[sha256.Size]byte]time.Time) {
	for _, use := range batch {
		u.note(use.SHA256, use.Time)
	}
	for hash, at := range rest {
		u.note(hash, at)
	}
}
