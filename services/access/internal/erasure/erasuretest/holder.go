// Package erasuretest holds whoever keeps something of persons to the contract of erasure.Holder, and is the other side of the contract for tests of
// who asks them.
package erasuretest

import (
	"context"
	"fmt"
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
	before  func()
	calls   []Call
}

var _ erasure.Holder = (*Holder)(nil)

// Call is a call of Erase.
type Call struct {
	Organization, Respondent, Erasure string
	Position                          int64
}

// NewHolder makes a holder that keeps nothing.
func NewHolder(name string) *Holder {
	return &Holder{name: name, things: map[[2]string][]string{}, removed: map[[2]string]int64{}}
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
func (h *Holder) Calls() []Call {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Call(nil), h.calls...)
}

// Name implements erasure.Holder.
func (h *Holder) Name() string { return h.name }

// Export implements erasure.Holder.
func (h *Holder) Export(ctx context.Context, organization, respondent string, fn func(erasure.Record) error) error {
	h.mu.Lock()
	things, away := h.things[[2]string{organization, respondent}], h.away
	h.mu.Unlock()
	if away {
		return erasure.ErrAway
	}
	for _, name := range things {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := fn(erasure.Record{Service: h.name, Kind: "things", Name: name, Content: map[string]any{"respondent": respondent}}); err != nil {
			return err
		}
	}
	return nil
}

// Erase implements erasure.Holder.
func (h *Holder) Erase(ctx context.Context, organization, respondent, name string, position int64) ([]erasure.Removal, int64, error) {
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
	h.calls = append(h.calls, Call{organization, respondent, name, position})
	person, mark := [2]string{organization, respondent}, [2]string{organization, name}
	n := int64(len(h.things[person]))
	delete(h.things, person)
	h.removed[mark] += n
	h.log += n
	return []erasure.Removal{{Service: h.name, Kind: "things", Place: "memory", Count: h.removed[mark]}}, h.log, nil
}
