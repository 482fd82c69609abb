package api_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// streamed reads StreamResponses to its end.
func streamed(t testing.TB, c surveyv1.SurveyServiceClient, survey string) (out []*surveyv1.Response, err error) {
	t.Helper()
	stream, err := c.StreamResponses(t.Context(), &surveyv1.StreamResponsesRequest{Parent: survey})
	if err != nil {
		return nil, err
	}
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, m.GetResponse())
	}
}

// TestWhoAnsweredIsWithheld: without the permission a caller sees the answers, and is told what it does not see.
func TestWhoAnsweredIsWithheld(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	m := outspoken()
	m.Invitation, m.Context.Employee = "i-1", "e-7"
	mustSubmit(t, f, survey, "a", m)
	plain := good() // about nobody, and with words
	plain.Respondent = ""
	mustSubmit(t, f, survey, "b", plain)
	declined := refusal(survey, "r")
	declined.Refusal.Context.Employee = "e-7"
	if _, err := f.surveys.RecordRefusal(t.Context(), declined); err != nil {
		t.Fatal(err)
	}
	c := f.as(analyst())
	got, err := c.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: survey + "/responses/a"})
	if err != nil {
		t.Fatal(err)
	}
	all, err := streamed(t, c, survey)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"invitation", "context.employee", "respondent", "answers.free_text", "answers.comment", "consents"}
	for _, r := range append(append(all, got.GetResponse()), listAll(t, c, survey)...) {
		if r.GetRespondent() != "" || r.GetInvitation() != "" || len(r.GetConsents()) != 0 || r.GetAnswers()[1].GetComment() != "" || r.GetAnswers()[3].GetFreeText() != "" {
			t.Errorf("shown %v", r)
		}
		if r.GetAnswers()[0].GetScore() != 9 || r.GetContext().GetLocation() != "osh-1" || r.GetContext().GetEmployee() != "" || !slices.Equal(r.GetWithheldFields(), want) {
			t.Errorf("%v", r)
		}
	}
	refusals, err := c.ListRefusals(t.Context(), &surveyv1.ListRefusalsRequest{Parent: survey})
	if err != nil || refusals.GetRefusals()[0].GetInvitation() != "" || refusals.GetRefusals()[0].GetContext().GetEmployee() != "" ||
		!slices.Equal(refusals.GetRefusals()[0].GetWithheldFields(), []string{"invitation", "context.employee", "respondent"}) {
		t.Errorf("%v, %v", refusals, err)
	}
	// The vault is not needed for it.
	f.vault.SetAway(true)
	if n := len(listAll(t, c, survey)); n != 2 {
		t.Errorf("%d responses", n)
	}
	// A manager sees who answered.
	f.vault.SetAway(false)
	full := listAll(t, f.as(manager(nil)), survey)
	if full[0].GetRespondent() != respondentName || full[0].GetContext().GetEmployee() != "e-7" || full[0].GetInvitation() != "i-1" || len(full[0].GetWithheldFields()) != 0 || full[1].GetAnswers()[3].GetFreeText() != "Жакшы" {
		t.Errorf("%v", full)
	}
}

