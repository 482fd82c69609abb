package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/testkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/harness"
)

const (
	diskSize = 24 << 20
	// ballast is taken away to make room.
	ballast = 12 << 20
)

// smallDisk mounts a file system of diskSize of which ballast is taken, and returns the folder and a function that frees the ballast.
func smallDisk(t *testing.T) (dir string, free func()) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("otklik-test", dir, "tmpfs", 0, "size="+strconv.Itoa(diskSize)); err != nil {
		if errors.Is(err, syscall.EPERM) && os.Getenv("CI") != "true" {
			t.Skipf("a file system of its own can be mounted by root only (%v); CI does so", err)
		}
		t.Fatalf("mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	path := filepath.Join(dir, "ballast")
	if err := os.WriteFile(path, make([]byte, ballast), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDisk submits until the disk is full: what does not fit is refused with advice to come back, and taken when there is room again,
// without a restart.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir, free := smallDisk(t)
	suite := open(t, harness.Options{Dir: filepath.Join(dir, "data")})
	// Registered last and so run first: the file system can be unmounted only when nobody uses it.
	t.Cleanup(suite.Kill)
	l, s := newLedger(), newStored()

	fill(t, suite, l)
	wantFullOverREST(t, suite)
	if _, err := surveys(suite).GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Name: survey}); err != nil {
		t.Errorf("reads do not work while the disk is full: %v", err)
	}

	free()
	testkit.Eventually(t, patience, func() error {
		_, err := surveys(suite).SubmitResponse(t.Context(), small("room"))
		return err
	})
	l.send(survey+"/responses/room", &entry{response: small("room").GetResponse()})
	l.settle(survey+"/responses/room", acknowledged)
	verify(t, suite, s, l)
	rebuild(t, suite, s)
	if acked, denied, _ := l.counts(); acked == 0 || denied == 0 {
		t.Errorf("%d acknowledged, %d refused: the disk was never full", acked, denied)
	}
	if err := suite.Stop(patience); err != nil {
		t.Error(err)
	}
}

// fill submits long answers until many were refused, and checks each refusal.
func fill(t *testing.T, suite *harness.Suite, l *ledger) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var refusals atomic.Int64
	round := load{suite: suite, ledger: l, comment: strings.Repeat("x", 9000), onRefusal: func(err error) {
		if refusals.Add(1) >= 50 {
			cancel()
		}
		if err := advises(err); err != nil {
			t.Error(err)
		}
	}}
	round.run(ctx)
	if refusals.Load() < 50 {
		t.Fatalf("%d refusals within %v: the disk is not full", refusals.Load(), patience)
	}
}

// advises checks that a refusal says why, and when to come back.
func advises(err error) error {
	st := status.Convert(err)
	var reason string
	var retry bool
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			reason = d.GetReason()
		case *errdetails.RetryInfo:
			retry = d.GetRetryDelay().AsDuration() > 0
		}
	}
	if reason == "" || !retry {
		return fmt.Errorf("reason %q, retry advice %v: %w", reason, retry, err)
	}
	return nil
}

// wantFullOverREST checks the HTTP side of a refusal.
func wantFullOverREST(t *testing.T, suite *harness.Suite) {
	t.Helper()
	body := `{"responseId": "big", "response": {"answers": [{"question": "recommend", "score": 9, "comment": "` + strings.Repeat("x", 9000) + `"}]}}`
	answer, err := suite.REST(harness.KeyFor(harness.Organization, harness.App)).Do(t.Context(),
		harness.Request{Method: http.MethodPost, Path: "/v1/" + survey + "/responses", Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	st, err := answer.Error()
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != http.StatusServiceUnavailable {
		t.Errorf("HTTP status %d, want 503: %v", answer.Status, st)
	}
	if after, err := strconv.Atoi(answer.Header.Get("Retry-After")); err != nil || after < 1 {
		t.Errorf("Retry-After %q", answer.Header.Get("Retry-After"))
	}
	if err := advises(st.Err()); err != nil {
		t.Error(err)
	}
}

func small(id string) *surveyv1.SubmitResponseRequest {
	return &surveyv1.SubmitResponseRequest{Parent: survey, ResponseId: id, Response: &surveyv1.Response{
		Answers: []*surveyv1.Answer{{Question: "recommend", Value: &surveyv1.Answer_Score{Score: 9}}},
	}}
}
