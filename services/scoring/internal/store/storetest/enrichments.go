package storetest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// known are enrichments of responses.
type known = map[store.Response]fact.Enrichment

// blames is what words express that blame a theme.
func blames(theme string) fact.Enrichment {
	return fact.Enrichment{Sentiment: fact.Negative, Themes: []fact.Theme{{ID: theme, Polarity: fact.Negative}}}
}

// responseOf names the response of a record.
func responseOf(r store.Record) store.Response {
	return store.Response{Survey: r.Fact.Survey, ID: r.Fact.ID}
}

// enriched is a record with another enrichment.
func enriched(r store.Record, e fact.Enrichment) store.Record {
	f := *r.Fact
	f.Enrichment = e
	return store.Record{Position: r.Position, Fact: &f}
}

// enriching is a batch that continues what is stored and moves the log of enrichments to a position.
func enriching(t testing.TB, s store.Store, to int64, changes ...store.EnrichmentChanges) store.EnrichmentBatch {
	t.Helper()
	now, err := s.Enriched(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return store.EnrichmentBatch{From: now.Positions[store.Comments], To: to, At: marks(t, s), Changes: changes}
}

// enrich stores enrichments of an organisation.
func enrich(t testing.TB, s store.Store, to int64, changes ...store.EnrichmentChanges) {
	t.Helper()
	if err := s.Enrich(context.Background(), enriching(t, s, to, changes...)); err != nil {
		t.Fatalf("enrich: %v", err)
	}
}

// knownOf are the changes by which something is known of responses.
func knownOf(org string, k known) store.EnrichmentChanges {
	return store.EnrichmentChanges{Known: k, Ledger: store.Changes{Ledger: live(org)}}
}

func wantEnriched(t testing.TB, s store.Store, want store.Enriched) {
	t.Helper()
	got, err := s.Enriched(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "how far enrichments are", got, want)
}

// upTo is how far enrichments are when the log of comments is at a position and no other was read.
func upTo(position, number int64) store.Enriched {
	return store.Enriched{Positions: [store.Sources]int64{store.Comments: position}, Number: number}
}

func wantKnown(t testing.TB, s store.Store, org string, want known) {
	t.Helper()
	asked := []store.Response{{Survey: "shop", ID: "r-99"}}
	for r := range want {
		asked = append(asked, r)
	}
	for i := range 10 {
		for _, f := range facts("shop", i, 1) {
			if r := responseOf(f); !slices.Contains(asked, r) {
				asked = append(asked, r)
			}
		}
	}
	got, err := s.Enrichments(context.Background(), org, asked)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "enrichments of "+org, got, want)
}

func enrichmentsAreKept(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	wantEnriched(t, s, store.Enriched{})
	odd := store.Response{Survey: "shop", ID: "наблюдение/\x00\xff'"}
	one, two := store.Response{Survey: "shop", ID: "r-1"}, store.Response{Survey: "bank", ID: "r-1"}
	enrich(t, s, 7, knownOf(acme, known{one: blames("delivery"), two: blames("price"), odd: {Sentiment: fact.Mixed}}), knownOf(globex, known{one: {Sentiment: fact.Positive}}))
	wantEnriched(t, s, upTo(7, 1))
	wantKnown(t, s, acme, known{one: blames("delivery"), two: blames("price"), odd: {Sentiment: fact.Mixed}})
	wantKnown(t, s, globex, known{one: {Sentiment: fact.Positive}})

	// What changes is replaced, what becomes of nothing is not known any more, and what is forgotten leaves nothing.
	enrich(t, s, 9, store.EnrichmentChanges{
		Known: known{one: blames("staff"), two: {}}, Forgotten: []store.Response{odd, {Survey: "shop", ID: "never"}}, Ledger: store.Changes{Ledger: live(acme)},
	})
	wantEnriched(t, s, upTo(9, 2))
	wantKnown(t, s, acme, known{one: blames("staff")})
	var listed []store.NumberedEnrichment
	list := func(org string, after int64) []store.NumberedEnrichment {
		t.Helper()
		listed = nil
		err := s.EnrichmentsAfter(ctx, org, after, func(e store.NumberedEnrichment) error { listed = append(listed, e); return nil })
		if err != nil {
			t.Fatal(err)
		}
		slices.SortStableFunc(listed, func(a, b store.NumberedEnrichment) int {
			return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Survey, b.Survey))
		})
		return listed
	}
	wantEqual(t, "all", list(acme, 0), []store.NumberedEnrichment{{Response: two, Number: 2}, {Response: one, Number: 2, Enrichment: blames("staff")}})
	wantEqual(t, "all of another", list(globex, 0), []store.NumberedEnrichment{{Response: one, Number: 1, Enrichment: fact.Enrichment{Sentiment: fact.Positive}}})
	wantEqual(t, "none", len(list(acme, 2))+len(list(globex, 1)), 0)
	enrich(t, s, 10, knownOf(acme, known{odd: blames("price")}))
	wantEqual(t, "the last", list(acme, 2), []store.NumberedEnrichment{{Response: odd, Number: 3, Enrichment: blames("price")}})
	stop := errors.New("stop")
	if err := s.EnrichmentsAfter(ctx, acme, 0, func(store.NumberedEnrichment) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v, want the error of fn", err)
	}

	// Positions move by themselves, back too.
	enrich(t, s, 4)
	wantEnriched(t, s, upTo(4, 3))
}

