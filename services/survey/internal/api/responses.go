package api

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
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
	record, err := s.store.GetSubmission(ctx, org, survey, store.KindResponse, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, refuse(codes.NotFound, surveyv1.ErrorReason_ERROR_REASON_RESPONSE_NOT_FOUND, "there is no response of that name",
			rpcerr.WithMetadata("response", req.GetName()))
	}
	if err != nil {
		return nil, storeError(err)
	}
	response, err := responseFromRecord(record)
	if err != nil {
		return nil, err
	}
	return &surveyv1.GetResponseResponse{Response: response}, nil
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
	p, err := s.openPage(surveyv1.SurveyService_ListResponses_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	records, err := s.store.ListSubmissions(ctx, store.SubmissionQuery{
		Organization: org, Survey: survey, Kind: store.KindResponse, After: p.cursor, From: from, To: to, Page: p.bounds(),
	})
	if err != nil {
		return nil, storeError(err)
	}
	responses, next, err := closePage(p, records, responseFromRecord, positionOf, sizeOf)
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
		for _, r := range records {
			response, err := responseFromRecord(r)
			if err != nil {
				return err
			}
			if err := stream.Send(&surveyv1.StreamResponsesResponse{Response: response, Position: r.Position}); err != nil {
				return err
			}
		}
		q.After = records[len(records)-1].Position
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
			return from, to, malformed(t.field, reasonTimestampInvalid, "must lie between the years 1 and 9999")
		}
	}
	return optionalTime(p.GetStartTime()), optionalTime(p.GetEndTime()), nil
}
