package api_test

import (
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

func (f *fixture) create(t testing.TB, req *surveyv1.CreateSurveyRequest) *surveyv1.Survey {
	t.Helper()
	if req.Survey == nil {
		req.Survey = &surveyv1.Survey{DisplayName: "Visit", Draft: visit()}
	}
	r, err := f.surveys.CreateSurvey(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return r.GetSurvey()
}

func TestCreateSurvey(t *testing.T) {
	f := newFixture(t)
	in := &surveyv1.Survey{
		// Output only, dropped.
		Name: "surveys/other", State: surveyv1.Survey_STATE_CLOSED, CurrentRevision: "surveys/other/revisions/3", Etag: "e",
		CloseTime: timestamppb.Now(), CreateTime: timestamppb.Now(), DisplayName: "Visit", Draft: visit(),
	}
	in.Draft.Questions[1].GetCsat().Scale.Id = "nonsense"
	in.Draft.Questions[0].EffectiveScale = &typev1.Scale{Id: "1-3", Min: 1, Max: 3}
	got := f.create(t, &surveyv1.CreateSurveyRequest{SurveyId: "visit-2026", Survey: in})
	draft := visit()
	draft.Questions[1].GetCsat().Scale.Id = "1-5/0.5"
	for i, scale := range []*typev1.Scale{{Id: "0-10", Max: 10, Step: 1}, {Id: "1-5/0.5", Min: 1, Max: 5, Step: 0.5}, {Id: "1-5", Min: 1, Max: 5, Step: 1}, {Id: "1-5", Min: 1, Max: 5, Step: 1}} {
		draft.Questions[i].EffectiveScale = scale
	}
	want := &surveyv1.Survey{Name: "surveys/visit-2026", DisplayName: "Visit", Draft: draft, State: surveyv1.Survey_STATE_DRAFT,
		CreateTime: timestamppb.New(start), UpdateTime: timestamppb.New(start), Etag: got.GetEtag()}
	if !proto.Equal(got, want) || got.GetEtag() == "" {
		t.Fatalf("got %v\nwant %v", got, want)
	}
	read, err := f.surveys.GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Name: want.GetName()})
	if err != nil || !proto.Equal(read.GetSurvey(), want) {
		t.Fatalf("%v, %v", read, err)
	}
	_, err = f.surveys.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{SurveyId: "visit-2026", Survey: in})
	refused(t, err, codes.AlreadyExists, "SURVEY_EXISTS")
	_, err = f.surveys.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{Survey: &surveyv1.Survey{DisplayName: "a\nb", Draft: visit()}})
	if e := refused(t, err, codes.InvalidArgument, "VALIDATION_FAILED"); e.Fields[0].Field != "survey.display_name" {
		t.Fatalf("%+v", e)
	}
}

func TestServerMadeIdentifiers(t *testing.T) {
	f := newFixture(t)
	form := regexp.MustCompile(`^surveys/[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}$`)
	seen := map[string]bool{}
	for range 20 {
		name := f.create(t, &surveyv1.CreateSurveyRequest{}).GetName()
		if !form.MatchString(name) || seen[name] {
			t.Fatalf("name %s, seen %v", name, seen[name])
		}
		seen[name] = true
	}
}

func TestCreateSurveyReplay(t *testing.T) {
	f := newFixture(t)
	req := func() *surveyv1.CreateSurveyRequest {
		return &surveyv1.CreateSurveyRequest{RequestId: "r-1", Survey: &surveyv1.Survey{DisplayName: "Visit", Draft: visit()}}
	}
	first := f.create(t, req())
	f.clock.Advance(time.Hour)
	again, err := f.surveys.CreateSurvey(t.Context(), req())
	if err != nil || !again.GetReplayed() || !proto.Equal(again.GetSurvey(), first) {
		t.Fatalf("%v, %v", again, err)
	}
	other := req()
	other.Survey.DisplayName = "Stay"
	_, err = f.surveys.CreateSurvey(t.Context(), other)
	refused(t, err, codes.AlreadyExists, "ID_REUSED")
	other = req()
	other.SurveyId = "visit"
	_, err = f.surveys.CreateSurvey(t.Context(), other)
	refused(t, err, codes.AlreadyExists, "ID_REUSED")
	// What is output only makes no other content.
	same := req()
	same.Survey.Name, same.Survey.Draft.Questions[1].GetCsat().Scale.Id = "surveys/x", "x"
	if again, err := f.surveys.CreateSurvey(t.Context(), same); err != nil || !again.GetReplayed() {
		t.Fatalf("%v, %v", again, err)
	}
}