func enrichmentsOfSources(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	one := store.Response{Survey: "shop", ID: "r-1"}
	enrich(t, s, 7, knownOf(acme, known{one: blames("delivery")}))
	both := blames("delivery")
	both.Segments, both.Case = []string{"new", "vip"}, fact.UnresolvedCase
	b := store.EnrichmentBatch{Source: store.Segmentation, To: 3, At: marks(t, s), Changes: []store.EnrichmentChanges{knownOf(acme, known{one: both})}}
	if err := s.Enrich(ctx, b); err != nil {
		t.Fatal(err)
	}
	// Each log has a position of its own, and batches one number for all.
	wantKnown(t, s, acme, known{one: both})
	at := upTo(7, 2)
	at.Positions[store.Segmentation] = 3
	wantEnriched(t, s, at)
	b.At = marks(t, s)
	if err := s.Enrich(ctx, b); !errors.Is(err, store.ErrConflict) {
		t.Errorf("twice from one position: %v, want ErrConflict", err)
	}
	if err := s.Enrich(ctx, store.EnrichmentBatch{Source: store.Segmentation, From: 3, To: 5}); err != nil {
		t.Fatal(err)
	}
	at.Positions[store.Segmentation] = 5
	wantEnriched(t, s, at)
	if err := s.Clear(ctx, marks(t, s).Epoch, "another log", noon); err != nil {
		t.Fatal(err)
	}
	wantEnriched(t, s, upTo(0, 3))
	wantKnown(t, s, acme, known{})
}

func enrichmentsReplaceFacts(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	records := facts("shop", 1, 6)
	apply(t, s, 0, 6, changes(live(acme), records...), changes(live(globex), facts("shop", 1, 2)...))
	r := newReplica(t, s)
	before := marks(t, s)
	// Cells that a batch of enrichments adds are counted as others are: here those of one more response.
	more := facts("shop", 50, 1)
	later := enriched(records[2], blames("delivery"))
	c := knownOf(acme, known{responseOf(later): blames("delivery")})
	c.Ledger = changes(live(acme), more...)
	c.Ledger.Records, c.Ledger.Replaced = nil, []store.Record{later}
	enrich(t, s, 3, c)

	want := slices.Clone(records)
	want[2] = later
	wantEqual(t, "responses", readFacts(t, s, live(acme), "shop"), want)
	wantEqual(t, "responses of another", readFacts(t, s, live(globex), "shop"), facts("shop", 1, 2))
	wantCells(t, "cells", counted(t, s, acme), recount(append(slices.Clone(records), more...)...))
	after := marks(t, s)
	for i, c := range after.Cursors {
		if c.Version != before.Cursors[i].Version+1 || c.Position != before.Cursors[i].Position || after.Epoch != before.Epoch {
			t.Errorf("partition %d is at %+v after %+v", i, c, before.Cursors[i])
		}
	}
	// Those who follow see it, and batches that were made before conflict.
	if err := r.follow(); err != nil {
		t.Fatal(err)
	}
	wantCells(t, "cells of a follower", r.cells(t, acme), recount(append(slices.Clone(records), more...)...))
	for p, from := range before.Cursors {
		err := s.Apply(ctx, store.Batch{Partition: p, From: from, To: store.Cursor{Position: 60}, Changes: []store.Changes{changes(live(acme), facts("shop", 60, 1)...)}})
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("a batch of partition %d that was made before: %v, want ErrConflict", p, err)
		}
	}
	// A replaced response is found and removed as before.
	found, err := s.Responses(ctx, live(acme), []store.Response{responseOf(later), {Survey: "shop", ID: "never"}, {Survey: "bank", ID: "r-1"}, responseOf(records[0])})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "found", found, map[store.Response]store.Record{responseOf(later): later, responseOf(records[0]): records[0]})
	apply(t, s, 6, 61, withoutRecords(live(acme), later))
	wantEqual(t, "responses after one was removed", readFacts(t, s, live(acme), "shop"), slices.Delete(want, 2, 3))
	if found, err = s.Responses(ctx, live(acme), []store.Response{responseOf(later)}); err != nil || len(found) > 0 {
		t.Errorf("found what was removed: %v, %v", found, err)
	}
	wantKnown(t, s, acme, known{})
}

