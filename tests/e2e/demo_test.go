package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/harness"
)

// sampleResponses is how many responses the sample survey has.
const sampleResponses = 2000

// TestDemoShowsAScore does what `make run` does on an empty folder: a survey with a score must be there soon, and be there once after another start.
func TestDemoShowsAScore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for start := range 2 {
		ready, stop := startDemo(t, dir)
		if (ready.Key != "") != (start == 0) {
			t.Errorf("start %d prints the key: %v", start, ready.Key != "")
		}
		key, err := os.ReadFile(ready.KeyFile)
		if err != nil {
			t.Fatal(err)
		}
		client := harness.NewREST(ready.HTTP, strings.TrimSpace(string(key)))
		var survey string
		testkit.Eventually(t, time.Minute, func() error {
			list := &surveyv1.ListSurveysResponse{}
			if err := getJSON(t.Context(), client, "/v1/surveys", list); err != nil {
				return err
			}
			if len(list.GetSurveys()) != 1 || list.GetSurveys()[0].GetState() != surveyv1.Survey_STATE_PUBLISHED {
				return fmt.Errorf("surveys: %v", list.GetSurveys())
			}
			survey = list.GetSurveys()[0].GetName()
			return nil
		})
		testkit.Eventually(t, time.Minute, func() error {
			scores := &scoringv1.QueryScoresResponse{}
			if err := getJSON(t.Context(), client, "/v1/"+survey+"/scores?query.metrics=METRIC_NPS&query.metrics=METRIC_RESPONSE_RATE", scores); err != nil {
				return err
			}
			for _, s := range scores.GetScores() {
				if s.GetMetric() == scoringv1.Metric_METRIC_RESPONSE_RATE && s.GetCounts().GetAnswered() != sampleResponses {
					return fmt.Errorf("start %d: %d responses are counted", start, s.GetCounts().GetAnswered())
				}
				if s.Estimate == nil || s.GetInterval() == nil {
					return fmt.Errorf("no estimate or no interval: %v", s)
				}
			}
			return nil
		})
		stop()
	}
}

// startDemo runs `otklik demo`; stop ends it by SIGTERM and fails unless it ends in good order.
func startDemo(t *testing.T, dir string) (ready harness.Ready, stop func()) {
	t.Helper()
	binary, err := harness.Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	command := harness.Command(t.Context(), binary, dir, "demo", "--data", filepath.Join(dir, "data"), "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(stdout).Decode(&ready); err != nil {
		t.Fatalf("read the ready line: %v", err)
	}
	return ready, func() {
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := command.Wait(); err != nil {
			t.Errorf("stop the demo: %v", err)
		}
	}
}

// getJSON reads a message by GET.
func getJSON(ctx context.Context, client *harness.REST, path string, into proto.Message) error {
	answer, err := client.Do(ctx, harness.Request{Path: path})
	if err != nil {
		return err
	}
	if answer.Status != 200 {
		return fmt.Errorf("HTTP status %d: %s", answer.Status, answer.Body)
	}
	return protojson.Unmarshal(answer.Body, into)
}
