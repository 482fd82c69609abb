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
	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/questionnaire"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// idAttempts is how often a server-made identifier that is taken is replaced: once would do.
const idAttempts = 5

// CreateSurvey creates a survey as a draft.
func (s *surveyServer) CreateSurvey(ctx context.Context, req *surveyv1.CreateSurveyRequest) (*surveyv1.CreateSurveyResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkDisplayName(req.GetSurvey().GetDisplayName()); err != nil {
		return nil, err
	}
	draft := req.GetSurvey().GetDraft()
	if err := checkDraft(draft); err != nil {
		return nil, err
	}
	fillOutputs(draft)
	body, err := surveyBody(req.GetSurvey().GetDisplayName(), draft)
	if err != nil {
		return nil, err
	}
	request := store.Request{Key: req.GetRequestId()}
	if request.Key != "" {
		// Only what the client chose: the identifier and the body, which holds no output. The NUL, which no identifier has, parts them.
		request.Fingerprint = fingerprint([]byte(req.GetSurveyId()), []byte{0}, body)
	}
	now := s.now()
	record := store.Survey{
		Organization: org, ID: req.GetSurveyId(), Status: lifecycle.Status{State: lifecycle.Draft}, CreateTime: now, UpdateTime: now, Body: body,
	}
	stored, replayed, err := s.createSurvey(ctx, record, request)
	switch {
	case errors.Is(err, store.ErrExists):
		return nil, refuse(codes.AlreadyExists, surveyv1.ErrorReason_ERROR_REASON_SURVEY_EXISTS,
			fmt.Sprintf("the survey %s exists; choose another identifier", surveyName(req.GetSurveyId())),
			rpcerr.WithField("survey_id", "SURVEY_EXISTS", "is taken"))
	case errors.Is(err, store.ErrIDReused):
		return nil, idReused("request_id")
	case errors.Is(err, store.ErrNotFound):
		return nil, refuse(codes.NotFound, surveyv1.ErrorReason_ERROR_REASON_SURVEY_NOT_FOUND,
			"the survey that the first call with this request_id created was deleted; use a new request_id")
	case err != nil:
		return nil, storeError(err)
	}
	survey, err := surveyFromRecord(stored)
	if err != nil {
		return nil, err
	}
	return &surveyv1.CreateSurveyResponse{Survey: survey, Replayed: replayed}, nil
}

// createSurvey stores a survey, under an identifier made here when it has none.
func (s *surveyServer) createSurvey(ctx context.Context, record store.Survey, request store.Request) (store.Survey, bool, error) {
	if record.ID != "" {
		return s.store.CreateSurvey(ctx, record, request)
	}
	for range idAttempts {
		record.ID = newSurveyID()
		if stored, replayed, err := s.store.CreateSurvey(ctx, record, request); !errors.Is(err, store.ErrExists) {
			return stored, replayed, err
		}
	}
	return store.Survey{}, false, fmt.Errorf("make identifier: %d were taken", idAttempts)
}

func checkDisplayName(name string) error {
	if questionnaire.HasControl(name, false) {
		return validation.Malformed("survey.display_name", questionnaire.ReasonControlCharacter, "must not hold control characters")
	}
	return nil
}

// GetSurvey returns a survey with its draft.
func (s *surveyServer) GetSurvey(ctx context.Context, req *surveyv1.GetSurveyRequest) (*surveyv1.GetSurveyResponse, error) {
	_, record, err := s.surveyOf(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	survey, err := surveyFromRecord(record)
	if err != nil {
		return nil, err
	}
	return &surveyv1.GetSurveyResponse{Survey: survey}, nil
}

// surveyOf reads the survey of a name in the caller's organisation.
func (s *Server) surveyOf(ctx context.Context, name string) (org string, record store.Survey, err error) {
	org, err = authn.Organization(ctx)
	if err != nil {
		return "", store.Survey{}, err
	}
	id, err := parseSurvey(name)
	if err != nil {
		return "", store.Survey{}, err
	}
	record, err = s.store.GetSurvey(ctx, org, id)
	if err != nil {
		return "", store.Survey{}, surveyError(id, err)
	}
	return org, record, nil
}

// ListSurveys lists surveys, the newest first.
func (s *surveyServer) ListSurveys(ctx context.Context, req *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.openPage(surveyv1.SurveyService_ListSurveys_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	records, err := s.store.ListSurveys(ctx, store.SurveyQuery{Organization: org, Archived: req.GetShowArchived(), Before: p.cursor, Page: p.bounds()})
	if err != nil {
		return nil, storeError(err)
	}
	surveys, next, err := closePage(p, records, surveyFromRecord, func(v store.Survey) int64 { return v.Order },
		func(v store.Survey) int { return len(v.Body) })
	if err != nil {
		return nil, err
	}
	return &surveyv1.ListSurveysResponse{Surveys: surveys, NextPageToken: next}, nil
}
