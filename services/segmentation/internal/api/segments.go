package api

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/membership"
	"github.com/otklik/otklik/services/segmentation/internal/segment"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	// mostSegments is how many segments an organisation may have.
	mostSegments = 200
	// segmentAttempts is how often a change without an etag is tried again when another change was faster.
	segmentAttempts = 5
)

// segmentServer serves SegmentService.
type segmentServer struct {
	segmentationv1.UnimplementedSegmentServiceServer
	*Server
	reader *membership.Reader
}

// CreateSegment creates a segment.
func (s *segmentServer) CreateSegment(ctx context.Context, req *segmentationv1.CreateSegmentRequest) (*segmentationv1.CreateSegmentResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetSegment()
	g := store.Segment{Organization: org, ID: req.GetSegmentId(), CreateTime: s.Now()}
	stateSegment(&g, in)
	rule, err := s.compile(ctx, org, "segment.rule", g.Rule)
	if err != nil {
		return nil, err
	}
	stored, err := s.Store.CreateSegment(ctx, g, mostSegments)
	switch {
	case errors.Is(err, store.ErrExists):
		return nil, refuseField(codes.AlreadyExists, segmentationv1.ErrorReason_ERROR_REASON_SEGMENT_EXISTS, "segment_id", "is taken; choose another one")
	case errors.Is(err, store.ErrTooMany):
		return nil, refuse(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_SEGMENT_LIMIT,
			fmt.Sprintf("an organisation has at most %d segments: delete one before", mostSegments))
	case err != nil:
		return nil, storeError(err)
	}
	return &segmentationv1.CreateSegmentResponse{Segment: segmentToProto(&stored, rule)}, nil
}

// GetSegment returns a segment.
func (s *segmentServer) GetSegment(ctx context.Context, req *segmentationv1.GetSegmentRequest) (*segmentationv1.GetSegmentResponse, error) {
	g, err := s.segment(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	out, err := s.segmentsToProto(ctx, g.Organization, []store.Segment{g})
	if err != nil {
		return nil, err
	}
	if g.Ideal {
		n, err := s.Store.CountContacts(ctx, g.Organization)
		if err != nil {
			return nil, storeError(err)
		}
		// Who was merged or erased a moment ago may still be counted as a member.
		out[0].Match = shareToProto(int(min(g.Members, n)), int(n))
	}
	return &segmentationv1.GetSegmentResponse{Segment: out[0]}, nil
}

// segment is the segment of a name.
func (s *segmentServer) segment(ctx context.Context, field, name string) (store.Segment, error) {
	org, id, err := parseOwned(ctx, field, segmentsCollection, name)
	if err != nil {
		return store.Segment{}, err
	}
	g, err := s.Store.GetSegment(ctx, org, id)
	return g, segmentNotFound(err, name)
}

func segmentNotFound(err error, name string) error {
	return orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_SEGMENT_NOT_FOUND, "segment", name)
}

// ListSegments lists segments.
func (s *segmentServer) ListSegments(ctx context.Context, req *segmentationv1.ListSegmentsRequest) (*segmentationv1.ListSegmentsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[string](s.Server, "ListSegments", org, req)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.ListSegments(ctx, org, p.cursor, p.size+1)
	if err != nil {
		return nil, storeError(err)
	}
	more := len(found) > p.size
	if more {
		found = found[:p.size]
	}
	out := &segmentationv1.ListSegmentsResponse{}
	if out.Segments, err = s.segmentsToProto(ctx, org, found); err != nil {
		return nil, err
	}
	if more {
		out.NextPageToken = p.next(true, found[len(found)-1].ID)
	}
	return out, nil
}

