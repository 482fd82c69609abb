package gateway_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

const (
	watchPath  = "/v1/surveys/checkout/scores:watch"
	exportPath = "/v1/surveys/checkout/responses:stream"
)

type (
	watchServer  = grpc.ServerStreamingServer[scoringv1.WatchScoresResponse]
	exportServer = grpc.ServerStreamingServer[surveyv1.StreamResponsesResponse]
)

// opened is a stream as a client reads it.
type opened struct {
	t      *testing.T
	resp   *http.Response
	lines  *bufio.Reader
	cancel context.CancelFunc
}

func (b *bench) open(t *testing.T, method, path, body string, header map[string]string) *opened {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	req, err := http.NewRequestWithContext(ctx, method, b.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	t.Cleanup(func() {
		cancel()
		resp.Body.Close()
	})
	return &opened{t: t, resp: resp, lines: bufio.NewReader(resp.Body), cancel: cancel}
}

func (o *opened) line() string {
	o.t.Helper()
	line, err := o.lines.ReadString('\n')
	if err != nil {
		o.t.Fatalf("read line: %v (%q)", err, line)
	}
	return strings.TrimSuffix(line, "\n")
}

// event reads lines to the empty one.
func (o *opened) event() []string {
	o.t.Helper()
	var lines []string
	for {
		line := o.line()
		if line == "" {
			return lines
		}
		lines = append(lines, line)
	}
}

func (o *opened) atEnd() {
	o.t.Helper()
	if rest, err := io.ReadAll(o.lines); err != nil || len(rest) > 0 {
		o.t.Errorf("after the end: %q, %v", rest, err)
	}
}

var asEvents = map[string]string{"Accept": "text/event-stream"}

func TestScoresAreWatchedAsEvents(t *testing.T) {
	for _, c := range []struct{ method, path, body, accept string }{
		{"GET", watchPath + "?query.metrics=METRIC_NPS", "", "text/event-stream"},
		{"POST", "/v1/scores:watch", `{"query":{"survey":"surveys/checkout","metrics":["METRIC_NPS"]}}`, "text/event-stream"},
		{"GET", watchPath + "?query.metrics=METRIC_NPS", "", "application/json;q=0.1, text/event-stream"},
	} {
		overBothChannels(t, func(t *testing.T, b *bench) {
			read := make(chan struct{})
			b.scoring.watch = func(r *scoringv1.WatchScoresRequest, out watchServer) error {
				if r.GetQuery().GetSurvey() != "surveys/checkout" || len(r.GetQuery().GetMetrics()) != 1 {
					return fmt.Errorf("got %v", r)
				}
				at := timestamppb.New(time.Date(2017, 5, 1, 9, 30, 0, 5e6, time.UTC))
				for _, m := range []*scoringv1.WatchScoresResponse{
					{Scores: []*scoringv1.Score{{N: 3, Band: "two\nlines"}}, Watermark: at, Cursor: "abc"}, {Heartbeat: true, Watermark: at, Cursor: "abc"}, {Heartbeat: true},
				} {
					if err := out.Send(m); err != nil {
						return err
					}
					// The next is sent only when the client has this one: nothing may hold it back.
					select {
					case <-read:
					case <-out.Context().Done():
						return out.Context().Err()
					}
				}
				return nil
			}
			o := b.open(t, c.method, c.path, c.body, map[string]string{"Accept": c.accept})
			h := o.resp.Header
			if o.resp.StatusCode != 200 || h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store, no-transform" ||
				h.Get("X-Accel-Buffering") != "no" || h.Get("Content-Length") != "" {
				t.Errorf("%d %v", o.resp.StatusCode, h)
			}
			if got := o.event(); !slices.Equal(got, []string{"retry: 3000"}) {
				t.Errorf("first: %q", got)
			}
			got := o.event()
			if len(got) != 3 || got[0] != "event: scores" || got[1] != "id: abc" || !strings.HasPrefix(got[2], "data: {") {
				t.Fatalf("event %q", got)
			}
			var message struct {
				Scores []struct{ N string }
			}
			if err := json.Unmarshal([]byte(got[2][len("data: "):]), &message); err != nil || len(message.Scores) != 1 || message.Scores[0].N != "3" {
				t.Errorf("%v %+v", err, message)
			}
			read <- struct{}{}
			if got := o.event(); got[0] != "event: heartbeat" || len(got) != 3 {
				t.Errorf("event %q", got)
			}
			read <- struct{}{}
			if got := o.event(); got[0] != "event: heartbeat" || len(got) != 2 {
				t.Errorf("event %q", got)
			}
			read <- struct{}{}
			o.atEnd()
		})
	}
}

// TestReadersOfEventsGoOn comes back with the id of the last event, beside a cursor of the first request.
func TestReadersOfEventsGoOn(t *testing.T) {
	for _, c := range []struct{ method, path, body, accept, last, want string }{
		{"GET", watchPath + "?query.metrics=METRIC_NPS", "", "text/event-stream", "abc-_", "abc-_"},
		{"GET", watchPath + "?query.metrics=METRIC_NPS&cursor=old", "", "text/event-stream", "new", "new"},
		{"GET", watchPath + "?query.metrics=METRIC_NPS&cursor=old", "", "text/event-stream", "", "old"},
		{"POST", "/v1/scores:watch", `{"query":{"survey":"surveys/checkout","metrics":["METRIC_NPS"]},"cursor":"old"}`, "text/event-stream", "new", "new"},
		// Lines have no ids; and what is no text is no id.
		{"GET", watchPath + "?query.metrics=METRIC_NPS&cursor=old", "", "application/json", "new", "old"},
		{"GET", watchPath + "?query.metrics=METRIC_NPS&cursor=old", "", "text/event-stream", "\xff", "old"},
	} {
		overBothChannels(t, func(t *testing.T, b *bench) {
			b.scoring.watch = func(r *scoringv1.WatchScoresRequest, out watchServer) error {
				if r.GetQuery().GetSurvey() != "surveys/checkout" || len(r.GetQuery().GetMetrics()) != 1 {
					return fmt.Errorf("got %v", r)
				}
				return out.Send(&scoringv1.WatchScoresResponse{Cursor: r.GetCursor()})
			}
			header := map[string]string{"Accept": c.accept}
			if c.last != "" {
				header["Last-Event-ID"] = c.last
			}
			a := b.do(request{method: c.method, path: c.path, body: c.body, header: header})
			if want := `"cursor":"` + c.want + `"`; a.status != 200 || !strings.Contains(strings.ReplaceAll(a.body, " ", ""), want) {
				t.Errorf("%s %s after %q: %d %s, want %s", c.method, c.path, c.last, a.status, a.body, want)
			}
		})
	}
}

func TestScoresAreWatchedAsLines(t *testing.T) {
	overBothChannels(t, func(t *testing.T, b *bench) {
		read := make(chan struct{})
		b.scoring.watch = func(_ *scoringv1.WatchScoresRequest, out watchServer) error {
			for n := range int64(3) {
				if err := out.Send(&scoringv1.WatchScoresResponse{Scores: []*scoringv1.Score{{N: n}}}); err != nil {
					return err
				}
			}
			// Lines that may wait for others are sent all the same when none come.
			<-read
			return rpcerr.New(codes.Unavailable, "STREAM_INTERRUPTED", "too slow", rpcerr.WithField("query.time_zone", "", "x")).GRPCStatus().Err()
		}
		o := b.open(t, "GET", watchPath, "", nil)
		if o.resp.StatusCode != 200 || o.resp.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("%d %v", o.resp.StatusCode, o.resp.Header)
		}
		for n := range 3 {
			if line := o.line(); !strings.Contains(strings.ReplaceAll(line, " ", ""), fmt.Sprintf(`"n":"%d"`, n)) || strings.HasPrefix(line, `{"result"`) {
				t.Errorf("line %q", line)
			}
		}
		close(read)
		a := decode(t, 503, http.Header{"Content-Type": {"application/json"}}, o.line())
		if a.err.reason() != "otklik/STREAM_INTERRUPTED" || a.err.violations()[0].Field != "query.timeZone" {
			t.Errorf("%s", a.body)
		}
		o.atEnd()
	})
}

