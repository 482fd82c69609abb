package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

func TestDrainEndsStreamsAndFinishesCalls(t *testing.T) {
	overBothChannels(t, func(t *testing.T, b *bench) {
		b.scoring.watch = func(_ *scoringv1.WatchScoresRequest, out watchServer) error {
			if err := out.Send(&scoringv1.WatchScoresResponse{}); err != nil {
				return err
			}
			<-out.Context().Done()
			return out.Context().Err()
		}
		entered, finish := make(chan struct{}), make(chan struct{})
		b.survey.list = func(context.Context, *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
			close(entered)
			<-finish
			return &surveyv1.ListSurveysResponse{NextPageToken: "done"}, nil
		}
		o := b.open(t, "GET", watchPath, "", asEvents)
		o.event()
		o.event()
		called := make(chan answer, 1)
		go func() { called <- b.do(request{method: "GET", path: "/v1/surveys"}) }()
		<-entered

		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		drained := make(chan error, 1)
		go func() { drained <- b.gateway.Drain(ctx) }()
		got := o.event()
		if got[0] != "event: error" || !strings.Contains(got[1], "SERVER_STOPPING") || !strings.Contains(got[1], "retryDelay") {
			t.Errorf("%q", got)
		}
		o.atEnd()
		select {
		case err := <-drained:
			t.Fatalf("drained before the call was done: %v", err)
		default:
		}
		close(finish)
		if a := <-called; a.status != 200 || !strings.Contains(a.body, "done") {
			t.Errorf("%d %s", a.status, a.body)
		}
		if err := <-drained; err != nil {
			t.Errorf("drain: %v", err)
		}
	})
}

func TestDrainCutsOffWhatTakesTooLong(t *testing.T) {
	b := newBench(t)
	entered := make(chan struct{})
	b.survey.list = func(ctx context.Context, _ *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
		close(entered)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	go http.Get(b.url + "/v1/surveys") //nolint:errcheck,bodyclose // cut off on purpose
	<-entered
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := b.gateway.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("drain: %v", err)
	}
}

func TestExportIsHeldBackByASlowReader(t *testing.T) {
	overBothChannels(t, func(t *testing.T, b *bench) {
		const messages, size = 2000, 64 << 10
		var sent atomic.Int64
		b.survey.export = func(_ *surveyv1.StreamResponsesRequest, out exportServer) error {
			text := strings.Repeat("x", size)
			for i := range int64(messages) {
				if err := out.Send(&surveyv1.StreamResponsesResponse{Position: i, Response: &surveyv1.Response{Respondent: text}}); err != nil {
					return err
				}
				sent.Add(1)
			}
			return nil
		}
		o := b.open(t, "GET", exportPath, "", nil)
		// The reader reads nothing: the service must come to a halt, with little under way.
		var before int64
		quiet := 0
		testkit.Eventually(t, 15*time.Second, func() error {
			now := sent.Load()
			if now != before || now == 0 {
				before, quiet = now, 0
			} else {
				quiet++
			}
			if quiet < 40 {
				return errors.New("the service still sends")
			}
			return nil
		})
		if sent.Load() >= messages/2 {
			t.Errorf("%d of %d messages were taken in without a reader", sent.Load(), messages)
		}
		scanner := bufio.NewScanner(o.lines)
		scanner.Buffer(nil, 2*size)
		n := 0
		for scanner.Scan() {
			n++
		}
		if err := scanner.Err(); err != nil || n != messages {
			t.Errorf("read %d lines, %v", n, err)
		}
	})
}

func TestReaderThatStallsIsDropped(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.WriteTimeout = 100 * time.Millisecond }))
	dropped := make(chan struct{})
	b.survey.export = func(_ *surveyv1.StreamResponsesRequest, out exportServer) error {
		defer close(dropped)
		text := strings.Repeat("x", 64<<10)
		for {
			if err := out.Send(&surveyv1.StreamResponsesResponse{Response: &surveyv1.Response{Respondent: text}}); err != nil {
				return err
			}
		}
	}
	b.open(t, "GET", exportPath, "", nil)
	select {
	case <-dropped:
	case <-time.After(15 * time.Second):
		t.Error("the stream goes on without a reader")
	}
}

func TestStreamsAreLimited(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.MaxStreams = 1 }))
	b.scoring.watch = func(_ *scoringv1.WatchScoresRequest, out watchServer) error {
		if err := out.Send(&scoringv1.WatchScoresResponse{}); err != nil {
			return err
		}
		<-out.Context().Done()
		return nil
	}
	o := b.open(t, "GET", watchPath, "", asEvents)
	o.event()
	if a := b.do(request{method: "GET", path: watchPath}); a.status != 429 || a.err.reason() != "gateway.otklik/TOO_MANY_STREAMS" || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	o.cancel()
	b.survey.export = func(*surveyv1.StreamResponsesRequest, exportServer) error { return nil }
	testkit.Eventually(t, 10*time.Second, func() error {
		if a := b.do(request{method: "GET", path: exportPath}); a.status != 200 {
			return fmt.Errorf("status %d", a.status)
		}
		return nil
	})
}

// TestOneCredentialDoesNotTakeAllStreams opens as many streams as one credential may have: another one still gets its own.
func TestOneCredentialDoesNotTakeAllStreams(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) { c.MaxStreams, c.MaxStreamsOfOne = 3, 2 }))
	b.scoring.watch = func(_ *scoringv1.WatchScoresRequest, out watchServer) error {
		if err := out.Send(&scoringv1.WatchScoresResponse{}); err != nil {
			return err
		}
		<-out.Context().Done()
		return nil
	}
	b.survey.export = func(*surveyv1.StreamResponsesRequest, exportServer) error { return nil }
	first := b.open(t, "GET", watchPath, "", asEvents)
	first.event()
	b.open(t, "GET", watchPath, "", asEvents).event()
	if a := b.do(request{method: "GET", path: watchPath}); a.status != 429 || a.err.reason() != "gateway.otklik/TOO_MANY_STREAMS" {
		t.Errorf("a third stream: %d %s", a.status, a.body)
	}
	other := maps.Clone(asEvents)
	other["Authorization"] = "Bearer another"
	b.open(t, "GET", watchPath, "", other).event()
	first.cancel()
	testkit.Eventually(t, 10*time.Second, func() error {
		if a := b.do(request{method: "GET", path: exportPath}); a.status != 200 {
			return fmt.Errorf("status %d", a.status)
		}
		return nil
	})
}

func TestStreamsOutlastTheReadTimeout(t *testing.T) {
	b := newBench(t, withConfig(func(c *gateway.Config) {
		c.ReadTimeout, c.WriteTimeout, c.CallTimeout = 50*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond
	}))
	b.scoring.watch = func(_ *scoringv1.WatchScoresRequest, out watchServer) error {
		if err := out.Send(&scoringv1.WatchScoresResponse{}); err != nil {
			return err
		}
		timer := time.NewTimer(300 * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-out.Context().Done():
			return out.Context().Err()
		}
		return out.Send(&scoringv1.WatchScoresResponse{Heartbeat: true})
	}
	for _, c := range []struct{ method, path, body string }{{"GET", watchPath, ""}, {"POST", "/v1/scores:watch", `{"query":{}}`}} {
		o := b.open(t, c.method, c.path, c.body, asEvents)
		o.event()
		o.event()
		if got := o.event(); got[0] != "event: heartbeat" {
			t.Errorf("%s: %q", c.method, got)
		}
	}
}
