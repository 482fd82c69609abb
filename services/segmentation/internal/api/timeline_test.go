package api

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// answered has the store remember an answer of a person.
func (f *fixture) answered(t *testing.T, respondent, id string, at time.Time, units timeline.Units) {
	t.Helper()
	person := f.person(t, respondent)
	need(t, f.store.RememberAnswers(t.Context(), store.RememberedAnswers{From: store.Unmoved, To: store.Unmoved, Events: []store.RememberedAnswer{{
		Organization: "acme", Resource: "surveys/s/responses/" + id, Person: person, Time: at,
		Answer:     &timeline.Answer{Units: units, Revision: "surveys/s/revisions/1", Channel: "app", Answers: 2},
		Invitation: &timeline.Invitation{Units: units, Invitation: "i-" + id, Outcome: timeline.Answered},
	}}}))
}

// person is the pseudonym of a respondent of acme.
func (f *fixture) person(t *testing.T, respondent string) []byte {
	t.Helper()
	person, err := (&Server{Options: Options{Keeper: f.keeper}}).pseudonym(t.Context(), "acme", respondent)
	need(t, err)
	return person
}

// contactOf is the contact of a respondent of acme.
func (f *fixture) contactOf(t *testing.T, respondent string) string {
	t.Helper()
	id, err := f.store.ContactOf(t.Context(), "acme", f.person(t, respondent))
	need(t, err)
	return "contacts/" + id
}

