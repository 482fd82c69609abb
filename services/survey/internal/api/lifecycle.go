package api

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/questionnaire"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// PublishSurvey freezes the draft as the next revision and opens the survey.
func (s *surveyServer) PublishSurvey(ctx context.Context, req *surveyv1.PublishSurveyRequest) (*surveyv1.PublishSurveyResponse, error) {
	stored, c, err := s.changeSurvey(ctx, req.GetName(), req.GetEtag(), func(current store.Survey) (change, error) {
		return s.publish(ctx, current)
	})
	if err != nil {
		return nil, err
	}
	survey, err := surveyFromRecord(stored)
	if err != nil {
		return nil, err
	}
	if c.revision == nil {
		record, err := s.store.GetRevision(ctx, stored.Organization, stored.ID, stored.Status.Revision)
		if err != nil {
			return nil, storeError(fmt.Errorf("read current revision: %w", err))
		}
		c.revision = &record
	}
	revision, err := revisionFromRecord(*c.revision)
	if err != nil {
		return nil, err
	}
	return &surveyv1.PublishSurveyResponse{Survey: survey, Revision: revision}, nil
}

func (s *surveyServer) publish(ctx context.Context, current store.Survey) (change, error) {
	survey, err := surveyFromRecord(current)
	if err != nil {
		return change{}, err
	}
	draft := survey.GetDraft()
	same := false
	var before *surveyv1.Questionnaire
	if current.Status.Revision > 0 {
		last, err := s.store.GetRevision(ctx, current.Organization, current.ID, current.Status.Revision)
		if err != nil {
			return change{}, fmt.Errorf("read current revision: %w", err)
		}
		revision, err := revisionFromRecord(last)
		if err != nil {
			return change{}, err
		}
		before = revision.GetQuestionnaire()
		same = proto.Equal(draft, before)
	}
	status, changed, err := current.Status.Publish(same)
	if err != nil || !changed {
		return change{}, err
	}
	now := s.now()
	next := current
	next.Status, next.UpdateTime = status, now
	if same {
		return change{next: next, changed: true}, nil
	}
	// Drafts are checked when they are stored; rules may have been added since.
	if err := checkDraft(draft); err != nil {
		return change{}, err
	}
	if v := questionnaire.CheckSuccession(questionnaireFromProto(before), questionnaireFromProto(draft), "survey.draft"); !v.Empty() {
		return change{}, invalid(surveyv1.ErrorReason_ERROR_REASON_QUESTIONNAIRE_INVALID, "a question changes its meaning", v)
	}
	body, err := encode(draft)
	if err != nil {
		return change{}, fmt.Errorf("encode questionnaire: %w", err)
	}
	revision := &store.Revision{Organization: current.Organization, Survey: current.ID, Number: status.Revision, PublishTime: now, Body: body}
	return change{next: next, revision: revision, changed: true}, nil
}

// checkDraft tells how a draft breaks the rules of questionnaires.
func checkDraft(draft *surveyv1.Questionnaire) error {
	if v := questionnaire.Check(questionnaireFromProto(draft), "survey.draft"); !v.Empty() {
		return invalid(surveyv1.ErrorReason_ERROR_REASON_QUESTIONNAIRE_INVALID, "the questionnaire breaks a rule", v)
	}
	return nil
}

// CloseSurvey closes an open survey now.
func (s *surveyServer) CloseSurvey(ctx context.Context, req *surveyv1.CloseSurveyRequest) (*surveyv1.CloseSurveyResponse, error) {
	stored, _, err := s.changeSurvey(ctx, req.GetName(), req.GetEtag(), func(current store.Survey) (change, error) {
		now := s.now()
		status, changed, err := current.Status.Close(now)
		current.Status, current.UpdateTime = status, now
		return change{next: current, changed: changed}, err
	})
	if err != nil {
		return nil, err
	}
	survey, err := surveyFromRecord(stored)
	if err != nil {
		return nil, err
	}
	return &surveyv1.CloseSurveyResponse{Survey: survey}, nil
}

// ArchiveSurvey puts a survey away.
func (s *surveyServer) ArchiveSurvey(ctx context.Context, req *surveyv1.ArchiveSurveyRequest) (*surveyv1.ArchiveSurveyResponse, error) {
	stored, _, err := s.changeSurvey(ctx, req.GetName(), req.GetEtag(), func(current store.Survey) (change, error) {
		status, changed := current.Status.Archive()
		current.Status, current.UpdateTime = status, s.now()
		return change{next: current, changed: changed}, nil
	})
	if err != nil {
		return nil, err
	}
	survey, err := surveyFromRecord(stored)
	if err != nil {
		return nil, err
	}
	return &surveyv1.ArchiveSurveyResponse{Survey: survey}, nil
}

// DeleteSurvey deletes a survey that was never published.
func (s *surveyServer) DeleteSurvey(ctx context.Context, req *surveyv1.DeleteSurveyRequest) (*surveyv1.DeleteSurveyResponse, error) {
	for range changeAttempts {
		org, current, err := s.surveyOf(ctx, req.GetName())
		if err != nil {
			return nil, err
		}
		if want := req.GetEtag(); want != "" && want != etag(current) {
			return nil, etagMismatch()
		}
		if err := current.Status.Delete(); err != nil {
			return nil, surveyError(current.ID, err)
		}
		err = s.store.DeleteSurvey(ctx, org, current.ID, current.Version)
		if err == nil {
			return &surveyv1.DeleteSurveyResponse{}, nil
		}
		if !errors.Is(err, store.ErrChanged) || req.GetEtag() != "" {
			return nil, surveyError(current.ID, err)
		}
	}
	return nil, etagMismatch()
}
