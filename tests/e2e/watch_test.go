package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	"github.com/otklik/otklik/tests/harness"
)

// watch yields the messages of a stream of scores, whatever it came through.
type watch func() (*scoringv1.WatchScoresResponse, error)

// await reads until the score counts n answers, which must not go back on the way.
func (w watch) await(t *testing.T, n int64) *scoringv1.Score {
	t.Helper()
	last := int64(-1)
	for {
		m, err := w()
		if err != nil {
			t.Fatal(err)
		}
		if m.GetHeartbeat() {
			continue
		}
		if len(m.GetScores()) != 1 {
			t.Fatalf("%v: want one score", m)
		}
		score := m.GetScores()[0]
		if score.GetN() < last {
			t.Fatalf("n went from %d to %d", last, score.GetN())
		}
		if last = score.GetN(); last >= n {
			return score
		}
	}
}

func openWatchGRPC(t *testing.T, s *shop) watch {
	t.Helper()
	stream, err := s.scoring.WatchScores(t.Context(), &scoringv1.WatchScoresRequest{Query: npsQuery()})
	if err != nil {
		t.Fatal(err)
	}
	return stream.Recv
}

const watchPath = "/v1/surveys/shop/scores:watch?query.metrics=METRIC_NPS&query.variants=VARIANT_NPS_ANSWERED"

func openWatchEvents(t *testing.T, s *shop) watch {
	t.Helper()
	stream, err := s.rest.Events(t.Context(), harness.Request{Path: watchPath})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stream.Close() })
	return func() (*scoringv1.WatchScoresResponse, error) {
		event, err := stream.Next()
		if err != nil {
			return nil, err
		}
		switch event.Name {
		case "scores", "heartbeat":
		case "error":
			a := harness.Answer{Body: []byte(event.Data)}
			st, err := a.StreamError()
			if err != nil {
				return nil, err
			}
			return nil, st.Err()
		default:
			return nil, fmt.Errorf("event %q", event.Name)
		}
		m := &scoringv1.WatchScoresResponse{}
		if err := protojson.Unmarshal([]byte(event.Data), m); err != nil {
			return nil, err
		}
		if (event.Name == "heartbeat") != m.GetHeartbeat() {
			return nil, fmt.Errorf("event %q holds %s", event.Name, event.Data)
		}
		return m, nil
	}
}

var watches = map[string]func(*testing.T, *shop) watch{"grpc": openWatchGRPC, "events": openWatchEvents}

// TestWatchFollowsAnswers opens a stream of scores, submits answers and sees the scores follow.
func TestWatchFollowsAnswers(t *testing.T) {
	t.Parallel()
	for _, layout := range harness.Layouts() {
		for name, open := range watches {
			t.Run(layout.String()+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := openShop(t, harness.Options{Layout: layout})
				w := open(t, s)
				if score := w.await(t, 0); score.Estimate != nil {
					t.Errorf("a score without answers has the estimate %v", score.GetEstimate())
				}
				s.answer(t, "a", 10)
				if score := w.await(t, 1); score.GetEstimate() != 100 {
					t.Errorf("estimate %v, want 100", score.GetEstimate())
				}
				for i := range 50 {
					s.answer(t, fmt.Sprintf("d-%d", i), 0)
				}
				if score := w.await(t, 51); score.GetCounts().GetDetractors() != 50 || score.GetInterval() == nil {
					t.Errorf("%v: want 50 detractors and an interval", score)
				}
				// Shortly after the start it is not known yet up to when everything is counted.
				testkit.Eventually(t, patience, func() error {
					response, err := s.scoring.QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: npsQuery()})
					if err == nil && response.GetWatermark() == nil {
						err = errors.New("no watermark")
					}
					return err
				})
			})
		}
	}
}

// TestWatchSendsAtMostFiveTimesASecond submits without pause for two seconds and counts what a stream sends.
func TestWatchSendsAtMostFiveTimesASecond(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		w := openWatchGRPC(t, s)
		w.await(t, 0)
		begin := time.Now()
		sent := 0
		for n := int64(1); time.Since(begin) < 2*time.Second; n++ {
			s.answer(t, fmt.Sprintf("r-%d", n), 9)
			if n%20 == 0 {
				w.await(t, n)
				sent++
			}
		}
		// Each await saw one message or more; the first may have been under way when the clock started.
		if most := int(time.Since(begin)/(200*time.Millisecond)) + 2; sent > most {
			t.Errorf("%d messages in %v, want at most %d", sent, time.Since(begin), most)
		}
	})
}

