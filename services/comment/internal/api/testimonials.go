package api

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/testimonial"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// testimonialServer serves TestimonialService.
type testimonialServer struct {
	commentv1.UnimplementedTestimonialServiceServer
	*Server
}

// ListTestimonialCandidates lists positive comments that are no testimonials yet.
func (s *testimonialServer) ListTestimonialCandidates(ctx context.Context, req *commentv1.ListTestimonialCandidatesRequest) (*commentv1.ListTestimonialCandidatesResponse, error) {
	if wanted := req.GetFilter().GetSentiment(); wanted != 0 && wanted != commentv1.Sentiment_SENTIMENT_POSITIVE {
		return nil, refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_FILTER_INVALID, "filter.sentiment", "only positive comments are candidates: leave it out")
	}
	q, p, err := s.openComments(ctx, commentv1.TestimonialService_ListTestimonialCandidates_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	// The newest first also where words are asked for.
	q.Before, q.Offset = p.mark(), 0
	list, more, err := s.Store.ListCandidates(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	list, more = shorten(list, more)
	out := &commentv1.ListTestimonialCandidatesResponse{NextPageToken: p.nextComments(q, list, more)}
	for _, c := range list {
		consent, err := s.consent(ctx, c.Ref)
		if err != nil {
			return nil, err
		}
		out.Candidates = append(out.Candidates, &commentv1.TestimonialCandidate{Comment: listed(c), PublicationConsent: consent != ""})
	}
	return out, nil
}

// consent is that by which whoever wrote a comment agrees to its publication now; empty when nobody does.
func (s *testimonialServer) consent(ctx context.Context, ref store.Ref) (string, error) {
	return s.Consents.Publication(ctx, ref.Organization, responseName(ref.Survey, ref.Response))
}

// CreateTestimonial chooses a comment.
func (s *testimonialServer) CreateTestimonial(ctx context.Context, req *commentv1.CreateTestimonialRequest) (*commentv1.CreateTestimonialResponse, error) {
	in := req.GetTestimonial()
	c, err := s.comment(ctx, "testimonial.comment", in.GetComment())
	if err != nil {
		return nil, err
	}
	if c.Effective().Sentiment != store.Positive {
		return nil, refuse(codes.FailedPrecondition, commentv1.ErrorReason_ERROR_REASON_TESTIMONIAL_NOT_POSITIVE,
			"only positive comments are testimonials; where the analysis is wrong, correct the comment before")
	}
	if c.Text == "" {
		return nil, refuse(codes.FailedPrecondition, commentv1.ErrorReason_ERROR_REASON_ORIGINAL_DESTROYED, "the words of the comment were forgotten: nothing is left to show")
	}
	text, err := testimonial.Quote(c.Text, in.GetText())
	if err != nil {
		return nil, refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_TESTIMONIAL_TEXT, "testimonial.text", err.Error())
	}
	t := testimonial.Testimonial{
		Organization: c.Organization, ID: req.GetTestimonialId(), Survey: c.Survey, Response: c.Response, Comment: c.ID, Text: text,
		State: testimonial.Draft, Creator: callerID(ctx), CreateTime: s.Now(),
	}
	for _, use := range in.GetUses() {
		t.Uses = append(t.Uses, testimonial.Use(use))
	}
	slices.Sort(t.Uses)
	if t.Consent, err = s.require(ctx, t); err != nil {
		return nil, err
	}
	if t.ID == "" {
		t.ID = newID()
	}
	err = s.Store.CreateTestimonial(ctx, t)
	switch {
	case errors.Is(err, store.ErrExists):
		return nil, refuseField(codes.AlreadyExists, commentv1.ErrorReason_ERROR_REASON_TESTIMONIAL_EXISTS, "testimonial_id",
			"is taken, or the comment is a testimonial already")
	case err != nil:
		return nil, orNotFound(err, commentv1.ErrorReason_ERROR_REASON_COMMENT_NOT_FOUND, "comment", in.GetComment())
	}
	return &commentv1.CreateTestimonialResponse{Testimonial: testimonialToProto(t)}, nil
}

// require returns the consent that a testimonial needs; empty when it needs none.
func (s *testimonialServer) require(ctx context.Context, t testimonial.Testimonial) (string, error) {
	if !t.NeedsConsent() {
		return "", nil
	}
	consent, err := s.consent(ctx, store.Ref{Organization: t.Organization, Survey: t.Survey, Response: t.Response})
	if err != nil {
		return "", err
	}
	if consent == "" {
		return "", refuse(codes.FailedPrecondition, commentv1.ErrorReason_ERROR_REASON_CONSENT_MISSING,
			"who wrote it does not agree to publication, or nobody knows who wrote it: it can be used for training and thanks only")
	}
	return consent, nil
}