func need(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// timelineAs is what somebody sees of a timeline, page by page, as kind and resource.
func (f *fixture) timelineAs(t *testing.T, who string, req *segmentationv1.ListTimelineEntriesRequest) (out []string) {
	t.Helper()
	for {
		got, err := segmentationv1.NewTimelineServiceClient(f.as(who)).ListTimelineEntries(t.Context(), req)
		need(t, err)
		for _, e := range got.GetTimelineEntries() {
			out = append(out, fmt.Sprint(int(e.GetKind()), " ", e.GetResource()))
		}
		if req.PageToken = got.GetNextPageToken(); req.PageToken == "" {
			return out
		}
	}
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.answered(t, "card-1", "a", noon.Add(-3*time.Hour), timeline.Units{Location: "osh", Employee: "e1"})
	f.sell(t, sold("r1", "card-1", noon.Add(-2*time.Hour), 12550))
	need(t, f.store.RememberComments(t.Context(), store.RememberedComments{From: store.Unmoved, To: store.Unmoved, Events: []store.RememberedComment{{
		Organization: "acme", Resource: "surveys/s/responses/a", Time: noon, Comment: &timeline.Comment{Sentiment: 1, Aspects: []string{"price"}},
	}}}))
	contact := f.contactOf(t, "card-1")
	all := []string{"6 purchases/r1", "3 surveys/s/responses/a", "2 surveys/s/responses/a", "1 surveys/s/responses/a"}
	if got := f.timelineAs(t, "admin", &segmentationv1.ListTimelineEntriesRequest{Parent: contact, PageSize: 1}); !slices.Equal(got, all) {
		t.Errorf("newest first: %v", got)
	}
	slices.Reverse(all)
	if got := f.timelineAs(t, "admin", &segmentationv1.ListTimelineEntriesRequest{Parent: contact, PageSize: 3, OrderBy: "entry_time"}); !slices.Equal(got, all) {
		t.Errorf("oldest first: %v", got)
	}
	if got := f.timelineAs(t, "admin", &segmentationv1.ListTimelineEntriesRequest{
		Parent: contact, Kinds: []segmentationv1.TimelineEntry_Kind{segmentationv1.TimelineEntry_KIND_COMMENT, segmentationv1.TimelineEntry_KIND_PURCHASE},
		Period: &typev1.Period{StartTime: timestamppb.New(noon.Add(-2 * time.Hour))},
	}); !slices.Equal(got, []string{"6 purchases/r1"}) {
		t.Errorf("of kinds and a period: %v", got)
	}
	one, err := segmentationv1.NewTimelineServiceClient(f.as("admin")).ListTimelineEntries(t.Context(), &segmentationv1.ListTimelineEntriesRequest{Parent: contact})
	need(t, err)
	entries := one.GetTimelineEntries()
	if p := entries[0].GetPurchase(); p.GetAmountMinor() != 12550 || p.GetCurrency() != "KGS" || entries[0].GetLocation() != "osh" {
		t.Errorf("purchase %v", entries[0])
	}
	if c := entries[1]; c.GetComment().GetSentiment() != "negative" || c.GetComment().GetAspects()[0] != "aspects/price" || !c.GetEntryTime().AsTime().Equal(noon.Add(-3*time.Hour)) {
		t.Errorf("comment %v", c)
	}
	if e := entries[2]; e.GetEmployee() != "e1" || e.GetAnswer().GetAnswerCount() != 2 || len(e.GetWithheldFields()) != 0 {
		t.Errorf("answer %v", e)
	}
	blind, err := segmentationv1.NewTimelineServiceClient(f.as("blind")).ListTimelineEntries(t.Context(), &segmentationv1.ListTimelineEntriesRequest{Parent: contact})
	need(t, err)
	if e := blind.GetTimelineEntries()[3]; e.GetEmployee() != "" || e.GetInvitation().GetInvitation() != "" ||
		!slices.Equal(e.GetWithheldFields(), []string{"employee", "invitation.invitation"}) {
		t.Errorf("withheld: %v", e)
	}
	for _, who := range []string{"other", "admin"} {
		parent := contact
		if who == "admin" {
			parent = "contacts/nobody"
		}
		_, err := segmentationv1.NewTimelineServiceClient(f.as(who)).ListTimelineEntries(t.Context(), &segmentationv1.ListTimelineEntriesRequest{Parent: parent})
		refused(t, who, err, codes.NotFound, "CONTACT_NOT_FOUND", "")
	}
}

// Who is restricted to units sees what happened there, and of whom nothing did: nothing, not even that there is such a contact.
func TestTimelineOfUnits(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 30 {
		location := "naryn"
		if i%10 == 0 {
			location = "osh"
		}
		f.answered(t, "card-1", fmt.Sprint(i), noon.Add(time.Duration(i)*time.Minute), timeline.Units{Location: location})
	}
	f.answered(t, "card-2", "x", noon, timeline.Units{Location: "naryn"})
	req := &segmentationv1.ListTimelineEntriesRequest{Parent: f.contactOf(t, "card-1"), PageSize: 2, Kinds: []segmentationv1.TimelineEntry_Kind{segmentationv1.TimelineEntry_KIND_ANSWER}}
	if got := f.timelineAs(t, "osh", req); !slices.Equal(got, []string{"2 surveys/s/responses/20", "2 surveys/s/responses/10", "2 surveys/s/responses/0"}) {
		t.Errorf("seen of Osh: %v", got)
	}
	// Osh lies in the south, by the directory: the answers do not say so.
	_, err := segmentationv1.NewTimelineServiceClient(f.as("south")).ListTimelineEntries(t.Context(), req)
	refused(t, "no place of the south yet", err, codes.NotFound, "CONTACT_NOT_FOUND", "")
	oshInTheSouth(t, f)
	if got := f.timelineAs(t, "south", req); !slices.Equal(got, []string{"2 surveys/s/responses/20", "2 surveys/s/responses/10", "2 surveys/s/responses/0"}) {
		t.Errorf("seen of the south: %v", got)
	}
	for _, who := range []string{"osh", "south"} {
		_, err = segmentationv1.NewTimelineServiceClient(f.as(who)).ListTimelineEntries(t.Context(), &segmentationv1.ListTimelineEntriesRequest{Parent: f.contactOf(t, "card-2")})
		refused(t, "somebody of Naryn, as "+who, err, codes.NotFound, "CONTACT_NOT_FOUND", "")
	}
}

// Where a page ended says nothing of what the caller may not see.
func TestTokensOfTimelinesTellNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.answered(t, "card-1", "seen", noon.Add(time.Hour), timeline.Units{Location: "osh"})
	f.answered(t, "card-1", "seen-before", noon.Add(-time.Hour*24*365), timeline.Units{Location: "osh"})
	batch, person := store.RememberedAnswers{From: store.Unmoved, To: store.Unmoved}, f.person(t, "card-1")
	for i := range mostLooks * lookedAt {
		batch.Events = append(batch.Events, store.RememberedAnswer{
			Organization: "acme", Resource: fmt.Sprint("surveys/s/responses/secret", i), Person: person, Time: noon.Add(-time.Duration(i) * time.Minute),
			Answer: &timeline.Answer{Units: timeline.Units{Location: "naryn"}, Revision: "surveys/s/revisions/1", Channel: "app", Answers: 2},
		})
	}
	need(t, f.store.RememberAnswers(t.Context(), batch))
	c := segmentationv1.NewTimelineServiceClient(f.as("osh"))
	req := &segmentationv1.ListTimelineEntriesRequest{Parent: f.contactOf(t, "card-1"), PageSize: 9}
	first, err := c.ListTimelineEntries(t.Context(), req)
	need(t, err)
	raw, err := base64.RawURLEncoding.DecodeString(first.GetNextPageToken())
	if err != nil || len(raw) == 0 || len(first.GetTimelineEntries()) == 0 {
		t.Fatalf("%v, %v", first, err)
	}
	inner := regexp.MustCompile(`[A-Za-z0-9+/]{40,}=*`).Find(raw)
	if plain, err := base64.StdEncoding.DecodeString(string(inner)); err != nil || bytes.Contains(append(raw, plain...), []byte("secret")) {
		t.Errorf("the token tells %q, %v", plain, err)
	}
	req.PageToken = first.GetNextPageToken()
	rest, err := c.ListTimelineEntries(t.Context(), req)
	need(t, err)
	if n := len(rest.GetTimelineEntries()); n == 0 || rest.GetTimelineEntries()[n-1].GetResource() != "surveys/s/responses/seen-before" {
		t.Errorf("the rest: %v", rest)
	}
}

