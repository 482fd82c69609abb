package scoring_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// persons asks for persons of an organisation, as the access service does.
func (s *suite) persons(org string) (scoringv1.PersonServiceClient, context.Context) {
	return scoringv1.NewPersonServiceClient(rpcclient.WithKey(s.conn, serviceKey, "")), rpcclient.WithOrganization(context.Background(), org)
}

// by makes somebody the respondent of a response.
func by(e *surveyv1.Event, org, respondent string) *surveyv1.Event {
	e.GetResponse().Respondent = seal.Pseudonym([]byte(org), respondent)
	return e
}

// remove says that what events accepted is removed by an erasure.
func remove(erasure string, events ...*surveyv1.Event) []*surveyv1.Event {
	var out []*surveyv1.Event
	for _, e := range events {
		out = append(out, &surveyv1.Event{Organization: e.GetOrganization(), Key: e.GetKey(), Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{
			Name: e.GetResponse().GetName() + e.GetRefusal().GetName(), Position: e.GetPosition(), Erasure: erasure,
		}}})
	}
	return out
}

// exported lists what is kept about a person, by name.
func (s *suite) exported(org, respondent string) map[string]*typev1.PersonRecord {
	s.t.Helper()
	client, ctx := s.persons(org)
	stream, err := client.ExportPerson(ctx, &scoringv1.ExportPersonRequest{Respondent: respondent})
	if err != nil {
		s.t.Fatal(err)
	}
	out := make(map[string]*typev1.PersonRecord)
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range m.GetRecords() {
			out[r.GetName()] = r
		}
	}
}

// TestAPersonIsExportedAndErased: all that is kept of a person is found by the organisation's name of the person, and is gone after an erasure,
// from the scores, too, with a receipt.
func TestAPersonIsExportedAndErased(t *testing.T) {
	t.Parallel()
	s := newSuite(t).start()
	liked := asked("liked")
	liked.Kind = &surveyv1.Question_Choice{Choice: &surveyv1.ChoiceQuestion{}}
	s.survey.publish(acme, "shop", asking(nps("recommend"), liked))
	one := by(response(acme, shop, "one", noon, scores{"recommend": 10}), acme, "anna@example.com")
	one.GetResponse().Invitation = "i"
	one.GetResponse().Context.Attributes = map[string]string{"tier": "gold"}
	one.GetResponse().Answers = append(one.GetResponse().Answers, &surveyv1.Answer{
		Question: "liked", Value: &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: []string{"price"}}},
	})
	two := by(response(acme, shop, "two", noon, scores{"recommend": 0}), acme, "bolot@example.com")
	no := refusal(acme, shop, "no", noon.Add(-time.Hour), surveyv1.Refusal_KIND_DISMISSED, "i")
	foreign := by(response(other, shop, "one", noon, scores{"recommend": 3}), other, "anna@example.com")
	lost := by(response(acme, "surveys/lost", "lost", noon, scores{"recommend": 3}), acme, "anna@example.com")
	s.survey.publish(other, "shop", shopQuestions())
	s.survey.add(one, two, no, foreign, lost)
	s.caughtUp(shop, 2)
	got := s.exported(acme, "anna@example.com")
	for name, kind := range map[string]string{
		shop + "/responses/one": "responses", shop + "/refusals/no": "refusals",
	} {
		if got[name].GetKind() != kind || got[name].GetService() != "scoring" || got[name].GetTime() == nil {
			t.Errorf("%s is exported as %v", name, got[name])
		}
	}
	fields := got[shop+"/responses/one"].GetContent()
	answers := fields.GetFields()["answers"].GetListValue().GetValues()
	if len(answers) != 2 || answers[0].GetStructValue().GetFields()["score"].GetNumberValue() != 10 ||
		answers[1].GetStructValue().GetFields()["options"].GetListValue().GetValues()[0].GetStringValue() != "price" ||
		fields.GetFields()["context"].GetStructValue().GetFields()["attributes"].GetStructValue().GetFields()["tier"].GetStringValue() != "gold" {
		t.Errorf("content %v", fields)
	}
	if len(got) != 3 {
		t.Errorf("%d records are exported, want a response, a refusal and a dead letter: %v", len(got), got)
	}
	if other := s.exported(acme, "somebody@example.com"); len(other) != 0 {
		t.Errorf("of a stranger %v is exported", other)
	}

	s.survey.add(remove("erasures/e1", one, no, lost)...)
	s.survey.mu.Lock()
	position := s.survey.position
	s.survey.mu.Unlock()
	client, ctx := s.persons(acme)
	for range 2 {
		r, err := client.ErasePerson(ctx, &scoringv1.ErasePersonRequest{Respondent: "anna@example.com", Erasure: "erasures/e1", Position: position})
		if err != nil {
			t.Fatal(err)
		}
		receipt := make(map[string]int64)
		for _, line := range r.GetRemovals() {
			receipt[line.GetKind()] = line.GetCount()
		}
		if receipt["responses"] != 1 || receipt["refusals"] != 1 || receipt["dead_letters"] != 1 {
			t.Errorf("receipt %v", r.GetRemovals())
		}
	}
	if got := s.exported(acme, "anna@example.com"); len(got) != 0 {
		t.Errorf("after the erasure %v is exported", got)
	}
	r := s.query(&scoringv1.ScoreQuery{Survey: shop, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}})
	if sc := r.GetScores()[0]; sc.GetN() != 1 || sc.GetEstimate() != -100 {
		t.Errorf("score after the erasure %v", sc)
	}
	if got := s.exported(other, "anna@example.com"); len(got) != 1 {
		t.Errorf("of another organisation's person %v is exported", got)
	}
}

