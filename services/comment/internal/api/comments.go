package api

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/comment/internal/ingest"
	"github.com/otklik/otklik/services/comment/internal/search"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// commentServer serves CommentService.
type commentServer struct {
	commentv1.UnimplementedCommentServiceServer
	*Server
}

// GetComment returns a comment of the caller's units.
func (s *commentServer) GetComment(ctx context.Context, req *commentv1.GetCommentRequest) (*commentv1.GetCommentResponse, error) {
	c, err := s.comment(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	return &commentv1.GetCommentResponse{Comment: shown(ctx, commentToProto(c))}, nil
}

// shown is a comment as the caller may see it: who is restricted to units is not told how often others say the same.
func shown(ctx context.Context, c *commentv1.Comment) *commentv1.Comment {
	if p, _ := authn.FromContext(ctx); p.Restricted() {
		c.DuplicateCount, c.WithheldFields = 0, append(c.WithheldFields, "duplicate_count")
	}
	return c
}

// comment reads a comment of the caller's units.
func (s *Server) comment(ctx context.Context, field, name string) (store.Comment, error) {
	ref, err := parseComment(ctx, field, name)
	if err != nil {
		return store.Comment{}, err
	}
	c, err := s.Store.GetComment(ctx, ref, unitsOf(ctx))
	return c, orNotFound(err, commentv1.ErrorReason_ERROR_REASON_COMMENT_NOT_FOUND, "comment", name)
}

// ListComments lists comments, the newest first, or those first that fit a query best.
func (s *commentServer) ListComments(ctx context.Context, req *commentv1.ListCommentsRequest) (*commentv1.ListCommentsResponse, error) {
	q, p, err := s.openComments(ctx, commentv1.CommentService_ListComments_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	q.ByRank = q.Slice.Words != nil
	list, more, err := s.Store.ListComments(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	out := &commentv1.ListCommentsResponse{}
	list, more = shorten(list, more)
	for _, c := range list {
		out.Comments = append(out.Comments, shown(ctx, listed(c)))
	}
	out.NextPageToken = p.nextComments(q, list, more)
	return out, nil
}

// listed is a comment as lists show it.
func listed(c store.Comment) *commentv1.Comment {
	c.Previous = nil
	return commentToProto(c)
}

// shorten ends a page of comments early that would not fit into a message.
func shorten(list []store.Comment, more bool) ([]store.Comment, bool) {
	size := 0
	for i, c := range list {
		if size += len(c.Text); size > pageBytes && i > 0 {
			return list[:i], true
		}
	}
	return list, more
}

// listRequest is a request for a page of comments.
type listRequest interface {
	pagedMessage
	GetFilter() *commentv1.CommentFilter
}

// openComments reads which page of which comments is asked for.
func (s *Server) openComments(ctx context.Context, method string, req listRequest) (store.CommentQuery, pageRequest, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return store.CommentQuery{}, pageRequest{}, err
	}
	slice, err := sliceFromProto(ctx, org, req.GetFilter())
	if err != nil {
		return store.CommentQuery{}, pageRequest{}, err
	}
	p, err := s.openPage(method, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return store.CommentQuery{}, pageRequest{}, err
	}
	q := store.CommentQuery{Slice: slice, Limit: p.size, Before: p.mark()}
	if slice.Words != nil {
		q.Before, q.Offset = store.Mark{}, p.offset()
	}
	return q, p, nil
}

// nextComments is the token of the page of comments after this one.
func (p pageRequest) nextComments(q store.CommentQuery, list []store.Comment, more bool) string {
	if len(list) == 0 {
		return ""
	}
	if q.ByRank {
		return p.next(more, int64(q.Offset+len(list)))
	}
	last := list[len(list)-1]
	return p.next(more, last.CountTime.UnixMicro(), last.Seq)
}

// sliceFromProto reads which comments are meant, of the caller's units.
func sliceFromProto(ctx context.Context, org string, f *commentv1.CommentFilter) (store.Slice, error) {
	s := store.Slice{
		Organization: org, Survey: strings.TrimPrefix(f.GetSurvey(), surveysCollection), Question: f.GetQuestion(),
		Touchpoint: f.GetTouchpoint(), Channel: f.GetChannel(), Location: f.GetLocation(), Region: f.GetRegion(), Company: f.GetCompany(),
		Language: store.Language(f.GetLanguage()), Sentiment: store.Sentiment(f.GetSentiment()),
		Aspect: strings.TrimPrefix(f.GetAspect(), aspectsCollection), AspectSentiment: store.Sentiment(f.GetAspectSentiment()), Units: unitsOf(ctx),
	}
	if t := f.GetPeriod().GetStartTime(); t != nil {
		s.Start = t.AsTime()
	}
	if t := f.GetPeriod().GetEndTime(); t != nil {
		s.End = t.AsTime()
	}
	if s.AspectSentiment != 0 && s.Aspect == "" {
		return s, refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_FILTER_INVALID, "filter.aspect_sentiment", "needs filter.aspect: say of what")
	}
	if strings.TrimSpace(f.GetQuery()) != "" {
		words, err := search.Parse(f.GetQuery())
		if err != nil {
			return s, refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_QUERY_INVALID, "filter.query", err.Error())
		}
		s.Words = words
	}
	return s, nil
}

// GetOriginalText returns what was written, as it was written.
func (s *commentServer) GetOriginalText(ctx context.Context, req *commentv1.GetOriginalTextRequest) (*commentv1.GetOriginalTextResponse, error) {
	c, err := s.comment(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	text, err := s.Originals.Open(ctx, c)
	if errors.Is(err, ingest.ErrDestroyed) {
		return nil, refuse(codes.FailedPrecondition, commentv1.ErrorReason_ERROR_REASON_ORIGINAL_DESTROYED,
			"what was written was destroyed; the text without personal data is all that is left")
	}
	if err != nil {
		return nil, err
	}
	return &commentv1.GetOriginalTextResponse{Text: text}, nil
}

// ListDuplicateGroups lists groups of comments that are nearly the same.
func (s *commentServer) ListDuplicateGroups(ctx context.Context, req *commentv1.ListDuplicateGroupsRequest) (*commentv1.ListDuplicateGroupsResponse, error) {
	for field, set := range map[string]bool{"query": req.GetFilter().GetQuery() != "", "aspect": req.GetFilter().GetAspect() != ""} {
		if set {
			return nil, refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_FILTER_INVALID, "filter."+field,
				"does not go with groups of duplicates: leave it out")
		}
	}
	q, p, err := s.openComments(ctx, commentv1.CommentService_ListDuplicateGroups_FullMethodName, req)
	if err != nil {
		return nil, err
	}
	q.Offset, q.Before = p.offset(), store.Mark{}
	groups, more, err := s.Store.ListDuplicates(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	out := &commentv1.ListDuplicateGroupsResponse{NextPageToken: p.next(more, int64(q.Offset+len(groups)))}
	for _, g := range groups {
		m := &commentv1.DuplicateGroup{Count: g.Count, Text: g.Text, FirstTime: timestamppb.New(g.First), LastTime: timestamppb.New(g.Last)}
		for _, ref := range g.Newest {
			m.Comments = append(m.Comments, commentName(ref))
		}
		out.Groups = append(out.Groups, m)
	}
	return out, nil
}
