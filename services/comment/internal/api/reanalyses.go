package api

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/comment/internal/ingest"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// ReanalyzeComments begins to analyse the organisation's comments anew.
func (s *commentServer) ReanalyzeComments(ctx context.Context, _ *commentv1.ReanalyzeCommentsRequest) (*commentv1.ReanalyzeCommentsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.Reanalyser.Begin(ctx, org)
	if errors.Is(err, store.ErrExists) {
		return nil, refuse(codes.FailedPrecondition, commentv1.ErrorReason_ERROR_REASON_REANALYSIS_RUNNING, "a reanalysis runs already: wait for it, or cancel it")
	}
	if err != nil {
		return nil, storeError(err)
	}
	return &commentv1.ReanalyzeCommentsResponse{Reanalysis: reanalysisToProto(r)}, nil
}

// GetReanalysis returns a reanalysis.
func (s *commentServer) GetReanalysis(ctx context.Context, req *commentv1.GetReanalysisRequest) (*commentv1.GetReanalysisResponse, error) {
	org, id, err := parseOwned(ctx, "name", reanalysesCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	r, err := s.Store.GetReanalysis(ctx, org, id)
	if err != nil {
		return nil, orNotFound(err, commentv1.ErrorReason_ERROR_REASON_REANALYSIS_NOT_FOUND, "reanalysis", req.GetName())
	}
	return &commentv1.GetReanalysisResponse{Reanalysis: reanalysisToProto(r)}, nil
}

// ListReanalyses lists reanalyses, the newest first.
func (s *commentServer) ListReanalyses(ctx context.Context, req *commentv1.ListReanalysesRequest) (*commentv1.ListReanalysesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.openPage(commentv1.CommentService_ListReanalyses_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	list, more, err := s.Store.ListReanalyses(ctx, org, p.offset(), p.size)
	if err != nil {
		return nil, storeError(err)
	}
	out := &commentv1.ListReanalysesResponse{NextPageToken: p.next(more, int64(p.offset()+len(list)))}
	for _, r := range list {
		out.Reanalyses = append(out.Reanalyses, reanalysisToProto(r))
	}
	return out, nil
}

// CancelReanalysis stops a reanalysis; one that has ended stays as it is.
func (s *commentServer) CancelReanalysis(ctx context.Context, req *commentv1.CancelReanalysisRequest) (*commentv1.CancelReanalysisResponse, error) {
	org, id, err := parseOwned(ctx, "name", reanalysesCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	r, err := s.Store.EndReanalysis(ctx, org, id, true, s.Now())
	if err != nil {
		return nil, orNotFound(err, commentv1.ErrorReason_ERROR_REASON_REANALYSIS_NOT_FOUND, "reanalysis", req.GetName())
	}
	return &commentv1.CancelReanalysisResponse{Reanalysis: reanalysisToProto(r)}, nil
}

// ListCommentDeadLetters lists responses whose comments could not be analysed, the oldest first.
func (s *commentServer) ListCommentDeadLetters(ctx context.Context, req *commentv1.ListCommentDeadLettersRequest) (*commentv1.ListCommentDeadLettersResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.openPage(commentv1.CommentService_ListCommentDeadLetters_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	// One more than the page holds tells whether there is a next one.
	list, err := s.Store.ListDeadLetters(ctx, org, p.at(0), p.size+1)
	if err != nil {
		return nil, storeError(err)
	}
	more := len(list) > p.size
	if more {
		list = list[:p.size]
	}
	out := &commentv1.ListCommentDeadLettersResponse{}
	for _, d := range list {
		out.DeadLetters = append(out.DeadLetters, deadLetterToProto(d))
		out.NextPageToken = p.next(more, d.ID)
	}
	return out, nil
}

// ReplayCommentDeadLetter analyses what could not be analysed before.
func (s *commentServer) ReplayCommentDeadLetter(ctx context.Context, req *commentv1.ReplayCommentDeadLetterRequest) (*commentv1.ReplayCommentDeadLetterResponse, error) {
	org, text, err := parseOwned(ctx, "name", lettersCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	id, ok := parseNumber(text)
	if !ok {
		return nil, notFound(commentv1.ErrorReason_ERROR_REASON_DEAD_LETTER_NOT_FOUND, "dead letter", req.GetName())
	}
	letter, err := s.Follower.Replay(ctx, org, id)
	var unfit *ingest.Unfit
	switch {
	case errors.As(err, &unfit):
		return nil, refuse(codes.FailedPrecondition, commentv1.ErrorReason_ERROR_REASON_STILL_REFUSED, "it still cannot be analysed: "+unfit.Reason,
			rpcerr.WithMetadata("resource", req.GetName()))
	case err != nil:
		return nil, orNotFound(err, commentv1.ErrorReason_ERROR_REASON_DEAD_LETTER_NOT_FOUND, "dead letter", req.GetName())
	}
	return &commentv1.ReplayCommentDeadLetterResponse{Resource: deadLetterToProto(letter).GetResource()}, nil
}