// TestManagersSeeTheirUnits: what belongs to others is not there for a restricted caller, in whatever way it asks.
func TestManagersSeeTheirUnits(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	var requests []*surveyv1.SubmitResponseRequest
	var mine []string
	for i := range 1500 {
		m := good()
		m.Context = &typev1.Context{Location: fmt.Sprint("osh-", i%3), Region: "osh", Company: "c", Employee: "e"}
		id := fmt.Sprintf("r-%04d", i)
		if i%3 == 1 {
			mine = append(mine, id)
		}
		requests = append(requests, &surveyv1.SubmitResponseRequest{ResponseId: id, Response: m})
	}
	for part := range slices.Chunk(requests, 500) {
		if _, err := f.surveys.BatchSubmitResponses(t.Context(), &surveyv1.BatchSubmitResponsesRequest{Parent: survey, Requests: part}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		req := refusal(survey, fmt.Sprint(i))
		req.Refusal.Context.Location = fmt.Sprint("osh-", i)
		if _, err := f.surveys.RecordRefusal(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	c := f.as(manager(map[string][]string{"location": {"osh-1", "bishkek-1"}}))
	all, err := streamed(t, c, survey)
	if err != nil || !slices.Equal(namesOf(all), mine) {
		t.Fatalf("streamed %d of %d, %v", len(all), len(mine), err)
	}
	// Up to where others' were looked through is told to whoever asks for it.
	f.tellsPositions(t, survey)
	for _, size := range []int32{7, 100, 1000} {
		var got []string
		req := &surveyv1.ListResponsesRequest{Parent: survey, PageSize: size}
		for {
			r, err := c.ListResponses(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.GetResponses()) > int(size) {
				t.Fatalf("%d on a page of %d", len(r.GetResponses()), size)
			}
			got = append(got, namesOf(r.GetResponses())...)
			if req.PageToken = r.GetNextPageToken(); req.PageToken == "" {
				break
			}
		}
		if !slices.Equal(got, mine) {
			t.Fatalf("by %d: listed %d of %d", size, len(got), len(mine))
		}
	}
	if _, err := c.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: survey + "/responses/r-0001"}); err != nil {
		t.Error(err)
	}
	// What belongs to others is as if it were not there, word by word.
	_, theirs := c.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: survey + "/responses/r-0000"})
	_, none := c.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: survey + "/responses/r-none"})
	a, b := refused(t, theirs, codes.NotFound, "RESPONSE_NOT_FOUND"), refused(t, none, codes.NotFound, "RESPONSE_NOT_FOUND")
	if a.Message != b.Message {
		t.Errorf("%q and %q", a.Message, b.Message)
	}
	refusals, err := c.ListRefusals(t.Context(), &surveyv1.ListRefusalsRequest{Parent: survey})
	if err != nil || len(refusals.GetRefusals()) != 1 || refusals.GetRefusals()[0].GetContext().GetLocation() != "osh-1" {
		t.Errorf("%v, %v", refusals, err)
	}
	if _, err := c.GetRefusal(t.Context(), &surveyv1.GetRefusalRequest{Name: survey + "/refusals/1"}); err != nil {
		t.Error(err)
	}
	_, err = c.GetRefusal(t.Context(), &surveyv1.GetRefusalRequest{Name: survey + "/refusals/0"})
	refused(t, err, codes.NotFound, "REFUSAL_NOT_FOUND")
	for key, wanted := range map[string]int{"region": 1500, "company": 1500, "employee": 1500, "channel": 0} {
		value := map[string]string{"region": "osh", "company": "c", "employee": "e", "channel": "kiosk"}[key]
		if all, err := streamed(t, f.as(manager(map[string][]string{key: {value}})), survey); err != nil || len(all) != wanted {
			t.Errorf("by %s %d, want %d, %v", key, len(all), wanted, err)
		}
	}
	// An empty value is nobody's unit.
	if all, err := streamed(t, f.as(manager(map[string][]string{"company": {""}})), survey); err != nil || len(all) != 0 {
		t.Errorf("by an empty value %d, %v", len(all), err)
	}
}

// tellsPositions: a caller who sees none of 1500 responses is told how far the others were looked through, so that he goes on behind them.
func (f *fixture) tellsPositions(t *testing.T, survey string) {
	t.Helper()
	stream, err := f.as(manager(map[string][]string{"location": {"nowhere"}})).StreamResponses(t.Context(), &surveyv1.StreamResponsesRequest{Parent: survey, TellPositions: true})
	if err != nil {
		t.Fatal(err)
	}
	var last int64
	n := 0
	for ; ; n++ {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || m.GetResponse() != nil || m.GetPosition() <= last {
			t.Fatalf("%v behind %d, %v", m, last, err)
		}
		last = m.GetPosition()
	}
	if n != 3 {
		t.Errorf("%d positions of 1500 responses", n)
	}
}

