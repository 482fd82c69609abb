package e2e

import (
	"fmt"
	"testing"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/e2e/cases"
	"github.com/otklik/otklik/tests/harness"
)

const shopSurvey = "surveys/shop"

// shop is a suite with the survey surveys/shop, and the clients of its administrator.
type shop struct {
	*harness.Suite
	survey  surveyv1.SurveyServiceClient
	scoring scoringv1.ScoringServiceClient
	rest    *harness.REST
}

// openShop starts a suite that has the survey.
func openShop(t *testing.T, o harness.Options) *shop {
	t.Helper()
	suite := harness.Run(t, o)
	player := cases.Player{Suite: suite, Organization: harness.Organization, Other: harness.Organization, Transport: cases.GRPC, Patience: patience}
	if err := player.Prepare(t.Context(), "testdata/cases/given/shop.yaml"); err != nil {
		t.Fatal(err)
	}
	key := harness.KeyFor(harness.Organization, harness.Admin)
	conn := suite.Conn(key)
	return &shop{
		Suite: suite, survey: surveyv1.NewSurveyServiceClient(conn), scoring: scoringv1.NewScoringServiceClient(conn), rest: suite.REST(key),
	}
}

// servers are the addresses that serve the whole API: REST, and gRPC where one process serves it all.
func (s *shop) servers() []string {
	if s.Layout() == harness.AllInOne {
		return []string{s.HTTP(), s.GRPC(harness.Survey)}
	}
	return []string{s.HTTP()}
}

// answer submits a response with an NPS score.
func (s *shop) answer(t *testing.T, id string, score float64) *surveyv1.SubmitResponseResponse {
	t.Helper()
	response, err := s.survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: shopSurvey, ResponseId: id, Response: recommend(score)})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func recommend(score float64) *surveyv1.Response {
	return &surveyv1.Response{Answers: []*surveyv1.Answer{{Question: "recommend", Value: &surveyv1.Answer_Score{Score: score}}}}
}

// npsQuery asks for the survey's NPS.
func npsQuery() *scoringv1.ScoreQuery {
	return &scoringv1.ScoreQuery{
		Survey: shopSurvey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}, Variants: []scoringv1.Variant{scoringv1.Variant_VARIANT_NPS_ANSWERED},
	}
}

// counted returns nil once the survey's NPS counts n answers.
func (s *shop) counted(t *testing.T, n int64) func() error {
	return func() error {
		response, err := s.scoring.QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: npsQuery()})
		if err != nil {
			return err
		}
		if got := response.GetScores()[0].GetN(); got != n {
			return fmt.Errorf("n is %d, want %d", got, n)
		}
		return nil
	}
}
