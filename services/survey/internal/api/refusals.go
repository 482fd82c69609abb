package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/intake"
	"github.com/otklik/otklik/services/survey/internal/questionnaire"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// RecordRefusal stores that somebody who was asked did not answer.
func (s *surveyServer) RecordRefusal(ctx context.Context, req *surveyv1.RecordRefusalRequest) (*surveyv1.RecordRefusalResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	survey, err := parseSurvey(req.GetParent())
	if err != nil {
		return nil, err
	}
	if err := bindRefusal(ctx, req); err != nil {
		return nil, err
	}
	in, err := newRefusal(survey, req.GetRefusalId(), req.GetRefusal())
	if err != nil {
		return nil, err
	}
	outcome, err := accept(ctx, s.Server, org, survey, store.KindRefusal, &in, s.admitRefusal)
	if err != nil {
		return nil, err
	}
	return acceptedRefusal(outcome, in.message)
}

// acceptedRefusal is the answer to a refusal that is stored; see acceptedResponse.
func acceptedRefusal(o outcome, sent *surveyv1.Refusal) (*surveyv1.RecordRefusalResponse, error) {
	if o.untold {
		return &surveyv1.RecordRefusalResponse{Refusal: &surveyv1.Refusal{Name: sent.GetName()}, Replayed: true}, nil
	}
	if o.Err != nil {
		return nil, idReused("refusal_id")
	}
	if !o.Replayed {
		return &surveyv1.RecordRefusalResponse{Refusal: sent}, nil
	}
	first, p, err := refusalFromRecord(o.Submission)
	if err != nil {
		return nil, err
	}
	if p.takenOut {
		first.Respondent = sent.GetRespondent()
	}
	return &surveyv1.RecordRefusalResponse{Refusal: first, Replayed: true}, nil
}

// newRefusal prepares a client's refusal; see newResponse.
func newRefusal(survey, id string, m *surveyv1.Refusal) (submission[*surveyv1.Refusal], error) {
	if m == nil {
		m = &surveyv1.Refusal{}
	}
	dropOwn(m)
	m.Name, m.ReceiveTime, m.CountTime, m.WithheldFields = "", nil, nil, nil
	body, err := encode(m)
	if err != nil {
		return submission[*surveyv1.Refusal]{}, fmt.Errorf("encode refusal: %w", err)
	}
	m.Name = refusalName(survey, id)
	return submission[*surveyv1.Refusal]{record: store.NewSubmission{ID: id, Fingerprint: fingerprint(body), Body: body}, message: m}, nil
}

// admitRefusal checks a refusal against the survey and completes it by what the server decides; see admitResponse.
func (s *Server) admitRefusal(ctx context.Context, org, survey string, in *submission[*surveyv1.Refusal], now time.Time) error {
	m := in.message
	status, err := s.store.Status(ctx, org, survey)
	if err != nil {
		return aboutParent(surveyError(survey, err))
	}
	if err := checkTime("refusal.refuse_time", m.GetRefuseTime(), surveyv1.ErrorReason_ERROR_REASON_REFUSAL_INVALID); err != nil {
		return err
	}
	verdict, err := intake.Judge(status, intake.Arrival{Given: m.GetRefuseTime().AsTime(), Stated: m.GetRefuseTime() != nil, Received: now}, s.grace)
	if err != nil {
		return intakeError(err, "refusal.refuse_time")
	}
	var v questionnaire.Violations
	checkIdentifier(&v, "refusal.respondent", m.GetRespondent())
	checkIdentifier(&v, "refusal.invitation", m.GetInvitation())
	checkContext(&v, "refusal.context", m.GetContext())
	if !v.Empty() {
		return invalid(surveyv1.ErrorReason_ERROR_REASON_REFUSAL_INVALID, "the refusal breaks a rule", &v)
	}
	if err := s.quotas.check(ctx, org); err != nil {
		return err
	}
	m.ReceiveTime, m.CountTime = timestamppb.New(now), timestamppb.New(verdict.CountTime)
	if err := in.finish(verdict.CountTime, &surveyv1.Refusal{ReceiveTime: m.GetReceiveTime(), CountTime: m.GetCountTime()}); err != nil {
		return err
	}
	return s.sealRefusal(ctx, org, survey, in)
}

// GetRefusal returns a refusal.
func (s *surveyServer) GetRefusal(ctx context.Context, req *surveyv1.GetRefusalRequest) (*surveyv1.GetRefusalResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	survey, id, err := parseChild(req.GetName(), refusalsCollection)
	if err != nil {
		return nil, err
	}
	v := viewerOf(ctx)
	if err := s.protect(ctx, org, survey, v); err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	record, err := s.store.GetSubmission(ctx, org, survey, store.KindRefusal, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, storeError(err)
	}
	if err == nil {
		refusal, err := s.showRefusals(ctx, v, []store.Submission{record})
		if err != nil {
			return nil, err
		}
		if refusal[0] != nil {
			return &surveyv1.GetRefusalResponse{Refusal: refusal[0]}, nil
		}
	}
	return nil, refuse(codes.NotFound, surveyv1.ErrorReason_ERROR_REASON_REFUSAL_NOT_FOUND, "there is no refusal of that name",
		rpcerr.WithMetadata("refusal", req.GetName()))
}

// ListRefusals lists a survey's refusals in the order in which they were accepted.
func (s *surveyServer) ListRefusals(ctx context.Context, req *surveyv1.ListRefusalsRequest) (*surveyv1.ListRefusalsResponse, error) {
	org, survey, err := s.parentOf(ctx, req.GetParent())
	if err != nil {
		return nil, err
	}
	v := viewerOf(ctx)
	if err := s.protect(ctx, org, survey, v); err != nil {
		return nil, err
	}
	p, err := s.openPage(surveyv1.SurveyService_ListRefusals_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	q := store.SubmissionQuery{Organization: org, Survey: survey, Kind: store.KindRefusal, After: p.cursor}
	refusals, next, err := listSeen(ctx, s.Server, v, p, q, s.showRefusals)
	if err != nil {
		return nil, err
	}
	return &surveyv1.ListRefusalsResponse{Refusals: refusals, NextPageToken: next}, nil
}
