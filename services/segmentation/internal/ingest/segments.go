package ingest

import (
	"context"
	"slices"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/membership"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// segmentsFollower is what the follower is called that tells to which segments customers belonged when they answered.
const segmentsFollower = "segments"

// Segments tells to which segments customers belonged when they answered.
type Segments struct {
	Store     store.Segments
	Evaluator *membership.Evaluator
}

// Follow makes the follower. conn is the connection to the survey service.
func (s *Segments) Follow(conn grpc.ClientConnInterface) follow.Follower {
	return follow.Survey(segmentsFollower, conn, s.apply)
}

// apply tells what events say.
func (s *Segments) apply(ctx context.Context, events []*surveyv1.Event, from, to int64) error {
	b := store.SnapshotBatch{From: from, To: to}
	var organizations []string
	for _, e := range events {
		if e.GetPopulationProtected() {
			continue
		}
		if r := e.GetRemoved(); r != nil {
			b.Removed = append(b.Removed, store.RemovedResponse{Organization: e.GetOrganization(), Response: r.GetName()})
		}
		r := e.GetResponse()
		person, ok := seal.ParsePseudonym(r.GetRespondent())
		if !ok {
			continue
		}
		b.Answered = append(b.Answered, store.Answered{Organization: e.GetOrganization(), Response: r.GetName(), Person: person, Time: r.GetCountTime().AsTime()})
		if !slices.Contains(organizations, e.GetOrganization()) {
			organizations = append(organizations, e.GetOrganization())
		}
	}
	if err := s.Evaluator.CatchUp(ctx, organizations); err != nil {
		return err
	}
	return s.Store.ApplySnapshots(ctx, segmentsFollower, b)
}
