package ingest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// heard remembers what it is told of cases.
type heard struct {
	RecoveryStore
	closings []store.Closing
}

func (h *heard) ApplyClosings(_ context.Context, _ string, _, _ int64, closings []store.Closing) error {
	h.closings = closings
	return nil
}

// A case that is opened again is told by the event of one that is opened: its recovery has to hear of both.
func TestRecoveriesHearOfClosingAndReopening(t *testing.T) {
	t.Parallel()
	at, h := time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC), &heard{}
	event := func(kind store.EventKind, resource string) store.Event {
		return store.Event{Kind: kind, Organization: "acme", Resource: resource, Contact: "anna", Time: at}
	}
	events := []store.Event{
		event(store.CaseClosed, "cases/k1"), event(store.CaseDue, "cases/k1"), event(store.CaseOpened, "cases/k1"), event(store.LightChanged, "contacts/anna/light"),
	}
	if err := (&Recovery{Store: h}).closings(t.Context(), events, 0, 4); err != nil {
		t.Fatal(err)
	}
	got := make([]bool, 0, len(h.closings))
	for _, c := range h.closings {
		if c.Case != "k1" || c.Contact != "anna" || !c.Time.Equal(at) {
			t.Errorf("heard %+v", c)
		}
		got = append(got, c.Reopened)
	}
	if !slices.Equal(got, []bool{false, true}) {
		t.Errorf("heard of reopening %v", got)
	}
}
