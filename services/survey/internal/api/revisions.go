package api

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// GetRevision returns a published revision.
func (s *surveyServer) GetRevision(ctx context.Context, req *surveyv1.GetRevisionRequest) (*surveyv1.GetRevisionResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	survey, number, ok := parseRevision(req.GetName())
	if !ok {
		return nil, validation.Malformed("name", "NAME_MALFORMED", "must have the form surveys/{survey}/revisions/{revision}")
	}
	record, err := s.store.GetRevision(ctx, org, survey, number)
	if errors.Is(err, store.ErrNotFound) {
		return nil, s.revisionMissing(ctx, org, survey, req.GetName())
	}
	if err != nil {
		return nil, storeError(err)
	}
	revision, err := revisionFromRecord(record)
	if err != nil {
		return nil, err
	}
	return &surveyv1.GetRevisionResponse{Revision: revision}, nil
}

// revisionMissing tells whether the survey or only its revision is missing.
func (s *Server) revisionMissing(ctx context.Context, org, survey, name string) error {
	if _, err := s.store.Status(ctx, org, survey); err != nil {
		return surveyError(survey, err)
	}
	return refuse(codes.NotFound, surveyv1.ErrorReason_ERROR_REASON_REVISION_NOT_FOUND, fmt.Sprintf("there is no revision %s", name),
		rpcerr.WithMetadata("revision", name))
}

// ListRevisions lists a survey's revisions, the newest first.
func (s *surveyServer) ListRevisions(ctx context.Context, req *surveyv1.ListRevisionsRequest) (*surveyv1.ListRevisionsResponse, error) {
	org, survey, err := s.parentOf(ctx, req.GetParent())
	if err != nil {
		return nil, err
	}
	p, err := s.openPage(surveyv1.SurveyService_ListRevisions_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	records, err := s.store.ListRevisions(ctx, store.RevisionQuery{Organization: org, Survey: survey, Before: int32(p.cursor), Page: p.bounds()})
	if err != nil {
		return nil, storeError(err)
	}
	revisions, next, err := closePage(p, records, revisionFromRecord,
		func(v store.Revision) int64 { return int64(v.Number) }, func(v store.Revision) int { return len(v.Body) })
	if err != nil {
		return nil, err
	}
	return &surveyv1.ListRevisionsResponse{Revisions: revisions, NextPageToken: next}, nil
}

// parentOf returns the caller's organisation and the survey that a request is about, which must exist.
func (s *Server) parentOf(ctx context.Context, parent string) (org, survey string, err error) {
	org, err = authn.Organization(ctx)
	if err != nil {
		return "", "", err
	}
	survey, err = parseSurvey(parent)
	if err != nil {
		return "", "", err
	}
	if _, err := s.store.Status(ctx, org, survey); err != nil {
		return "", "", surveyError(survey, err)
	}
	return org, survey, nil
}
