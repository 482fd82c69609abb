// Package territory knows what lies in the regions to which callers are restricted, as the directory says it.
package territory

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/otklik/otklik/libs/lru"
)

// Territory is what lies in regions: the regions within them, at any depth, and the locations of all, in order. Nobody changes it.
type Territory struct{ Regions, Locations []string }

// ErrUnavailable tells that the directory is away for everybody.
var ErrUnavailable = errors.New("the directory is away")

// Directory says what lies in regions of an organisation. Errors: ErrUnavailable, where nobody is there to be asked; others are of this organisation alone.
type Directory interface {
	Inside(ctx context.Context, organization string, regions []string) (Territory, error)
}

const (
	// fresh is how long an answer is good without asking again. Each process remembers what it is told of a caller for another five seconds.
	fresh = 2 * time.Second
	// kept is how long the last answer serves while the directory is away: what has moved to another region since cannot be known.
	kept = time.Hour
	// patience bounds the wait for an answer: that callers are let in does not depend on the directory.
	patience = time.Second
	// most is how many sets of regions are remembered.
	most = 1000
)

// Options of New.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger is told when the directory is away; nil discards it.
	Logger *slog.Logger
}

// Territories remembers what lies in regions. Safe for concurrent use.
type Territories struct {
	directory Directory
	now       func() time.Time
	log       *slog.Logger
	asking    singleflight.Group

	mu    sync.Mutex
	known *lru.Cache[string, answer]
	// away is until when the directory is taken for away for regions of an organisation that it did not tell of, so that nobody waits for it; an entry stays
	// until it tells of them again.
	away *lru.Cache[string, time.Time]
	// gone is until when it is taken for away for all, since nobody was there; zero since it told of any.
	gone time.Time
}

// answer is what the directory said when it was asked at a time.
type answer struct {
	territory Territory
	at        time.Time
}

// New makes a memory over a directory.
func New(d Directory, o Options) *Territories {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Territories{directory: d, now: o.Now, log: o.Logger, known: lru.New[string, answer](most, nil), away: lru.New[string, time.Time](most, nil)}
}

// Of returns what lies in regions of an organisation, as the directory said within the last two seconds. While the directory is away, it is what it said
// last, up to an hour ago, and otherwise nothing: a caller then sees less, never more. That it does not tell of the regions of one organisation, as when its tree
// takes too long to read, changes nothing for others.
func (t *Territories) Of(ctx context.Context, organization string, regions []string) Territory {
	regions = slices.Compact(slices.Sorted(slices.Values(regions)))
	key := keyOf(organization, regions)
	now := t.now()
	t.mu.Lock()
	last, ok := t.known.Get(key)
	until, _ := t.away.Get(key)
	waits := now.Before(until) || now.Before(t.gone)
	t.mu.Unlock()
	if ok && now.Sub(last.at) < fresh {
		return last.territory
	}
	if !waits {
		// Who asked first may leave; the others wait on.
		asked := t.asking.DoChan(key, func() (any, error) { return t.ask(context.WithoutCancel(ctx), key, organization, regions) })
		select {
		case said := <-asked:
			if said.Err == nil {
				return said.Val.(Territory) //nolint:forcetypeassert // what ask returns
			}
		case <-ctx.Done():
		}
	}
	if ok && now.Sub(last.at) < kept {
		return last.territory
	}
	return Territory{}
}

// ask asks the directory and remembers the answer.
func (t *Territories) ask(ctx context.Context, key, organization string, regions []string) (Territory, error) {
	at := t.now()
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	said, err := t.directory.Inside(bounded, organization, regions)
	t.mu.Lock()
	defer t.mu.Unlock()
	_, silent := t.away.Get(key)
	const nobodyTells = "the directory cannot be asked what lies in regions: who is restricted to them sees what lay there last, and otherwise only what states them"
	switch of := []any{slog.String("organization", organization), slog.Any("regions", regions)}; {
	case errors.Is(err, ErrUnavailable):
		if t.gone.IsZero() {
			t.log.WarnContext(ctx, nobodyTells, slog.Any("error", err))
		}
		t.gone = t.now().Add(fresh)
		return Territory{}, err
	case err != nil:
		if !silent {
			t.log.WarnContext(ctx, nobodyTells, append(of, slog.Any("error", err))...)
		}
		t.away.Put(key, t.now().Add(fresh))
		return Territory{}, err
	case silent || !t.gone.IsZero():
		t.log.InfoContext(ctx, "the directory says again what lies in regions", of...)
	}
	t.away.Remove(key)
	t.gone = time.Time{}
	t.known.Put(key, answer{territory: said, at: at})
	return said, nil
}

// keyOf is the same for the same regions of an organisation alone.
func keyOf(organization string, regions []string) string {
	var b strings.Builder
	b.WriteString(strconv.Quote(organization))
	for _, r := range regions {
		b.WriteString(strconv.Quote(r))
	}
	return b.String()
}
