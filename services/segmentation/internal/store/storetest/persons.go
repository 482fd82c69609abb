package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// outboxCases are about what is told.
func outboxCases() []testCase {
	return []testCase{{"EmptyOutbox", emptyOutbox}, {"OutboxIsSwept", outboxIsSwept}}
}

func emptyOutbox(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	events, head, err := s.OutboxEvents(ctx, "", 0, 10)
	must(t, "read", err)
	equal(t, "head", head, store.Head{})
	equal(t, "events", len(events), 0)
}

// outboxIsSwept: what was told long ago is forgotten, but for what was told of responses, and not before the followers have heard it.
func outboxIsSwept(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	a := &answering{t: t, s: s, now: noon}
	a.apply(lightAnswer(acme, "r1", 0, "one", noon, 1))
	must(t, "sight", s.SightCases(ctx, "cases", 0, 1, store.CaseBatch{Now: noon, Sightings: []store.CaseSighting{
		sighting(acme, "r2", ann, 0, ruleOf(acme, "low", "service")), sighting(acme, "r3", ann, time.Hour),
	}}))
	a.now = noon.Add(time.Hour)
	a.apply(lightAnswer(acme, "r4", 0, "two", noon, 1))
	kinds := func() (out []store.EventKind) {
		t.Helper()
		events, _, err := s.OutboxEvents(ctx, "", 0, 99)
		for _, e := range got(t, events, err) {
			out = append(out, e.Kind)
		}
		return out
	}
	told := []store.EventKind{store.LightChanged, store.CaseOpened, store.CaseOfResponse, store.LightChanged}
	equal(t, "told", kinds(), told)
	sweep := func() {
		t.Helper()
		for more := true; more; {
			var err error
			more, err = s.SweepOutbox(ctx, noon.Add(time.Minute), []string{"interviews"}, 2)
			must(t, "sweep", err)
		}
	}
	sweep()
	equal(t, "what nobody has heard", kinds(), told)
	must(t, "follow", s.MoveFollower(ctx, "interviews", 0, 1))
	sweep()
	equal(t, "what was heard", kinds(), told[1:])
	must(t, "follow", s.MoveFollower(ctx, "interviews", 1, 4))
	sweep()
	sweep()
	equal(t, "all", kinds(), told[2:])
	_, head, err := s.OutboxEvents(ctx, "", 0, 1)
	must(t, "read", err)
	equal(t, "head", head.Last, 4)
}

// personCases are about what is kept of persons.
func personCases() []testCase { return []testCase{{"PersonsAreErased", personsAreErased}} }

func personsAreErased(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	mine, theirs := letter(acme, "lights", "r1"), letter(acme, "lights", "r2")
	theirs.Person = []byte("fedcba9876543210")
	must(t, "set aside", s.SetAside(ctx, 0, 1, mine))
	must(t, "set aside", s.SetAside(ctx, 1, 2, theirs))
	must(t, "set aside", s.SetAside(ctx, 2, 3, letter(other, "lights", "r1")))
	records, err := s.ListPerson(ctx, acme, mine.Person)
	must(t, "list", err)
	equal(t, "records", records, []store.PersonRecord{{
		Kind: "dead_letters", Name: "segmentationDeadLetters/1", Time: noon,
		Content: []byte(`{"follower":"lights","reason":"it is odd","resource":"surveys/visits/responses/r1"}`),
	}})
	for range 2 {
		must(t, "erase", s.ErasePerson(ctx, acme, "e1", mine.Person))
		counts, err := s.Erased(ctx, acme, "e1")
		must(t, "count", err)
		var letters int64
		for _, c := range counts {
			if c.Kind == "dead_letters" {
				letters += c.Count
			}
		}
		equal(t, "counted", letters, 1)
	}
	records, err = s.ListPerson(ctx, acme, mine.Person)
	equal(t, "left", len(got(t, records, err)), 0)
	records, err = s.ListPerson(ctx, acme, theirs.Person)
	equal(t, "left of another person", len(got(t, records, err)), 1)
	records, err = s.ListPerson(ctx, other, mine.Person)
	equal(t, "left elsewhere", len(got(t, records, err)), 1)
}
