// Package storetest is the conformance suite of scoring stores: what package store promises, as tests that every backend has to pass.
package storetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// Open opens a store of the test, empty at first; opened again within the same test it holds what was stored before. A store that is Shared is
// opened again while it is open. The suite closes what it opens.
type Open func(t testing.TB) store.Store

// Run runs the suite. newOpen is called once for each case and returns the way to open that case's store.
func Run(t *testing.T, newOpen func(t testing.TB) Open) {
	cases := []struct {
		name string
		run  func(t *testing.T, open Open)
	}{
		{"PartitionsAreFixed", partitionsAreFixed},
		{"PartitionsApart", partitionsApart},
		{"ApplyMovesTheCursor", applyMovesTheCursor},
		{"ApplyReplayed", applyReplayed},
		{"ApplyDuplicates", applyDuplicates},
		{"ApplyIsAllOrNothing", applyIsAllOrNothing},
		{"FactsRoundTrip", factsRoundTrip},
		{"RefusalsRoundTrip", refusalsRoundTrip},
		{"FactsAsAtTheStart", factsAsAtTheStart},
		{"FactsStopAtErrors", factsStopAtErrors},
		{"Stored", stored},
		{"Surveys", surveys},
		{"Respondents", respondents},
		{"Outcomes", outcomes},
		{"ManyOutcomes", manyOutcomes},
		{"RemovedRecordsGo", removedRecordsGo},
		{"RemovedInARebuild", removedInARebuild},
		{"ErasedAddsUp", erasedAddsUp},
		{"OutcomesAreForgotten", outcomesAreForgotten},
		{"Releases", releases},
		{"CellsAddUp", cellsAddUp},
		{"CellsCancelOut", cellsCancelOut},
		{"RowsAddUp", rowsAddUp},
		{"ErasedRowsAreNotKept", erasedRowsAreNotKept},
		{"Aside", aside},
		{"AsideIsResolved", asideIsResolved},
		{"AsideOfARebuild", asideOfARebuild},
		{"AlertRules", alertRules},
		{"AlertRulesConflict", alertRulesConflict},
		{"AlertRulesAreClaimed", alertRulesAreClaimed},
		{"Alerts", alerts},
		{"AlertsAreListed", alertsAreListed},
		{"AlertEvents", alertEvents},
		{"AlertsCompete", alertsCompete},
		{"DefinitionsAreVersioned", definitionsAreVersioned},
		{"DefinitionsConflict", definitionsConflict},
		{"DefinitionsAreListed", definitionsAreListed},
		{"DefinitionVersionsAreListed", definitionVersionsAreListed},
		{"DefinitionsCompete", definitionsCompete},
		{"DefinitionsOutlastTheScores", definitionsOutlastTheScores},
		{"EnrichmentsAreKept", enrichmentsAreKept},
		{"EnrichmentsOfSources", enrichmentsOfSources},
		{"EnrichmentsReplaceFacts", enrichmentsReplaceFacts},
		{"EnrichmentsConflict", enrichmentsConflict},
		{"EnrichmentsOutlastRebuilds", enrichmentsOutlastRebuilds},
		{"FollowAddsUp", followAddsUp},
		{"FollowAcrossEpochs", followAcrossEpochs},
		{"FollowWhileWritersWrite", followWhileWritersWrite},
		{"HoldKeepsBatchesOut", holdKeepsBatchesOut},
		{"HoldGivesWay", holdGivesWay},
		{"HoldersTakeTurns", holdersTakeTurns},
		{"OrganisationsApart", organisationsApart},
		{"Unicode", unicode},
		{"RebuildSwapsLedgers", rebuildSwapsLedgers},
		{"RebuildFails", rebuildFails},
		{"RebuildConflicts", rebuildConflicts},
		{"RebuildCursor", rebuildCursor},
		{"RebuildFencesBatches", rebuildFencesBatches},
		{"RebuildBeats", rebuildBeats},
		{"RebuildPages", rebuildPages},
		{"RebuildsCompete", rebuildsCompete},
		{"ClearEmptiesAll", clearEmptiesAll},
		{"ClearOnce", clearOnce},
		{"SweepLeavesWhatIsInUse", sweepLeavesWhatIsInUse},
		{"ReadersAndAWriter", readersAndAWriter},
		{"WritersCompete", writersCompete},
		{"WritersSideBySide", writersSideBySide},
		{"Cancellation", cancellation},
		{"Reopen", reopen},
		{"UseAfterClose", useAfterClose},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, newOpen(t)) })
	}
}