func TestUpdateSurvey(t *testing.T) {
	f := newFixture(t)
	name := f.create(t, &surveyv1.CreateSurveyRequest{SurveyId: "visit"}).GetName()
	shorter := visit()
	shorter.Questions = shorter.Questions[:1]
	update := func(s *surveyv1.Survey, paths ...string) (*surveyv1.Survey, error) {
		f.clock.Advance(time.Second)
		req := &surveyv1.UpdateSurveyRequest{Survey: s}
		if paths != nil {
			req.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
		}
		r, err := f.surveys.UpdateSurvey(t.Context(), req)
		return r.GetSurvey(), err
	}
	check := func(got *surveyv1.Survey, err error, displayName string, questions int) {
		t.Helper()
		if err != nil || got.GetDisplayName() != displayName || len(got.GetDraft().GetQuestions()) != questions {
			t.Fatalf("%v, %v", got, err)
		}
		read, err := f.surveys.GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Name: name})
		if err != nil || !proto.Equal(read.GetSurvey(), got) {
			t.Fatalf("%v, %v", read, err)
		}
	}
	got, err := update(&surveyv1.Survey{Name: name, DisplayName: "one"})
	check(got, err, "one", 6)
	got, err = update(&surveyv1.Survey{Name: name, Draft: shorter})
	check(got, err, "one", 1)
	got, err = update(&surveyv1.Survey{Name: name, DisplayName: "two", Draft: visit()}, "display_name")
	check(got, err, "two", 1)
	got, err = update(&surveyv1.Survey{Name: name, DisplayName: "three", Draft: visit()}, "*")
	check(got, err, "three", 6)
	got, err = update(&surveyv1.Survey{Name: name, DisplayName: "four", Draft: shorter}, "draft", "display_name")
	check(got, err, "four", 1)
	before := got
	got, err = update(&surveyv1.Survey{Name: name, DisplayName: "four"})
	check(got, err, "four", 1)
	if !proto.Equal(got, before) {
		t.Fatalf("an update without a change made %v of %v", got, before)
	}
	if got, err = update(&surveyv1.Survey{Name: name}); err != nil || !proto.Equal(got, before) {
		t.Fatalf("%v, %v", got, err)
	}

	for _, c := range []struct {
		name   string
		in     *surveyv1.Survey
		paths  []string
		code   codes.Code
		reason string
		field  string
	}{
		{"no name", &surveyv1.Survey{DisplayName: "x"}, nil, codes.InvalidArgument, "VALIDATION_FAILED", "survey.name"},
		{"unknown field", &surveyv1.Survey{Name: name}, []string{"display_name", "state"}, codes.InvalidArgument, "UPDATE_MASK_INVALID", "update_mask.paths[1]"},
		{"star and more", &surveyv1.Survey{Name: name}, []string{"*", "draft"}, codes.InvalidArgument, "UPDATE_MASK_INVALID", "update_mask.paths[0]"},
		{"cleared name", &surveyv1.Survey{Name: name}, []string{"display_name"}, codes.InvalidArgument, "VALIDATION_FAILED", "survey.display_name"},
		{"cleared draft", &surveyv1.Survey{Name: name, DisplayName: "x"}, []string{"*"}, codes.InvalidArgument, "VALIDATION_FAILED", "survey.draft"},
		{"draft against the rules", &surveyv1.Survey{Name: name, Draft: &surveyv1.Questionnaire{Title: text("a", "b"), DefaultLanguage: "en",
			Questions: []*surveyv1.Question{{Id: "X", Text: text("?", "?"), Kind: &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}}}}}, nil,
			codes.InvalidArgument, "VALIDATION_FAILED", "survey.draft.questions[0].id"},
		{"unknown survey", &surveyv1.Survey{Name: "surveys/nope", DisplayName: "x"}, nil, codes.NotFound, "SURVEY_NOT_FOUND", ""},
		{"old etag", &surveyv1.Survey{Name: name, DisplayName: "x", Etag: "old"}, nil, codes.Aborted, "ETAG_MISMATCH", ""},
	} {
		_, err := update(c.in, c.paths...)
		e := refused(t, err, c.code, c.reason)
		if c.field != "" && (len(e.Fields) != 1 || e.Fields[0].Field != c.field) {
			t.Errorf("%s: fields %+v", c.name, e.Fields)
		}
	}
	if got, err = update(&surveyv1.Survey{Name: name, DisplayName: "five", Etag: before.GetEtag()}); err != nil {
		t.Fatal(err)
	}
	check(got, err, "five", 1)
	_, err = update(&surveyv1.Survey{Name: name, DisplayName: "six", Etag: before.GetEtag()})
	refused(t, err, codes.Aborted, "ETAG_MISMATCH")
	if _, err := f.surveys.ArchiveSurvey(t.Context(), &surveyv1.ArchiveSurveyRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
	_, err = update(&surveyv1.Survey{Name: name, DisplayName: "x"})
	refused(t, err, codes.FailedPrecondition, "SURVEY_ARCHIVED")
}