func enrichmentsConflict(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	apply(t, s, 0, 3, changes(live(acme), facts("shop", 1, 3)...))
	one := store.Response{Survey: "shop", ID: "r-1"}
	stale := enriching(t, s, 5, knownOf(acme, known{one: blames("price")}))
	enrich(t, s, 5, knownOf(acme, known{one: blames("staff")}))
	if err := s.Enrich(ctx, stale); !errors.Is(err, store.ErrConflict) {
		t.Errorf("twice from one position: %v, want ErrConflict", err)
	}
	moves := store.EnrichmentBatch{From: 4, To: 6}
	if err := s.Enrich(ctx, moves); !errors.Is(err, store.ErrConflict) {
		t.Errorf("from another position: %v, want ErrConflict", err)
	}
	for p := range partitions {
		stale = enriching(t, s, 6, knownOf(acme, known{one: blames("price")}))
		applyIn(t, s, p, 10)
		if err := s.Enrich(ctx, stale); !errors.Is(err, store.ErrConflict) {
			t.Errorf("after a batch of partition %d: %v, want ErrConflict", p, err)
		}
	}
	_, l := start(t, s, acme)
	stale = enriching(t, s, 6, knownOf(acme, known{one: blames("price")}))
	if _, err := s.FinishRebuild(ctx, l, marks(t, s), 0, noon); err != nil {
		t.Fatal(err)
	}
	if err := s.Enrich(ctx, stale); !errors.Is(err, store.ErrConflict) {
		t.Errorf("after a rebuild: %v, want ErrConflict", err)
	}
	wantKnown(t, s, acme, known{one: blames("staff")})
	wantEnriched(t, s, upTo(5, 1))
	// Within Hold nothing comes between.
	err := s.Hold(ctx, func(ctx context.Context) error {
		return s.Enrich(ctx, enriching(t, s, 6, knownOf(acme, known{one: blames("price")})))
	})
	if err != nil {
		t.Error(err)
	}
	wantKnown(t, s, acme, known{one: blames("price")})
}

func enrichmentsOutlastRebuilds(t *testing.T, open Open) {
	ctx := context.Background()
	s := opened(t, open)
	records := facts("shop", 1, 3)
	one, two := responseOf(records[0]), responseOf(records[1])
	apply(t, s, 0, 3, changes(live(acme), records...))
	enrich(t, s, 5, knownOf(acme, known{one: blames("price"), two: blames("staff")}), knownOf(globex, known{one: blames("staff")}))
	_, l := start(t, s, acme)
	if err := applyTo(s, l, 0, 3, changes(l, records...)); err != nil {
		t.Fatal(err)
	}
	// What is replaced or removed in the ledger of a rebuild leaves the live one as it is, and what is known.
	later := enriched(records[0], blames("price"))
	if err := applyTo(s, l, 3, 4, store.Changes{Ledger: l, Replaced: []store.Record{later}}); err != nil {
		t.Fatal(err)
	}
	found, err := s.Responses(ctx, l, []store.Response{one, two})
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "found in the rebuild", found, map[store.Response]store.Record{one: later, two: records[1]})
	wantEqual(t, "live responses", readFacts(t, s, live(acme), "shop"), records)
	if err := applyTo(s, l, 4, 5, withoutRecords(l, records[1])); err != nil {
		t.Fatal(err)
	}
	wantKnown(t, s, acme, known{one: blames("price"), two: blames("staff")})
	apply(t, s, 3, 5, withoutRecords(live(acme), records[1]))
	if _, err := s.FinishRebuild(ctx, l, marks(t, s), 0, noon); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "rebuilt responses", readFacts(t, s, live(acme), "shop"), []store.Record{later, records[2]})
	wantKnown(t, s, acme, known{one: blames("price")})
	if found, err = s.Responses(ctx, live(acme), []store.Response{one, two}); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "found after the rebuild", found, map[store.Response]store.Record{one: later})

	// Another change log has other responses.
	if err := s.Clear(ctx, marks(t, s).Epoch, "another log", noon); err != nil {
		t.Fatal(err)
	}
	for _, org := range []string{acme, globex} {
		wantKnown(t, s, org, known{})
	}
	now, err := s.Enriched(ctx)
	if err != nil || now.Positions != [store.Sources]int64{} || now.Number < 2 {
		t.Errorf("after Clear enrichments are at %+v, %v", now, err)
	}
}

// enrichmentMethods are the methods of a store that keep enrichments, for tests of what holds for each method.
func enrichmentMethods(s store.Store) map[string]func(ctx context.Context) error {
	one := []store.Response{{Survey: "shop", ID: "r-1"}}
	return map[string]func(ctx context.Context) error{
		"Enriched":    func(ctx context.Context) error { _, err := s.Enriched(ctx); return err },
		"Enrichments": func(ctx context.Context) error { _, err := s.Enrichments(ctx, acme, one); return err },
		"Responses":   func(ctx context.Context) error { _, err := s.Responses(ctx, live(acme), one); return err },
		"Enrich":      func(ctx context.Context) error { return s.Enrich(ctx, store.EnrichmentBatch{To: 1}) },
		"EnrichmentsAfter": func(ctx context.Context) error {
			return s.EnrichmentsAfter(ctx, acme, 0, func(store.NumberedEnrichment) error { return nil })
		},
	}
}
