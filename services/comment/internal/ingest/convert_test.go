package ingest_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/comment/internal/ingest"
	"github.com/otklik/otklik/services/comment/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// What was written is kept without personal data, with what is needed to count it, and as it was written only sealed.
func TestWordsAreKeptWithoutPersonalData(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.log.add(f.event(t, "r1", "who-1", said("Aida is great", "bad queue", 9)))
	_, _ = f.follow(t, "one")
	f.await(t, 1)
	got := f.comments(t)
	if len(got) != 2 {
		t.Fatalf("%d comments, want 2: %+v", len(got), got)
	}
	slices.SortFunc(got, func(a, b store.Comment) int { return len(a.ID) - len(b.ID) })
	why, besides := got[0], got[1]
	if why.ID != "why" || why.Question != "why" || why.Text != "[NAME] is great" || why.Score != nil || *why.NPS != 9 || len(why.Person) != 16 {
		t.Errorf("%+v", why)
	}
	if besides.ID != "nps-comment" || besides.Question != "nps" || besides.Text != "bad queue" || *besides.Score != 9 || besides.Analysis.Sentiment != store.Negative {
		t.Errorf("%+v", besides)
	}
	if why.Context.Location != "osh" || why.Context.Attributes["segment"] != "new" || why.AnswerLanguage != "en" || !why.CountTime.Equal(noon) {
		t.Errorf("%+v", why)
	}
	if text, err := f.original(t, why); err != nil || text != "Aida is great" || why.Key != f.keyOf(t, "who-1").ID {
		t.Errorf("%q, %v, sealed with %s", text, err, why.Key)
	}
	// A sealed original is good for its comment only.
	stolen := besides
	stolen.Ref.Response = "r2"
	if _, err := f.options.Originals.Open(t.Context(), stolen); err == nil {
		t.Error("the original of one comment opens as that of another")
	}
}

// What somebody wrote of whom nothing is known is sealed as well, with a key of the organisation's.
func TestWordsOfUnknownPeople(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.log.add(f.event(t, "r1", "", said("Aida is great", "", 3)), f.event(t, "r2", "", said("   ", "", 3)), f.event(t, "r3", "", nil))
	_, _ = f.follow(t, "one")
	f.await(t, 3)
	got := f.comments(t)
	if len(got) != 1 || got[0].Person != nil || got[0].Key == "" {
		t.Fatalf("%+v", got)
	}
	if text, err := f.original(t, got[0]); err != nil || text != "Aida is great" {
		t.Errorf("%q, %v", text, err)
	}
}

// Words that the event does not carry are read from the response; when it is gone, there are none.
func TestWordsOfTheResponse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.catalog.words = map[string][]*surveyv1.Answer{"surveys/s/responses/r1": said("Aida is bad", "", 3)}
	for _, id := range []string{"r1", "r2"} {
		e := f.event(t, id, "", []*surveyv1.Answer{{Question: "why", Value: &surveyv1.Answer_FreeText{}}})
		e.WordsInResponse = true
		f.log.add(e)
	}
	_, _ = f.follow(t, "one")
	f.await(t, 2)
	got := f.comments(t)
	if len(got) != 1 || got[0].Text != "[NAME] is bad" || *got[0].NPS != 3 {
		t.Fatalf("%+v", got)
	}
	if text, err := f.original(t, got[0]); err != nil || text != "Aida is bad" {
		t.Errorf("%q, %v", text, err)
	}
}