func TestUpdatesWithoutEtagsAllHappen(t *testing.T) {
	f := newFixture(t)
	name := f.create(t, &surveyv1.CreateSurveyRequest{}).GetName()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			_, err := f.surveys.UpdateSurvey(t.Context(), &surveyv1.UpdateSurveyRequest{Survey: &surveyv1.Survey{Name: name, DisplayName: fmt.Sprint(i)}})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestPublish(t *testing.T) {
	f := newFixture(t)
	survey := f.create(t, &surveyv1.CreateSurveyRequest{SurveyId: "visit"})
	name := survey.GetName()
	publish := func(etag string) *surveyv1.PublishSurveyResponse {
		t.Helper()
		f.clock.Advance(time.Minute)
		r, err := f.surveys.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Name: name, Etag: etag})
		if err != nil {
			t.Fatal(err)
		}
		read, err := f.surveys.GetRevision(t.Context(), &surveyv1.GetRevisionRequest{Name: r.GetSurvey().GetCurrentRevision()})
		if err != nil || !proto.Equal(read.GetRevision(), r.GetRevision()) {
			t.Fatalf("%v, %v", read, err)
		}
		return r
	}
	_, err := f.surveys.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Name: name, Etag: "old"})
	refused(t, err, codes.Aborted, "ETAG_MISMATCH")
	first := publish(survey.GetEtag())
	if first.GetSurvey().GetState() != surveyv1.Survey_STATE_PUBLISHED || first.GetRevision().GetName() != "surveys/visit/revisions/1" ||
		!proto.Equal(first.GetRevision().GetQuestionnaire(), survey.GetDraft()) || !first.GetRevision().GetPublishTime().AsTime().Equal(start.Add(time.Minute)) {
		t.Fatalf("%v", first)
	}
	if again := publish(""); !proto.Equal(again, first) {
		t.Fatalf("publishing again made %v of %v", again, first)
	}
	if _, err := f.surveys.CloseSurvey(t.Context(), &surveyv1.CloseSurveyRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
	opened := publish("")
	if opened.GetSurvey().GetState() != surveyv1.Survey_STATE_PUBLISHED || opened.GetSurvey().GetCloseTime() != nil || !proto.Equal(opened.GetRevision(), first.GetRevision()) {
		t.Fatalf("%v", opened)
	}
	draft := visit()
	draft.Questions[0].Required = false
	if _, err := f.surveys.UpdateSurvey(t.Context(), &surveyv1.UpdateSurveyRequest{Survey: &surveyv1.Survey{Name: name, Draft: draft}}); err != nil {
		t.Fatal(err)
	}
	if second := publish(""); second.GetRevision().GetName() != "surveys/visit/revisions/2" {
		t.Fatalf("%v", second)
	}
	list, err := f.surveys.ListRevisions(t.Context(), &surveyv1.ListRevisionsRequest{Parent: name, PageSize: 1})
	if err != nil || len(list.GetRevisions()) != 1 || list.GetRevisions()[0].GetName() != "surveys/visit/revisions/2" {
		t.Fatalf("%v, %v", list, err)
	}
	list, err = f.surveys.ListRevisions(t.Context(), &surveyv1.ListRevisionsRequest{Parent: name, PageSize: 1, PageToken: list.GetNextPageToken()})
	if err != nil || len(list.GetRevisions()) != 1 || !proto.Equal(list.GetRevisions()[0], first.GetRevision()) || list.GetNextPageToken() != "" {
		t.Fatalf("%v, %v", list, err)
	}
	_, err = f.surveys.GetRevision(t.Context(), &surveyv1.GetRevisionRequest{Name: name + "/revisions/3"})
	refused(t, err, codes.NotFound, "REVISION_NOT_FOUND")
	if _, err := f.surveys.ArchiveSurvey(t.Context(), &surveyv1.ArchiveSurveyRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
	_, err = f.surveys.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Name: name})
	refused(t, err, codes.FailedPrecondition, "SURVEY_ARCHIVED")
}

