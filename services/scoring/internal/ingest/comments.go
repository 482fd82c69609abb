package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// Comments is the comment service's log of what it finds out about responses. The log is a state rather than a history: it tells the last of each
// response, so that it can be read again from any position.
type Comments struct {
	client commentv1.EventFeedServiceClient
	sink   *Enricher
}

// NewComments is the log behind a connection, to be followed by a sink.
func NewComments(conn grpc.ClientConnInterface, sink *Enricher) Comments {
	return Comments{client: commentv1.NewEventFeedServiceClient(conn), sink: sink}
}

// Open starts a stream of all events after a position.
func (c Comments) Open(ctx context.Context, after int64) (eventlog.Stream[*commentv1.Event], error) {
	s, err := c.client.StreamEvents(ctx, &commentv1.StreamEventsRequest{AfterPosition: after})
	if err != nil {
		return nil, fmt.Errorf("open log of comments: %w", err)
	}
	return commentStream{s, ctx, c.sink, after}, nil
}

type commentStream struct {
	grpc.ServerStreamingClient[commentv1.StreamEventsResponse]
	// ctx is what the stream was opened with: its own ends with it.
	ctx   context.Context
	sink  *Enricher
	after int64
}

// Recv waits for the next batch. A log that ends before the position that was asked for is another one than before, as after a restored backup:
// it is read from its beginning.
func (s commentStream) Recv() (eventlog.Batch[*commentv1.Event], error) {
	m, err := s.ServerStreamingClient.Recv()
	if err == nil {
		return eventlog.Batch[*commentv1.Event]{Events: m.GetEvents(), Head: m.GetHeadPosition()}, nil
	}
	if isAhead(err) {
		err = errors.Join(err, s.sink.startOver(s.ctx, s.after))
	}
	return eventlog.Batch[*commentv1.Event]{}, fmt.Errorf("read log of comments: %w", err)
}

var _ eventlog.Committed = commentStream{}

// Committed rests after a batch.
func (s commentStream) Committed(int64) { s.sink.rest(s.ctx) }

// enrichmentOf converts an event; false when it is about no response.
func enrichmentOf(e *commentv1.Event) (store.Response, fact.Enrichment, bool) {
	survey, id, err := surveys.ParseItem(e.GetResponse(), "responses")
	if err != nil || e.GetOrganization() == "" {
		return store.Response{}, fact.Enrichment{}, false
	}
	r := store.Response{Survey: survey, ID: id}
	if e.GetRemoved() {
		return r, fact.Enrichment{}, true
	}
	out := fact.Enrichment{Sentiment: polarityOf(e.GetSentiment())}
	for _, a := range e.GetAspects() {
		if theme := strings.TrimPrefix(a.GetAspect(), aspectPrefix); theme != "" {
			out.Themes = append(out.Themes, fact.Theme{ID: theme, Polarity: polarityOf(a.GetSentiment())})
		}
	}
	slices.SortStableFunc(out.Themes, func(a, b fact.Theme) int { return strings.Compare(a.ID, b.ID) })
	out.Themes = slices.CompactFunc(out.Themes, func(a, b fact.Theme) bool { return a.ID == b.ID })
	return r, out, true
}

// aspectPrefix begins the resource names of aspects.
const aspectPrefix = "aspects/"

// polarityOf converts a sentiment. The numbers are equal; a test holds them together. One that a later version has added is none.
func polarityOf(s commentv1.Sentiment) fact.Polarity {
	if s < 0 || s > commentv1.Sentiment_SENTIMENT_MIXED {
		return fact.NoPolarity
	}
	return fact.Polarity(s)
}
