package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

func TestSubmitStoresWhatWasSent(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	in := good()
	// Output only: what a client puts there is dropped.
	in.Name, in.ReceiveTime, in.CountTime = "surveys/x/responses/y", timestamppb.New(start.Add(time.Hour)), timestamppb.New(start)
	in.Flags = []surveyv1.Response_Flag{surveyv1.Response_FLAG_LATE}
	got, err := f.submit(t.Context(), survey, "A-1", in)
	if err != nil {
		t.Fatal(err)
	}
	want := good()
	want.Name, want.Revision = survey+"/responses/A-1", survey+"/revisions/1"
	want.ReceiveTime, want.CountTime = timestamppb.New(start), want.GetAnswerTime()
	if got.GetReplayed() || !proto.Equal(got.GetResponse(), want) {
		t.Fatalf("got %v\nwant %v", got, want)
	}
	read, err := f.surveys.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: want.GetName()})
	if err != nil || !proto.Equal(read.GetResponse(), want) {
		t.Fatalf("read %v, %v", read, err)
	}
	list, err := f.surveys.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: survey})
	if err != nil || len(list.GetResponses()) != 1 || !proto.Equal(list.GetResponses()[0], want) {
		t.Fatalf("listed %v, %v", list, err)
	}
}

func TestSubmitRefuses(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	another := f.published(t, visit())
	answers := func(more ...*surveyv1.Answer) *surveyv1.Response {
		return &surveyv1.Response{Answers: append([]*surveyv1.Answer{score("recommend", 9)}, more...)}
	}
	change := func(fn func(*surveyv1.Response)) *surveyv1.Response {
		m := good()
		fn(m)
		return m
	}
	for _, c := range []struct {
		name   string
		parent string
		in     *surveyv1.Response
		code   codes.Code
		reason string
		fields []string
	}{
		{"unknown survey", "surveys/nope", good(), codes.NotFound, "SURVEY_NOT_FOUND", []string{"parent SURVEY_NOT_FOUND"}},
		{"malformed survey", "surveys/NOPE", good(), codes.InvalidArgument, "VALIDATION_FAILED", []string{"parent STRING_PATTERN"}},
		{"unknown revision", "", change(func(m *surveyv1.Response) { m.Revision = survey + "/revisions/7" }), codes.NotFound, "REVISION_NOT_FOUND",
			[]string{"response.revision REVISION_UNKNOWN"}},
		{"revision of another survey", "", change(func(m *surveyv1.Response) { m.Revision = another + "/revisions/1" }), codes.NotFound,
			"REVISION_NOT_FOUND", []string{"response.revision REVISION_UNKNOWN"}},
		{"malformed revision", "", change(func(m *surveyv1.Response) { m.Revision = survey + "/revisions/01" }), codes.InvalidArgument,
			"RESPONSE_INVALID", []string{"response.revision REVISION_MALFORMED"}},
		{"out of scale", "", answers(score("satisfied", 6)), codes.InvalidArgument, "RESPONSE_INVALID",
			[]string{"response.answers[1].score SCORE_OUT_OF_SCALE"}},
		{"off the step", "", answers(score("satisfied", 4.2)), codes.InvalidArgument, "RESPONSE_INVALID", []string{"response.answers[1].score SCORE_OFF_STEP"}},
		{"unknown option", "", answers(&surveyv1.Answer{Question: "services", Value: &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: []string{"pool"}}}}),
			codes.InvalidArgument, "RESPONSE_INVALID", []string{"response.answers[1].choice.options[0] OPTION_UNKNOWN"}},
		{"missing required", "", &surveyv1.Response{Answers: []*surveyv1.Answer{score("satisfied", 4)}}, codes.InvalidArgument, "RESPONSE_INVALID",
			[]string{"response.answers ANSWER_REQUIRED"}},
		{"text too long", "", answers(&surveyv1.Answer{Question: "words", Value: &surveyv1.Answer_FreeText{FreeText: strings.Repeat("ө", 11)}}),
			codes.InvalidArgument, "RESPONSE_INVALID", []string{"response.answers[1].free_text TEXT_TOO_LONG"}},
		{"no answers", "", &surveyv1.Response{}, codes.InvalidArgument, "VALIDATION_FAILED", []string{"response.answers REPEATED_MIN_ITEMS"}},
		{"control characters", "", change(func(m *surveyv1.Response) {
			m.Respondent = "a\nb"
			m.Context = &typev1.Context{Location: "\x00", Attributes: map[string]string{"b": "\x7f", "a": "\t", "c": "fine"}}
		}), codes.InvalidArgument, "RESPONSE_INVALID", []string{"response.respondent TEXT_CONTROL_CHARACTER", "response.context.location TEXT_CONTROL_CHARACTER",
			`response.context.attributes["a"] TEXT_CONTROL_CHARACTER`, `response.context.attributes["b"] TEXT_CONTROL_CHARACTER`}},
		{"no valid time", "", change(func(m *surveyv1.Response) { m.AnswerTime = &timestamppb.Timestamp{Seconds: 1 << 60} }), codes.InvalidArgument,
			"RESPONSE_INVALID", []string{"response.answer_time TIMESTAMP_INVALID"}},
		{"several faults", "", answers(score("effort", 9), score("nope", 1)), codes.InvalidArgument, "RESPONSE_INVALID",
			[]string{"response.answers[1].score SCORE_OUT_OF_SCALE", "response.answers[2].question QUESTION_UNKNOWN"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			parent := c.parent
			if parent == "" {
				parent = survey
			}
			_, err := f.submit(t.Context(), parent, "bad", c.in)
			e := refused(t, err, c.code, c.reason)
			if got := fieldsOf(e); !slices.Equal(got, c.fields) {
				t.Errorf("got %q, want %q", got, c.fields)
			}
			if e.Reason != "VALIDATION_FAILED" && e.Domain != "survey.otklik" {
				t.Errorf("domain %q", e.Domain)
			}
		})
	}
	f.stored(t, survey)
	// Nothing of a refused response is kept, its identifier neither.
	if r, err := f.submit(t.Context(), survey, "bad", good()); err != nil || r.GetReplayed() {
		t.Fatalf("%v, %v", r, err)
	}
}

