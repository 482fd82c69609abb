package storetest

import (
	"testing"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// outboxCases are about what is told.
func outboxCases() []testCase { return []testCase{{"EmptyOutbox", emptyOutbox}} }

func emptyOutbox(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	events, head, err := s.OutboxEvents(ctx, "", 0, 10)
	must(t, "read", err)
	equal(t, "head", head, store.Head{})
	equal(t, "events", len(events), 0)
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
