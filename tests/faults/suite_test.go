package faults

import (
	"context"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

// patience bounds waits that end in milliseconds on an idle machine.
const patience = 20 * time.Second

// open starts a suite that has the survey of the load, published.
func open(t *testing.T, o harness.Options) *harness.Suite {
	t.Helper()
	suite := harness.Run(t, o)
	client := surveys(suite)
	_, err := client.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{SurveyId: "load", Survey: &surveyv1.Survey{
		DisplayName: "Load",
		Draft: &surveyv1.Questionnaire{
			Title: text("Load"), DefaultLanguage: "en",
			Questions: []*surveyv1.Question{{
				Id: "recommend", Text: text("Recommend?"), Required: true,
				Comment: &surveyv1.CommentPolicy{Mode: surveyv1.CommentPolicy_MODE_OPTIONAL, MaxLength: 10_000},
				Kind:    &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}},
			}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Name: survey}); err != nil {
		t.Fatal(err)
	}
	return suite
}

func text(s string) *typev1.LocalizedText {
	return &typev1.LocalizedText{Texts: map[string]string{"en": s}}
}

func surveys(suite *harness.Suite) surveyv1.SurveyServiceClient {
	return surveyv1.NewSurveyServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
}

// verify reads what is stored and compares it with what was sent and with the scores.
func verify(t *testing.T, suite *harness.Suite, s *stored, l *ledger) {
	t.Helper()
	ctx := t.Context()
	scoring := scoringv1.NewScoringServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
	// Read anew each time: calls of clients that gave up may still be at work in a server that was not hit.
	testkit.Eventually(t, patience, func() error {
		if err := s.read(ctx, surveys(suite)); err != nil {
			return err
		}
		return s.compare(ctx, scoring)
	})
	if err := l.audit(s); err != nil {
		t.Fatal(err)
	}
}

// rebuild computes the scores anew and checks that nothing changes by it.
func rebuild(t *testing.T, suite *harness.Suite, s *stored) {
	t.Helper()
	scoring := scoringv1.NewScoringServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
	begun, err := scoring.RebuildScores(t.Context(), &scoringv1.RebuildScoresRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var done *scoringv1.Rebuild
	testkit.Eventually(t, time.Minute, func() error {
		response, err := scoring.GetRebuild(t.Context(), &scoringv1.GetRebuildRequest{Name: begun.GetRebuild().GetName()})
		if err != nil {
			return err
		}
		if done = response.GetRebuild(); done.GetState() == scoringv1.Rebuild_STATE_RUNNING {
			return context.DeadlineExceeded
		}
		return nil
	})
	if done.GetState() != scoringv1.Rebuild_STATE_SUCCEEDED || done.GetCellsChanged() != 0 {
		t.Errorf("rebuild: %v; want success and no change", done)
	}
	if err := s.compare(t.Context(), scoring); err != nil {
		t.Error(err)
	}
}
