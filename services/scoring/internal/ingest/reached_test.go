package ingest_test

import (
	"context"
	"testing"

	"github.com/otklik/otklik/libs/eventlog"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// TestAppliedUpTo tells of all partitions whether they are applied, those in which nothing happened included, and of one organisation at a time.
func TestAppliedUpTo(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	st := openStore(t, t.TempDir())
	defer st.Close()
	f := newFeed()
	p := newProcess(t, st, f, &shopCatalog{}, nil, "one")
	// Of two events in partitions of their own, another organisation's between them.
	var log []*surveyv1.Event
	used := make(map[int]bool)
	for i := 0; len(log) < 2; i++ {
		e := responseEvent("acme", string(rune('a'+i)), int64(10+10*len(log)), noon, "", 1, 9, 3)
		if at := eventlog.Partition(e.GetKey(), parts); !used[at] {
			used[at] = true
			log = append(log, e)
		}
	}
	foreign := responseEvent("globex", "x", 15, noon, "", 1, 9, 3)
	f.add(log[0], foreign, log[1])
	reached := func(org string, position int64) bool {
		t.Helper()
		done, err := p.applier.AppliedUpTo(ctx, org, position)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	apply := func(e *surveyv1.Event) {
		t.Helper()
		if _, err := p.applier.Sink(eventlog.Partition(e.GetKey(), parts)).Apply(ctx, []*surveyv1.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	if reached("acme", 20) || reached("acme", 10) || !reached("acme", 9) {
		t.Error("nothing is applied")
	}
	apply(log[1])
	if reached("acme", 20) || reached("acme", 10) {
		t.Error("the first event is not applied")
	}
	apply(log[0])
	if !reached("acme", 20) || !reached("acme", 10) {
		t.Error("all of the organisation is applied")
	}
	if reached("globex", 20) && eventlog.Partition(foreign.GetKey(), parts) != eventlog.Partition(log[1].GetKey(), parts) {
		t.Error("the other organisation's event is not applied")
	}
	if reached("acme", 21) {
		t.Error("the log does not reach there")
	}
}
