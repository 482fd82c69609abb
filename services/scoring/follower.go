package scoring

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/services/scoring/internal/ingest"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

const (
	// readAhead is how many batches are read ahead of the one that is applied. Few, so that a busy consumer makes the survey service gather
	// changes into larger batches, which cost both sides less.
	readAhead = 2
	// minBackoff is the first wait after the change log could not be read; at the start the survey service is often up a moment later.
	minBackoff = 20 * time.Millisecond
)

// follower brings the partitions of the change log that fall to this process to their sinks.
type follower struct {
	log     eventlog.Log[*surveyv1.Event]
	applier *ingest.Applier
	config  eventlog.Config
	// findings follow the logs of what other services find out about responses until ctx ends.
	findings []func(ctx context.Context)

	mu sync.Mutex
	// following are the partitions that are followed now.
	following map[int]*eventlog.Consumer[*surveyv1.Event]
}

func newFollower(log eventlog.Log[*surveyv1.Event], applier *ingest.Applier, batchSize int, logger *slog.Logger) *follower {
	return &follower{
		log: log, applier: applier, following: make(map[int]*eventlog.Consumer[*surveyv1.Event]),
		config: eventlog.Config{Name: component, MaxBatch: batchSize, Queue: readAhead, MinBackoff: minBackoff, Logger: logger},
	}
}

// run follows the log until ctx ends.
func (f *follower) run(ctx context.Context) error {
	if err := f.log.Run(ctx, f.follow); err != nil {
		return fmt.Errorf("follow the change log: %w", err)
	}
	return nil
}

// maxFindingsBackoff is the longest wait for a service that finds out something about responses: without it, scores are the same but for that.
const maxFindingsBackoff = 30 * time.Second

// followFindings makes a follower follow what another service finds out about responses, too.
func followFindings[E ingest.Event](f *follower, about string, log ingest.Findings[E]) {
	enricher := ingest.NewEnricher(f.applier, log)
	config := f.config
	config.Name, config.MaxBackoff = component+" of "+about, maxFindingsBackoff
	f.findings = append(f.findings, func(ctx context.Context) {
		// It ends only with ctx, and then without an error.
		_ = eventlog.New[E](config, enricher, enricher, E.GetPosition).Run(ctx)
	})
}

// follow follows a partition until ctx ends. Who has the first one follows what others find out, so that one process does.
func (f *follower) follow(ctx context.Context, partition int, source eventlog.Source[*surveyv1.Event]) {
	if partition == 0 {
		var beside sync.WaitGroup
		for _, run := range f.findings {
			beside.Go(func() { run(ctx) })
		}
		defer beside.Wait()
	}
	sink := f.applier.Sink(partition)
	consumer := eventlog.New[*surveyv1.Event](f.config, sink.Following(source), sink, (*surveyv1.Event).GetPosition)
	f.set(partition, consumer)
	defer f.unset(partition, consumer)
	// It ends only with ctx, and then without an error.
	_ = consumer.Run(ctx)
}

func (f *follower) set(partition int, c *eventlog.Consumer[*surveyv1.Event]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.following[partition] = c
}

// unset forgets a consumer, unless another one has taken its place.
func (f *follower) unset(partition int, c *eventlog.Consumer[*surveyv1.Event]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.following[partition] == c {
		delete(f.following, partition)
	}
}

// status tells how far the partitions are that fall to this process.
func (f *follower) status() map[int]eventlog.Status {
	f.mu.Lock()
	consumers := maps.Clone(f.following)
	f.mu.Unlock()
	all := make(map[int]eventlog.Status, len(consumers))
	for p, c := range consumers {
		all[p] = c.Status()
	}
	return all
}