func TestErrorUnderWayIsAnEvent(t *testing.T) {
	overBothChannels(t, func(t *testing.T, b *bench) {
		b.scoring.watch = func(_ *scoringv1.WatchScoresRequest, out watchServer) error {
			if err := out.Send(&scoringv1.WatchScoresResponse{}); err != nil {
				return err
			}
			return errors.New("secret")
		}
		o := b.open(t, "GET", watchPath, "", asEvents)
		o.event()
		o.event()
		got := o.event()
		if len(got) != 2 || got[0] != "event: error" {
			t.Fatalf("%q", got)
		}
		a := decode(t, 500, http.Header{"Content-Type": {"application/json"}}, strings.TrimPrefix(got[1], "data: "))
		if a.err.reason() != "gateway.otklik/INTERNAL" || strings.Contains(a.body, "secret") || !strings.Contains(a.err.Message, o.resp.Header.Get("X-Request-Id")) {
			t.Errorf("%s", a.body)
		}
		o.atEnd()
	})
}

func TestStreamsThatAreRefusedAnswerLikeOtherCalls(t *testing.T) {
	overBothChannels(t, func(t *testing.T, b *bench) {
		refuse := rpcerr.New(codes.NotFound, "SURVEY_NOT_FOUND", "none").GRPCStatus().Err()
		b.scoring.watch = func(*scoringv1.WatchScoresRequest, watchServer) error { return refuse }
		b.survey.export = func(*surveyv1.StreamResponsesRequest, exportServer) error { return refuse }
		for _, path := range []string{watchPath, exportPath} {
			for _, accept := range []string{"", "text/event-stream"} {
				a := b.do(request{method: "GET", path: path, header: map[string]string{"Accept": accept}})
				if a.status != 404 || a.err.reason() != "otklik/SURVEY_NOT_FOUND" || a.header.Get("Content-Type") != "application/json" {
					t.Errorf("%s as %q: %d %s", path, accept, a.status, a.body)
				}
				a = b.do(request{method: "GET", path: path + "?nope=1", header: map[string]string{"Accept": accept}})
				if a.status != 400 {
					t.Errorf("%s: %d", path, a.status)
				}
			}
		}
	})
}

func TestEmptyExportIsAnEmptyStream(t *testing.T) {
	overBothChannels(t, func(t *testing.T, b *bench) {
		b.survey.export = func(*surveyv1.StreamResponsesRequest, exportServer) error { return nil }
		a := b.do(request{method: "GET", path: exportPath})
		if a.status != 200 || a.body != "" || a.header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("%d %v %q", a.status, a.header, a.body)
		}
	})
}

func TestServiceLearnsThatTheClientLeft(t *testing.T) {
	overBothChannels(t, func(t *testing.T, b *bench) {
		left := make(chan struct{})
		b.scoring.watch = func(_ *scoringv1.WatchScoresRequest, out watchServer) error {
			if err := out.Send(&scoringv1.WatchScoresResponse{}); err != nil {
				return err
			}
			<-out.Context().Done()
			close(left)
			return out.Context().Err()
		}
		o := b.open(t, "GET", watchPath, "", asEvents)
		o.event()
		o.cancel()
		select {
		case <-left:
		case <-time.After(10 * time.Second):
			t.Error("the service was not told")
		}
	})
}
