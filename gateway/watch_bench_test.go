package gateway_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/gateway"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// watchedMessage is what a dashboard gets: one score with all that is said of it.
func watchedMessage(n int64) *scoringv1.WatchScoresResponse {
	now := timestamppb.Now()
	estimate, standardError := 41.5, 1.25
	score := &scoringv1.Score{
		Definition: "metricDefinitions/nps", DefinitionVersion: 1, Metric: scoringv1.Metric_METRIC_NPS, Variant: scoringv1.Variant_VARIANT_NPS_ANSWERED, N: n,
		Slice: &scoringv1.Slice{Survey: "surveys/checkout", Question: "recommend"}, Scale: &typev1.Scale{Id: "0-10", Max: 10, Step: 1}, Estimate: &estimate,
		StandardError: &standardError, Interval: &typev1.ConfidenceInterval{Lower: 39, Upper: 44, Level: 0.95, Method: "ADJUSTED_TRINOMIAL"}, Band: "STRONG",
		Counts: &scoringv1.Counts{Answered: n, Promoters: &n, Passives: &n, Detractors: &n}, Watermark: now,
	}
	for v := range 11 {
		score.Counts.Values = append(score.Counts.Values, &scoringv1.Counts_ValueCount{Value: float64(v), Count: n / 11})
	}
	return &scoringv1.WatchScoresResponse{Scores: []*scoringv1.Score{score}, Watermark: now, Cursor: "4pGqWb0xUS2eJx3nX7H0Gg"}
}

// BenchmarkWatch measures what 1,000 readers of server-sent events cost that get five messages a second each: the share of a core that the gateway takes
// together with its readers, which are bare sockets of the same process. Each operation is a second.
func BenchmarkWatch(b *testing.B) {
	const readers, interval = 1000, 200 * time.Millisecond
	bench := newBench(b, inProcess, withConfig(func(c *gateway.Config) { c.MaxStreams, c.MaxStreamsOfOne = readers, readers }))
	bench.scoring.watch = func(_ *scoringv1.WatchScoresRequest, out watchServer) error {
		ticks := time.NewTicker(interval)
		defer ticks.Stop()
		for n := int64(1); ; n++ {
			if err := out.Send(watchedMessage(n)); err != nil {
				return err
			}
			select {
			case <-ticks.C:
			case <-out.Context().Done():
				return out.Context().Err()
			}
		}
	}
	var events atomic.Int64
	var reading sync.WaitGroup
	var conns []net.Conn
	defer func() {
		for _, conn := range conns {
			conn.Close()
		}
		reading.Wait()
	}()
	address := strings.TrimPrefix(bench.url, "http://")
	for range readers {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		conns = append(conns, conn)
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nAuthorization: Bearer key\r\n\r\n", watchPath, address); err != nil {
			b.Fatal(err)
		}
		reading.Go(func() { countEvents(conn, &events) })
	}
	time.Sleep(2 * time.Second)
	b.ResetTimer()
	before, cpu, began := events.Load(), processorTime(b), time.Now()
	for range b.N {
		time.Sleep(time.Second)
	}
	used, took := processorTime(b)-cpu, time.Since(began)
	b.ReportMetric(100*used.Seconds()/took.Seconds(), "%core")
	b.ReportMetric(float64(events.Load()-before)/took.Seconds(), "messages/s")
}

// countEvents counts the events that arrive on a connection until it is closed.
func countEvents(conn io.Reader, events *atomic.Int64) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		events.Add(int64(bytes.Count(buffer[:n], []byte("event: scores"))))
	}
}
