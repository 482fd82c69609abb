package api

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// GetResponse returns a response.
func (s *surveyServer) GetResponse(ctx context.Context, req *surveyv1.GetResponseRequest) (*surveyv1.GetResponseResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	survey, id, err := parseChild(req.GetName(), responsesCollection)
	if err != nil {
		return nil, err
	}
	v := viewerOf(ctx)
	if err := s.protect(ctx, org, survey, v); err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	record, err := s.store.GetSubmission(ctx, org, survey, store.KindResponse, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, storeError(err)
	}
	if err == nil {
		responses, err := s.showResponses(ctx, v, []store.Submission{record})
		if err != nil {
			return nil, err
		}
		if responses[0] != nil {
			return &surveyv1.GetResponseResponse{Response: responses[0]}, nil
		}
	}
	return nil, refuse(codes.NotFound, surveyv1.ErrorReason_ERROR_REASON_RESPONSE_NOT_FOUND, "there is no response of that name",
		rpcerr.WithMetadata("response", req.GetName()))
}

// ListResponses lists a survey's responses in the order in which they were accepted.
func (s *surveyServer) ListResponses(ctx context.Context, req *surveyv1.ListResponsesRequest) (*surveyv1.ListResponsesResponse, error) {
	from, to, err := periodOf(req.GetPeriod())
	if err != nil {
		return nil, err
	}
	org, survey, err := s.parentOf(ctx, req.GetParent())
	if err != nil {
		return nil, err
	}
	v := viewerOf(ctx)
	if err := s.protect(ctx, org, survey, v); err != nil {
		return nil, err
	}
	p, err := s.openPage(surveyv1.SurveyService_ListResponses_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	q := store.SubmissionQuery{Organization: org, Survey: survey, Kind: store.KindResponse, After: p.cursor, From: from, To: to}
	responses, next, err := listSeen(ctx, s.Server, v, p, q, s.showResponses)
	if err != nil {
		return nil, err
	}
	return &surveyv1.ListResponsesResponse{Responses: responses, NextPageToken: next}, nil
}

// exportBatch is how many responses StreamResponses reads at a time; with pageBytes it bounds the memory of an export.
const exportBatch = 500

// StreamResponses streams a survey's responses up to the last one accepted when the call began.
func (s *surveyServer) StreamResponses(req *surveyv1.StreamResponsesRequest, stream grpc.ServerStreamingServer[surveyv1.StreamResponsesResponse]) error {
	ctx := stream.Context()
	from, to, err := periodOf(req.GetPeriod())
	if err != nil {
		return err
	}
	org, survey, err := s.parentOf(ctx, req.GetParent())
	if err != nil {
		return err
	}
	v := viewerOf(ctx)
	if err := s.protect(ctx, org, survey, v); err != nil {
		return err
	}
	head, err := s.store.Head(ctx)
	if err != nil {
		return storeError(err)
	}
	q := store.SubmissionQuery{
		Organization: org, Survey: survey, Kind: store.KindResponse, After: req.GetAfterPosition(), UpTo: head, From: from, To: to,
		Page: store.Page{Limit: exportBatch, Bytes: pageBytes},
	}
	for q.After < head {
		records, err := s.store.ListSubmissions(ctx, q)
		if err != nil {
			return storeError(err)
		}
		if len(records) == 0 {
			return nil
		}
		responses, err := s.showResponses(ctx, v, records)
		if err != nil {
			return err
		}
		for i, response := range responses {
			if response == nil {
				continue
			}
			if err := stream.Send(&surveyv1.StreamResponsesResponse{Response: response, Position: records[i].Position}); err != nil {
				return err
			}
		}
		q.After = records[len(records)-1].Position
		if req.GetTellPositions() && responses[len(responses)-1] == nil {
			if err := stream.Send(&surveyv1.StreamResponsesResponse{Position: q.After}); err != nil {
				return err
			}
		}
	}
	return nil
}

// periodOf returns the bounds of a period; zero where it is open.
func periodOf(p *typev1.Period) (from, to time.Time, err error) {
	for _, t := range []struct {
		field string
		ok    bool
	}{
		{"period.start_time", p.GetStartTime() == nil || p.GetStartTime().IsValid()},
		{"period.end_time", p.GetEndTime() == nil || p.GetEndTime().IsValid()},
	} {
		if !t.ok {
			return from, to, validation.Malformed(t.field, reasonTimestampInvalid, "must lie between the years 1 and 9999")
		}
	}
	return optionalTime(p.GetStartTime()), optionalTime(p.GetEndTime()), nil
}
