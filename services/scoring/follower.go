package scoring

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/services/scoring/internal/ingest"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
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
	// comments follows the log of the comment service until ctx ends; nil where there is none.
	comments func(ctx context.Context)

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

// maxCommentsBackoff is the longest wait for a comment service: without one, scores are the same but for what comments say.
const maxCommentsBackoff = 30 * time.Second

// followComments makes the follower follow the comment service, too, behind a connection.
func (f *follower) followComments(conn grpc.ClientConnInterface) {
	enricher := ingest.NewEnricher(f.applier)
	config := f.config
	config.Name, config.MaxBackoff = component+" of comments", maxCommentsBackoff
	f.comments = func(ctx context.Context) {
		// It ends only with ctx, and then without an error.
		_ = eventlog.New[*commentv1.Event](config, ingest.NewComments(conn, enricher), enricher, (*commentv1.Event).GetPosition).Run(ctx)
	}
}

// follow follows a partition until ctx ends. Who has the first one follows comments, so that one process does.
func (f *follower) follow(ctx context.Context, partition int, source eventlog.Source[*surveyv1.Event]) {
	if partition == 0 && f.comments != nil {
		var beside sync.WaitGroup
		beside.Go(func() { f.comments(ctx) })
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
