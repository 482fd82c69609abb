package fact_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// genEvents draws what happens to one invitation: refusals at few moments, so that ties occur, and perhaps a response.
func genEvents(t *rapid.T) []fact.Outcome {
	n := rapid.IntRange(0, 8).Draw(t, "events")
	events := make([]fact.Outcome, n)
	for i := range events {
		if rapid.IntRange(0, 9).Draw(t, "type") == 0 {
			events[i] = fact.Outcome{Answered: true}
			continue
		}
		events[i] = fact.Outcome{Refusal: &fact.Refusal{
			ID:        rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "id"),
			Kind:      fact.RefusalKind(rapid.IntRange(1, 3).Draw(t, "kind")),
			CountTime: time.Unix(rapid.Int64Range(0, 3).Draw(t, "time"), 0),
		}}
	}
	// One identifier is one refusal.
	byID := map[string]*fact.Refusal{}
	for i, e := range events {
		if e.Refusal == nil {
			continue
		}
		if same := byID[e.Refusal.ID]; same != nil {
			events[i].Refusal = same
		}
		byID[events[i].Refusal.ID] = events[i].Refusal
	}
	return events
}

func join(events []fact.Outcome) (o fact.Outcome) {
	for _, e := range events {
		o = o.Join(e)
	}
	return o
}

func TestOutcomeDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		events := genEvents(rt)
		want := join(events)
		if got := join(rapid.Permutation(events).Draw(rt, "order")); got != want {
			rt.Fatalf("got %+v, want %+v", got, want)
		}
		if got := join(append(events, events...)); got != want {
			rt.Fatalf("twice: got %+v, want %+v", got, want)
		}
		cut := rapid.IntRange(0, len(events)).Draw(rt, "cut")
		if got := join(events[cut:]).Join(join(events[:cut])); got != want {
			rt.Fatalf("in parts: got %+v, want %+v", got, want)
		}

		// The slow reference: a response wins, else the latest, else the greatest identifier.
		var last *fact.Refusal
		answered := false
		for _, e := range events {
			answered = answered || e.Answered
			if r := e.Refusal; r != nil && (last == nil || r.CountTime.After(last.CountTime) ||
				r.CountTime.Equal(last.CountTime) && r.ID > last.ID) {
				last = r
			}
		}
		if answered {
			last = nil
		}
		if want.Counted() != last {
			rt.Fatalf("counted %+v, want %+v", want.Counted(), last)
		}
	})
}

func TestOutcomeOf(t *testing.T) {
	early := &fact.Refusal{ID: "z", CountTime: time.Unix(1, 0)}
	late := &fact.Refusal{ID: "a", CountTime: time.Unix(2, 0)}
	if got := fact.OutcomeOf(false, late, early).Counted(); got != late {
		t.Errorf("counted %+v, want the later", got)
	}
	if got := fact.OutcomeOf(true, late, early).Counted(); got != nil {
		t.Errorf("counted %+v of an answered invitation", got)
	}
	if got := fact.OutcomeOf(false).Counted(); got != nil {
		t.Errorf("counted %+v of nothing", got)
	}
}