// TestErasureWaitsForTheLog is told to try again while the removals have not come.
func TestErasureWaitsForTheLog(t *testing.T) {
	t.Parallel()
	s := newSuite(t).start()
	client, ctx := s.persons(acme)
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := client.ErasePerson(ctx, &scoringv1.ErasePersonRequest{Respondent: "anna", Erasure: "erasures/e1", Position: 1000})
	if code := rpcerr.Code(err); code != codes.Unavailable && code != codes.DeadlineExceeded {
		t.Errorf("error %v", err)
	}
}

// TestPersonsAreForServices: nobody else may export or erase.
func TestPersonsAreForServices(t *testing.T) {
	t.Parallel()
	s := newSuite(t).start()
	client := scoringv1.NewPersonServiceClient(rpcclient.WithKey(s.conn, appKey, ""))
	if _, err := client.ErasePerson(context.Background(), &scoringv1.ErasePersonRequest{Respondent: "anna", Erasure: "erasures/e1"}); rpcerr.Code(err) != codes.PermissionDenied {
		t.Errorf("erase: %v", err)
	}
	stream, err := client.ExportPerson(context.Background(), &scoringv1.ExportPersonRequest{Respondent: "anna"})
	if err == nil {
		_, err = stream.Recv()
	}
	if rpcerr.Code(err) != codes.PermissionDenied || !strings.Contains(err.Error(), "permission") {
		t.Errorf("export: %v", err)
	}
}

// TestExportsDoNotTellWhatEmployeesAnswered: of an employee's answers an export tells that they are there, counted or not.
func TestExportsDoNotTellWhatEmployeesAnswered(t *testing.T) {
	t.Parallel()
	s := newSuite(t).start()
	s.survey.publish(acme, "team", teamQuestions(byLocation))
	unfit := by(response(acme, team, "two", noon, scores{"unknown": 3}), acme, "anna@example.com")
	s.settled(by(employed(team, "one", noon, scores{"price": 3}, "north", ""), acme, "anna@example.com"), unfit)
	got := s.exported(acme, "anna@example.com")
	if r := got[team+"/responses/one"]; r.GetKind() != "responses" || r.GetTime() == nil || r.GetContent() != nil || r.GetNote() == "" {
		t.Errorf("%v", r)
	}
	for name, r := range got {
		if r.GetContent() != nil {
			t.Errorf("%s tells %v", name, r)
		}
	}
}