// Who was erased while the log was behind leaves nothing, and the log goes on.
func TestDestroyedKeys(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.log.add(f.event(t, "r1", "gone", said("first", "", 1)), f.event(t, "r2", "there", said("second", "", 1)))
	if _, err := f.vault.Destroy(t.Context(), []string{f.keyOf(t, "gone").ID}); err != nil {
		t.Fatal(err)
	}
	_, _ = f.follow(t, "one")
	f.await(t, 2)
	if got := f.comments(t); len(got) != 1 || got[0].Text != "second" {
		t.Errorf("%+v", got)
	}
	if letters, err := f.store.ListDeadLetters(t.Context(), acme, 0, 10); err != nil || len(letters) != 0 {
		t.Errorf("%v, %v: what was destroyed is no fault", letters, err)
	}
	// A key that is destroyed later takes the original with it.
	if _, err := f.keeper.Destroy(t.Context(), []string{f.keyOf(t, "there").ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.original(t, f.comments(t)[0]); !errors.Is(err, ingest.ErrDestroyed) {
		t.Errorf("%v, want ErrDestroyed", err)
	}
}

// An original is known by what was written, whatever the model makes of it, and by nobody without the organisation's key.
func TestOriginalsAreKnownByAKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	received := f.event(t, "r1", "who-1", said("Aida is great", "", 1))
	received.GetResponse().ReceiveTime = timestamppb.New(noon.Add(time.Hour))
	f.log.add(received, f.event(t, "r2", "who-2", said("Aida is great", "", 1)), f.event(t, "r3", "", said("[NAME] is great", "", 1)))
	_, _ = f.follow(t, "one")
	f.await(t, 3)
	of := map[string]store.Comment{}
	for _, c := range f.comments(t) {
		of[c.Response] = c
	}
	respondent, err := f.options.Originals.Pseudonym(t.Context(), acme, "Aida is great")
	if err != nil {
		t.Fatal(err)
	}
	first := of["r1"].Original
	if len(first) == 0 || !bytes.Equal(first, of["r2"].Original) || bytes.Equal(first, of["r3"].Original) || bytes.Equal(first, respondent) {
		t.Errorf("%x, %x, %x, %x: want the same, the same, and others", first, of["r2"].Original, of["r3"].Original, respondent)
	}
	if at := of["r1"].ReceiveTime; !at.Equal(noon.Add(time.Hour)) || !of["r2"].ReceiveTime.Equal(of["r2"].CountTime) {
		t.Errorf("received at %v and %v", at, of["r2"].ReceiveTime)
	}
}

// What is removed is gone, and counted under its erasure.
func TestRemovals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.log.add(
		f.event(t, "r1", "who-1", said("first", "and besides", 1)), f.event(t, "r2", "who-2", said("second", "", 1)), f.event(t, "r3", "who-3", said("third", "", 1)),
		removed("r1", "erasures/e1"), removed("r3", ""), removed("r9", "erasures/e1"),
		&surveyv1.Event{Organization: acme, Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{Name: "surveys/s/refusals/r2"}}},
		&surveyv1.Event{Organization: "other", Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{Name: "surveys/s/responses/r2"}}},
	)
	_, _ = f.follow(t, "one")
	f.await(t, 8)
	if got := f.comments(t); len(got) != 1 || got[0].Text != "second" {
		t.Errorf("%+v", got)
	}
	got, err := f.store.Erased(t.Context(), acme, "e1")
	if diff := cmp.Diff(store.Erased{Comments: 2}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// What employees write is not taken in, nor that they did.
func TestProtectedPopulation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	guarded := f.event(t, "r1", "who-1", said("Aida is bad", "", 1))
	guarded.PopulationProtected = true
	broken := f.event(t, "r2", "who-1", said("Aida is bad", "", 1))
	broken.PopulationProtected, broken.Sealed = true, []byte("x")
	f.log.add(guarded, broken)
	_, _ = f.follow(t, "one")
	f.await(t, 2)
	letters, err := f.store.ListDeadLetters(t.Context(), acme, 0, 10)
	events, _, outboxErr := f.store.OutboxEvents(t.Context(), "", 0, 10)
	if got := f.comments(t); len(got) != 0 || len(letters) != 0 || len(events) != 0 || errors.Join(err, outboxErr) != nil {
		t.Errorf("%v, %v, %v, %v", got, letters, events, errors.Join(err, outboxErr))
	}
}

// What cannot be read is set aside as it came, the rest goes on; when it can be read, it is stored by a replay, once.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	wrong := f.event(t, "r1", "who-1", said("Aida is great", "", 9))
	key := f.keyOf(t, "who-1")
	bad := key
	bad.Secret = make([]byte, len(key.Secret))
	f.vault.put(bad)
	nameless := f.event(t, "r2", "", said("second", "", 1))
	nameless.GetResponse().Name = "nothing"
	f.log.add(wrong, nameless, f.event(t, "r3", "", said("third", "", 1)))
	follower, _ := f.follow(t, "one")
	f.await(t, 3)
	if got := f.comments(t); len(got) != 1 || got[0].Text != "third" {
		t.Errorf("%+v", got)
	}
	letters, err := f.store.ListDeadLetters(t.Context(), acme, 0, 10)
	if err != nil || len(letters) != 2 || letters[0].Response != "r1" || letters[1].Response != "" || letters[0].Reason == "" {
		t.Fatalf("%+v, %v", letters, err)
	}
	kept := &surveyv1.Event{}
	if err := proto.Unmarshal(letters[0].Event, kept); err != nil || kept.GetResponse().GetAnswers()[1].GetFreeText() != "" {
		t.Errorf("%v, %v: want the event as it came, with words sealed", kept, err)
	}
	var unfit *ingest.Unfit
	for _, l := range letters {
		if _, err := follower.Replay(t.Context(), acme, l.ID); !errors.As(err, &unfit) || unfit.Reason == "" || unfit.Error() == "" {
			t.Errorf("replay of what is not mended: %v", err)
		}
	}
	if _, err := follower.Replay(t.Context(), "other", letters[0].ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("replay by another organisation: %v", err)
	}
	f.vault.put(key)
	f.clock.Advance(11 * time.Second) // what the keeper remembers is over
	f.catalog.fail(errors.New("down"))
	if _, err := follower.Replay(t.Context(), acme, letters[0].ID); err == nil || errors.As(err, &unfit) {
		t.Errorf("replay while nobody can be asked: %v", err)
	}
	f.catalog.fail(nil)
	if l, err := follower.Replay(t.Context(), acme, letters[0].ID); err != nil || l.Response != "r1" {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := follower.Replay(t.Context(), acme, letters[0].ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("replay a second time: %v", err)
	}
	if got := f.comments(t); len(got) != 2 {
		t.Errorf("%+v", got)
	}
}