// Whoever belongs to a region by the location is seen whole by its manager, also what happened elsewhere.
func TestTimelineOfARegion(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.southern(t)
	f.answered(t, "southerner", "a", noon, timeline.Units{Location: "talas"})
	f.answered(t, "northerner", "b", noon, timeline.Units{Location: "talas"})
	req := &segmentationv1.ListTimelineEntriesRequest{Parent: "contacts/southerner", Kinds: []segmentationv1.TimelineEntry_Kind{segmentationv1.TimelineEntry_KIND_ANSWER}}
	if got := f.timelineAs(t, "south", req); !slices.Equal(got, []string{"2 surveys/s/responses/a"}) {
		t.Errorf("seen of the south: %v", got)
	}
	_, err := segmentationv1.NewTimelineServiceClient(f.as("south")).ListTimelineEntries(t.Context(), &segmentationv1.ListTimelineEntriesRequest{Parent: "contacts/northerner"})
	refused(t, "somebody of the north", err, codes.NotFound, "CONTACT_NOT_FOUND", "")
}

// Who was merged appears whole, whichever record is named.
func TestTimelineOfTheMerged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.answered(t, "card-1", "a", noon, timeline.Units{})
	f.sell(t, sold("r1", "card-2", noon.Add(-time.Hour), 100))
	from, to := f.contactOf(t, "card-1"), f.contactOf(t, "card-2")
	_, err := f.store.MergeContacts(t.Context(), "acme", directory.Move{Kind: directory.Merge, From: from[len("contacts/"):], To: to[len("contacts/"):], Actor: "boss", Time: noon})
	need(t, err)
	f.answered(t, "card-1", "b", noon.Add(time.Minute), timeline.Units{})
	req := func(parent string) *segmentationv1.ListTimelineEntriesRequest {
		return &segmentationv1.ListTimelineEntriesRequest{Parent: parent, Kinds: []segmentationv1.TimelineEntry_Kind{
			segmentationv1.TimelineEntry_KIND_ANSWER, segmentationv1.TimelineEntry_KIND_PURCHASE,
		}}
	}
	want := []string{"2 surveys/s/responses/b", "2 surveys/s/responses/a", "6 purchases/r1"}
	for _, parent := range []string{from, to} {
		if got := f.timelineAs(t, "admin", req(parent)); !slices.Equal(got, want) {
			t.Errorf("%s: %v", parent, got)
		}
	}
}
