package api

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/interview"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const codeBookName = "interviewCodeBook"

// guideOf is the guide of a survey, or the built-in one.
func (s *interviewServer) guideOf(ctx context.Context, org, survey string) (interview.Guide, error) {
	if survey == "" || survey == interview.DefaultGuide {
		return interview.BuiltIn(), nil
	}
	g, err := s.Store.GetGuide(ctx, org, survey)
	if errors.Is(err, store.ErrNotFound) {
		return interview.BuiltIn(), nil
	}
	return g, storeError(err)
}

// GetInterviewGuide returns the guide of a survey.
func (s *interviewServer) GetInterviewGuide(ctx context.Context, req *segmentationv1.GetInterviewGuideRequest) (*segmentationv1.GetInterviewGuideResponse, error) {
	org, survey, err := parseOwned(ctx, "name", guidesCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	g, err := s.guideOf(ctx, org, survey)
	if err != nil {
		return nil, err
	}
	return &segmentationv1.GetInterviewGuideResponse{InterviewGuide: guideToProto(g)}, nil
}

// UpdateInterviewGuide writes the guide of a survey. With an etag the guide must still have it.
func (s *interviewServer) UpdateInterviewGuide(ctx context.Context, req *segmentationv1.UpdateInterviewGuideRequest) (*segmentationv1.UpdateInterviewGuideResponse, error) {
	in := req.GetInterviewGuide()
	if err := s.rules.Check(&segmentationv1.GetInterviewGuideRequest{Name: in.GetName()}); err != nil {
		return nil, rpcerr.Under("interview_guide", err)
	}
	org, survey, err := parseOwned(ctx, "interview_guide.name", guidesCollection, in.GetName())
	if err != nil {
		return nil, err
	}
	if survey == interview.DefaultGuide {
		return nil, refuseField(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_INTERVIEW_INVALID, "interview_guide.name", "names the built-in guide, which cannot be changed: write that of a survey")
	}
	g := interview.Guide{Organization: org, Survey: survey, CreateTime: s.Now(), UpdateTime: s.Now()}
	for _, q := range in.GetQuestions() {
		g.Questions = append(g.Questions, interview.Question{ID: q.GetId(), Text: q.GetText().GetTexts(), Item: q.GetItem()})
	}
	if err := g.Check(); err != nil {
		return nil, interviewRefusal("interview_guide", err)
	}
	wanted := stated{in.GetEtag(), "interview_guide.etag"}
	stored, err := retried(wanted, func() (interview.Guide, error) {
		there, err := s.Store.GetGuide(ctx, org, survey)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return there, err
		}
		if err := wanted.is(etagOf(there.CreateTime, there.Version)); err != nil {
			return there, err
		}
		if there.Version > 0 {
			g.CreateTime = there.CreateTime
		}
		g.Version = there.Version
		return s.Store.PutGuide(ctx, g)
	})
	if err != nil {
		return nil, storeError(err)
	}
	return &segmentationv1.UpdateInterviewGuideResponse{InterviewGuide: guideToProto(stored)}, nil
}

// GetInterviewCodeBook returns the code book.
func (s *interviewServer) GetInterviewCodeBook(ctx context.Context, _ *segmentationv1.GetInterviewCodeBookRequest) (*segmentationv1.GetInterviewCodeBookResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	b, err := s.Store.GetCodeBook(ctx, org)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, storeError(err)
	}
	return &segmentationv1.GetInterviewCodeBookResponse{InterviewCodeBook: bookToProto(b)}, nil
}

// UpdateInterviewCodeBook writes the code book. With an etag the book must still have it.
func (s *interviewServer) UpdateInterviewCodeBook(
	ctx context.Context, req *segmentationv1.UpdateInterviewCodeBookRequest,
) (*segmentationv1.UpdateInterviewCodeBookResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetInterviewCodeBook()
	b := interview.Book{Organization: org, CreateTime: s.Now(), UpdateTime: s.Now()}
	for _, c := range in.GetCodes() {
		b.Codes = append(b.Codes, interview.Code{ID: c.GetId(), Names: c.GetDisplayName().GetTexts(), Retired: c.GetRetired()})
	}
	wanted := stated{in.GetEtag(), "interview_code_book.etag"}
	stored, err := retried(wanted, func() (interview.Book, error) {
		there, err := s.Store.GetCodeBook(ctx, org)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return there, err
		}
		if err := wanted.is(etagOf(there.CreateTime, there.Version)); err != nil {
			return there, err
		}
		if there.Version > 0 {
			b.CreateTime = there.CreateTime
		}
		b.Version = there.Version
		return s.Store.PutCodeBook(ctx, b, b.Check)
	})
	if err != nil {
		return nil, interviewRefusal("interview_code_book", storeError(err))
	}
	return &segmentationv1.UpdateInterviewCodeBookResponse{InterviewCodeBook: bookToProto(stored)}, nil
}