// TestNobodyReadsEmployees: single answers of employees are read by no caller but services, also those given before employees were asked.
func TestNobodyReadsEmployees(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	mustSubmit(t, f, survey, "a", good())
	if _, err := f.surveys.RecordRefusal(t.Context(), refusal(survey, "r")); err != nil {
		t.Fatal(err)
	}
	if len(listAll(t, f.surveys, survey)) != 1 {
		t.Fatal("it is not listed before employees are asked")
	}
	next := visit()
	next.Population, next.DeclaredGrouping = typev1.Population_POPULATION_EMPLOYEE, typev1.ContextKey_CONTEXT_KEY_REGION
	for _, draft := range []*surveyv1.Questionnaire{next, visit()} {
		if _, err := f.surveys.UpdateSurvey(t.Context(), &surveyv1.UpdateSurveyRequest{Survey: &surveyv1.Survey{Name: survey, Draft: draft}}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.surveys.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Name: survey}); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]surveyv1.SurveyServiceClient{"admin": f.surveys, "manager": f.as(manager(nil)), "analyst": f.as(analyst())} {
			_, getErr := c.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: survey + "/responses/a"})
			_, listErr := c.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: survey})
			_, streamErr := streamed(t, c, survey)
			_, refusalErr := c.GetRefusal(t.Context(), &surveyv1.GetRefusalRequest{Name: survey + "/refusals/r"})
			_, refusalsErr := c.ListRefusals(t.Context(), &surveyv1.ListRefusalsRequest{Parent: survey})
			for _, err := range []error{getErr, listErr, streamErr, refusalErr, refusalsErr} {
				t.Log(name)
				refused(t, err, codes.PermissionDenied, "POPULATION_PROTECTED")
			}
		}
	}
	service := f.as(authn.Principal{Kind: authn.KindService, ID: "scoring", Organization: acme, Roles: []string{authn.RoleService}})
	if all, err := streamed(t, service, survey); err != nil || len(all) != 1 || all[0].GetRespondent() != "r-1" {
		t.Errorf("%v, %v", all, err)
	}
}

// TestDeclaredGrouping: only a questionnaire for employees declares one, and not by employee.
func TestDeclaredGrouping(t *testing.T) {
	f := newFixture(t)
	for name, c := range map[string]struct {
		population typev1.Population
		key        typev1.ContextKey
		sound      bool
	}{
		"none":               {typev1.Population_POPULATION_EMPLOYEE, typev1.ContextKey_CONTEXT_KEY_UNSPECIFIED, true},
		"region":             {typev1.Population_POPULATION_EMPLOYEE, typev1.ContextKey_CONTEXT_KEY_REGION, true},
		"language":           {typev1.Population_POPULATION_EMPLOYEE, typev1.ContextKey_CONTEXT_KEY_LANGUAGE, true},
		"employee":           {typev1.Population_POPULATION_EMPLOYEE, typev1.ContextKey_CONTEXT_KEY_EMPLOYEE, false},
		"customer":           {typev1.Population_POPULATION_CUSTOMER, typev1.ContextKey_CONTEXT_KEY_REGION, false},
		"unstated":           {typev1.Population_POPULATION_UNSPECIFIED, typev1.ContextKey_CONTEXT_KEY_LOCATION, false},
		"customer and none":  {typev1.Population_POPULATION_CUSTOMER, typev1.ContextKey_CONTEXT_KEY_UNSPECIFIED, true},
		"former by employee": {typev1.Population_POPULATION_FORMER, typev1.ContextKey_CONTEXT_KEY_EMPLOYEE, false},
	} {
		t.Run(name, func(t *testing.T) {
			draft := visit()
			draft.Population, draft.DeclaredGrouping = c.population, c.key
			got, err := f.surveys.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{Survey: &surveyv1.Survey{DisplayName: "x", Draft: draft}})
			if c.sound {
				if err != nil || got.GetSurvey().GetDraft().GetDeclaredGrouping() != c.key {
					t.Fatalf("%v, %v", got, err)
				}
				return
			}
			e := refused(t, err, codes.InvalidArgument, "QUESTIONNAIRE_INVALID")
			if fields := fieldsOf(e); !slices.Equal(fields, []string{"survey.draft.declared_grouping GROUPING_UNDECLARABLE"}) {
				t.Errorf("%q", fields)
			}
		})
	}
}