// stored checks which responses a survey has.
func (f *fixture) stored(t testing.TB, survey string, ids ...string) {
	t.Helper()
	list, err := f.surveys.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: survey, PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]string, len(list.GetResponses()))
	for i, r := range list.GetResponses() {
		got[i] = strings.TrimPrefix(r.GetName(), survey+"/responses/")
	}
	if !slices.Equal(got, ids) {
		t.Fatalf("stored %q, want %q", got, ids)
	}
}

func TestUnpublishedTakesNothing(t *testing.T) {
	f := newFixture(t)
	created, err := f.surveys.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{Survey: &surveyv1.Survey{DisplayName: "x", Draft: visit()}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.submit(t.Context(), created.GetSurvey().GetName(), "a", good())
	refused(t, err, codes.FailedPrecondition, "SURVEY_NOT_PUBLISHED")
	_, err = f.surveys.RecordRefusal(t.Context(), refusal(created.GetSurvey().GetName(), "a"))
	refused(t, err, codes.FailedPrecondition, "SURVEY_NOT_PUBLISHED")
}

func TestClosing(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	if _, err := f.submit(t.Context(), survey, "before", good()); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Hour)
	closed, err := f.surveys.CloseSurvey(t.Context(), &surveyv1.CloseSurveyRequest{Name: survey})
	if err != nil || closed.GetSurvey().GetState() != surveyv1.Survey_STATE_CLOSED || !closed.GetSurvey().GetCloseTime().AsTime().Equal(start.Add(time.Hour)) {
		t.Fatalf("%v, %v", closed, err)
	}
	given := func(at time.Time) *surveyv1.Response {
		m := good()
		m.AnswerTime = timestamppb.New(at)
		return m
	}
	f.clock.Advance(time.Minute)
	_, err = f.submit(t.Context(), survey, "after", given(start.Add(time.Hour)))
	if e := refused(t, err, codes.FailedPrecondition, "SURVEY_CLOSED"); len(e.Fields) != 1 || e.Fields[0].Field != "response.answer_time" {
		t.Fatalf("%+v", e)
	}
	m := given(start)
	m.AnswerTime = nil
	_, err = f.submit(t.Context(), survey, "after", m)
	refused(t, err, codes.FailedPrecondition, "SURVEY_CLOSED")

	late, err := f.submit(t.Context(), survey, "late", given(start))
	if err != nil || !slices.Equal(late.GetResponse().GetFlags(), []surveyv1.Response_Flag{surveyv1.Response_FLAG_LATE}) {
		t.Fatalf("%v, %v", late, err)
	}
	f.clock.Advance(30 * 24 * time.Hour)
	_, err = f.submit(t.Context(), survey, "too-late", given(start))
	refused(t, err, codes.FailedPrecondition, "GRACE_PERIOD_OVER")

	// A true retry gets the first result whatever happened since; other content is refused as such.
	for id, in := range map[string]*surveyv1.Response{"before": good(), "late": given(start)} {
		again, err := f.submit(t.Context(), survey, id, in)
		if err != nil || !again.GetReplayed() {
			t.Fatalf("%s: %v, %v", id, again, err)
		}
	}
	again, err := f.submit(t.Context(), survey, "late", given(start))
	if err != nil || !proto.Equal(again.GetResponse(), late.GetResponse()) {
		t.Fatalf("%v, %v", again, err)
	}
	_, err = f.submit(t.Context(), survey, "late", good())
	refused(t, err, codes.AlreadyExists, "ID_REUSED")

	// Opened again it takes answers again.
	if _, err := f.surveys.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Name: survey}); err != nil {
		t.Fatal(err)
	}
	if r, err := f.submit(t.Context(), survey, "too-late", given(start)); err != nil || len(r.GetResponse().GetFlags()) != 0 {
		t.Fatalf("%v, %v", r, err)
	}
	if _, err := f.surveys.ArchiveSurvey(t.Context(), &surveyv1.ArchiveSurveyRequest{Name: survey}); err != nil {
		t.Fatal(err)
	}
	_, err = f.submit(t.Context(), survey, "archived", good())
	refused(t, err, codes.FailedPrecondition, "SURVEY_ARCHIVED")
	if again, err := f.submit(t.Context(), survey, "before", good()); err != nil || !again.GetReplayed() {
		t.Fatalf("%v, %v", again, err)
	}
	f.stored(t, survey, "before", "late", "too-late")
}

