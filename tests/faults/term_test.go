package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/testkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/harness"
)

// TestTerminatedUnderLoad ends the suite by SIGTERM under load: it must end with exit code 0, and lose nothing.
func TestTerminatedUnderLoad(t *testing.T) {
	t.Parallel()
	for _, layout := range []harness.Layout{harness.AllInOne, harness.Apart} {
		t.Run(layout.String(), func(t *testing.T) {
			t.Parallel()
			suite := open(t, harness.Options{Layout: layout})
			l, s := newLedger(), newStored()
			for round := range 5 {
				done := make(chan struct{})
				go func() {
					defer close(done)
					(&load{suite: suite, ledger: l, round: round}).run(t.Context())
				}()
				// The load is under way once something was acknowledged.
				testkit.Eventually(t, patience, func() error {
					if acked, _, _ := l.counts(); acked < 100*(round+1) {
						return fmt.Errorf("%d acknowledged", acked)
					}
					return nil
				})
				if err := suite.Terminate(); err != nil {
					t.Fatal(err)
				}
				if err := suite.Wait(patience); err != nil {
					t.Fatal(err)
				}
				<-done
				if err := suite.Restart(t.Context()); err != nil {
					t.Fatal(err)
				}
				verify(t, suite, s, l)
			}
		})
	}
}

// TestRequestUnderWayIsAnswered sends half a request, then SIGTERM, and the other half once the suite has begun to stop.
func TestRequestUnderWayIsAnswered(t *testing.T) {
	t.Parallel()
	suite := open(t, harness.Options{})
	address := strings.TrimPrefix(suite.HTTP(), "http://")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	body := `{"responseId": "half", "response": {"answers": [{"question": "recommend", "score": 9}]}}`
	head := fmt.Sprintf("POST /v1/%s/responses HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", survey, address, harness.KeyFor(harness.Organization, harness.App), len(body))
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	// The server asks for the body once it is at work on the request.
	reader := bufio.NewReader(conn)
	if line, err := reader.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("%q, %v: want 100 Continue", line, err)
	}
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, body[:20]); err != nil {
		t.Fatal(err)
	}
	if err := suite.Terminate(); err != nil {
		t.Fatal(err)
	}
	awaitStopping(t, address)
	if _, err := io.WriteString(conn, body[20:]); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatalf("a request under way was not answered: %v", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("HTTP status %d, %s, %v", response.StatusCode, answer, err)
	}
	if err := suite.Wait(patience); err != nil {
		t.Error(err)
	}
	if err := suite.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := surveys(suite).GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: survey + "/responses/half"}); err != nil {
		t.Error(err)
	}
}

// awaitStopping returns when the address takes no new connections, or says that it is not ready.
func awaitStopping(t *testing.T, address string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	testkit.Eventually(t, patience, func() error {
		response, err := client.Get("http://" + address + "/readyz") //nolint:noctx
		if err == nil {
			_ = response.Body.Close()
		}
		if err == nil && response.StatusCode == http.StatusOK {
			return errors.New("still ready")
		}
		return nil
	})
}

// TestExportEndsClearly stops the suite while a slow client reads a long stream: it ends whole, or with advice to come back.
func TestExportEndsClearly(t *testing.T) {
	t.Parallel()
	suite := open(t, harness.Options{})
	client := surveys(suite)
	const batches, size = 20, 1000
	for b := range batches {
		request := &surveyv1.BatchSubmitResponsesRequest{Parent: survey}
		for i := range size {
			request.Requests = append(request.Requests, &surveyv1.SubmitResponseRequest{
				ResponseId: fmt.Sprintf("r-%d-%d", b, i),
				Response: &surveyv1.Response{Answers: []*surveyv1.Answer{{
					Question: "recommend", Value: &surveyv1.Answer_Score{Score: 9}, Comment: strings.Repeat("long ", 100),
				}}},
			})
		}
		if _, err := client.BatchSubmitResponses(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	stream, err := client.StreamResponses(t.Context(), &surveyv1.StreamResponsesRequest{Parent: survey})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := suite.Terminate(); err != nil {
		t.Fatal(err)
	}
	received := 1
	for {
		_, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			if received != batches*size {
				t.Errorf("the stream ended after %d of %d without a word", received, batches*size)
			}
			break
		}
		if err != nil {
			if status.Code(err) != codes.Unavailable {
				t.Errorf("%v: want UNAVAILABLE", err)
			}
			break
		}
		received++
	}
	if err := suite.Wait(patience); err != nil {
		t.Error(err)
	}
}

// TestStopHasADeadline stops the suite while a client keeps a request open for ever: the suite must end all the same.
func TestStopHasADeadline(t *testing.T) {
	t.Parallel()
	suite := open(t, harness.Options{})
	address := strings.TrimPrefix(suite.HTTP(), "http://")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	head := fmt.Sprintf("POST /v1/%s/responses HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
		survey, address, harness.KeyFor(harness.Organization, harness.App))
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	if err := suite.Terminate(); err != nil {
		t.Fatal(err)
	}
	// The exit code may tell that something was cut off.
	_ = suite.Wait(time.Minute)
	if err := suite.Restart(t.Context()); err != nil {
		t.Errorf("start again: %v", err)
	}
}
