package harness

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

func TestTranscode(t *testing.T) {
	t.Parallel()
	survey := surveyv1.File_otklik_survey_v1_survey_service_proto.Services().ByName("SurveyService").Methods()
	scoring := scoringv1.File_otklik_scoring_v1_scoring_service_proto.Services().ByName("ScoringService").Methods()
	for _, c := range []struct {
		method  protoreflect.MethodDescriptor
		request proto.Message
		want    string
	}{
		{survey.ByName("GetSurvey"), &surveyv1.GetSurveyRequest{Name: "surveys/a"}, "GET /v1/surveys/a "},
		{survey.ByName("PublishSurvey"), &surveyv1.PublishSurveyRequest{Name: "surveys/a"}, "POST /v1/surveys/a:publish {}"},
		{survey.ByName("GetResponse"), &surveyv1.GetResponseRequest{Name: "surveys/a/responses/b c"}, "GET /v1/surveys/a/responses/b%20c "},
		{
			survey.ByName("UpdateSurvey"), &surveyv1.UpdateSurveyRequest{Survey: &surveyv1.Survey{Name: "surveys/a", DisplayName: "x"}},
			`PATCH /v1/surveys/a {"survey":{"displayName":"x"}}`,
		},
		{
			survey.ByName("ListResponses"),
			&surveyv1.ListResponsesRequest{Parent: "surveys/a", PageSize: 2, Period: &typev1.Period{StartTime: &timestamppb.Timestamp{Seconds: 1}}},
			"GET /v1/surveys/a/responses?page_size=2&period.start_time=1970-01-01T00%3A00%3A01Z ",
		},
		{
			scoring.ByName("WatchScores"), &scoringv1.WatchScoresRequest{Query: &scoringv1.ScoreQuery{
				Survey: "surveys/a", Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS, scoringv1.Metric_METRIC_CES},
			}},
			"GET /v1/surveys/a/scores:watch?query.metrics=METRIC_NPS&query.metrics=METRIC_CES ",
		},
	} {
		before := proto.Clone(c.request)
		h, err := Transcode(c.method, c.request)
		if err != nil {
			t.Fatal(err)
		}
		// The JSON form of messages has spaces at the whim of its writer.
		body := ""
		for _, b := range h.Body {
			if b != ' ' {
				body += string(b)
			}
		}
		if got := h.Method + " " + h.Path + " " + body; got != c.want {
			t.Errorf("%s: %s, want %s", c.method.Name(), got, c.want)
		}
		if !proto.Equal(before, c.request) {
			t.Errorf("%s: the request was changed", c.method.Name())
		}
	}
}
