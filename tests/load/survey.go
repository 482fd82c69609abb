package main

import (
	"context"
	"fmt"
	"time"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

const (
	survey       = "surveys/load"
	responsePath = "/v1/surveys/load/responses"
)

// discard ends a suite. When something failed, the error tells what the suite wrote.
func discard(s *harness.Suite, err *error) {
	s.Discard()
	if *err != nil && s.Log() != "" {
		*err = fmt.Errorf("%w; standard error of the suite:\n%s", *err, s.Log())
	}
}

func adminKey() string { return harness.KeyFor(harness.Organization, harness.Admin) }
func appKey() string   { return harness.KeyFor(harness.Organization, harness.App) }

func surveyClient(s *harness.Suite) surveyv1.SurveyServiceClient {
	return surveyv1.NewSurveyServiceClient(s.Conn(adminKey()))
}

func scoringClient(s *harness.Suite) scoringv1.ScoringServiceClient {
	return scoringv1.NewScoringServiceClient(s.Conn(adminKey()))
}

// publish makes the survey that the load answers: a score, a satisfaction and a text.
func publish(ctx context.Context, s *harness.Suite) error {
	text := func(t string) *typev1.LocalizedText {
		return &typev1.LocalizedText{Texts: map[string]string{"en": t}}
	}
	client := surveyClient(s)
	_, err := client.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{SurveyId: "load", Survey: &surveyv1.Survey{
		DisplayName: "Load",
		Draft: &surveyv1.Questionnaire{Title: text("Load"), DefaultLanguage: "en", Questions: []*surveyv1.Question{
			{Id: "recommend", Text: text("Would you recommend us?"), Required: true, Kind: &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}},
			{Id: "satisfied", Text: text("Are you satisfied?"), Kind: &surveyv1.Question_Csat{Csat: &surveyv1.CsatQuestion{}}},
			{Id: "why", Text: text("Why?"), Kind: &surveyv1.Question_FreeText{FreeText: &surveyv1.TextQuestion{}}},
		}},
	}})
	if err != nil {
		return fmt.Errorf("create survey: %w", err)
	}
	if _, err := client.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Name: survey}); err != nil {
		return fmt.Errorf("publish survey: %w", err)
	}
	return nil
}

// headline asks for the one number that everybody looks at.
func headline() *scoringv1.ScoreQuery {
	return &scoringv1.ScoreQuery{
		Survey: survey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}, Variants: []scoringv1.Variant{scoringv1.Variant_VARIANT_NPS_ANSWERED},
	}
}

// counted is how many answers the headline counts.
func counted(ctx context.Context, s *harness.Suite) (int64, error) {
	response, err := scoringClient(s).QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: headline()})
	if err != nil {
		return 0, fmt.Errorf("query scores: %w", err)
	}
	return response.GetScores()[0].GetN(), nil
}

// longestCatchUp bounds the wait for scores after a bulk load.
const longestCatchUp = 10 * time.Minute

// awaitCounted waits until the headline counts n answers, and returns how long that took.
func awaitCounted(ctx context.Context, s *harness.Suite, n int64) (time.Duration, error) {
	began := time.Now()
	for {
		got, err := counted(ctx, s)
		if err != nil {
			return 0, err
		}
		if got >= n {
			if got > n {
				return 0, fmt.Errorf("the score counts %d answers, %d were acknowledged", got, n)
			}
			return time.Since(began), nil
		}
		if time.Since(began) > longestCatchUp {
			return 0, fmt.Errorf("the score counts %d answers, %d were acknowledged %v ago", got, n, longestCatchUp)
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

// pause waits, for pacing and polling.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait: %w", ctx.Err())
	}
}
