// Package ingest brings what the survey service stores into the scores: it follows the survey service's change log, turns responses and
// refusals into facts, and applies them to the store and to the cubes in memory. It also rebuilds an organisation's scores from the beginning.
package ingest

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/eventlog"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Feed is the survey service's change log.
type Feed struct {
	client surveyv1.EventFeedServiceClient
	// organization narrows the log; empty means all.
	organization string
	// partition of count narrows the log, too; count 0 means all.
	partition, count int
}

// NewFeed is the change log of all organisations behind a connection.
func NewFeed(conn grpc.ClientConnInterface) Feed {
	return Feed{client: surveyv1.NewEventFeedServiceClient(conn)}
}

// Of is the part of the log that belongs to an organisation.
func (f Feed) Of(organization string) eventlog.Source[*surveyv1.Event] {
	f.organization = organization
	return f
}

// Part is one partition of the log, of count.
func (f Feed) Part(partition, count int) eventlog.Source[*surveyv1.Event] {
	f.partition, f.count = partition, count
	return f
}

// Open starts a stream of all events after a position.
func (f Feed) Open(ctx context.Context, after int64) (eventlog.Stream[*surveyv1.Event], error) {
	s, err := f.client.StreamEvents(ctx, &surveyv1.StreamEventsRequest{
		AfterPosition: after, Organization: f.organization, PartitionCount: int32(f.count), Partition: int32(f.partition),
	})
	if err != nil {
		return nil, fmt.Errorf("open change log: %w", err)
	}
	return eventlog.Received(s), nil
}