func TestFaultyDraftIsRefusedWithEveryFault(t *testing.T) {
	f := newFixture(t)
	draft := visit()
	draft.Questions[2].Id = "satisfied"
	draft.Questions[1].GetCsat().Scale = &typev1.Scale{Min: 0, Max: 10}
	draft.Questions[5].Text = &typev1.LocalizedText{Texts: map[string]string{"ky": "Сөз"}}
	want := []string{
		"survey.draft.questions[1].csat.satisfied_at_or_above THRESHOLD_MISSING", "survey.draft.questions[2].id QUESTION_ID_DUPLICATE",
		"survey.draft.questions[5].text DEFAULT_LANGUAGE_MISSING",
	}
	_, err := f.surveys.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{Survey: &surveyv1.Survey{DisplayName: "x", Draft: draft}})
	if got := fieldsOf(refused(t, err, codes.InvalidArgument, "QUESTIONNAIRE_INVALID")); !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	before := f.create(t, &surveyv1.CreateSurveyRequest{})
	_, err = f.surveys.UpdateSurvey(t.Context(), &surveyv1.UpdateSurveyRequest{Survey: &surveyv1.Survey{Name: before.GetName(), Draft: draft}})
	if got := fieldsOf(refused(t, err, codes.InvalidArgument, "QUESTIONNAIRE_INVALID")); !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	got, err := f.surveys.GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Name: before.GetName()})
	if err != nil || !proto.Equal(got.GetSurvey(), before) {
		t.Fatalf("%v, %v", got, err)
	}
}

func TestCloseArchiveDelete(t *testing.T) {
	f := newFixture(t)
	name := f.create(t, &surveyv1.CreateSurveyRequest{SurveyId: "visit"}).GetName()
	ctx := t.Context()
	_, err := f.surveys.CloseSurvey(ctx, &surveyv1.CloseSurveyRequest{Name: name})
	refused(t, err, codes.FailedPrecondition, "SURVEY_STATE")
	_, err = f.surveys.DeleteSurvey(ctx, &surveyv1.DeleteSurveyRequest{Name: name, Etag: "old"})
	refused(t, err, codes.Aborted, "ETAG_MISMATCH")
	if _, err := f.surveys.DeleteSurvey(ctx, &surveyv1.DeleteSurveyRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
	_, err = f.surveys.DeleteSurvey(ctx, &surveyv1.DeleteSurveyRequest{Name: name})
	refused(t, err, codes.NotFound, "SURVEY_NOT_FOUND")

	f.clock.Advance(time.Second)
	f.create(t, &surveyv1.CreateSurveyRequest{SurveyId: "visit"})
	if _, err := f.surveys.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
	_, err = f.surveys.DeleteSurvey(ctx, &surveyv1.DeleteSurveyRequest{Name: name})
	refused(t, err, codes.FailedPrecondition, "SURVEY_STATE")
	closed, err := f.surveys.CloseSurvey(ctx, &surveyv1.CloseSurveyRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Hour)
	again, err := f.surveys.CloseSurvey(ctx, &surveyv1.CloseSurveyRequest{Name: name})
	if err != nil || !proto.Equal(again.GetSurvey(), closed.GetSurvey()) {
		t.Fatalf("%v, %v", again, err)
	}
	archived, err := f.surveys.ArchiveSurvey(ctx, &surveyv1.ArchiveSurveyRequest{Name: name, Etag: closed.GetSurvey().GetEtag()})
	if err != nil || archived.GetSurvey().GetState() != surveyv1.Survey_STATE_ARCHIVED {
		t.Fatalf("%v, %v", archived, err)
	}
	if again, err := f.surveys.ArchiveSurvey(ctx, &surveyv1.ArchiveSurveyRequest{Name: name}); err != nil || !proto.Equal(again.GetSurvey(), archived.GetSurvey()) {
		t.Fatalf("%v, %v", again, err)
	}
	_, err = f.surveys.CloseSurvey(ctx, &surveyv1.CloseSurveyRequest{Name: name})
	refused(t, err, codes.FailedPrecondition, "SURVEY_ARCHIVED")
	list, err := f.surveys.ListSurveys(ctx, &surveyv1.ListSurveysRequest{})
	if err != nil || len(list.GetSurveys()) != 0 {
		t.Fatalf("%v, %v", list, err)
	}
	list, err = f.surveys.ListSurveys(ctx, &surveyv1.ListSurveysRequest{ShowArchived: true})
	if err != nil || len(list.GetSurveys()) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
}