// While keys or questions cannot be asked for, nothing is passed over; then the log goes on by itself.
func TestNothingIsPassedOver(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(f *fixture, fails bool){
		"vault": func(f *fixture, fails bool) { f.vault.setDown(fails) },
		"catalog": func(f *fixture, fails bool) {
			if f.catalog.fail(nil); fails {
				f.catalog.fail(errors.New("down"))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.log.add(f.event(t, "r1", "who-1", said("first", "", 1)))
			fail(f, true)
			_, _ = f.follow(t, "one")
			time.Sleep(100 * time.Millisecond)
			if c, err := f.store.Cursor(t.Context()); err != nil || c.Position != 0 {
				t.Errorf("%+v, %v", c, err)
			}
			fail(f, false)
			f.await(t, 1)
			if got := f.comments(t); len(got) != 1 {
				t.Errorf("%+v", got)
			}
		})
	}
}

// An own aspect is looked for in what comes after it was made.
func TestOwnAspectsHoldAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _ = f.follow(t, "one")
	f.log.add(f.event(t, "r1", "", said("first", "", 1)))
	f.await(t, 1)
	if _, err := f.store.CreateAspect(t.Context(), store.Aspect{Organization: acme, ID: "own", Phrases: []string{"board"}}, 10); err != nil {
		t.Fatal(err)
	}
	later := f.event(t, "r2", "", said("second", "", 1))
	later.GetResponse().CountTime = timestamppb.New(noon.Add(time.Hour))
	f.log.add(later)
	f.await(t, 2)
	got := f.comments(t)
	if len(got) != 2 || len(got[0].Analysis.Aspects) != 1 || got[0].Analysis.AspectsVersion == 0 || len(got[1].Analysis.Aspects) != 0 {
		t.Errorf("%+v", got)
	}
}

// The book reads aspects that changed anew.
func TestAspectBook(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	book := ingest.NewAspectBook(f.store)
	none, err := book.Of(t.Context(), acme)
	if err != nil || none.Custom != nil {
		t.Fatalf("%+v, %v", none, err)
	}
	made, err := f.store.CreateAspect(t.Context(), store.Aspect{Organization: acme, ID: "own", Phrases: []string{"board"}}, 10)
	if err != nil {
		t.Fatal(err)
	}
	one, err := book.Of(t.Context(), acme)
	if err != nil || one.Custom == nil || one.Version == none.Version {
		t.Fatalf("%+v, %v", one, err)
	}
	if same, err := book.Of(t.Context(), acme); err != nil || same.Custom != one.Custom {
		t.Errorf("%+v, %v: want what is known", same, err)
	}
	made.Phrases = []string{"display"}
	if _, err := f.store.UpdateAspect(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	if next, err := book.Of(t.Context(), acme); err != nil || next.Custom == one.Custom || next.Version == one.Version {
		t.Errorf("%+v, %v: want it anew", next, err)
	}
	testkit.Eventually(t, patience, func() error {
		if other, err := book.Of(t.Context(), "other"); err != nil || other.Custom != nil {
			return fmt.Errorf("%+v, %w: another organisation has none", other, err)
		}
		return nil
	})
}

// What the analysis cannot stomach is set aside and stops nothing else.
func TestPoisonIsSetAside(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.log.add(f.event(t, "r1", "", said("poison", "", 1)), f.event(t, "r2", "", said("second", "", 1)))
	_, _ = f.follow(t, "one")
	f.await(t, 2)
	if got := f.comments(t); len(got) != 1 || got[0].Response != "r2" {
		t.Errorf("kept %+v", got)
	}
	letters, err := f.store.ListDeadLetters(t.Context(), "acme", 0, 10)
	if err != nil || len(letters) != 1 || letters[0].Response != "r1" {
		t.Errorf("%+v, %v", letters, err)
	}
}