func TestClocksAhead(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	for _, c := range []struct {
		ahead time.Duration
		flags []surveyv1.Response_Flag
	}{{time.Second, nil}, {5 * time.Minute, nil}, {5*time.Minute + 1, []surveyv1.Response_Flag{surveyv1.Response_FLAG_CLOCK_AHEAD}}} {
		m := good()
		m.AnswerTime = timestamppb.New(start.Add(c.ahead))
		r, err := f.submit(t.Context(), survey, fmt.Sprintf("a%d", c.ahead), m)
		if err != nil {
			t.Fatal(err)
		}
		got := r.GetResponse()
		if !got.GetCountTime().AsTime().Equal(start) || !got.GetAnswerTime().AsTime().Equal(start.Add(c.ahead)) || !slices.Equal(got.GetFlags(), c.flags) {
			t.Errorf("%v ahead: %v", c.ahead, got)
		}
	}
}

func TestRetryAfterAnotherRevision(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	first, err := f.submit(t.Context(), survey, "a", good())
	if err != nil {
		t.Fatal(err)
	}
	shorter := visit()
	shorter.Questions = shorter.Questions[:1]
	if _, err := f.surveys.UpdateSurvey(t.Context(), &surveyv1.UpdateSurveyRequest{Survey: &surveyv1.Survey{Name: survey, Draft: shorter}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.surveys.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Name: survey}); err != nil {
		t.Fatal(err)
	}
	// The response would not fit the revision that is now the last; as a retry it is still the same.
	again, err := f.submit(t.Context(), survey, "a", good())
	if err != nil || !again.GetReplayed() || !proto.Equal(again.GetResponse(), first.GetResponse()) {
		t.Fatalf("%v, %v", again, err)
	}
	_, err = f.submit(t.Context(), survey, "b", good())
	refused(t, err, codes.InvalidArgument, "RESPONSE_INVALID")
	old := good()
	old.Revision = survey + "/revisions/1"
	if r, err := f.submit(t.Context(), survey, "b", old); err != nil || r.GetResponse().GetRevision() != old.GetRevision() {
		t.Fatalf("%v, %v", r, err)
	}
	// The revision counts as it was sent.
	_, err = f.submit(t.Context(), survey, "a", old)
	refused(t, err, codes.AlreadyExists, "ID_REUSED")
}

