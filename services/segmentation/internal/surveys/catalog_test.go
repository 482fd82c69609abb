package surveys_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// service is a survey service that knows one revision.
type service struct {
	grpc.ClientConnInterface
	asked int
	fails codes.Code
}

func (s *service) Invoke(_ context.Context, method string, _, reply any, _ ...grpc.CallOption) error {
	s.asked++
	if s.fails != codes.OK {
		return status.Error(s.fails, "as told")
	}
	switch out := reply.(type) {
	case *surveyv1.GetSurveyResponse:
		out.Survey = &surveyv1.Survey{CurrentRevision: "surveys/s/revisions/1"}
	case *surveyv1.GetRevisionResponse:
		out.Revision = &surveyv1.Revision{Questionnaire: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{
			{Id: "nps", EffectiveScale: &typev1.Scale{Min: 0, Max: 10}, Kind: &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}},
			{Id: "ten", EffectiveScale: &typev1.Scale{Min: 1, Max: 10}, Kind: &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{Scale: surveyv1.NpsQuestion_SCALE_KIND_1_10}}},
			{Id: "csat", EffectiveScale: &typev1.Scale{Min: 1, Max: 5}, Kind: &surveyv1.Question_Csat{Csat: &surveyv1.CsatQuestion{}}},
			{Id: "hard", EffectiveScale: &typev1.Scale{Min: 1, Max: 7}, Kind: &surveyv1.Question_Ces{Ces: &surveyv1.CesQuestion{
				Direction: surveyv1.CesQuestion_DIRECTION_EFFORT, Scale: &typev1.Scale{Min: 1, Max: 7},
			}}},
			{Id: "stars", EffectiveScale: &typev1.Scale{Min: -5, Max: 5}, Kind: &surveyv1.Question_Rating{Rating: &surveyv1.RatingQuestion{Scale: &typev1.Scale{Min: -5, Max: 5}}}},
			{Id: "price", EffectiveScale: &typev1.Scale{Min: 1, Max: 10}, Kind: &surveyv1.Question_Importance{Importance: &surveyv1.ImportanceQuestion{}}},
			{Id: "why", Kind: &surveyv1.Question_FreeText{FreeText: &surveyv1.TextQuestion{}}},
		}}}
	case *surveyv1.GetResponseResponse:
		out.Response = &surveyv1.Response{Context: &typev1.Context{Location: "osh", Region: "south"}}
	default:
		return status.Error(codes.Unimplemented, method)
	}
	return nil
}

func TestRevisionsAreAskedForOnce(t *testing.T) {
	s := &service{}
	c := surveys.New(s)
	want := map[string]light.Scale{
		"nps": {Min: 0, Max: 10}, "ten": {Min: 1, Max: 10}, "csat": {Min: 1, Max: 5}, "hard": {Min: 1, Max: 7, Effort: true}, "stars": {Min: -5, Max: 5},
	}
	for range 2 {
		got, err := c.Revision(t.Context(), "acme", "surveys/s/revisions/1")
		if err != nil || got.Population != typev1.Population_POPULATION_CUSTOMER || !reflect.DeepEqual(got.Scales, want) {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if current, ok, err := c.Current(t.Context(), "acme", "s"); err != nil || !ok || !reflect.DeepEqual(current.Scales, want) || s.asked != 2 {
		t.Errorf("got %+v, %v, %v after %d calls", current, ok, err, s.asked)
	}
}

func TestFailuresAreTold(t *testing.T) {
	for code, want := range map[codes.Code]error{codes.Unavailable: surveys.ErrUnavailable, codes.Internal: surveys.ErrFault, codes.NotFound: nil} {
		got, err := surveys.New(&service{fails: code}).Revision(t.Context(), "acme", "surveys/s/revisions/1")
		if !errors.Is(err, want) || got.Scales != nil {
			t.Errorf("%v: got %+v, %v, want %v", code, got, err, want)
		}
	}
}

func TestRated(t *testing.T) {
	scales := map[string]light.Scale{"q": {Min: 1, Max: 5}}
	score := func(question string, x float64) *surveyv1.Answer {
		return &surveyv1.Answer{Question: question, Value: &surveyv1.Answer_Score{Score: x}}
	}
	got, err := surveys.Rated(scales, []*surveyv1.Answer{score("q", 5), score("other", 3), {Question: "q", Value: &surveyv1.Answer_FreeText{FreeText: "no"}}})
	if want := []light.Answer{{Question: "q", Value: light.Resolution}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := surveys.Rated(scales, []*surveyv1.Answer{score("q", 9)}); !errors.Is(err, light.ErrOffScale) {
		t.Errorf("9 on 1-5: %v", err)
	}
}

func TestResponsesAreFound(t *testing.T) {
	t.Parallel()
	s := &service{}
	c := surveys.New(s)
	if at, there, err := c.ResponseAt(t.Context(), "acme", "surveys/s/responses/r"); err != nil || !there || at != (surveys.Place{Location: "osh", Region: "south"}) {
		t.Errorf("got %+v, %v, %v", at, there, err)
	}
	s.fails = codes.NotFound
	if _, there, err := c.ResponseAt(t.Context(), "acme", "surveys/s/responses/none"); err != nil || there {
		t.Errorf("what is not there: %v, %v", there, err)
	}
	s.fails = codes.Unavailable
	if _, _, err := c.ResponseAt(t.Context(), "acme", "surveys/s/responses/r"); !errors.Is(err, surveys.ErrUnavailable) {
		t.Errorf("away: %v", err)
	}
}
