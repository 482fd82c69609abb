package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

// staffQuestionnaire asks employees; scores may be broken down by location.
const staffQuestionnaire = `{"surveyId": "staff", "survey": {"displayName": "Staff", "draft": {"title": {"texts": {"en": "How is work?"}}, "defaultLanguage": "en",
	"population": "POPULATION_EMPLOYEE", "declaredGrouping": "CONTEXT_KEY_LOCATION", "questions": [{"id": "recommend", "text": {"texts": {"en": "Recommend?"}}, "nps": {}}]}}}`

// TestNobodySeesWhatOneEmployeeSaid answers a survey of employees one by one and looks after each answer as the administrator: the scores move by
// whole blocks of five of one place, and nothing else can be asked.
func TestNobodySeesWhatOneEmployeeSaid(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		askREST(t, suite, http.MethodPost, "/v1/surveys", staffQuestionnaire, nil)
		askREST(t, suite, http.MethodPost, "/v1/surveys/staff:publish", "{}", nil)
		conn := suite.Conn(harness.KeyFor(harness.Organization, harness.Admin))
		survey, scoring := surveyv1.NewSurveyServiceClient(conn), scoringv1.NewScoringServiceClient(conn)
		answered := make(map[string]int64)
		for i := range 23 {
			location := []string{"osh", "osh", "naryn"}[i%3]
			response := recommend(float64(i * 3 % 11))
			response.Context = &typev1.Context{Location: location, Channel: "app"}
			_, err := survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: "surveys/staff", ResponseId: fmt.Sprintf("e-%d", i), Response: response})
			if err != nil {
				t.Fatal(err)
			}
			answered[location]++
			// Two blocks more or less would also be right while scoring follows; in the end it must be all of them.
			want := map[string]int64{"osh": answered["osh"] / 5 * 5, "naryn": answered["naryn"] / 5 * 5}
			testkit.Eventually(t, patience, func() error { return staffScores(t, scoring, want) })
		}
		for what, query := range map[string]*scoringv1.ScoreQuery{
			"another key":     {Survey: "surveys/staff", GroupBy: []string{"channel"}},
			"a filter":        {Survey: "surveys/staff", Filter: `channel = "app"`},
			"days":            {Survey: "surveys/staff", Grain: typev1.TimeGrain_TIME_GRAIN_DAY},
			"part of a month": {Survey: "surveys/staff", Period: &typev1.Period{StartTime: &timestamppb.Timestamp{Seconds: 1756684800 + 86400}}},
		} {
			_, err := scoring.QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: query})
			if code := status.Code(err); code != codes.FailedPrecondition && code != codes.InvalidArgument {
				t.Errorf("%s: %v, want a refusal", what, err)
			}
		}
		if _, err := survey.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: "surveys/staff"}); status.Code(err) != codes.PermissionDenied {
			t.Errorf("the list of answers: %v, want PERMISSION_DENIED", err)
		}
		if _, err := survey.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: "surveys/staff/responses/e-1"}); status.Code(err) != codes.PermissionDenied {
			t.Errorf("an answer: %v, want PERMISSION_DENIED", err)
		}
	})
}

// staffScores compares the numbers of answers behind the scores by location, and behind the whole, with what must be released.
func staffScores(t *testing.T, scoring scoringv1.ScoringServiceClient, want map[string]int64) error {
	t.Helper()
	query := &scoringv1.ScoreQuery{Survey: "surveys/staff", Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}, Variants: []scoringv1.Variant{scoringv1.Variant_VARIANT_NPS_ANSWERED}}
	whole, err := scoring.QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: query})
	if err != nil {
		t.Fatal(err)
	}
	query.GroupBy = []string{"location"}
	groups, err := scoring.QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: query})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(groups.GetScores(), whole.GetScores()...) {
		if s.GetN()%5 != 0 || s.GetSuppression() != 0 && s.Estimate != nil {
			t.Fatalf("a score of %d answers is shown: %v", s.GetN(), s)
		}
	}
	if got := totalOf(whole.GetScores()); got != want["osh"]+want["naryn"] {
		return fmt.Errorf("the whole has %d answers, want %v", got, want)
	}
	for _, s := range groups.GetScores() {
		if s.GetN() != want[s.GetSlice().GetKeys()[0].GetValue()] {
			return fmt.Errorf("%s has %d answers, want %v", s.GetSlice().GetKeys()[0].GetValue(), s.GetN(), want)
		}
	}
	return nil
}
