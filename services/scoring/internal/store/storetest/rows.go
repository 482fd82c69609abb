package storetest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// wordy makes n responses within some days with attributes that take much room, so that few rows are many bytes.
func wordy(random *rand.Rand, first, n int) []store.Record {
	records := facts("shop", first, n)
	for i := range records {
		f := records[i].Fact
		f.CountTime = noon.Add(time.Duration(random.IntN(96)) * time.Hour)
		f.Context.Attributes = []fact.Attribute{{Name: "note", Value: fmt.Sprintf("%0100x%0100x", random.Uint64(), random.Uint64())}}
	}
	return records
}

// rowsIn lists the changes of rows in each chunk of acme's live ledger, and the size of the largest.
func rowsIn(t testing.TB, s store.Store) (chunks [][]column.Change, largest int) {
	t.Helper()
	_, err := s.Cells(context.Background(), func(o, _ string, span cell.Span, list [][]byte) error {
		if o != acme {
			return nil
		}
		sections, err := cell.Rows(list)
		for _, section := range sections {
			var changes []column.Change
			if err := column.Unpack(section, func(c column.Change) error {
				if cell.SpanOf(c.Row.Bucket) != span {
					t.Errorf("row %+v in span %d", c.Row, span)
				}
				changes = append(changes, c)
				return nil
			}); err != nil {
				return err
			}
			chunks = append(chunks, changes)
			largest = max(largest, len(section))
		}
		return err
	})
	if err != nil {
		t.Fatalf("rows: %v", err)
	}
	return chunks, largest
}

// wantRows compares what the rows of acme's live ledger add up to with those of records.
func wantRows(t testing.TB, s store.Store, records ...store.Record) {
	t.Helper()
	var want []column.Change
	for _, r := range records {
		c := column.Change{Count: 1}
		if r.Fact != nil {
			c.Row = delta.RowOf(r.Fact)
		} else {
			c.Row = delta.RowOfRefusal(r.Refusal)
		}
		want = append(want, c)
	}
	chunks, _ := rowsIn(t, s)
	if got := slices.Concat(chunks...); !bytes.Equal(column.Pack(got), column.Pack(want)) {
		t.Errorf("%d changes of rows do not add up to the %d rows of the records", len(got), len(want))
	}
}

// rowsAddUp: rows are stored beside cells, and merged until they are many.
func rowsAddUp(t *testing.T, open Open) {
	s := opened(t, open)
	random := rand.New(rand.NewPCG(1, 2))
	var all []store.Record
	const batches, size = 18, 400
	for i := range batches {
		records := wordy(random, size*i+1, size)
		all = append(all, records...)
		apply(t, s, int64(size*i), int64(size*(i+1)), changes(live(acme), records...))
	}
	wantCells(t, "cells", counted(t, s, acme), recount(all...))
	wantRows(t, s, all...)
	chunks, largest := rowsIn(t, s)
	if len(chunks) < 2 || len(chunks) > batches/2 || largest > 4<<20 {
		t.Errorf("%d batches are in %d chunks, the largest of %d bytes", batches, len(chunks), largest)
	}
	// What is erased is in no chunk any more, in whichever it was.
	gone := []store.Record{all[0], all[1], all[len(all)/2], all[len(all)-1]}
	apply(t, s, batches*size, batches*size+1, withoutRecords(live(acme), gone...))
	left := slices.DeleteFunc(slices.Clone(all), func(r store.Record) bool {
		return slices.ContainsFunc(gone, func(g store.Record) bool { return g.Fact == r.Fact })
	})
	wantRows(t, s, left...)
	wantCells(t, "cells", counted(t, s, acme), recount(left...))
	wantNone(t, s, gone...)
}

// wantNone sees to it that no chunk holds anything of records.
func wantNone(t testing.TB, s store.Store, records ...store.Record) {
	t.Helper()
	chunks, _ := rowsIn(t, s)
	for _, c := range slices.Concat(chunks...) {
		for _, r := range records {
			if c.Row.ID == store.PurgeOf(r).Row {
				t.Errorf("a chunk holds %+v of a record that was erased", c)
			}
		}
	}
}

// erasedRowsAreNotKept: neither are those of refusals that had ceased to count before they were erased.
func erasedRowsAreNotKept(t *testing.T, open Open) {
	s := opened(t, open)
	early := store.Record{Position: 1, Refusal: refusalAt("shop", "early", "i", noon)}
	late := store.Record{Position: 2, Refusal: refusalAt("shop", "late", "i", noon.Add(time.Hour))}
	other := store.Record{Position: 3, Fact: factAt("shop", "other", noon)}
	apply(t, s, 0, 1, changes(live(acme), early))
	c := changes(live(acme), late, other)
	d := &delta.Delta{}
	d.Replace(early.Refusal, late.Refusal)
	d.AddFact(other.Fact)
	c.Cells = cell.Pack(d)
	apply(t, s, 1, 3, c)
	wantRows(t, s, late, other)
	// The outcome does not change by it.
	gone := withoutRecords(live(acme), early)
	gone.Cells = nil
	apply(t, s, 3, 4, gone)
	wantRows(t, s, late, other)
	wantNone(t, s, early)
	apply(t, s, 4, 5, withoutRecords(live(acme), late))
	wantRows(t, s, other)
	wantNone(t, s, early, late)
	// Whoever follows counts the change all the same.
	r := newReplica(t, s)
	apply(t, s, 5, 6, withoutRecords(live(acme), other))
	if err := r.follow(); err != nil {
		t.Fatal(err)
	}
	wantCells(t, "cells of a follower", r.cells(t, acme), nil)
	wantRows(t, s)
}
