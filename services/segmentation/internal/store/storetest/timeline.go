package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

// timelineCases are about what is remembered of contacts.
func timelineCases() []testCase {
	return []testCase{
		{"TimelinesAreOrdered", timelinesAreOrdered}, {"CommentsFindTheirAnswers", commentsFindTheirAnswers}, {"CommentsOfNobodyAreDropped", commentsOfNobodyAreDropped},
		{"AnswersAreForgotten", answersAreForgotten}, {"TimelinesBeginAnew", timelinesBeginAnew},
	}
}

// answer is that somebody answered.
func answer(resource string, person byte, at time.Time) store.RememberedAnswer {
	return store.RememberedAnswer{
		Organization: acme, Resource: resource, Person: personNo(person), Time: at,
		Answer: &timeline.Answer{Units: timeline.Units{Location: "s1"}, Revision: "surveys/s/revisions/1", Answers: 2},
	}
}

// timelineOf is what is remembered of the contact that person 1 is, as kind and resource.
func timelineOf(t testing.TB, s store.Store, q store.TimelineQuery) (out []string) {
	t.Helper()
	q.Organization = acme
	if q.Limit == 0 {
		q.Limit = 100
	}
	// A purchase tells which contact the person is.
	changed, err := s.UpsertPurchases(t.Context(), acme, []store.Purchase{bought("who", 1, time.Unix(0, 0), 1)})
	changes(t, changed, err)
	list, _, err := s.ListPurchases(t.Context(), store.PurchaseQuery{Organization: acme, End: time.Unix(1, 0), Limit: 1})
	must(t, "list", err)
	must(t, "delete", s.DeletePurchase(t.Context(), acme, "who"))
	q.Contact = list[0].Contact
	for more := true; more; {
		var page []store.TimelineEntry
		page, more, err = s.ListTimeline(t.Context(), q)
		must(t, "list timeline", err)
		for _, e := range page {
			out = append(out, fmt.Sprint(e.Kind, " ", e.Resource))
			q.After = store.TimelineMark{Time: e.Time, Kind: e.Kind, Resource: e.Resource}
		}
	}
	return out
}

func timelinesAreOrdered(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	var events []store.RememberedAnswer
	var wanted []string
	for i := range 7 {
		e := answer(fmt.Sprintf("surveys/s/responses/%d", i), 1, noon.Add(time.Duration(i/3)*time.Hour))
		e.Invitation = &timeline.Invitation{Invitation: "i", Outcome: timeline.Answered}
		events = append(events, e, answer(fmt.Sprintf("surveys/s/responses/of-another-%d", i), 2, noon))
	}
	for i := range 3 { // by hours, kinds within, resources within
		for kind := range 2 {
			for j := range 7 {
				if j/3 == i {
					wanted = append(wanted, fmt.Sprintf("%d surveys/s/responses/%d", kind+1, j))
				}
			}
		}
	}
	must(t, "remember", s.RememberAnswers(ctx, store.RememberedAnswers{From: 0, To: 9, Events: events}))
	want(t, "remember again", s.RememberAnswers(ctx, store.RememberedAnswers{From: 0, To: 9, Events: events}), store.ErrLost)
	equal(t, "oldest first", timelineOf(t, s, store.TimelineQuery{OldestFirst: true, Limit: 3}), wanted)
	slices.Reverse(wanted)
	equal(t, "newest first", timelineOf(t, s, store.TimelineQuery{Limit: 4}), wanted)
	equal(t, "of a period and kind", timelineOf(t, s, store.TimelineQuery{
		Start: noon.Add(time.Hour), End: noon.Add(2 * time.Hour), Kinds: []timeline.Kind{timeline.AnswerKind, timeline.LightKind}, Limit: 2,
	}), []string{"2 surveys/s/responses/5", "2 surveys/s/responses/4", "2 surveys/s/responses/3"})
}

// A comment comes into the timeline whether it is known before its answer or after, at the answer's time and place.
func commentsFindTheirAnswers(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	comment := func(resource string) store.RememberedComment {
		return store.RememberedComment{Organization: acme, Resource: resource, Time: noon, Comment: &timeline.Comment{Sentiment: 1, Aspects: []string{"price"}}}
	}
	must(t, "remember comments", s.RememberComments(ctx, store.RememberedComments{From: 0, To: 1, Events: []store.RememberedComment{comment("surveys/s/responses/a")}}))
	must(t, "remember answers", s.RememberAnswers(ctx, store.RememberedAnswers{From: 0, To: 2, Events: []store.RememberedAnswer{
		answer("surveys/s/responses/a", 1, noon), answer("surveys/s/responses/b", 1, noon.Add(time.Minute)),
	}}))
	must(t, "remember comments", s.RememberComments(ctx, store.RememberedComments{From: 1, To: 2, Events: []store.RememberedComment{comment("surveys/s/responses/b")}}))
	equal(t, "timeline", timelineOf(t, s, store.TimelineQuery{}), []string{
		"3 surveys/s/responses/b", "2 surveys/s/responses/b", "3 surveys/s/responses/a", "2 surveys/s/responses/a",
	})
	records, err := s.ListPerson(ctx, acme, personNo(1))
	must(t, "list", err)
	for _, r := range records {
		if r.Kind == "timeline_entries" && len(r.Content) > 0 && r.Content[0] == '{' {
			continue
		}
		if r.Kind == "timeline_entries" {
			t.Errorf("%s says %s", r.Name, r.Content)
		}
	}
	gone := comment("surveys/s/responses/a")
	gone.Comment = nil
	must(t, "forget a comment", s.RememberComments(ctx, store.RememberedComments{From: 2, To: 3, Events: []store.RememberedComment{gone}}))
	equal(t, "timeline", timelineOf(t, s, store.TimelineQuery{Kinds: []timeline.Kind{timeline.CommentKind}}), []string{"3 surveys/s/responses/b"})
}