const (
	acme   = "acme"
	globex = "globex"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// partitions is the number of partitions of the stores of the suite; cases that name none use the first.
const partitions = 3

// openWithout opens a store that is not told of partitions yet, and closes it at the end of the test.
func openWithout(t testing.TB, open Open) store.Store {
	t.Helper()
	s := open(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// opened opens a store and closes it at the end of the test.
func opened(t testing.TB, open Open) store.Store {
	t.Helper()
	s := openWithout(t, open)
	divide(t, s)
	return s
}

// divide tells a store of the partitions.
func divide(t testing.TB, s store.Store) {
	t.Helper()
	if err := s.Partition(context.Background(), partitions); err != nil {
		t.Fatalf("set partitions: %v", err)
	}
}

// marks are how far a store is.
func marks(t testing.TB, s store.Store) store.Marks {
	t.Helper()
	m, err := s.Marks(context.Background())
	if err != nil {
		t.Fatalf("marks: %v", err)
	}
	if len(m.Cursors) != partitions {
		t.Fatalf("marks of %d partitions, want %d: %+v", len(m.Cursors), partitions, m)
	}
	return m
}

// cursor is how far the first partition is.
func cursor(t testing.TB, s store.Store) store.Cursor {
	t.Helper()
	return marks(t, s).Cursors[0]
}

// live is the live ledger of an organisation.
func live(org string) store.Ledger { return store.Ledger{Organization: org} }

// factAt is a response that counts at a moment.
func factAt(survey, id string, at time.Time) *fact.Fact {
	return &fact.Fact{
		ID: id, Survey: survey, Revision: 1, Population: fact.Customer, CountTime: at, ReceiveTime: at.Add(time.Second), Weight: 1,
		Context: fact.Context{Location: "north"},
		Answers: []fact.Answer{{Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900}},
	}
}

// refusalAt is a refusal that counts at a moment.
func refusalAt(survey, id, invitation string, at time.Time) *fact.Refusal {
	return &fact.Refusal{
		ID: id, Survey: survey, Population: fact.Customer, Kind: fact.Dismissed, CountTime: at, ReceiveTime: at.Add(time.Second), Invitation: invitation,
		Context: fact.Context{Channel: "app"},
	}
}

// facts makes n responses of a survey with positions from first on.
func facts(survey string, first, n int) []store.Record {
	var records []store.Record
	for i := first; i < first+n; i++ {
		f := factAt(survey, fmt.Sprintf("r-%d", i), noon.Add(time.Duration(i)*time.Hour))
		records = append(records, store.Record{Position: int64(i), Fact: f})
	}
	return records
}

// changes are records of one ledger together with their cells.
func changes(l store.Ledger, records ...store.Record) store.Changes {
	d := &delta.Delta{}
	for _, r := range records {
		if r.Fact != nil {
			d.AddFact(r.Fact)
		} else {
			d.AddRefusal(r.Refusal)
		}
	}
	return store.Changes{Ledger: l, Records: records, Cells: cell.Pack(d)}
}

// apply applies changes of live ledgers and moves the cursor of the first partition, which is at `from`.
func apply(t testing.TB, s store.Store, from, to int64, c ...store.Changes) {
	t.Helper()
	if now := cursor(t, s).Position; now != from {
		t.Fatalf("the cursor is at %d, not at %d", now, from)
	}
	applyIn(t, s, 0, to, c...)
}

// applyIn applies changes of live ledgers and moves the cursor of a partition.
func applyIn(t testing.TB, s store.Store, partition int, to int64, c ...store.Changes) {
	t.Helper()
	b := store.Batch{Partition: partition, From: marks(t, s).Cursors[partition], To: store.Cursor{Position: to}, Changes: c}
	if err := s.Apply(context.Background(), b); err != nil {
		t.Fatalf("apply: %v", err)
	}
}

// readFacts lists the facts of a survey with their positions.
func readFacts(t testing.TB, s store.Store, l store.Ledger, survey string) []store.Record {
	t.Helper()
	var records []store.Record
	err := s.Facts(context.Background(), l, survey, func(position int64, f *fact.Fact) error {
		records = append(records, store.Record{Position: position, Fact: f})
		return nil
	})
	if err != nil {
		t.Fatalf("facts: %v", err)
	}
	return records
}

func readRefusals(t testing.TB, s store.Store, l store.Ledger, survey string) []store.Record {
	t.Helper()
	var records []store.Record
	err := s.Refusals(context.Background(), l, survey, func(position int64, r *fact.Refusal) error {
		records = append(records, store.Record{Position: position, Refusal: r})
		return nil
	})
	if err != nil {
		t.Fatalf("refusals: %v", err)
	}
	return records
}

// counted is what the cells of a live ledger add up to.
func counted(t testing.TB, s store.Store, org string) map[cube.Key]histogram.Histogram {
	t.Helper()
	cells := make(map[cube.Key]histogram.Histogram)
	_, err := s.Cells(context.Background(), func(o, survey string, span cell.Span, chunks [][]byte) error {
		var key cube.Key
		return cell.Sum(span, chunks, func(k cube.Key) { key, key.Survey = k, survey }, func(b calendar.Bucket, bins []histogram.Bin) {
			if o != org {
				return
			}
			h, err := histogram.FromBins(bins...)
			if err != nil {
				t.Fatal(err)
			}
			key.Bucket = b
			cells[key] = h
		})
	})
	if err != nil {
		t.Fatalf("cells: %v", err)
	}
	return cells
}

// recount is what records count.
func recount(records ...store.Record) map[cube.Key]histogram.Histogram {
	c := cube.New()
	d := &cube.Delta{}
	for _, r := range records {
		if r.Fact != nil {
			d.AddFact(r.Fact)
		} else {
			d.AddRefusal(r.Refusal)
		}
	}
	if err := c.Apply(d); err != nil {
		panic(err)
	}
	cells := make(map[cube.Key]histogram.Histogram)
	for k, h := range c.Cells() {
		cells[k] = h
	}
	return cells
}

func wantCells(t testing.TB, what string, got, want map[cube.Key]histogram.Histogram) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d cells, want %d", what, len(got), len(want))
	}
	for k, h := range want {
		if !got[k].Equal(h) {
			t.Errorf("%s: cell %+v is %v, want %v", what, k, got[k], h)
		}
	}
}

func wantEqual(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}
