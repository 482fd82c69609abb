package api

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// changeAttempts is how often a change without an etag is tried again when another change was faster.
const changeAttempts = 10

// change is what a call makes of a survey: its next state, the revision that it publishes if any, and whether there is anything to store.
type change struct {
	next     store.Survey
	revision *store.Revision
	changed  bool
}

// changeSurvey reads a survey, lets fn make the change of it, and stores the change. With an etag the survey must still have it; without one a
// change that another overtook is made again on what the survey is then.
func (s *Server) changeSurvey(ctx context.Context, name, wantEtag string, fn func(store.Survey) (change, error)) (store.Survey, change, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return store.Survey{}, change{}, err
	}
	id, err := parseSurvey(name)
	if err != nil {
		return store.Survey{}, change{}, err
	}
	for range changeAttempts {
		current, err := s.store.GetSurvey(ctx, org, id)
		if err != nil {
			return store.Survey{}, change{}, surveyError(id, err)
		}
		if wantEtag != "" && wantEtag != etag(current) {
			return store.Survey{}, change{}, etagMismatch()
		}
		c, err := fn(current)
		if err != nil {
			return store.Survey{}, change{}, surveyError(id, err)
		}
		if !c.changed {
			return current, c, nil
		}
		stored, err := s.store.UpdateSurvey(ctx, c.next, c.revision)
		if err == nil {
			return stored, c, nil
		}
		if !errors.Is(err, store.ErrChanged) || wantEtag != "" {
			return store.Survey{}, change{}, surveyError(id, err)
		}
	}
	return store.Survey{}, change{}, etagMismatch()
}

// UpdateSurvey changes a survey's display name or draft.
func (s *surveyServer) UpdateSurvey(ctx context.Context, req *surveyv1.UpdateSurveyRequest) (*surveyv1.UpdateSurveyResponse, error) {
	in := req.GetSurvey()
	// The rules of the protos leave the survey of this request alone, since only the fields of the mask matter. The name always does.
	if err := s.rules.Check(&surveyv1.GetSurveyRequest{Name: in.GetName()}); err != nil {
		return nil, rpcerr.Under("survey", err)
	}
	fields, err := updateFields(req)
	if err != nil {
		return nil, err
	}
	stored, _, err := s.changeSurvey(ctx, in.GetName(), in.GetEtag(), func(current store.Survey) (change, error) {
		if err := current.Status.Edit(); err != nil {
			return change{}, err
		}
		return s.update(current, in, fields)
	})
	if rpcerr.Reason(err) == rpcerr.ReasonOf(surveyv1.ErrorReason_ERROR_REASON_ETAG_MISMATCH) {
		return nil, rpcerr.Under("survey", err)
	}
	if err != nil {
		return nil, err
	}
	survey, err := surveyFromRecord(stored)
	if err != nil {
		return nil, err
	}
	return &surveyv1.UpdateSurveyResponse{Survey: survey}, nil
}

// The mutable fields of a survey.
const (
	fieldDisplayName = "display_name"
	fieldDraft       = "draft"
)

// updateFields returns the fields that an update changes: those of the mask, every mutable one for `*`, or without a mask those that are set.
func updateFields(req *surveyv1.UpdateSurveyRequest) ([]string, error) {
	paths := req.GetUpdateMask().GetPaths()
	if len(paths) == 0 {
		var fields []string
		if req.GetSurvey().GetDisplayName() != "" {
			fields = append(fields, fieldDisplayName)
		}
		if req.GetSurvey().GetDraft() != nil {
			fields = append(fields, fieldDraft)
		}
		return fields, nil
	}
	if slices.Equal(paths, []string{"*"}) {
		return []string{fieldDisplayName, fieldDraft}, nil
	}
	for i, path := range paths {
		if path != fieldDisplayName && path != fieldDraft {
			return nil, refuse(codes.InvalidArgument, surveyv1.ErrorReason_ERROR_REASON_UPDATE_MASK_INVALID,
				"the update mask names a field that does not exist or cannot be changed",
				rpcerr.WithField(fmt.Sprintf("update_mask.paths[%d]", i), "PATH_INVALID", "must be display_name, draft, or * alone"))
		}
	}
	return paths, nil
}

// update makes the change of an update. The result is checked as a whole: what is not in the mask is sound, since it was stored.
func (s *surveyServer) update(current store.Survey, in *surveyv1.Survey, fields []string) (change, error) {
	before, err := surveyFromRecord(current)
	if err != nil {
		return change{}, err
	}
	name, draft := before.GetDisplayName(), before.GetDraft()
	if slices.Contains(fields, fieldDisplayName) {
		name = in.GetDisplayName()
	}
	if slices.Contains(fields, fieldDraft) {
		draft = in.GetDraft()
	}
	if err := s.rules.Check(&surveyv1.CreateSurveyRequest{Survey: &surveyv1.Survey{DisplayName: name, Draft: draft}}); err != nil {
		return change{}, err
	}
	if err := checkDisplayName(name); err != nil {
		return change{}, err
	}
	if slices.Contains(fields, fieldDraft) {
		// Not the draft that stays: a survey whose draft is older than a rule can still be renamed.
		if err := checkDraft(draft); err != nil {
			return change{}, err
		}
	}
	fillOutputs(draft)
	if name == before.GetDisplayName() && proto.Equal(draft, before.GetDraft()) {
		return change{}, nil
	}
	next := current
	next.UpdateTime = s.now()
	next.Body, err = surveyBody(name, draft)
	return change{next: next, changed: true}, err
}