func TestOrganisationsDoNotMeet(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	if _, err := f.submit(t.Context(), survey, "a", good()); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	_, err := f.other.GetSurvey(ctx, &surveyv1.GetSurveyRequest{Name: survey})
	refused(t, err, codes.NotFound, "SURVEY_NOT_FOUND")
	_, err = f.other.SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{Parent: survey, ResponseId: "a", Response: good()})
	refused(t, err, codes.NotFound, "SURVEY_NOT_FOUND")
	_, err = f.other.GetResponse(ctx, &surveyv1.GetResponseRequest{Name: survey + "/responses/a"})
	refused(t, err, codes.NotFound, "RESPONSE_NOT_FOUND")
	_, err = f.other.GetRevision(ctx, &surveyv1.GetRevisionRequest{Name: survey + "/revisions/1"})
	refused(t, err, codes.NotFound, "SURVEY_NOT_FOUND")
	for _, call := range []func() error{
		func() error {
			_, err := f.other.UpdateSurvey(ctx, &surveyv1.UpdateSurveyRequest{Survey: &surveyv1.Survey{Name: survey, DisplayName: "mine"}})
			return err
		},
		func() error {
			_, err := f.other.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Name: survey})
			return err
		},
		func() error {
			_, err := f.other.CloseSurvey(ctx, &surveyv1.CloseSurveyRequest{Name: survey})
			return err
		},
		func() error {
			_, err := f.other.ArchiveSurvey(ctx, &surveyv1.ArchiveSurveyRequest{Name: survey})
			return err
		},
		func() error {
			_, err := f.other.DeleteSurvey(ctx, &surveyv1.DeleteSurveyRequest{Name: survey})
			return err
		},
		func() error {
			_, err := f.other.ListResponses(ctx, &surveyv1.ListResponsesRequest{Parent: survey})
			return err
		},
		func() error {
			_, err := f.other.ListRefusals(ctx, &surveyv1.ListRefusalsRequest{Parent: survey})
			return err
		},
		func() error {
			_, err := f.other.ListRevisions(ctx, &surveyv1.ListRevisionsRequest{Parent: survey})
			return err
		},
		func() error { _, err := f.other.RecordRefusal(ctx, refusal(survey, "r")); return err },
		func() error {
			_, err := f.other.BatchSubmitResponses(ctx, &surveyv1.BatchSubmitResponsesRequest{
				Parent: survey, Requests: []*surveyv1.SubmitResponseRequest{{ResponseId: "b", Response: good()}}})
			return err
		},
	} {
		refused(t, call(), codes.NotFound, "SURVEY_NOT_FOUND")
	}
	list, err := f.other.ListSurveys(ctx, &surveyv1.ListSurveysRequest{})
	if err != nil || len(list.GetSurveys()) != 0 {
		t.Fatalf("%v, %v", list, err)
	}
	// The same names under another organisation are other things.
	if _, err := f.other.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{SurveyId: strings.TrimPrefix(survey, "surveys/"),
		Survey: &surveyv1.Survey{DisplayName: "theirs", Draft: visit()}}); err != nil {
		t.Fatal(err)
	}
	f.stored(t, survey, "a")
}

