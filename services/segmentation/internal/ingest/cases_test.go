package ingest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/store/sqlite"
	"github.com/otklik/otklik/services/segmentation/internal/surveys"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// morning is when the rules of the tests were made.
var morning = time.Date(2026, 5, 14, 9, 0, 0, 0, time.UTC)

// asked is the one revision there is: a question of 0 to 10.
type asked struct{}

// Revision implements Revisions.
func (asked) Revision(context.Context, string, string) (surveys.Revision, error) {
	return surveys.Revision{Scales: map[string]light.Scale{"nps": {Min: 0, Max: 10}}}, nil
}

// written is a comment service: the words of comments by their names.
type written struct {
	commentv1.CommentServiceClient
	words map[string]string
}

// ListComments implements commentv1.CommentServiceClient.
func (w written) ListComments(_ context.Context, req *commentv1.ListCommentsRequest, _ ...grpc.CallOption) (*commentv1.ListCommentsResponse, error) {
	out := &commentv1.ListCommentsResponse{}
	for name, words := range w.words {
		if words == req.GetFilter().GetQuery() {
			out.Comments = append(out.Comments, &commentv1.Comment{Name: name})
		}
	}
	return out, nil
}

func newCases(t *testing.T, rules ...trigger.Rule) (*Cases, store.Store) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "segmentation.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for i, r := range rules {
		r.Organization, r.ID, r.DisplayName, r.Outcome.Severity, r.CreateTime = "acme", fmt.Sprint("r", i), "rule", cases.High, morning
		if _, err := db.PutCaseRule(t.Context(), r, func([]trigger.Rule) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return &Cases{Store: db, Revisions: asked{}, Comments: written{}, Now: func() time.Time { return morning.Add(time.Hour) }}, db
}

// answer is that a person answered some time after the rules were made.
func answer(id string, person int, score float64, after time.Duration) *surveyv1.Event {
	r := &surveyv1.Response{
		Name: "surveys/visits/responses/" + id, Revision: "surveys/visits/revisions/1", CountTime: timestamppb.New(morning.Add(after)),
		ReceiveTime: timestamppb.New(morning.Add(after)), Context: &typev1.Context{Company: "c1", Location: "main", Employee: "ann"},
		Answers: []*surveyv1.Answer{{Question: "nps", Value: &surveyv1.Answer_Score{Score: score}}},
	}
	if person > 0 {
		r.Respondent = seal.FormatPseudonym(fmt.Appendf(nil, "person-%09d", person))
	}
	return &surveyv1.Event{Organization: "acme", Change: &surveyv1.Event_Response{Response: r}}
}

