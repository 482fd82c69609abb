package query

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/otklik/otklik/libs/calendar"
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
const pooledVersion = "pooled 2"

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
	b = binary.AppendUvarint(b, uint64(len(p.GroupBy)))
	for _, k := range p.GroupBy {
		b = wire.AppendString(b, k)
	}
	b = wire.AppendString(b, p.filter.String())
	if !p.AsOf.IsZero() {
		b = binary.AppendVarint(b, p.AsOf.Unix())
	}
	return b
}

// remember keeps the pooled answers of slices.
func (p *plan) remember(ctx context.Context, m Memo, slices []slice) error {
	if m == nil || p.Weighting != nil {
		return nil
	}
	b := binary.AppendUvarint(nil, uint64(len(slices)))
	for i := range slices {
		b = wire.AppendString(b, slices[i].place())
		counts, err := slices[i].data.Pooled.AppendBinary(nil)
		if err != nil {
			return fmt.Errorf("encode pooled answers: %w", err)
		}
		b = wire.AppendString(b, string(counts))
	}
	m.Set(ctx, p.question(), b)
	return nil
}

// recall returns the pooled answers of slices by their places; nil when they are not known.
func (p *plan) recall(ctx context.Context, m Memo) map[string]histogram.Histogram {
	if m == nil || p.Weighting != nil {
		return nil
	}
	answer, ok := m.Get(ctx, p.question())
	if !ok {
		return nil
	}
	r := wire.NewReader(answer)
	known := make(map[string]histogram.Histogram)
	for range r.Count(2) {
		at := r.String()
		h, err := histogram.Decode([]byte(r.String()))
		if err != nil {
			return nil
		}
		known[at] = h
	}
	if r.End() != nil {
		return nil
	}
	return known
}

// fill puts pooled answers into slices; false when those of any are missing.
func fill(slices []slice, known map[string]histogram.Histogram) bool {
	for i := range slices {
		h, ok := known[slices[i].place()]
		if !ok {
			return false
		}
		slices[i].data.Pooled = h
	}
	return true
}