// GetTestimonial returns a testimonial.
func (s *testimonialServer) GetTestimonial(ctx context.Context, req *commentv1.GetTestimonialRequest) (*commentv1.GetTestimonialResponse, error) {
	t, err := s.testimonial(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return &commentv1.GetTestimonialResponse{Testimonial: testimonialToProto(t)}, nil
}

func (s *testimonialServer) testimonial(ctx context.Context, name string) (testimonial.Testimonial, error) {
	org, id, err := parseOwned(ctx, "name", testimonialsCollection, name)
	if err != nil {
		return testimonial.Testimonial{}, err
	}
	t, err := s.Store.GetTestimonial(ctx, org, id)
	return t, orNotFound(err, commentv1.ErrorReason_ERROR_REASON_TESTIMONIAL_NOT_FOUND, "testimonial", name)
}

// ListTestimonials lists testimonials, the newest first.
func (s *testimonialServer) ListTestimonials(ctx context.Context, req *commentv1.ListTestimonialsRequest) (*commentv1.ListTestimonialsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.openPage(commentv1.TestimonialService_ListTestimonials_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	q := store.TestimonialQuery{
		Organization: org, State: testimonial.State(req.GetState()), Use: testimonial.Use(req.GetUse()), Offset: p.offset(), Limit: p.size,
	}
	list, more, err := s.Store.ListTestimonials(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	out := &commentv1.ListTestimonialsResponse{NextPageToken: p.next(more, int64(q.Offset+len(list)))}
	for _, t := range list {
		out.Testimonials = append(out.Testimonials, testimonialToProto(t))
	}
	return out, nil
}

// PublishTestimonial allows a testimonial to be shown, after a new look at the consent.
func (s *testimonialServer) PublishTestimonial(ctx context.Context, req *commentv1.PublishTestimonialRequest) (*commentv1.PublishTestimonialResponse, error) {
	t, err := s.change(ctx, req.GetName(), func(t *testimonial.Testimonial) error {
		consent, err := s.require(ctx, *t)
		if err != nil {
			return err
		}
		return t.Publish(consent, s.Now())
	})
	return &commentv1.PublishTestimonialResponse{Testimonial: t}, err
}

// WithdrawTestimonial takes a testimonial back.
func (s *testimonialServer) WithdrawTestimonial(ctx context.Context, req *commentv1.WithdrawTestimonialRequest) (*commentv1.WithdrawTestimonialResponse, error) {
	t, err := s.change(ctx, req.GetName(), func(t *testimonial.Testimonial) error {
		t.Withdraw(s.Now())
		return nil
	})
	return &commentv1.WithdrawTestimonialResponse{Testimonial: t}, err
}

// change lets fn change a testimonial, again when another change was faster.
func (s *testimonialServer) change(ctx context.Context, name string, fn func(*testimonial.Testimonial) error) (*commentv1.Testimonial, error) {
	for range changeAttempts {
		t, err := s.testimonial(ctx, name)
		if err != nil {
			return nil, err
		}
		from := t.State
		err = fn(&t)
		switch {
		case errors.Is(err, testimonial.ErrState):
			return nil, refuse(codes.FailedPrecondition, commentv1.ErrorReason_ERROR_REASON_TESTIMONIAL_STATE, "it was taken back: choose the comment anew")
		case err != nil:
			return nil, err
		case t.State == from:
			return testimonialToProto(t), nil
		}
		err = s.Store.UpdateTestimonial(ctx, t, from)
		if err == nil {
			return testimonialToProto(t), nil
		}
		if !errors.Is(err, store.ErrChanged) {
			return nil, orNotFound(err, commentv1.ErrorReason_ERROR_REASON_TESTIMONIAL_NOT_FOUND, "testimonial", name)
		}
	}
	return nil, refuse(codes.Aborted, commentv1.ErrorReason_ERROR_REASON_TESTIMONIAL_STATE, "others change the testimonial at the same time: try again")
}

func testimonialToProto(t testimonial.Testimonial) *commentv1.Testimonial {
	out := &commentv1.Testimonial{
		Name: testimonialsCollection + t.ID, Comment: commentName(store.Ref{Survey: t.Survey, Response: t.Response, ID: t.Comment}), Text: t.Text,
		State: commentv1.Testimonial_State(t.State), Consent: t.Consent, Creator: t.Creator, CreateTime: timeToProto(t.CreateTime),
		PublishTime: timeToProto(t.PublishTime), WithdrawTime: timeToProto(t.WithdrawTime),
	}
	for _, use := range t.Uses {
		out.Uses = append(out.Uses, commentv1.Testimonial_Use(use))
	}
	return out
}
