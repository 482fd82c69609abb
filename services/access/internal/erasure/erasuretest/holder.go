// Package erasuretest holds whoever keeps something of persons to the contract of erasure.Holder, and is the other side of the contract for tests of
// who asks them.
package erasuretest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/otklik/otklik/services/access/internal/erasure"
)

// Holder keeps names of things in memory. Safe for concurrent use.
type Holder struct {
	name string

	mu sync.Mutex
	// things are kept by organisation and respondent.
	things map[[2]string][]string
	// removed counts by organisation and erasure.
	removed map[[2]string]int64
	log     int64
	away    bool
	// further is by what else a person is known, by organisation and pseudonym.
	further map[[2]string][]string
	before  func()
	calls   []erasure.Step
}

var (
	_ erasure.Holder    = (*Holder)(nil)
	_ erasure.Directory = (*Holder)(nil)
)

// NewHolder makes a holder that keeps nothing.
func NewHolder(name string) *Holder {
	return &Holder{name: name, things: map[[2]string][]string{}, removed: map[[2]string]int64{}, further: map[[2]string][]string{}}
}

// Put keeps n more things of a person.
func (h *Holder) Put(organization, respondent string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := [2]string{organization, respondent}
	for range n {
		h.things[key] = append(h.things[key], fmt.Sprintf("things/%d", len(h.things[key])))
	}
}

// Count tells how many things of a person are kept.
func (h *Holder) Count(organization, respondent string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.things[[2]string{organization, respondent}])
}

// Join makes pseudonyms known as one person's: the holder is a directory, too.
func (h *Holder) Join(organization string, persons ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range persons {
		h.further[[2]string{organization, p}] = persons
	}
}

// Persons implements erasure.Directory.
func (h *Holder) Persons(_ context.Context, organization, person string) ([]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.away {
		return nil, erasure.ErrAway
	}
	out := []string{person}
	for _, p := range h.further[[2]string{organization, person}] {
		if p != person {
			out = append(out, p)
		}
	}
	return out, nil
}

// Away makes the holder answer, or not.
func (h *Holder) Away(away bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away = away
}

// Before calls fn at the beginning of each call of Erase.
func (h *Holder) Before(fn func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.before = fn
}

// Calls are the calls of Erase that were answered.
func (h *Holder) Calls() []erasure.Step {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]erasure.Step(nil), h.calls...)
}

// Name implements erasure.Holder.
func (h *Holder) Name() string { return h.name }

// Export implements erasure.Holder.
func (h *Holder) Export(ctx context.Context, organization, person string, fn func(erasure.Record) error) error {
	h.mu.Lock()
	things, away := h.things[[2]string{organization, person}], h.away
	h.mu.Unlock()
	if away {
		return erasure.ErrAway
	}
	for _, name := range things {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := fn(erasure.Record{Service: h.name, Kind: "things", Name: name, Content: map[string]any{"respondent": person, "name": name}}); err != nil {
			return err
		}
	}
	return nil
}

// Erase implements erasure.Holder.
func (h *Holder) Erase(ctx context.Context, s erasure.Step) ([]erasure.Removal, int64, error) {
	h.mu.Lock()
	before := h.before
	h.mu.Unlock()
	if before != nil {
		before()
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.away {
		return nil, 0, erasure.ErrAway
	}
	for _, further := range h.further[[2]string{s.Organization, s.Person}] {
		if !slices.Contains(s.Persons, further) {
			return nil, 0, erasure.ErrFurther
		}
	}
	h.calls = append(h.calls, s)
	person, mark := [2]string{s.Organization, s.Person}, [2]string{s.Organization, s.Erasure}
	n := int64(len(h.things[person]))
	delete(h.things, person)
	h.removed[mark] += n
	h.log += n
	return []erasure.Removal{{Service: h.name, Kind: "things", Place: "memory", Count: h.removed[mark]}}, h.log, nil
}
