package api

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/comment/internal/agreement"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// CorrectComment keeps what a person says of an analysis; it holds from now on.
func (s *commentServer) CorrectComment(ctx context.Context, req *commentv1.CorrectCommentRequest) (*commentv1.CorrectCommentResponse, error) {
	ref, err := parseComment(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	c, err := s.correctionFromProto(ctx, ref.Organization, req.GetCorrection())
	if err != nil {
		return nil, err
	}
	if err := s.checkEvidence(ctx, req.GetName(), c.Aspects); err != nil {
		return nil, err
	}
	stored, err := s.Store.Correct(ctx, ref, unitsOf(ctx), c)
	if err != nil {
		return nil, orNotFound(err, commentv1.ErrorReason_ERROR_REASON_COMMENT_NOT_FOUND, "comment", req.GetName())
	}
	return &commentv1.CorrectCommentResponse{Comment: shown(ctx, commentToProto(stored))}, nil
}

// checkEvidence refuses places that are not in the text of a comment.
func (s *Server) checkEvidence(ctx context.Context, name string, mentions []store.AspectMention) error {
	if !slices.ContainsFunc(mentions, func(m store.AspectMention) bool { return m.Evidence != store.Span{} }) {
		return nil
	}
	c, err := s.comment(ctx, "name", name)
	if err != nil {
		return err
	}
	most := int32(utf8.RuneCountInString(c.Text))
	for i, m := range mentions {
		if e := m.Evidence; e != (store.Span{}) && (e.Start < 0 || e.Start >= e.End || e.End > most) {
			return refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_CORRECTION_INVALID,
				fmt.Sprintf("correction.aspects[%d].evidence", i), fmt.Sprintf("is no part of the text, which has %d characters", most))
		}
	}
	return nil
}

func (s *Server) correctionFromProto(ctx context.Context, org string, in *commentv1.Correction) (store.Correction, error) {
	invalid := func(field, description string) error {
		return refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_CORRECTION_INVALID, field, description)
	}
	c := store.Correction{
		Sentiment: store.Sentiment(in.GetSentiment()), Language: store.Language(in.GetLanguage()), AspectsCorrected: in.GetAspectsCorrected(),
		Aspects: mentionsFromProto(in.GetAspects()), Corrector: callerID(ctx), CreateTime: s.Now(),
	}
	switch {
	case c.Sentiment == 0 && c.Language == 0 && !c.AspectsCorrected:
		if len(c.Aspects) > 0 {
			return c, invalid("correction.aspects_corrected", "must be true where aspects are given")
		}
		return c, invalid("correction", "says nothing: state sentiment, language or aspects")
	case len(c.Aspects) > 0 && !c.AspectsCorrected:
		return c, invalid("correction.aspects_corrected", "must be true where aspects are given")
	}
	if len(c.Aspects) == 0 {
		return c, nil
	}
	known, err := s.knownAspects(ctx, org)
	if err != nil {
		return c, err
	}
	met := make(map[string]bool, len(c.Aspects))
	for i, m := range c.Aspects {
		field := fmt.Sprintf("correction.aspects[%d].aspect", i)
		switch {
		case !known[m.Aspect]:
			return c, invalid(field, "is neither a fixed aspect nor one of the organisation's own")
		case met[m.Aspect]:
			return c, invalid(field, "is named twice: what holds of an aspect is said once")
		}
		met[m.Aspect] = true
		// A person is sure.
		c.Aspects[i].Probability = 1
	}
	return c, nil
}

// ListCorrections lists corrections, the newest first.
func (s *commentServer) ListCorrections(ctx context.Context, req *commentv1.ListCorrectionsRequest) (*commentv1.ListCorrectionsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.openPage(commentv1.CommentService_ListCorrections_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	list, more, err := s.Store.ListCorrections(ctx, org, p.at(0), p.size)
	if err != nil {
		return nil, storeError(err)
	}
	out := &commentv1.ListCorrectionsResponse{}
	for _, c := range list {
		out.Corrections = append(out.Corrections, correctionToProto(c))
		out.NextPageToken = p.next(more, c.ID)
	}
	return out, nil
}

// QueryAgreement tells how often people and models agree.
func (s *commentServer) QueryAgreement(ctx context.Context, _ *commentv1.QueryAgreementRequest) (*commentv1.QueryAgreementResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	out := &commentv1.QueryAgreementResponse{}
	var sums agreement.Sums
	if err := s.Store.EachCorrection(ctx, org, func(c store.Correction) error {
		sums.Add(c)
		return nil
	}); err != nil {
		return nil, storeError(err)
	}
	for _, m := range sums.Models() {
		out.Models = append(out.Models, agreementToProto(m))
	}
	return out, nil
}

func agreementToProto(m agreement.Model) *commentv1.ModelAgreement {
	out := &commentv1.ModelAgreement{
		Model: modelName(m.ID), SentimentCount: m.Sentiments, SentimentAgreement: m.Agreement, SentimentAgreementLower: m.Lower, SentimentAgreementUpper: m.Upper,
		SentimentKappa: m.Kappa, AspectsCount: m.AspectComments, AspectsMicroF1: m.AspectsF1,
	}
	for _, c := range m.Confusion {
		out.SentimentConfusion = append(out.SentimentConfusion, &commentv1.ConfusionCell{Label: c.Label, Predicted: c.Predicted, Count: c.Count})
	}
	return out
}
