package scoring_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

func npsAnswered() *scoringv1.ScoreQuery {
	return &scoringv1.ScoreQuery{Survey: shop, Variants: variants(scoringv1.Variant_VARIANT_NPS_ANSWERED), Metrics: metrics(metricNPS)}
}

// watch opens a stream.
func (s *suite) watch(ctx context.Context, q *scoringv1.ScoreQuery) grpc.ServerStreamingClient[scoringv1.WatchScoresResponse] {
	s.t.Helper()
	stream, err := s.client.WatchScores(ctx, &scoringv1.WatchScoresRequest{Query: q})
	if err != nil {
		s.t.Fatal(err)
	}
	return stream
}

// until receives until the first score counts n answers, and returns the number of messages.
func until(t *testing.T, stream grpc.ServerStreamingClient[scoringv1.WatchScoresResponse], n int64) int {
	t.Helper()
	for messages := 1; ; messages++ {
		m, err := stream.Recv()
		if err != nil {
			t.Fatalf("receive: %v", err)
		}
		if m.GetHeartbeat() {
			if len(m.GetScores()) > 0 || m.GetWatermark() == nil {
				t.Errorf("heartbeat %v", m)
			}
			continue
		}
		if m.GetScores()[0].GetN() == n {
			return messages
		}
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.config.WatchHeartbeat = 300 * time.Millisecond
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.publish(acme, "bank", shopQuestions())
	s.survey.add(response(acme, shop, "first", noon, scores{"recommend": 9}))
	s.start().caughtUp(shop, 1)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stream := s.watch(ctx, npsAnswered())
	if n := until(t, stream, 1); n != 1 {
		t.Errorf("the first result came as message %d", n)
	}
	// Changes come with at most five messages a second.
	began := time.Now()
	for i := range 200 {
		s.survey.add(response(acme, shop, id("r", i), noon, scores{"recommend": float64(i % 11)}))
	}
	messages := until(t, stream, 201)
	if most := int(time.Since(began)/(200*time.Millisecond)) + 2; messages > most {
		t.Errorf("%d messages in %v, want at most %d", messages, time.Since(began), most)
	}
	// Answers to another survey change nothing here, and silence brings heartbeats.
	s.survey.add(response(acme, "surveys/bank", "r", noon, scores{"recommend": 1}))
	if m, err := stream.Recv(); err != nil || !m.GetHeartbeat() {
		t.Errorf("%v, %v: want a heartbeat", m, err)
	}
	// A questionnaire that is published anew shows by the next heartbeat.
	s.survey.publish(acme, "shop", asking(nps("again")))
	for {
		m, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if !m.GetHeartbeat() {
			if got := summary(m.GetScores()[0]); got != `again 0-10 NPS_ANSWERED "" 0 absent` {
				t.Errorf("after publishing: %s", got)
			}
			break
		}
	}
}

// TestWatchResumes leaves a stream and comes back with its cursor, to the same process and to one that was started anew.
func TestWatchResumes(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.config.WatchHeartbeat = 300 * time.Millisecond
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.add(response(acme, shop, "first", noon, scores{"recommend": 9}))
	s.start().caughtUp(shop, 1)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	resume := func(cursor string) *scoringv1.WatchScoresResponse {
		t.Helper()
		ctx, leave := context.WithCancel(ctx)
		defer leave()
		stream, err := s.client.WatchScores(ctx, &scoringv1.WatchScoresRequest{Query: npsAnswered(), Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		m, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if m.GetCursor() == "" || len(m.GetScores()) == 0 != m.GetHeartbeat() {
			t.Errorf("the cursor %q: %v", cursor, m)
		}
		return m
	}
	first := resume("")
	if first.GetHeartbeat() {
		t.Errorf("the first message is a heartbeat: %v", first)
	}
	if m := resume(first.GetCursor()); !m.GetHeartbeat() || m.GetCursor() != first.GetCursor() {
		t.Errorf("nothing has changed: %v", m)
	}
	if m := resume("anything else"); m.GetHeartbeat() || m.GetCursor() != first.GetCursor() {
		t.Errorf("with a cursor of nothing: %v", m)
	}
	s.stop()
	s.start().caughtUp(shop, 1)
	if m := resume(first.GetCursor()); !m.GetHeartbeat() {
		t.Errorf("nothing has changed but the process: %v", m)
	}
	s.survey.add(response(acme, shop, "second", noon, scores{"recommend": 3}))
	s.caughtUp(shop, 2)
	second := resume(first.GetCursor())
	if second.GetHeartbeat() || second.GetScores()[0].GetN() != 2 {
		t.Errorf("after a change: %v", second)
	}
	// Heartbeats carry the cursor of the last result.
	stream := s.watch(ctx, npsAnswered())
	until(t, stream, 2)
	if m, err := stream.Recv(); err != nil || !m.GetHeartbeat() || m.GetCursor() != second.GetCursor() {
		t.Errorf("%v, %v", m, err)
	}
}

func TestWatchRefusesWhatQueriesRefuse(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.start()
	ctx := context.Background()
	_, err := s.watch(ctx, &scoringv1.ScoreQuery{Survey: "surveys/none"}).Recv()
	wantError(t, "unknown survey", err, codes.NotFound, "SURVEY_NOT_FOUND", "query.survey")
	_, err = s.watch(ctx, &scoringv1.ScoreQuery{Survey: shop, TimeZone: "x"}).Recv()
	wantError(t, "time zone", err, codes.InvalidArgument, "TIME_ZONE_UNKNOWN", "query.time_zone")
	_, err = s.watch(ctx, nil).Recv()
	wantError(t, "no query", err, codes.InvalidArgument, "VALIDATION_FAILED", "query")
}

// TestWatchersShare opens many streams of the same query, over TCP, and ends the server: all get the same results and a clear end.
func TestWatchersShare(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.start()
	conn, err := rpcclient.Dial(rpcclient.Peer{Target: s.listen(), Key: adminKey}, rpcclient.DefaultConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s.client = scoringv1.NewScoringServiceClient(conn)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	const watchers = 50
	var counted, ended sync.WaitGroup
	for range watchers {
		stream := s.watch(ctx, npsAnswered())
		counted.Add(1)
		ended.Go(func() {
			for {
				m, err := stream.Recv()
				if err != nil {
					t.Errorf("receive: %v", err)
					counted.Done()
					return
				}
				if len(m.GetScores()) > 0 && m.GetScores()[0].GetN() == 10 {
					break
				}
			}
			counted.Done()
			_, err := stream.Recv()
			for err == nil {
				_, err = stream.Recv()
			}
			if rpcerr.Code(err) != codes.Unavailable || rpcerr.RetryAfter(err) == 0 {
				t.Errorf("the stream ended with %v, want UNAVAILABLE with advice", err)
			}
		})
	}
	for i := range 10 {
		s.survey.add(response(acme, shop, id("r", i), noon, scores{"recommend": 9}))
	}
	counted.Wait()
	s.stop()
	ended.Wait()
}