// segmentsToProto converts segments, with what their rules cost now.
func (s *segmentServer) segmentsToProto(ctx context.Context, org string, segments []store.Segment) ([]*segmentationv1.Segment, error) {
	if len(segments) == 0 {
		return nil, nil
	}
	fields, err := s.reader.Fields(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	out := make([]*segmentationv1.Segment, len(segments))
	for i := range segments {
		rule, err := segment.Compile(fields.Schema, segments[i].Rule)
		var fault *segment.Fault
		if err != nil && !errors.As(err, &fault) {
			return nil, err
		}
		if fault != nil {
			segments[i].Fault = fault.Error()
		}
		out[i] = segmentToProto(&segments[i], rule)
	}
	return out, nil
}

// mutableSegmentFields are the fields that people change.
var mutableSegmentFields = []string{"display_name", "description", "rule", "ideal_customer_profile"}

// UpdateSegment changes a segment.
func (s *segmentServer) UpdateSegment(ctx context.Context, req *segmentationv1.UpdateSegmentRequest) (*segmentationv1.UpdateSegmentResponse, error) {
	in := req.GetSegment()
	if err := s.rules.Check(&segmentationv1.GetSegmentRequest{Name: in.GetName()}); err != nil {
		return nil, rpcerr.Under("segment", err)
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutableSegmentFields)
	if err != nil {
		return nil, err
	}
	for range segmentAttempts {
		current, err := s.segment(ctx, "segment.name", in.GetName())
		if err != nil {
			return nil, err
		}
		if in.GetEtag() != "" && in.GetEtag() != etag(current.CreateTime, current.Version) {
			return nil, etagMismatch("segment.etag")
		}
		merged := segmentToProto(&current, nil)
		mask.Overlay(merged, in, fields)
		if err := s.rules.Check(&segmentationv1.CreateSegmentRequest{SegmentId: current.ID, Segment: merged}); err != nil {
			return nil, err
		}
		next := current
		next.UpdateTime = s.Now()
		stateSegment(&next, merged)
		rule, err := s.compile(ctx, current.Organization, "segment.rule", next.Rule)
		if err != nil {
			return nil, err
		}
		stored, err := s.Store.UpdateSegment(ctx, next)
		if err == nil {
			return &segmentationv1.UpdateSegmentResponse{Segment: segmentToProto(&stored, rule)}, nil
		}
		if !errors.Is(err, store.ErrChanged) || in.GetEtag() != "" {
			return nil, segmentNotFound(err, in.GetName())
		}
	}
	return nil, etagMismatch("segment.etag")
}

// DeleteSegment deletes a segment.
func (s *segmentServer) DeleteSegment(ctx context.Context, req *segmentationv1.DeleteSegmentRequest) (*segmentationv1.DeleteSegmentResponse, error) {
	org, id, err := parseOwned(ctx, "name", segmentsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.Store.DeleteSegment(ctx, org, id); err != nil {
		return nil, segmentNotFound(err, req.GetName())
	}
	return &segmentationv1.DeleteSegmentResponse{}, nil
}

// stateSegment takes over what people state of a segment.
func stateSegment(g *store.Segment, in *segmentationv1.Segment) {
	g.DisplayName, g.Description, g.Rule, g.Ideal = in.GetDisplayName(), in.GetDescription(), in.GetRule(), in.GetIdealCustomerProfile()
}

// compile checks a rule against what may be asked of the organisation's contacts.
func (s *segmentServer) compile(ctx context.Context, org, field, text string) (*segment.Rule, error) {
	fields, err := s.reader.Fields(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	rule, err := segment.Compile(fields.Schema, text)
	if err == nil {
		err = rule.CheckMatch()
	}
	return rule, refuseRule(field, err)
}

// refuseRule explains a fault of a rule.
func refuseRule(field string, err error) error {
	var fault *segment.Fault
	if !errors.As(err, &fault) {
		return err
	}
	reason := segmentationv1.ErrorReason_ERROR_REASON_RULE_INVALID
	if fault.TooDear {
		reason = segmentationv1.ErrorReason_ERROR_REASON_RULE_TOO_DEAR
	}
	return refuseField(codes.InvalidArgument, reason, field, fault.Error())
}

func segmentToProto(g *store.Segment, rule *segment.Rule) *segmentationv1.Segment {
	out := &segmentationv1.Segment{
		Name: segmentsCollection + g.ID, DisplayName: g.DisplayName, Description: g.Description, Rule: g.Rule, IdealCustomerProfile: g.Ideal,
		MemberCount: g.Members, EvaluateTime: timeToProto(g.EvaluateTime), Fault: g.Fault, FaultTime: timeToProto(g.FaultTime), CreateTime: timeToProto(g.CreateTime),
		UpdateTime: timeToProto(g.UpdateTime), Etag: etag(g.CreateTime, g.Version),
	}
	if g.EvaluatedVersion != g.RuleVersion {
		// The members are still those of the rule before.
		out.EvaluateTime = nil
	}
	if rule != nil {
		out.Cost = int64(rule.Cost())
	}
	return out
}
