package query

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// Memo keeps answers that take long to work out, about one survey in one state. It may forget any at any time.
type Memo interface {
	// Get returns the answer to a question; false when it is not known.
	Get(ctx context.Context, question []byte) ([]byte, bool)
	// Set keeps an answer.
	Set(ctx context.Context, question, answer []byte)
}

// pooledVersion begins what is asked and kept of pooled answers. It changes with their form and with what is counted in them.
const pooledVersion = "pooled 1"

// question is what pooled answers depend on besides the facts of the survey.
func (p *plan) question() []byte {
	b := wire.AppendString(nil, pooledVersion)
	b = binary.AppendVarint(b, int64(p.Population))
	b = binary.AppendVarint(b, int64(p.period.First))
	b = binary.AppendVarint(b, int64(p.period.End))
	b = binary.AppendVarint(b, int64(p.Grain))
	if p.Grain != calendar.None {
		b = wire.AppendString(b, p.Location.String())
	}
	b = binary.AppendVarint(b, int64(p.Key))
	if p.Value != nil {
		b = wire.AppendString(b, *p.Value)
	}
	return b
}

// remember keeps the pooled answers of slices.
func (p *plan) remember(ctx context.Context, m Memo, slices []cube.Slice) error {
	if m == nil {
		return nil
	}
	b := binary.AppendUvarint(nil, uint64(len(slices)))
	for _, s := range slices {
		at := p.place(s)
		b = wire.AppendString(b, at.value)
		b = binary.AppendVarint(b, int64(at.first))
		counts, err := s.Pooled.AppendBinary(nil)
		if err != nil {
			return fmt.Errorf("encode pooled answers: %w", err)
		}
		b = wire.AppendString(b, string(counts))
	}
	m.Set(ctx, p.question(), b)
	return nil
}

// recall fills in the pooled answers of slices; false when those of any are not known.
func (p *plan) recall(ctx context.Context, m Memo, slices []cube.Slice) bool {
	if m == nil {
		return false
	}
	answer, ok := m.Get(ctx, p.question())
	if !ok {
		return false
	}
	r := wire.NewReader(answer)
	known := make(map[place]histogram.Histogram)
	for range r.Count(3) {
		at := place{value: r.String(), first: calendar.Bucket(r.Varint32())}
		h, err := histogram.Decode([]byte(r.String()))
		if err != nil {
			return false
		}
		known[at] = h
	}
	if r.End() != nil {
		return false
	}
	for _, s := range slices {
		if _, ok := known[p.place(s)]; !ok {
			return false
		}
	}
	for i := range slices {
		slices[i].Pooled = known[p.place(slices[i])]
	}
	return true
}