// TestBoundCredentials: a one-time token submits one response, as the invitation that it belongs to, however often it is sent.
func TestBoundCredentials(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	c := f.as(authn.Principal{
		Kind: authn.KindInvitation, ID: "token", Organization: acme, Roles: []string{"respondent"}, Resources: []string{survey},
		Bound: map[string]string{"invitation": "inv-1", "respondent": respondentName},
	})
	submit := func(id string, change func(*surveyv1.Response)) (*surveyv1.SubmitResponseResponse, error) {
		m := good()
		m.Respondent = ""
		if change != nil {
			change(m)
		}
		return c.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: survey, ResponseId: id, Response: m})
	}
	for field, err := range map[string]error{
		"response_id":         second(submit("another", nil)),
		"response.invitation": second(submit("inv-1", func(m *surveyv1.Response) { m.Invitation = "inv-2" })),
		"response.respondent": second(submit("inv-1", func(m *surveyv1.Response) { m.Respondent = "somebody" })),
	} {
		if e := refused(t, err, codes.PermissionDenied, "CREDENTIAL_BOUND"); !slices.Equal(fieldsOf(e), []string{field + " CREDENTIAL_BOUND"}) {
			t.Errorf("%q", fieldsOf(e))
		}
	}
	for _, again := range []bool{false, true, true} {
		r, err := submit("inv-1", nil)
		if err != nil || r.GetReplayed() != again || r.GetResponse().GetInvitation() != "inv-1" || r.GetResponse().GetRespondent() != respondentName {
			t.Fatalf("%v, %v", r, err)
		}
	}
	_, err := submit("inv-1", func(m *surveyv1.Response) { m.Answers[0] = score("recommend", 8) })
	refused(t, err, codes.AlreadyExists, "ID_REUSED")
	batch, err := c.BatchSubmitResponses(t.Context(), &surveyv1.BatchSubmitResponsesRequest{Parent: survey, Requests: []*surveyv1.SubmitResponseRequest{
		{ResponseId: "another", Response: good()}}})
	if err != nil || codes.Code(batch.GetResults()[0].GetError().GetCode()) != codes.PermissionDenied {
		t.Errorf("%v, %v", batch, err)
	}
	req := refusal(survey, "inv-1")
	req.Refusal.Invitation = ""
	got, err := c.RecordRefusal(t.Context(), req)
	if err != nil || got.GetRefusal().GetInvitation() != "inv-1" || got.GetRefusal().GetRespondent() != respondentName {
		t.Errorf("%v, %v", got, err)
	}
	_, err = c.RecordRefusal(t.Context(), refusal(survey, "another"))
	refused(t, err, codes.PermissionDenied, "CREDENTIAL_BOUND")
	other := f.published(t, visit())
	_, err = c.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: other, ResponseId: "inv-1", Response: good()})
	if e := refused(t, err, codes.PermissionDenied, "CREDENTIAL_BOUND"); strings.Contains(e.Message, other) {
		t.Errorf("%v", e)
	}
	if left := listAll(t, f.surveys, survey); len(left) != 1 || left[0].GetRespondent() != respondentName {
		t.Errorf("%v", left)
	}
}

func second[T any](_ T, err error) error { return err }
