package scoring_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcclient"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// What BenchmarkWatch measures with: the numbers of the promise.
const (
	watchers         = 1000
	watchedQueries   = 50
	answersPerSecond = 100
	// watchedLocations are those that answers come from; each has a query of its own.
	watchedLocations = 25
)

// watchTarget names the server to a process of this program that does nothing but watch it, over several connections.
const (
	watchTarget      = "OTKLIK_BENCH_WATCH"
	watchConnections = 20
)

// watchedQuery is one of the queries that are watched: of all answers of the last days, which change with every answer, and of each location.
func watchedQuery(i int) *scoringv1.ScoreQuery {
	q := &scoringv1.ScoreQuery{Survey: shop, Metrics: metrics(metricNPS)}
	if i < watchedLocations {
		q.Filter = fmt.Sprintf("location = %q", id("location", i))
		return q
	}
	q.Period = &typev1.Period{StartTime: timestamppb.New(noon.AddDate(0, 0, watchedLocations-1-i))}
	return q
}

// watchAll opens the streams and counts what they deliver, until ctx ends.
func watchAll(ctx context.Context, conns []grpc.ClientConnInterface, messages *atomic.Int64) error {
	var watching sync.WaitGroup
	failed := make(chan error, watchers)
	for i := range watchers {
		client := scoringv1.NewScoringServiceClient(conns[i%len(conns)])
		watching.Go(func() {
			stream, err := client.WatchScores(ctx, &scoringv1.WatchScoresRequest{Query: watchedQuery(i % watchedQueries)})
			for err == nil {
				if _, err = stream.Recv(); err == nil {
					messages.Add(1)
				}
			}
			if ctx.Err() == nil {
				failed <- err
			}
		})
	}
	watching.Wait()
	close(failed)
	return <-failed
}

// watchAsProcess is what the process does that watches: it says how many messages came each time that it is asked by a line.
func watchAsProcess(target string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	conns := make([]grpc.ClientConnInterface, watchConnections)
	for i := range conns {
		conn, err := rpcclient.Dial(rpcclient.Peer{Target: target, Key: adminKey}, rpcclient.DefaultConfig(), nil)
		if err != nil {
			return err
		}
		defer conn.Close()
		conns[i] = conn
	}
	var messages atomic.Int64
	var watching sync.WaitGroup
	watching.Go(func() {
		if err := watchAll(ctx, conns, &messages); err != nil {
			fmt.Fprintln(os.Stderr, "watch:", err)
		}
	})
	asked := bufio.NewScanner(os.Stdin)
	for asked.Scan() {
		if _, err := fmt.Fprintln(os.Stdout, messages.Load()); err != nil {
			return err
		}
	}
	cancel()
	watching.Wait()
	return asked.Err()
}

// overTCP watches from another process, so that only the server's side is measured, and returns how to count messages.
func overTCP(b *testing.B, s *suite) func() int64 {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	watch := exec.CommandContext(ctx, program)
	watch.Env = append(os.Environ(), watchTarget+"="+s.listen())
	watch.Stderr = os.Stderr
	in, err := watch.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := watch.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := watch.Wait(); err != nil {
			b.Errorf("the watching process: %v", err)
		}
		cancel()
	})
	answers := bufio.NewReader(out)
	return func() int64 {
		if _, err := io.WriteString(in, "\n"); err != nil {
			b.Fatal(err)
		}
		line, err := answers.ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		n, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
}

// inProcess watches over the in-process connection, both sides of which are measured.
func inProcess(b *testing.B, s *suite) func() int64 {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var messages atomic.Int64
	var watching sync.WaitGroup
	watching.Go(func() {
		if err := watchAll(ctx, []grpc.ClientConnInterface{rpcclient.WithKey(s.conn, adminKey, "")}, &messages); err != nil {
			b.Errorf("watch: %v", err)
		}
	})
	b.Cleanup(func() {
		cancel()
		watching.Wait()
	})
	return messages.Load
}

// BenchmarkWatch measures what 1,000 watchers of 50 queries cost while 100 answers come a second: the share of a core that the process takes
// beyond what it takes for the same answers without them. Each operation is a second.
func BenchmarkWatch(b *testing.B) {
	for _, c := range []struct {
		name string
		open func(*testing.B, *suite) func() int64
	}{{"nobody", nil}, {"tcp", overTCP}, {"in-process", inProcess}} {
		b.Run(c.name, func(b *testing.B) {
			s := newSuite(b)
			s.config.SurveyRefresh = time.Second
			s.survey.publish(acme, "shop", shopQuestions())
			s.start()
			next := 0
			second := func() {
				ticks := time.NewTicker(time.Second / answersPerSecond)
				defer ticks.Stop()
				for range answersPerSecond {
					<-ticks.C
					e := response(acme, shop, id("r", next), noon.Add(time.Duration(next)*time.Second), scores{"recommend": float64(next % 11), "staff": 4})
					e.GetResponse().Context.Location = id("location", next%watchedLocations)
					s.survey.add(e)
					next++
				}
			}
			count := func() int64 { return 0 }
			if c.open != nil {
				count = c.open(b, s)
			}
			// The first second is the opening of the streams.
			second()
			second()
			b.ResetTimer()
			before, cpu, began := count(), cpuTime(b), time.Now()
			for range b.N {
				second()
			}
			used, took := cpuTime(b)-cpu, time.Since(began)
			messages := count() - before
			if c.open != nil && messages == 0 {
				b.Error("no messages came")
			}
			b.ReportMetric(100*used.Seconds()/took.Seconds(), "%core")
			b.ReportMetric(float64(messages)/took.Seconds(), "messages/s")
		})
	}
}

// cpuTime is what the process has taken of the processors.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
