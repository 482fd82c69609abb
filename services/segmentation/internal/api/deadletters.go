package api

import (
	"context"
	"errors"
	"strconv"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// ListSegmentationDeadLetters lists what could not be applied.
func (s *eventServer) ListSegmentationDeadLetters(
	ctx context.Context, req *segmentationv1.ListSegmentationDeadLettersRequest,
) (*segmentationv1.ListSegmentationDeadLettersResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[int64](s.Server, "ListSegmentationDeadLetters", org, req)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.ListDeadLetters(ctx, org, p.cursor, p.size+1)
	if err != nil {
		return nil, storeError(err)
	}
	list, more := relational.Page(found, p.size)
	out := &segmentationv1.ListSegmentationDeadLettersResponse{}
	for _, d := range list {
		out.DeadLetters = append(out.DeadLetters, letterToProto(d))
		out.NextPageToken = p.next(more, d.ID)
	}
	return out, nil
}

// ReplaySegmentationDeadLetter applies something again.
func (s *eventServer) ReplaySegmentationDeadLetter(
	ctx context.Context, req *segmentationv1.ReplaySegmentationDeadLetterRequest,
) (*segmentationv1.ReplaySegmentationDeadLetterResponse, error) {
	org, id, err := parseOwned(ctx, "name", lettersCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	missing := segmentationv1.ErrorReason_ERROR_REASON_DEAD_LETTER_NOT_FOUND
	number, ok := parseNumber(id)
	if !ok {
		return nil, notFound(missing, "dead letter", req.GetName())
	}
	d, err := s.Followers.Replay(ctx, org, number)
	var unfit *follow.Unfit
	switch {
	case errors.As(err, &unfit):
		return nil, refuse(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_STILL_REFUSED, "it still cannot be applied: "+unfit.Reason)
	case err != nil:
		return nil, orNotFound(err, missing, "dead letter", req.GetName())
	}
	return &segmentationv1.ReplaySegmentationDeadLetterResponse{DeadLetter: letterToProto(d)}, nil
}

func letterToProto(d store.DeadLetter) *segmentationv1.SegmentationDeadLetter {
	return &segmentationv1.SegmentationDeadLetter{
		Name: lettersCollection + strconv.FormatInt(d.ID, 10), Follower: d.Follower, Resource: d.Resource, Reason: d.Reason, CreateTime: timeToProto(d.CreateTime),
	}
}