// TestWatchSendsHeartbeats waits on a stream where nothing happens.
func TestWatchSendsHeartbeats(t *testing.T) {
	t.Parallel()
	for name, open := range watches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, openShop(t, harness.Options{Settings: map[string]any{"scoring.watch_heartbeat": "100ms"}}))
			w.await(t, 0)
			for range 3 {
				m, err := w()
				if err != nil {
					t.Fatal(err)
				}
				if !m.GetHeartbeat() || len(m.GetScores()) != 0 || m.GetWatermark() == nil {
					t.Errorf("%v: want a heartbeat", m)
				}
			}
		})
	}
}

// TestWatchAsLines reads a watched query as newline-delimited JSON, by GET and by POST.
func TestWatchAsLines(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		for _, request := range []harness.Request{
			{Path: watchPath},
			{Method: "POST", Path: "/v1/scores:watch", Body: []byte(`{"query": {"survey": "surveys/shop", "metrics": ["METRIC_NPS"]}}`)},
		} {
			response, err := s.rest.Open(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(response.Body).ReadBytes('\n')
			if err != nil {
				t.Fatal(err)
			}
			m := &scoringv1.WatchScoresResponse{}
			if err := protojson.Unmarshal(line, m); err != nil || len(m.GetScores()) != 1 {
				t.Errorf("%s %s: %s, %v: want a line with one score", request.Method, request.Path, line, err)
			}
			if err := response.Body.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestWatchEndsClearlyWhenTheSuiteStops ends the suite under an open stream: the reader must learn that it should come back.
func TestWatchEndsClearlyWhenTheSuiteStops(t *testing.T) {
	t.Parallel()
	for name, open := range watches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, harness.Options{})
			w := open(t, s)
			w.await(t, 0)
			if err := s.Terminate(); err != nil {
				t.Fatal(err)
			}
			for {
				_, err := w()
				if err == nil {
					continue
				}
				if errors.Is(err, io.EOF) {
					t.Fatal("the stream ended without a word")
				}
				wantRetryAdvice(t, err)
				break
			}
			if err := s.Wait(patience); err != nil {
				t.Error(err)
			}
		})
	}
}

// wantRetryAdvice checks that an error is UNAVAILABLE and says when to come back.
func wantRetryAdvice(t *testing.T, err error) {
	t.Helper()
	st := status.Convert(err)
	if st.Code() != codes.Unavailable {
		t.Errorf("code %s, want UNAVAILABLE: %v", st.Code(), err)
	}
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok && info.GetRetryDelay().AsDuration() > 0 {
			return
		}
	}
	t.Errorf("%v gives no advice when to retry: %v", err, st.Details())
}

// TestWatchEndsWithTheKey takes back a key by which scores are being watched, and restricts another one.
func TestWatchEndsWithTheKey(t *testing.T) {
	s := openShop(t, harness.Options{})
	s.answer(t, "a", 9)
	for _, c := range []struct {
		change, body string
		want         codes.Code
	}{
		{":revoke", "{}", codes.Unauthenticated},
		{"", `{"apiKey": {"units": {"locations": ["store-1"]}}}`, codes.Unavailable},
	} {
		t.Run(c.want.String(), func(t *testing.T) {
			t.Parallel()
			var made struct {
				Secret string
				APIKey struct{ Name string }
			}
			askREST(t, s.Suite, http.MethodPost, "/v1/apiKeys", `{"apiKey": {"displayName": "K", "kind": "KIND_SECRET", "roles": ["viewer"]}}`, &made)
			w := openWatchGRPC(t, &shop{scoring: scoringv1.NewScoringServiceClient(s.Conn(made.Secret))})
			w.await(t, 1)
			method := map[bool]string{true: http.MethodPatch, false: http.MethodPost}[c.change == ""]
			askREST(t, s.Suite, method, "/v1/"+made.APIKey.Name+c.change, c.body, nil)
			start := time.Now()
			err := error(nil)
			for err == nil {
				_, err = w()
			}
			if status.Code(err) != c.want || time.Since(start) > 3*prompt {
				t.Errorf("after %v: %v, want %v", time.Since(start), err, c.want)
			}
		})
	}
}
