package ingest

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// Segmentation is the segmentation service's log, behind a connection: of what it tells, to which segments respondents belonged when they answered, and
// whether they had a case that was not solved.
func Segmentation(conn grpc.ClientConnInterface) Findings[*segmentationv1.Event] {
	client := segmentationv1.NewEventFeedServiceClient(conn)
	return Findings[*segmentationv1.Event]{
		source: store.Segmentation, about: "segmentation", find: ofSegmentation,
		open: func(ctx context.Context, after int64) (eventlog.Stream[*segmentationv1.Event], error) {
			s, err := client.StreamEvents(ctx, &segmentationv1.StreamEventsRequest{AfterPosition: after})
			if err != nil {
				return nil, err
			}
			return eventlog.Received(s), nil
		},
	}
}

// ofSegmentation reads an event.
func ofSegmentation(e *segmentationv1.Event) (finding, verdict) {
	var name string
	var say func(*fact.Enrichment)
	switch {
	case e.GetResponseSegments() != nil:
		segments := segmentsOf(e.GetResponseSegments().GetSegments())
		name, say = e.GetResponseSegments().GetResponse(), func(known *fact.Enrichment) { known.Segments = segments }
	case e.GetResponseCase() != nil:
		state := fact.NoCase
		if e.GetResponseCase().GetUnresolved() {
			state = fact.UnresolvedCase
		}
		name, say = e.GetResponseCase().GetResponse(), func(known *fact.Enrichment) { known.Case = state }
	default:
		return finding{}, foreign
	}
	r, ok := responseOf(name)
	if !ok {
		return finding{}, odd
	}
	return finding{r, say}, found
}

// segmentsPrefix begins the resource names of segments.
const segmentsPrefix = "segments/"

// segmentsOf are the identifiers of segments, in order; nil for none.
func segmentsOf(names []string) []string {
	var ids []string
	for _, name := range names {
		if id := strings.TrimPrefix(name, segmentsPrefix); id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
