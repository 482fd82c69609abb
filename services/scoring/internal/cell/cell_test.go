package cell_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/question"
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
func genDelta(t *rapid.T) *delta.Delta {
	d := &delta.Delta{}
	for range rapid.IntRange(0, 20).Draw(t, "changes") {
		d.Cells.Change(genKey(t), rapid.Int64Range(-3, 3).Draw(t, "value"), rapid.Int64Range(1, 3).Draw(t, "count"))
	}
	for range rapid.IntRange(0, 10).Draw(t, "rows") {
		d.Note(rapid.SampledFrom([]string{"bank", "shop"}).Draw(t, "survey"), column.Change{Row: genRow(t), Count: rapid.IntRange(1, 2).Draw(t, "count")})
	}
	return d
}

// genRow draws one of few rows.
func genRow(t *rapid.T) column.Row {
	r := column.Row{
		ID: rapid.Uint64Range(1, 5).Draw(t, "id"), Population: fact.Customer, Bucket: calendar.Bucket(rapid.Int32Range(-2, 2).Draw(t, "bucket") * 500), Weight: 1,
	}
	if rapid.Bool().Draw(t, "keyed") {
		r.Keys = []column.Key{{Name: "channel", Values: []string{"app"}}}
	}
	if rapid.Bool().Draw(t, "answered") {
		r.Answers = []column.Answer{{Question: "a", Scale: "0-10", Kind: question.NPS, Value: 900}}
	}
	return r
}

// negative is a delta that takes back another one.
func negative(d *delta.Delta) *delta.Delta {
	out := &delta.Delta{}
	for _, k := range d.Cells.Keys() {
		for _, b := range d.Cells.Changes(k) {
			out.Cells.Change(k, b.Value, -b.Count)
		}
	}
	for _, survey := range d.Surveys() {
		for _, c := range d.Rows(survey) {
			out.Note(survey, column.Change{Row: c.Row, Count: -c.Count})
		}
	}
	return out
}

type place struct {
	survey string
	span   cell.Span
}

// rows are what the rows of chunks, or of deltas, add up to, by place.
func rows(t *rapid.T, chunks map[place][][]byte) map[place][]byte {
	out := make(map[place][]byte)
	for p, list := range chunks {
		sections, err := cell.Rows(list)
		if err != nil {
			t.Fatalf("rows: %v", err)
		}
		sum, err := column.Merge(sections...)
		if err != nil {
			t.Fatalf("merge rows: %v", err)
		}
		if sum != nil {
			out[p] = sum
		}
	}
	return out
}

func rowsOf(deltas ...*delta.Delta) map[place][]byte {
	changes := make(map[place][]column.Change)
	for _, d := range deltas {
		for _, survey := range d.Surveys() {
			for _, c := range d.Rows(survey) {
				p := place{survey, cell.SpanOf(c.Row.Bucket)}
				changes[p] = append(changes[p], c)
			}
		}
	}
	out := make(map[place][]byte)
	for p, list := range changes {
		if sum := column.Pack(list); sum != nil {
			out[p] = sum
		}
	}
	return out
}

// cells are what chunks add up to, as a cube.
func cells(t *rapid.T, chunks map[place][][]byte) *cube.Cube {
	var d delta.Delta
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
				d.Cells.Change(key, bin.Value, bin.Count)
			}
		})
		if err != nil {
			t.Fatalf("sum: %v", err)
		}
	}
	return counting(t, &d)
}

func counting(t *rapid.T, deltas ...*delta.Delta) *cube.Cube {
	c := cube.New()
	for _, d := range deltas {
		if err := c.Apply(&d.Cells); err != nil {
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
			if got := rows(t, c); !reflect.DeepEqual(got, rowsOf(deltas...)) {
				t.Fatalf("%s: rows %x, want %x", name, got, rowsOf(deltas...))
			}
		}
	})
}

// TestMergeIsCanonical merges in different orders, and with what cancels out.
func TestMergeIsCanonical(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := genDelta(t), genDelta(t)
		byPlace := func(d *delta.Delta) map[place][]byte {
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
			if len(cellsOf(back[p])) > 0 && !errors.Is(err, cell.ErrNegative) {
				t.Fatalf("sum of less than nothing: %v, want ErrNegative", err)
			}
		}
	})
}

// cellsOf are the packed cells of a chunk.
func cellsOf(chunk []byte) []byte {
	n, width := binary.Uvarint(chunk[1:])
	return chunk[1+width : 1+width+int(n)]
}

func FuzzSum(f *testing.F) {
	d := &delta.Delta{}
	d.AddRefusal(&fact.Refusal{Survey: "shop", Population: fact.Customer, Kind: fact.Refused, Context: fact.Context{Channel: "app"}})
	f.Add(cell.Pack(d)[0].Data)
	f.Add([]byte{1})
	f.Add(append([]byte{1}, cellsOf(cell.Pack(d)[0].Data)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		span := cell.SpanOf(0)
		err := cell.Sum(span, [][]byte{data}, func(cube.Key) {}, func(calendar.Bucket, []histogram.Bin) {})
		if err != nil && !errors.Is(err, wire.ErrCorrupt) && !errors.Is(err, cell.ErrNegative) {
			t.Errorf("sum: %v", err)
		}
		// The sum of cells does not look at rows.
		_, mergeErr := cell.Merge(span, data, data)
		if mergeErr == nil && errors.Is(err, wire.ErrCorrupt) || mergeErr != nil && !errors.Is(mergeErr, wire.ErrCorrupt) {
			t.Errorf("sum: %v, merge: %v", err, mergeErr)
		}
	})
}
