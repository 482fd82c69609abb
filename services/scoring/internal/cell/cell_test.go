package cell_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// genKey draws a key of one of few series, in few buckets, so that cells coincide.
func genKey(t *rapid.T) cube.Key {
	k := cube.Key{
		Kind: cube.Answers, Survey: rapid.SampledFrom([]string{"bank", "shop"}).Draw(t, "survey"),
		Question: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "question"), Scale: rapid.SampledFrom([]string{"0-10", "1-5"}).Draw(t, "scale"),
		Population: fact.Population(rapid.IntRange(1, 2).Draw(t, "population")),
		Bucket:     calendar.Bucket(rapid.Int32Range(-2000, 2000).Draw(t, "bucket")),
	}
	if rapid.Bool().Draw(t, "extreme") {
		k.Bucket = rapid.SampledFrom([]calendar.Bucket{calendar.MinBucket, -1, 0, 767, 768, calendar.MaxBucket}).Draw(t, "extreme bucket")
	}
	if rapid.Bool().Draw(t, "context") {
		k.ContextKey = rapid.SampledFrom(fact.ContextKeys()).Draw(t, "key")
		k.ContextValue = rapid.SampledFrom([]string{"x", "y", "Ысык-Көл"}).Draw(t, "value")
	}
	if rapid.IntRange(0, 4).Draw(t, "outcomes") == 0 {
		k.Kind, k.Question, k.Scale = cube.Outcomes, "", ""
	}
	return k
}

// genDelta draws changes that are nowhere negative.
func genDelta(t *rapid.T) *cube.Delta {
	d := &cube.Delta{}
	for range rapid.IntRange(0, 20).Draw(t, "changes") {
		d.Change(genKey(t), rapid.Int64Range(-3, 3).Draw(t, "value"), rapid.Int64Range(1, 3).Draw(t, "count"))
	}
	return d
}

// negative is a delta that takes back another one.
func negative(d *cube.Delta) *cube.Delta {
	out := &cube.Delta{}
	for _, k := range d.Keys() {
		for _, b := range d.Changes(k) {
			out.Change(k, b.Value, -b.Count)
		}
	}
	return out
}

type place struct {
	survey string
	span   cell.Span
}

// cells are what chunks add up to, as a cube.
func cells(t *rapid.T, chunks map[place][][]byte) *cube.Cube {
	d := &cube.Delta{}
	for p, list := range chunks {
		var key cube.Key
		last := calendar.MinBucket
		err := cell.Sum(p.span, list, func(k cube.Key) {
			if (key != cube.Key{}) {
				before := key
				before.Survey, before.Bucket = "", 0
				if before.Compare(k) >= 0 {
					t.Fatalf("series %+v comes after %+v", k, before)
				}
			}
			key, key.Survey, last = k, p.survey, calendar.MinBucket
		}, func(b calendar.Bucket, bins []histogram.Bin) {
			if b < last || cell.SpanOf(b) != p.span {
				t.Fatalf("bucket %d after %d in span %d", b, last, p.span)
			}
			key.Bucket, last = b, b
			for _, bin := range bins {
				d.Change(key, bin.Value, bin.Count)
			}
		})
		if err != nil {
			t.Fatalf("sum: %v", err)
		}
	}
	return counting(t, d)
}

func counting(t *rapid.T, deltas ...*cube.Delta) *cube.Cube {
	c := cube.New()
	for _, d := range deltas {
		if err := c.Apply(d); err != nil {
			t.Fatalf("apply: %v", err)
		}
	}
	return c
}

// TestChunksAddUp packs deltas and compares the sum of their chunks, merged in parts or not, with the sum of the deltas.
func TestChunksAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		deltas := rapid.SliceOfN(rapid.Custom(genDelta), 0, 6).Draw(t, "deltas")
		chunks, merged := make(map[place][][]byte), make(map[place][][]byte)
		for _, d := range deltas {
			for _, c := range cell.Pack(d) {
				p := place{c.Survey, c.Span}
				chunks[p] = append(chunks[p], c.Data)
			}
		}
		for p, list := range chunks {
			cut := rapid.IntRange(0, len(list)).Draw(t, "cut")
			for _, part := range [][][]byte{list[:cut], list[cut:]} {
				m, err := cell.Merge(p.span, part...)
				if err != nil {
					t.Fatalf("merge: %v", err)
				}
				if m != nil {
					merged[p] = append(merged[p], m)
				}
			}
		}
		want := counting(t, deltas...)
		for name, c := range map[string]map[place][][]byte{"apart": chunks, "merged": merged} {
			if d := cube.Diff(cells(t, c), want, 1); len(d) > 0 {
				t.Fatalf("%s: %+v", name, d[0])
			}
		}
	})
}

// TestMergeIsCanonical merges in different orders, and with what cancels out.
func TestMergeIsCanonical(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := genDelta(t), genDelta(t)
		byPlace := func(d *cube.Delta) map[place][]byte {
			m := make(map[place][]byte)
			for _, c := range cell.Pack(d) {
				m[place{c.Survey, c.Span}] = c.Data
			}
			return m
		}
		ca, cb, back := byPlace(a), byPlace(b), byPlace(negative(a))
		for p, chunk := range ca {
			list := [][]byte{chunk}
			if other := cb[p]; other != nil {
				list = append(list, other)
			}
			forth, err := cell.Merge(p.span, list...)
			if err != nil {
				t.Fatalf("merge: %v", err)
			}
			list = append(list, back[p], chunk)
			long, err := cell.Merge(p.span, list[len(list)-1], list[0], list[len(list)-2])
			if len(list) == 4 {
				long, err = cell.Merge(p.span, list[3], list[1], list[0], list[2])
			}
			if err != nil || !bytes.Equal(forth, long) {
				t.Fatalf("%x and %x, %v: equal sums have different encodings", forth, long, err)
			}
			if none, err := cell.Merge(p.span, chunk, back[p]); err != nil || none != nil {
				t.Fatalf("what cancels out leaves %x, %v", none, err)
			}
			err = cell.Sum(p.span, [][]byte{back[p]}, func(cube.Key) {}, func(calendar.Bucket, []histogram.Bin) {})
			if !errors.Is(err, cell.ErrNegative) {
				t.Fatalf("sum of less than nothing: %v, want ErrNegative", err)
			}
		}
	})
}

func FuzzSum(f *testing.F) {
	d := &cube.Delta{}
	d.AddRefusal(&fact.Refusal{Survey: "shop", Population: fact.Customer, Kind: fact.Refused, Context: fact.Context{Channel: "app"}})
	f.Add(cell.Pack(d)[0].Data)
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		span := cell.SpanOf(0)
		err := cell.Sum(span, [][]byte{data}, func(cube.Key) {}, func(calendar.Bucket, []histogram.Bin) {})
		if err != nil && !errors.Is(err, wire.ErrCorrupt) && !errors.Is(err, cell.ErrNegative) {
			t.Errorf("sum: %v", err)
		}
		if _, mergeErr := cell.Merge(span, data, data); (mergeErr != nil) != errors.Is(err, wire.ErrCorrupt) {
			t.Errorf("sum: %v, merge: %v", err, mergeErr)
		}
	})
}
