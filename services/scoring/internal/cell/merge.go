package cell

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// ErrNegative tells that the sum of all chunks counts less than nothing: chunks are missing or were added twice.
var ErrNegative = errors.New("a count is below zero")

// Merge is the sum of chunks of one survey and span; nil when they cancel out. Equal sums have equal encodings.
func Merge(span Span, chunks ...[]byte) ([]byte, error) {
	e := newEncoder(span)
	if err := walk(span, chunks, e.series, e.cell); err != nil {
		return nil, fmt.Errorf("merge chunks: %w", err)
	}
	sections, err := Rows(chunks)
	if err != nil {
		return nil, fmt.Errorf("merge chunks: %w", err)
	}
	if e.rows, err = column.Merge(sections...); err != nil {
		return nil, fmt.Errorf("merge chunks: %w", err)
	}
	return e.finish(), nil
}

// Sum visits the cells that chunks of one survey and span add up to, series by series in the order of cube.Key.Compare: first `series` with
// the key (whose survey and bucket are zero), then `cell` for each of its buckets in ascending order. bins must not be kept.
// ErrNegative when a count is below zero: only all chunks together are cells.
func Sum(span Span, chunks [][]byte, series func(k cube.Key), cell func(b calendar.Bucket, bins []histogram.Bin)) error {
	negative := false
	err := walk(span, chunks, series, func(b calendar.Bucket, bins []histogram.Bin) {
		for i := range bins {
			negative = negative || bins[i].Count < 0
		}
		cell(b, bins)
	})
	if err == nil && negative {
		err = ErrNegative
	}
	if err != nil {
		return fmt.Errorf("sum chunks: %w", err)
	}
	return nil
}

// walk goes through sorted chunks side by side.
func walk(span Span, chunks [][]byte, series func(cube.Key), cell func(calendar.Bucket, []histogram.Bin)) error {
	names := make(map[string]string)
	live := make([]*decoder, 0, len(chunks))
	all := make([]*decoder, 0, len(chunks))
	for _, c := range chunks {
		d, err := newDecoder(span, c, names)
		if err != nil {
			return err
		}
		all = append(all, d)
		if d.nextSeries() {
			live = append(live, d)
		}
	}
	same := make([]*decoder, 0, len(live))
	var sums [2][]histogram.Bin
	for len(live) > 0 {
		same = leastSeries(live, same[:0])
		series(same[0].key)
		walkSeries(same, &sums, cell)
		live = advance(live)
	}
	for _, d := range all {
		if err := d.err(); err != nil {
			return err
		}
	}
	return nil
}

// leastSeries collects the decoders that stand at the first series, and marks them.
func leastSeries(live, same []*decoder) []*decoder {
	for _, d := range live {
		order := 0
		if len(same) > 0 {
			order = compareSeries(&d.key, &same[0].key)
		}
		if order < 0 {
			same = same[:0]
		}
		if order <= 0 {
			same = append(same, d)
		}
	}
	for _, d := range same {
		d.taken = true
	}
	return same
}

// advance moves the decoders that were taken to their next series, and leaves out those that have none.
func advance(live []*decoder) []*decoder {
	out := live[:0]
	for _, d := range live {
		if !d.taken || d.nextSeries() {
			d.taken = false
			out = append(out, d)
		}
	}
	return out
}

// compareSeries orders series as cube.Key.Compare does; most often they differ in the context only.
func compareSeries(a, b *cube.Key) int {
	if !sameFamilyAs(a, b) {
		return a.Compare(*b)
	}
	if a.ContextKey != b.ContextKey {
		return cmp.Compare(a.ContextKey, b.ContextKey)
	}
	return strings.Compare(a.ContextValue, b.ContextValue)
}

// walkSeries adds up the cells of decoders that stand at the same series. sums and same are room to work in.
func walkSeries(same []*decoder, sums *[2][]histogram.Bin, cell func(calendar.Bucket, []histogram.Bin)) {
	if len(same) == 1 {
		for d := same[0]; d.nextCell(); {
			cell(calendar.Bucket(d.bucket), d.bins)
		}
		return
	}
	at := same[:0]
	for _, d := range same {
		if d.nextCell() {
			at = append(at, d)
		}
	}
	for len(at) > 0 {
		bucket := at[0].bucket
		for _, d := range at[1:] {
			bucket = min(bucket, d.bucket)
		}
		sums[0] = sums[0][:0]
		left := at[:0]
		for _, d := range at {
			if d.bucket == bucket {
				sums[0], sums[1] = add(sums[1][:0], sums[0], d.bins), sums[0]
				if !d.nextCell() {
					continue
				}
			}
			left = append(left, d)
		}
		at = left
		if len(sums[0]) > 0 {
			cell(calendar.Bucket(bucket), sums[0])
		}
	}
}

// add adds sorted bins to a sorted sum, in the room of another one; counts that cancel out leave.
func add(room, sum, bins []histogram.Bin) []histogram.Bin {
	for len(sum) > 0 && len(bins) > 0 {
		switch a, b := sum[0], bins[0]; {
		case a.Value < b.Value:
			room, sum = append(room, a), sum[1:]
		case a.Value > b.Value:
			room, bins = append(room, b), bins[1:]
		default:
			if a.Count += b.Count; a.Count != 0 {
				room = append(room, a)
			}
			sum, bins = sum[1:], bins[1:]
		}
	}
	return append(append(room, sum...), bins...)
}
