package cell_test

import (
	"bytes"
	"fmt"
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
)

// TestUnpackReversesPack gets back what was packed.
func TestUnpackReversesPack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, back := genDelta(t), &delta.Delta{}
		if err := cell.Unpack(back, cell.Pack(d)...); err != nil {
			t.Fatalf("unpack: %v", err)
		}
		if diff := cube.Diff(counting(t, back), counting(t, d), 1); len(diff) > 0 {
			t.Fatalf("%+v", diff[0])
		}
		if !reflect.DeepEqual(rowsOf(back), rowsOf(d)) {
			t.Fatalf("rows %v, want %v", rowsOf(back), rowsOf(d))
		}
		back.Merge(negative(d))
		if chunks := cell.Pack(back); !back.IsEmpty() || len(chunks) > 0 {
			t.Fatalf("what is taken back leaves %d chunks", len(chunks))
		}
	})
}

// version1 makes chunks as they were before there were rows.
func version1(chunks []cell.Chunk) [][]byte {
	var old [][]byte
	for _, c := range chunks {
		old = append(old, append([]byte{1}, cellsOf(c.Data)...))
	}
	return old
}

// TestChunksWithoutRowsAreReadable adds up chunks of the version that had no rows with such as have.
func TestChunksWithoutRowsAreReadable(t *testing.T) {
	t.Parallel()
	no := func(id string) *delta.Delta {
		d := &delta.Delta{}
		d.AddRefusal(&fact.Refusal{ID: id, Survey: "shop", Population: fact.Customer, Kind: fact.Refused, Context: fact.Context{Channel: "app"}})
		return d
	}
	before := version1(cell.Pack(no("a")))
	now := cell.Pack(no("b"))[0].Data
	merged, err := cell.Merge(cell.SpanOf(0), before[0], now)
	if err != nil {
		t.Fatal(err)
	}
	for name, chunks := range map[string][][]byte{"apart": {before[0], now}, "merged": {merged}} {
		counts := int64(0)
		if err := cell.Sum(cell.SpanOf(0), chunks, func(cube.Key) {}, func(_ calendar.Bucket, bins []histogram.Bin) { counts += bins[0].Count }); err != nil {
			t.Fatal(err)
		}
		sections, err := cell.Rows(chunks)
		if err != nil || counts != 4 || len(sections) != 1 {
			t.Errorf("%s: %d refusals in two series, %d sections of rows, %v", name, counts, len(sections), err)
		}
	}
}

// TestRowsSettle: rows are split off once there are many of them, cells never are.
func TestRowsSettle(t *testing.T) {
	t.Parallel()
	many := &delta.Delta{}
	for i := range 60_000 {
		many.AddRefusal(&fact.Refusal{
			ID: fmt.Sprint(i), Survey: "shop", Population: fact.Customer, Kind: fact.Refused, Context: fact.Context{Channel: "app", Location: fmt.Sprint(i % 1000)},
		})
	}
	chunk := cell.Pack(many)[0].Data
	rest, settled, err := cell.Settle(chunk)
	if err != nil || rest == nil || settled == nil {
		t.Fatalf("%d bytes are split into %d and %d, %v", len(chunk), len(rest), len(settled), err)
	}
	for _, part := range [][]byte{rest, settled} {
		if sections, err := cell.Rows([][]byte{part}); err != nil || (len(sections) > 0) != bytes.Equal(part, settled) {
			t.Errorf("%d sections of rows, %v", len(sections), err)
		}
	}
	if again, err := cell.Merge(cell.SpanOf(0), settled, rest); err != nil || !bytes.Equal(again, chunk) {
		t.Errorf("the parts add up to another chunk, %v", err)
	}
	few := cell.Pack(func() *delta.Delta {
		d := &delta.Delta{}
		d.AddRefusal(&fact.Refusal{ID: "a", Survey: "shop", Population: fact.Customer, Kind: fact.Refused})
		return d
	}())[0].Data
	if rest, settled, err := cell.Settle(few); err != nil || settled != nil || !bytes.Equal(rest, few) {
		t.Errorf("few rows: %x, %x, %v", rest, settled, err)
	}
}

// TestPurgeLeavesNothing takes all that chunks hold of some rows out of them, and nothing else.
func TestPurgeLeavesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		held := rapid.SliceOfN(rapid.Custom(genDelta), 1, 4).Draw(t, "held")
		gone := make(map[uint64]bool)
		for _, id := range rapid.SliceOf(rapid.Uint64Range(1, 5)).Draw(t, "gone") {
			gone[id] = true
		}
		want, news := &delta.Delta{}, &delta.Delta{}
		for _, d := range held {
			for _, survey := range d.Surveys() {
				for _, c := range d.Rows(survey) {
					if gone[c.Row.ID] {
						news.Note(survey, column.Change{Row: c.Row, Count: -c.Count})
					} else {
						want.Note(survey, c)
					}
				}
			}
		}
		cells, left := make(map[place][][]byte), make(map[place][][]byte)
		for _, d := range append(held, news) {
			for _, c := range cell.Pack(d) {
				p := place{c.Survey, c.Span}
				cells[p] = append(cells[p], c.Data)
				rest, changed, err := cell.Purge(c.Data, gone)
				if err != nil || changed == bytes.Equal(rest, c.Data) {
					t.Fatalf("changed %v, %v", changed, err)
				}
				if rest == nil {
					continue
				}
				left[p] = append(left[p], rest)
				sections, err := cell.Rows([][]byte{rest})
				if err != nil {
					t.Fatalf("rows: %v", err)
				}
				for _, section := range sections {
					if err := column.Unpack(section, func(c column.Change) error {
						if gone[c.Row.ID] {
							return fmt.Errorf("%+v", c)
						}
						return nil
					}); err != nil {
						t.Fatalf("a row that was erased is kept: %v", err)
					}
				}
			}
		}
		if got := rows(t, left); !reflect.DeepEqual(got, rowsOf(want)) || !reflect.DeepEqual(got, rows(t, cells)) {
			t.Fatalf("rows %x, want %x", got, rowsOf(want))
		}
	})
}
