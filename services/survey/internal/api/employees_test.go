package api_test

import (
	"errors"
	"io"
	"testing"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// republish publishes another revision of a survey.
func (f *fixture) republish(t testing.TB, survey string, q *surveyv1.Questionnaire) {
	t.Helper()
	if _, err := f.surveys.UpdateSurvey(t.Context(), &surveyv1.UpdateSurveyRequest{Survey: &surveyv1.Survey{Name: survey, Draft: q}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.surveys.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Name: survey}); err != nil {
		t.Fatal(err)
	}
}

// ofEmployees is a questionnaire for employees.
func ofEmployees() *surveyv1.Questionnaire {
	q := visit()
	q.Population = typev1.Population_POPULATION_EMPLOYEE
	return q
}

// invitedEmployee is what somebody answers who was invited by i-1.
func invitedEmployee(value float64) *surveyv1.Response {
	m := good()
	m.Invitation, m.Answers[0] = "i-1", score("recommend", value)
	return m
}

// TestGuessesAboutEmployeesTellNothing: whoever knows the identifier of an employee's answer tries all answers that could have been given. Every
// attempt is answered alike, in whatever way it is made, also when employees are asked no more and when the survey takes nothing any more.
func TestGuessesAboutEmployeesTellNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		survey := f.published(t, ofEmployees())
		mustSubmit(t, f, survey, "i-1", invitedEmployee(7))
		declined := func(language string) *surveyv1.RecordRefusalRequest {
			r := refusal(survey, "i-1")
			r.Refusal.Language = language
			return r
		}
		if first, err := f.surveys.RecordRefusal(t.Context(), declined("ru")); err != nil || first.GetReplayed() {
			t.Fatalf("%v, %v", first, err)
		}
		guess := func() {
			t.Helper()
			want := &surveyv1.SubmitResponseResponse{Response: &surveyv1.Response{Name: survey + "/responses/i-1"}, Replayed: true}
			var batch []*surveyv1.SubmitResponseRequest
			for value := range 12 { // 11 lies beyond the scale
				got, err := f.submit(t.Context(), survey, "i-1", invitedEmployee(float64(value)))
				if err != nil || !proto.Equal(got, want) {
					t.Errorf("guess %d: %v, %v", value, got, err)
				}
				batch = append(batch, &surveyv1.SubmitResponseRequest{ResponseId: "i-1", Response: invitedEmployee(float64(value))})
			}
			all, err := f.surveys.BatchSubmitResponses(t.Context(), &surveyv1.BatchSubmitResponsesRequest{Parent: survey, Requests: batch})
			if err != nil {
				t.Fatal(err)
			}
			for value, r := range all.GetResults() {
				if !proto.Equal(r.GetAccepted(), want) {
					t.Errorf("guess %d in a batch: %v", value, r)
				}
			}
			for _, language := range []string{"ru", "ky"} {
				got, err := f.surveys.RecordRefusal(t.Context(), declined(language))
				if err != nil || !proto.Equal(got, &surveyv1.RecordRefusalResponse{Refusal: &surveyv1.Refusal{Name: survey + "/refusals/i-1"}, Replayed: true}) {
					t.Errorf("refusal in %s: %v, %v", language, got, err)
				}
			}
		}
		guess()
		f.republish(t, survey, visit())
		guess()
		if _, err := f.surveys.ArchiveSurvey(t.Context(), &surveyv1.ArchiveSurveyRequest{Name: survey}); err != nil {
			t.Fatal(err)
		}
		guess()
	})
}

// TestEventsOfEmployeesSaySo: readers of the log know what must not leave the suite, also of answers from before employees were asked.
func TestEventsOfEmployeesSaySo(t *testing.T) {
	f := newFixture(t)
	customers, team := f.published(t, visit()), f.published(t, visit())
	mustSubmit(t, f, customers, "a", good())
	mustSubmit(t, f, team, "b", good())
	f.republish(t, team, ofEmployees())
	f.republish(t, team, visit())
	mustSubmit(t, f, team, "c", good())
	if _, err := f.surveys.RecordRefusal(t.Context(), refusal(team, "d")); err != nil {
		t.Fatal(err)
	}
	events, _ := f.tail(t, 0, "").read(4)
	for i, want := range []bool{false, true, true, true} {
		if events[i].GetPopulationProtected() != want {
			t.Errorf("event %d: %v", i, events[i])
		}
	}
}

// exportedOf is what the service tells of a person.
func (f *fixture) exportedOf(t testing.TB, respondent string) (out []*typev1.PersonRecord) {
	t.Helper()
	stream, err := f.persons(acme).ExportPerson(t.Context(), &surveyv1.ExportPersonRequest{Respondent: respondent})
	if err != nil {
		t.Fatal(err)
	}
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, part.GetRecords()...)
	}
}

// TestExportsDoNotTellWhatEmployeesAnswered: of an employee's answers an export tells that they are there, and an erasure removes them.
func TestExportsDoNotTellWhatEmployeesAnswered(t *testing.T) {
	f := newFixture(t)
	customers, team := f.published(t, visit()), f.published(t, ofEmployees())
	mustSubmit(t, f, customers, "a", good())
	mustSubmit(t, f, team, "i-1", invitedEmployee(7))
	if _, err := f.surveys.RecordRefusal(t.Context(), refusal(team, "r")); err != nil {
		t.Fatal(err)
	}
	got := f.exportedOf(t, "r-1")
	told := map[string]bool{}
	for _, r := range got {
		told[r.GetName()] = r.GetContent() != nil
		if r.GetTime() == nil || r.GetKind() == "" || (r.GetContent() == nil) != (r.GetNote() != "") {
			t.Errorf("%v", r)
		}
	}
	if len(told) != 3 || !told[customers+"/responses/a"] || told[team+"/responses/i-1"] || told[team+"/refusals/r"] {
		t.Errorf("%v", got)
	}
	if _, err := f.persons(acme).ErasePerson(t.Context(), &surveyv1.ErasePersonRequest{Respondent: "r-1", Erasure: "erasures/e"}); err != nil {
		t.Fatal(err)
	}
	if left := f.exportedOf(t, "r-1"); len(left) != 0 {
		t.Errorf("%v", left)
	}
}