func open(t *testing.T, db store.Store) []cases.Case {
	t.Helper()
	list, _, err := db.ListCases(t.Context(), store.CaseQuery{Organization: "acme", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCasesOfScores(t *testing.T) {
	t.Parallel()
	c, db := newCases(t, trigger.Rule{Trigger: trigger.Trigger{Kind: trigger.Score, Question: "nps", AtMost: 6}})
	protected := answer("hidden", 4, 0, time.Minute)
	protected.PopulationProtected = true
	must(t, c.responses(t.Context(), []*surveyv1.Event{
		answer("low", 1, 6, time.Minute), answer("high", 2, 7, time.Minute), answer("before", 3, 0, -time.Minute), protected, answer("again", 1, 0, 2*time.Minute),
	}, 0, 5))
	list := open(t, db)
	if len(list) != 1 || list[0].About.Company != "c1" || list[0].About.Contact == "" || list[0].About.Employee != "ann" {
		t.Fatalf("got %+v", list)
	}
	// The second answer of the person is linked with the case of the first.
	links, err := db.CaseLinks(t.Context(), "acme", list[0].ID, 10)
	if err != nil || len(links) != 2 {
		t.Errorf("links: %v %v", links, err)
	}
	// Read anew, everything is as it was.
	must(t, c.responses(t.Context(), []*surveyv1.Event{answer("low", 1, 6, time.Minute), answer("again", 1, 0, 2*time.Minute)}, store.Unmoved, store.Unmoved))
	if again := open(t, db); len(again) != 1 || again[0].Version != list[0].Version {
		t.Errorf("read anew: %+v", again)
	}
	must(t, c.responses(t.Context(), []*surveyv1.Event{{Organization: "acme", Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{Name: links[0].Resource}}}}, 5, 6))
	if links, err = db.CaseLinks(t.Context(), "acme", list[0].ID, 10); err != nil || len(links) != 1 {
		t.Errorf("links after a removal: %v %v", links, err)
	}
}

func comment(response string, sentiment commentv1.Sentiment, aspects ...string) *commentv1.Event {
	e := &commentv1.Event{Organization: "acme", Response: "surveys/visits/responses/" + response, Sentiment: sentiment}
	for _, a := range aspects {
		e.Aspects = append(e.Aspects, &commentv1.AspectMention{Aspect: "aspects/" + a, Sentiment: sentiment})
	}
	return e
}

func TestCasesOfComments(t *testing.T) {
	t.Parallel()
	negative := []uint8{uint8(commentv1.Sentiment_SENTIMENT_NEGATIVE)}
	c, db := newCases(t,
		trigger.Rule{Trigger: trigger.Trigger{Kind: trigger.Sentiment, Sentiments: negative}},
		trigger.Rule{Trigger: trigger.Trigger{Kind: trigger.Aspect, Aspect: "price", Sentiments: negative}},
		trigger.Rule{Trigger: trigger.Trigger{Kind: trigger.Keyword, Query: "fraud"}, Subject: "fraud"},
	)
	c.Comments = written{words: map[string]string{"surveys/visits/responses/r2/comments/nps-comment": "fraud", "surveys/visits/responses/r20/comments/nps": "fraud"}}
	must(t, c.responses(t.Context(), []*surveyv1.Event{answer("r1", 1, 9, time.Minute), answer("r2", 2, 9, time.Minute)}, 0, 2))
	must(t, c.comments(t.Context(), []*commentv1.Event{
		comment("r1", commentv1.Sentiment_SENTIMENT_NEGATIVE, "price"), comment("r2", commentv1.Sentiment_SENTIMENT_POSITIVE, "price"),
		comment("r3", commentv1.Sentiment_SENTIMENT_NEGATIVE), {Organization: "acme", Response: "surveys/visits/responses/r1", Removed: true},
	}, 0, 4))
	subjects := map[string]int{}
	for _, one := range open(t, db) {
		subjects[one.Subject]++
	}
	if fmt.Sprint(subjects) != "map[answers:1 aspects/price:1 fraud:1]" {
		t.Fatalf("got %v", subjects)
	}
	// What was told of a response before it was known is looked at once it is.
	must(t, c.Sight(t.Context()))
	must(t, c.responses(t.Context(), []*surveyv1.Event{answer("r3", 3, 9, time.Minute)}, 2, 3))
	for range 2 {
		must(t, c.Sight(t.Context()))
		if n := len(open(t, db)); n != 4 {
			t.Errorf("after the response came: %d", n)
		}
	}
	must(t, c.Tidy(t.Context()))
}

// without is a store that cannot read the rules of an organisation.
type without struct {
	store.Store
	organization string
}

// CaseRules implements store.Cases.
func (w without) CaseRules(ctx context.Context, organization string) ([]trigger.Rule, error) {
	if organization == w.organization {
		return nil, errors.New("no rules")
	}
	return w.Store.CaseRules(ctx, organization)
}

// What fails for an organisation stops no other one, however many of its comments wait, and since when.
func TestCommentsOfOthersAreSighted(t *testing.T) {
	t.Parallel()
	c, db := newCases(t, trigger.Rule{Trigger: trigger.Trigger{Kind: trigger.Sentiment, Sentiments: []uint8{uint8(commentv1.Sentiment_SENTIMENT_NEGATIVE)}}})
	wait := func(organization string, n int) {
		batch := store.CaseBatch{Now: morning.Add(time.Hour)}
		for i := range n {
			name := fmt.Sprint("surveys/visits/responses/r", i)
			batch.Comments = append(batch.Comments, store.CaseComment{Organization: organization, Response: name, Sentiment: uint8(commentv1.Sentiment_SENTIMENT_NEGATIVE)})
			batch.Sightings = append(batch.Sightings, store.CaseSighting{
				Organization: organization, Answer: true, Keep: true, Received: morning.Add(time.Minute),
				Occurrence: trigger.Occurrence{Resource: name, Time: morning.Add(time.Minute), About: cases.About{Location: "main"}},
			})
		}
		must(t, db.SightCases(t.Context(), casesFollower, store.Unmoved, store.Unmoved, batch))
	}
	wait("aaa", caseCommentsAtOnce+1)
	wait("acme", 1)
	c.Store = without{db, "aaa"}
	if err := c.Sight(t.Context()); err == nil || !strings.Contains(err.Error(), "of aaa") || strings.Contains(err.Error(), "of acme") {
		t.Errorf("sighted with %v", err)
	}
	if n := len(open(t, db)); n != 1 {
		t.Errorf("%d cases of the other one", n)
	}
}

func TestCasesOfAlerts(t *testing.T) {
	t.Parallel()
	c, db := newCases(t, trigger.Rule{Trigger: trigger.Trigger{Kind: trigger.Alert, AlertRule: "nps", Down: true}})
	alert := func(rule, unit string, kind scoringv1.AlertEvent_Kind, state scoringv1.Alert_State, way scoringv1.Alert_Direction) *scoringv1.AlertEvent {
		return &scoringv1.AlertEvent{Organization: "acme", Kind: kind, Time: timestamppb.New(morning.Add(time.Minute)), Alert: &scoringv1.Alert{
			Name: "alertRules/" + rule + "/alerts/" + unit, UnitKey: "location", Unit: unit, State: state, Direction: way,
		}}
	}
	opened, isOpen, down := scoringv1.AlertEvent_KIND_OPENED, scoringv1.Alert_STATE_OPEN, scoringv1.Alert_DIRECTION_DOWN
	must(t, c.alerts(t.Context(), []*scoringv1.AlertEvent{
		alert("nps", "a", opened, isOpen, down), alert("nps", "b", opened, scoringv1.Alert_STATE_SILENCED, down), alert("csi", "c", opened, isOpen, down),
		alert("nps", "d", opened, isOpen, scoringv1.Alert_DIRECTION_UP), alert("nps", "e", scoringv1.AlertEvent_KIND_RESOLVED, isOpen, down),
	}, 0, 5))
	if list := open(t, db); len(list) != 1 || list[0].About.Location != "a" || list[0].Subject != "alert" {
		t.Errorf("got %+v", list)
	}
}

func TestCasesOfLights(t *testing.T) {
	t.Parallel()
	c, db := newCases(t, trigger.Rule{Trigger: trigger.Trigger{Kind: trigger.Light}})
	change := func(of, unit, colour, previous string) store.Event {
		body, err := store.EncodeBody(store.LightChange{Of: of, Unit: unit, Colour: colour, Previous: previous})
		must(t, err)
		e := store.Event{Organization: "acme", Kind: store.LightChanged, Resource: of + "/" + unit + "/light", Body: body, Time: morning.Add(time.Minute)}
		if of == "company" {
			e.Company = unit
		}
		return e
	}
	rejudged := change("company", "c4", "red", "amber")
	body, err := store.EncodeBody(store.LightChange{Of: "company", Unit: "c4", Colour: "red", Previous: "amber", Rejudged: true})
	must(t, err)
	rejudged.Body = body
	must(t, c.lights(t.Context(), []store.Event{
		change("company", "c1", "red", "amber"), change("company", "c2", "amber", "green"), change("company", "c3", "red", "red"), change("staff", "ann", "red", "green"),
		rejudged,
		{Organization: "acme", Kind: store.CaseOpened, Resource: "cases/x"},
	}, 0, 5))
	if list := open(t, db); len(list) != 1 || list[0].About.Company != "c1" || list[0].Subject != "light" {
		t.Errorf("got %+v", list)
	}
}
