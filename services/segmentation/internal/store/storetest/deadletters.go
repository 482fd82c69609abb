package storetest

import (
	"testing"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// deadLetterCases are about what could not be applied.
func deadLetterCases() []testCase {
	return []testCase{{"DeadLetters", deadLetters}, {"DeadLettersOfWhatIsRemoved", deadLettersOfWhatIsRemoved}}
}

// letter is a dead letter about a response.
func letter(organization, follower, response string) store.DeadLetter {
	return store.DeadLetter{
		Organization: organization, Follower: follower, Resource: "surveys/visits/responses/" + response, Person: []byte("0123456789abcdef"), Position: 8,
		Reason: "it is odd", Event: []byte{0, 1, 2}, CreateTime: noon,
	}
}

func deadLetters(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	want(t, "set aside from where it is not", s.SetAside(ctx, 4, 8, letter(acme, "lights", "r1")), store.ErrLost)
	must(t, "set aside", s.SetAside(ctx, 0, 8, letter(acme, "lights", "r1")))
	must(t, "set aside", s.SetAside(ctx, 8, 9, letter(other, "lights", "r1")))
	must(t, "set aside", s.SetAside(ctx, 9, 10, store.DeadLetter{Organization: acme, Follower: "lights", Reason: "nothing can be told", CreateTime: noon}))
	position, err := s.FollowerPosition(ctx, "lights")
	equal(t, "position", got(t, position, err), 10)
	list, err := s.ListDeadLetters(ctx, acme, 0, 10)
	must(t, "list", err)
	first := letter(acme, "lights", "r1")
	first.ID = 1
	equal(t, "letters", list, []store.DeadLetter{first, {ID: 3, Organization: acme, Follower: "lights", Reason: "nothing can be told", CreateTime: noon}})
	list, err = s.ListDeadLetters(ctx, acme, 1, 10)
	equal(t, "letters after", len(got(t, list, err)), 1)
	d, err := s.GetDeadLetter(ctx, acme, 1)
	equal(t, "letter", got(t, d, err), first)
	_, err = s.GetDeadLetter(ctx, acme, 2)
	want(t, "get another one's", err, store.ErrNotFound)
	want(t, "drop another one's", s.DropDeadLetter(ctx, acme, 2), store.ErrNotFound)
	must(t, "drop", s.DropDeadLetter(ctx, acme, 1))
	want(t, "drop again", s.DropDeadLetter(ctx, acme, 1), store.ErrNotFound)
}

func deadLettersOfWhatIsRemoved(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	must(t, "set aside", s.SetAside(ctx, 0, 1, letter(acme, "lights", "r1")))
	must(t, "set aside", s.SetAside(ctx, 0, 1, letter(acme, "cases", "r1")))
	must(t, "set aside", s.SetAside(ctx, 1, 2, letter(acme, "cases", "r2")))
	must(t, "set aside", s.SetAside(ctx, 2, 3, letter(other, "cases", "r1")))
	must(t, "drop", s.DropDeadLettersOf(ctx, acme, letter(acme, "", "r1").Resource))
	must(t, "drop nothing", s.DropDeadLettersOf(ctx, acme, letter(acme, "", "r1").Resource))
	list, err := s.ListDeadLetters(ctx, acme, 0, 10)
	equal(t, "left", len(got(t, list, err)), 1)
	list, err = s.ListDeadLetters(ctx, other, 0, 10)
	equal(t, "left of others", len(got(t, list, err)), 1)
}