// A comment whose answer came without a respondent waits no longer than it must.
func commentsOfNobodyAreDropped(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	comment := store.RememberedComment{Organization: acme, Resource: "surveys/s/responses/a", Time: noon, Comment: &timeline.Comment{Sentiment: 1}}
	must(t, "remember comments", s.RememberComments(ctx, store.RememberedComments{From: 0, To: 1, Events: []store.RememberedComment{comment}}))
	for range 2 {
		must(t, "drop", s.DropWaitingComments(ctx, noon.Add(time.Hour)))
	}
	must(t, "remember answers", s.RememberAnswers(ctx, store.RememberedAnswers{From: 0, To: 3, Events: []store.RememberedAnswer{answer("surveys/s/responses/a", 1, noon)}}))
	equal(t, "timeline", timelineOf(t, s, store.TimelineQuery{}), []string{"2 surveys/s/responses/a"})
}

func answersAreForgotten(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	first := answer("surveys/s/responses/a", 1, noon)
	first.Invitation = &timeline.Invitation{Outcome: timeline.Answered}
	refusal := store.RememberedAnswer{
		Organization: acme, Resource: "surveys/s/refusals/b", Person: personNo(1), Time: noon, Invitation: &timeline.Invitation{Outcome: timeline.Refused},
	}
	must(t, "remember answers", s.RememberAnswers(ctx, store.RememberedAnswers{From: 0, To: 2, Events: []store.RememberedAnswer{first, refusal}}))
	must(t, "remember comments", s.RememberComments(ctx, store.RememberedComments{From: 0, To: 1, Events: []store.RememberedComment{
		{Organization: acme, Resource: "surveys/s/responses/a", Time: noon, Comment: &timeline.Comment{}},
	}}))
	equal(t, "timeline", len(timelineOf(t, s, store.TimelineQuery{})), 4)
	removal := store.RememberedAnswer{Organization: acme, Resource: "surveys/s/responses/a", Removed: true, Erasure: "e1"}
	must(t, "remove", s.RememberAnswers(ctx, store.RememberedAnswers{From: 2, To: 3, Events: []store.RememberedAnswer{removal}}))
	must(t, "remove again", s.RememberAnswers(ctx, store.RememberedAnswers{From: store.Unmoved, To: store.Unmoved, Events: []store.RememberedAnswer{removal}}))
	equal(t, "timeline", timelineOf(t, s, store.TimelineQuery{}), []string{"1 surveys/s/refusals/b"})
	counts, err := s.Erased(ctx, acme, "e1")
	must(t, "count", err)
	if !slices.Contains(counts, store.Erased{Kind: "timeline_entries", Count: 3}) {
		t.Errorf("counted %v", counts)
	}
}

func timelinesBeginAnew(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	must(t, "remember answers", s.RememberAnswers(ctx, store.RememberedAnswers{From: 0, To: 5, Events: []store.RememberedAnswer{answer("surveys/s/responses/a", 1, noon)}}))
	must(t, "remember comments", s.RememberComments(ctx, store.RememberedComments{From: 0, To: 7, Events: []store.RememberedComment{
		{Organization: acme, Resource: "surveys/s/responses/a", Time: noon, Comment: &timeline.Comment{}},
	}}))
	changed, err := s.UpsertPurchases(ctx, acme, []store.Purchase{bought("r", 1, noon, 1)})
	changes(t, changed, err)
	want(t, "begin from elsewhere", s.RestartComments(ctx, 3), store.ErrLost)
	must(t, "begin comments anew", s.RestartComments(ctx, 7))
	equal(t, "timeline", timelineOf(t, s, store.TimelineQuery{}), []string{"6 purchases/r", "2 surveys/s/responses/a"})
	must(t, "begin anew", s.RestartAnswers(ctx, 5))
	equal(t, "timeline", timelineOf(t, s, store.TimelineQuery{}), []string{"6 purchases/r"})
	position, err := s.FollowerPosition(ctx, store.TimelineFollower)
	equal(t, "position", got(t, position, err), 0)
}
