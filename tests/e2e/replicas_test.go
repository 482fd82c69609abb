package e2e

import (
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/e2e/cases"
	"github.com/otklik/otklik/tests/harness"
)

// replica are the clients of the processes that have one number.
type replica struct {
	survey  surveyv1.SurveyServiceClient
	scoring scoringv1.ScoringServiceClient
	rest    *harness.REST
}

// openReplicas starts two processes of each service.
func openReplicas(t *testing.T, layout harness.Layout) (*shop, [2]replica) {
	t.Helper()
	s := openShop(t, harness.Options{Layout: layout, Replicas: 2})
	var all [2]replica
	key := harness.KeyFor(harness.Organization, harness.Admin)
	for i := range all {
		conn := s.ConnTo(i, key)
		all[i] = replica{surveyv1.NewSurveyServiceClient(conn), scoringv1.NewScoringServiceClient(conn), s.RESTTo(i, key)}
	}
	return s, all
}

// submit sends an answer through the gateway.
func (r replica) submit(t *testing.T, id string, score float64) *surveyv1.SubmitResponseResponse {
	t.Helper()
	method, err := cases.Method("SurveyService/SubmitResponse")
	if err != nil {
		t.Fatal(err)
	}
	response := &surveyv1.SubmitResponseResponse{}
	request := &surveyv1.SubmitResponseRequest{Parent: shopSurvey, ResponseId: id, Response: recommend(score)}
	if _, err := r.rest.Invoke(t.Context(), method, request, response); err != nil {
		t.Fatal(err)
	}
	return response
}

// scores are everything that is known of the survey's NPS by day, without watermarks, which move on between two calls.
func (r replica) scores(t *testing.T) *scoringv1.QueryScoresResponse {
	t.Helper()
	response, err := r.scoring.QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{
		Survey: shopSurvey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS, scoringv1.Metric_METRIC_RESPONSE_RATE},
	}})
	if err != nil {
		t.Fatal(err)
	}
	response.Watermark = nil
	for _, s := range response.GetScores() {
		s.Watermark = nil
	}
	return response
}

func (r replica) counted(t *testing.T, n int64) func() error {
	return (&shop{scoring: r.scoring}).counted(t, n)
}

// TestReplicasAreOne uses two processes of each service as if they were one.
func TestReplicasAreOne(t *testing.T) {
	on(t, func(t *testing.T, layout harness.Layout) {
		s, both := openReplicas(t, layout)
		const n = 60
		for i := range n {
			both[i%2].submit(t, fmt.Sprintf("r-%d", i), float64(i%11))
		}
		for i := range n {
			if !both[(i+1)%2].submit(t, fmt.Sprintf("r-%d", i), float64(i%11)).GetReplayed() {
				t.Errorf("r-%d is not known to the other process", i)
			}
		}
		for _, r := range both {
			testkit.Eventually(t, patience, r.counted(t, n))
		}
		if a, b := both[0].scores(t), both[1].scores(t); !proto.Equal(a, b) {
			t.Errorf("the scoring processes disagree:\n%v\n%v", a, b)
		}

		// What one process has done, the other knows at once.
		if _, err := both[0].survey.CloseSurvey(t.Context(), &surveyv1.CloseSurveyRequest{Name: shopSurvey}); err != nil {
			t.Fatal(err)
		}
		got, err := both[1].survey.GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Name: shopSurvey})
		if err != nil || got.GetSurvey().GetState() != surveyv1.Survey_STATE_CLOSED {
			t.Errorf("%v, %v: want CLOSED", got.GetSurvey().GetState(), err)
		}
		late, err := both[1].survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: shopSurvey, ResponseId: "late", Response: recommend(9)})
		if err == nil && len(late.GetResponse().GetFlags()) == 0 || err != nil && status.Code(err) != codes.FailedPrecondition {
			t.Errorf("%v, %v: an answer after the closing must be refused or flagged", late, err)
		}

		rebuildThrough(t, both)
		if err := s.Stop(patience); err != nil {
			t.Error(err)
		}
	}, harness.Apart, harness.Cluster)
}

// rebuildThrough begins a rebuild at one process and follows it at the other.
func rebuildThrough(t *testing.T, both [2]replica) {
	t.Helper()
	begun, err := both[0].scoring.RebuildScores(t.Context(), &scoringv1.RebuildScoresRequest{})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, func() error {
		response, err := both[1].scoring.GetRebuild(t.Context(), &scoringv1.GetRebuildRequest{Name: begun.GetRebuild().GetName()})
		if err != nil {
			return err
		}
		switch r := response.GetRebuild(); r.GetState() {
		case scoringv1.Rebuild_STATE_SUCCEEDED:
			if r.GetCellsChanged() != 0 {
				t.Errorf("%v: a rebuild of true scores must change nothing", r)
			}
			return nil
		case scoringv1.Rebuild_STATE_RUNNING:
			return errors.New("still running")
		default:
			t.Fatalf("%v: want success", r)
			return nil
		}
	})
	testkit.Eventually(t, patience, func() error {
		if a, b := both[0].scores(t), both[1].scores(t); !proto.Equal(a, b) {
			return fmt.Errorf("the scoring processes disagree after a rebuild:\n%v\n%v", a, b)
		}
		return nil
	})
}

// TestOtherReplicaGoesOn ends one process of each service: the others do the work of both, for callers that know nothing of it.
func TestOtherReplicaGoesOn(t *testing.T) {
	t.Parallel()
	s, both := openReplicas(t, harness.Apart)
	watched := openWatchGRPC(t, &shop{scoring: both[1].scoring})
	watched.await(t, 0)
	both[0].submit(t, "before", 10)
	watched.await(t, 1)
	for _, part := range s.Parts() {
		s.KillReplica(harness.Replica{Part: part})
	}
	// Calls under way when a process ends may fail once; afterwards the gateway uses the process that is there.
	const n = 30
	for i := range n {
		testkit.Eventually(t, patience, func() error {
			_, err := both[1].survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{
				Parent: shopSurvey, ResponseId: fmt.Sprintf("r-%d", i), Response: recommend(0),
			})
			return err
		})
	}
	watched.await(t, n+1)
	answer, err := both[1].rest.Do(t.Context(), harness.Request{Path: "/v1/surveys/shop/scores"})
	if err != nil || answer.Status != 200 {
		t.Errorf("%v, %v: the gateway must ask the scoring process that is there", answer, err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, both[0].counted(t, n+1))
}