func refusal(survey, id string) *surveyv1.RecordRefusalRequest {
	return &surveyv1.RecordRefusalRequest{Parent: survey, RefusalId: id, Refusal: &surveyv1.Refusal{
		Kind: surveyv1.Refusal_KIND_DISMISSED, Language: "ru", Invitation: "i-1", RefuseTime: timestamppb.New(start.Add(-time.Minute)),
		Context: &typev1.Context{Channel: "kiosk"},
	}}
}

func TestRefusals(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	got, err := f.surveys.RecordRefusal(t.Context(), refusal(survey, "r1"))
	if err != nil {
		t.Fatal(err)
	}
	want := refusal(survey, "r1").GetRefusal()
	want.Name, want.ReceiveTime, want.CountTime = survey+"/refusals/r1", timestamppb.New(start), want.GetRefuseTime()
	if got.GetReplayed() || !proto.Equal(got.GetRefusal(), want) {
		t.Fatalf("got %v\nwant %v", got, want)
	}
	f.clock.Advance(time.Hour)
	again, err := f.surveys.RecordRefusal(t.Context(), refusal(survey, "r1"))
	if err != nil || !again.GetReplayed() || !proto.Equal(again.GetRefusal(), want) {
		t.Fatalf("%v, %v", again, err)
	}
	other := refusal(survey, "r1")
	other.Refusal.Kind = surveyv1.Refusal_KIND_REFUSED
	_, err = f.surveys.RecordRefusal(t.Context(), other)
	refused(t, err, codes.AlreadyExists, "ID_REUSED")
	// Responses have identifiers of their own.
	if r, err := f.submit(t.Context(), survey, "r1", good()); err != nil || r.GetReplayed() {
		t.Fatalf("%v, %v", r, err)
	}
	read, err := f.surveys.GetRefusal(t.Context(), &surveyv1.GetRefusalRequest{Name: want.GetName()})
	if err != nil || !proto.Equal(read.GetRefusal(), want) {
		t.Fatalf("%v, %v", read, err)
	}
	_, err = f.surveys.GetRefusal(t.Context(), &surveyv1.GetRefusalRequest{Name: survey + "/refusals/r2"})
	refused(t, err, codes.NotFound, "REFUSAL_NOT_FOUND")
	bad := refusal(survey, "r3")
	bad.Refusal.Context.Channel = "a\x00"
	_, err = f.surveys.RecordRefusal(t.Context(), bad)
	if e := refused(t, err, codes.InvalidArgument, "REFUSAL_INVALID"); e.Fields[0].Field != "refusal.context.channel" {
		t.Fatalf("%+v", e)
	}
	list, err := f.surveys.ListRefusals(t.Context(), &surveyv1.ListRefusalsRequest{Parent: survey})
	if err != nil || len(list.GetRefusals()) != 1 || !proto.Equal(list.GetRefusals()[0], want) {
		t.Fatalf("%v, %v", list, err)
	}
	if _, err := f.surveys.CloseSurvey(t.Context(), &surveyv1.CloseSurveyRequest{Name: survey}); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(40 * 24 * time.Hour)
	_, err = f.surveys.RecordRefusal(t.Context(), refusal(survey, "r4"))
	refused(t, err, codes.FailedPrecondition, "GRACE_PERIOD_OVER")
	if again, err := f.surveys.RecordRefusal(t.Context(), refusal(survey, "r1")); err != nil || !again.GetReplayed() {
		t.Fatalf("%v, %v", again, err)
	}
}
