package relational

import (
	"context"
	"slices"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlMembershipsOf = `SELECT segment, contact, enter_time, leave_time FROM memberships WHERE organization = $1 AND contact = $2 ORDER BY segment`
	sqlToldOf        = `SELECT 1 FROM outbox WHERE organization = $1 AND resource = $2 AND kind = $3`
)

// ApplySnapshots implements store.Segments.
func (s *Store) ApplySnapshots(ctx context.Context, follower string, b store.SnapshotBatch) error {
	return s.write(ctx, "tell segments of answers", func(ctx context.Context, w *writing) error {
		segments := map[string]map[string]store.Segment{}
		for _, a := range b.Answered {
			if _, read := segments[a.Organization]; !read {
				all, err := relational.List(ctx, w, scanSegment(a.Organization), sqlSegmentsAfter, a.Organization, "")
				if err != nil {
					return err
				}
				segments[a.Organization] = make(map[string]store.Segment, len(all))
				for _, g := range all {
					segments[a.Organization][g.ID] = g
				}
			}
			if err := w.snapshot(ctx, segments[a.Organization], a); err != nil {
				return err
			}
		}
		for _, r := range b.Removed {
			if err := w.untell(ctx, r.Organization, store.SegmentsOfResponse, r.Response); err != nil {
				return err
			}
		}
		return w.advance(ctx, follower, b.From, b.To)
	})
}

// snapshot tells to which segments a contact belonged when it answered.
func (w *writing) snapshot(ctx context.Context, segments map[string]store.Segment, a store.Answered) error {
	if len(segments) == 0 || len(a.Person) == 0 {
		return nil
	}
	contact, err := contactOf(ctx, w, a.Organization, a.Person)
	if err != nil {
		return err
	}
	memberships, err := relational.List(ctx, w, scanMembership, sqlMembershipsOf, a.Organization, contact)
	if err != nil {
		return err
	}
	in := []string{}
	for _, m := range memberships {
		g, ok := segments[m.Segment]
		at := a.Time
		if g.FirstTime.After(at) {
			at = g.FirstTime
		}
		if ok && !m.Enter.After(at) && (m.Leave.IsZero() || m.Leave.After(at)) && !slices.Contains(in, m.Segment) {
			in = append(in, m.Segment)
		}
	}
	// That it belonged to none need not be told, unless something else was.
	if len(in) == 0 {
		if told, err := relational.Exists(ctx, w, sqlToldOf, a.Organization, a.Response, string(store.SegmentsOfResponse)); err != nil || !told {
			return err
		}
	}
	if err := w.untell(ctx, a.Organization, store.SegmentsOfResponse, a.Response); err != nil {
		return err
	}
	body, err := store.EncodeBody(store.ResponseSegments{Segments: in})
	if err != nil {
		return err
	}
	return w.tell(ctx, a.Organization, store.Event{
		Kind: store.SegmentsOfResponse, Resource: a.Response, Contact: contact, Person: a.Person, Body: body, Time: a.Time,
	})
}
