package command

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/sample"
	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// The sample is loaded once, whole, also when the first load is cut off; and not where there are other surveys.
func TestSampleLoad(t *testing.T) {
	ready := startSuite(t)
	server, err := client.ParseServer(ready.GRPC)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := client.Connect(client.Endpoint{Server: server, Key: ready.Key, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	loaded, err := sample.Load(ctx, conn.Survey, func(done, _ int) {
		if done > sample.Responses+100 {
			cancel()
		}
	})
	if loaded || err == nil || !(errors.Is(err, context.Canceled) || ctx.Err() != nil) {
		t.Fatalf("cut off: %v, %v", loaded, err)
	}
	var last, total int
	loaded, err = sample.Load(t.Context(), conn.Survey, func(done, of int) { last, total = done, of })
	if err != nil || !loaded || last != total || total != sample.Responses+sample.Refusals {
		t.Fatalf("%v, %v, %d of %d", loaded, err, last, total)
	}
	if loaded, err = sample.Load(t.Context(), conn.Survey, nil); err != nil || loaded {
		t.Fatalf("the second time: %v, %v", loaded, err)
	}
	s := newShell(t, ready.GRPC, ready.Key)
	testkit.Eventually(t, time.Minute, func() error {
		got := message(s, &scoringv1.QueryScoresResponse{}, "score", "--survey", sample.Survey, "--metric", "nps", "--variant", "nps_contacted")
		c := got.GetScores()[0].GetCounts()
		refused := c.GetRefused() + c.GetDismissed() + c.GetTimedOut()
		if c.GetAnswered() != sample.Responses || refused != sample.Refusals {
			return fmt.Errorf("%d answers, %d refusals", c.GetAnswered(), refused)
		}
		return nil
	})
	if _, err := conn.Survey.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{SurveyId: "own", Survey: surveyOf(t, conn.Survey)}); err != nil {
		t.Fatal(err)
	}
	if loaded, err = sample.Load(t.Context(), conn.Survey, nil); err != nil || loaded {
		t.Fatalf("beside another survey: %v, %v", loaded, err)
	}
}

// surveyOf is a survey to create, a copy of the sample's.
func surveyOf(t *testing.T, c surveyv1.SurveyServiceClient) *surveyv1.Survey {
	t.Helper()
	got, err := c.GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Name: sample.Survey})
	if err != nil {
		t.Fatal(err)
	}
	return &surveyv1.Survey{DisplayName: "Own", Draft: got.GetSurvey().GetDraft()}
}
