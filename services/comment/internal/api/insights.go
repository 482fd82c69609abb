package api

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/theme"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	// defaultLevel is the confidence level of intervals that is meant by 0.
	defaultLevel = 0.95
	// permissionComments lets a caller read single comments, also as evidence.
	permissionComments = "comment.comments.list"
	// defaultPhrases is how many phrases are returned unless asked.
	defaultPhrases = 50
	// spareOfPhrases is how many times more phrases are read than asked for.
	spareOfPhrases = 3
	// leastOfPhrase is how many responses a phrase must occur in: one that one person wrote says nothing of many.
	leastOfPhrase = 2
	// leastUnread is in how many responses a phrase must occur for those who read no comments: redaction misses names at times.
	leastUnread = 5
	// evidenceOfPhrase is how many examples of a phrase are returned.
	evidenceOfPhrase = 3
)

// insightServer serves InsightService.
type insightServer struct {
	commentv1.UnimplementedInsightServiceServer
	*Server
}

// readsComments tells whether the caller may read single comments.
func readsComments(ctx context.Context) bool {
	p, _ := authn.FromContext(ctx)
	return p.HasRole(authn.RoleService) || authz.FromContext(ctx).Holds(permissionComments)
}

// leastFor is in how many responses a phrase must occur for the caller to see it: for who reads no single comments in enough that it tells of nobody.
func leastFor(ctx context.Context, asked int64) int64 {
	if readsComments(ctx) {
		return asked
	}
	return max(asked, leastUnread)
}

// slice reads which comments are meant, in the caller's organisation and units.
func slice(ctx context.Context, f *commentv1.CommentFilter) (store.Slice, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return store.Slice{}, err
	}
	return sliceFromProto(ctx, org, f)
}

// watermark is the time up to which comments are counted; nil when that is not known. It is taken before anything is counted: what comes in between is counted too.
func (s *Server) watermark(ctx context.Context) (*timestamppb.Timestamp, error) {
	cursor, err := s.Store.Cursor(ctx)
	if err != nil {
		return nil, storeError(err)
	}
	return timeToProto(cursor.AsOf), nil
}

// asked is which comments a query is about, and up to when they are counted.
func (s *Server) asked(ctx context.Context, f *commentv1.CommentFilter) (store.Slice, *timestamppb.Timestamp, error) {
	in, err := slice(ctx, f)
	if err != nil {
		return store.Slice{}, nil, err
	}
	watermark, err := s.watermark(ctx)
	return in, watermark, err
}

// keys are the keys that can be grouped by.
var keys = map[typev1.ContextKey]store.Key{
	typev1.ContextKey_CONTEXT_KEY_TOUCHPOINT: store.ByTouchpoint, typev1.ContextKey_CONTEXT_KEY_CHANNEL: store.ByChannel,
	typev1.ContextKey_CONTEXT_KEY_LOCATION: store.ByLocation, typev1.ContextKey_CONTEXT_KEY_LANGUAGE: store.ByAnswerLanguage,
	typev1.ContextKey_CONTEXT_KEY_REGION: store.ByRegion, typev1.ContextKey_CONTEXT_KEY_COMPANY: store.ByCompany,
}

func levelOf(asked float64) float64 {
	if asked == 0 {
		return defaultLevel
	}
	return asked
}

// QueryThemes tells what comments speak of, and whether they praise or blame it.
func (s *insightServer) QueryThemes(ctx context.Context, req *commentv1.QueryThemesRequest) (*commentv1.QueryThemesResponse, error) {
	in, watermark, err := s.asked(ctx, req.GetFilter())
	if err != nil {
		return nil, err
	}
	by := keys[req.GetGroupBy()]
	counts, totals, err := s.Store.CountThemes(ctx, in, by)
	if err != nil {
		return nil, storeError(err)
	}
	level := levelOf(req.GetConfidenceLevel())
	insights, err := theme.Judge(counts, totals, level)
	if err != nil {
		return nil, err
	}
	out := &commentv1.QueryThemesResponse{Watermark: watermark}
	for _, t := range totals {
		out.ResponseCount += t.Responses
		out.CommentCount += t.Comments
	}
	evidence := int(req.GetEvidenceCount())
	if !readsComments(ctx) {
		evidence = 0
	}
	for _, i := range insights {
		m := themeToProto(i, level)
		if m.Evidence, err = s.evidenceOf(ctx, in, by, i, evidence); err != nil {
			return nil, err
		}
		out.Themes = append(out.Themes, m)
	}
	return out, nil
}

// evidenceOf are examples of a theme: of what it is, where it is a strength or a weakness, of anything else where that is open.
func (s *insightServer) evidenceOf(ctx context.Context, in store.Slice, by store.Key, i theme.Insight, limit int) ([]*commentv1.Evidence, error) {
	if limit == 0 {
		return nil, nil
	}
	in.Aspect = i.Aspect
	switch i.Kind {
	case theme.Strength:
		in.AspectSentiment = store.Positive
	case theme.Weakness:
		in.AspectSentiment = store.Negative
	}
	if !narrow(&in, by, i.Group) {
		return nil, nil
	}
	list, err := s.Store.AspectEvidence(ctx, in, limit)
	if err != nil {
		return nil, storeError(err)
	}
	var out []*commentv1.Evidence
	for _, c := range list {
		out = append(out, aspectEvidence(c, i.Aspect, in.AspectSentiment))
	}
	return out, nil
}

// narrow narrows a slice to a group; false where that cannot be said.
func narrow(in *store.Slice, by store.Key, group string) bool {
	field := map[store.Key]*string{
		store.ByTouchpoint: &in.Touchpoint, store.ByChannel: &in.Channel, store.ByLocation: &in.Location, store.ByRegion: &in.Region, store.ByCompany: &in.Company,
	}[by]
	switch {
	case by == store.Ungrouped:
		return true
	case field == nil || group == "":
		return false
	case *field != "" && *field != group:
		return false
	}
	*field = group
	return true
}

// QueryKeyPhrases tells which phrases are written most often.
func (s *insightServer) QueryKeyPhrases(ctx context.Context, req *commentv1.QueryKeyPhrasesRequest) (*commentv1.QueryKeyPhrasesResponse, error) {
	in, watermark, err := s.asked(ctx, req.GetFilter())
	if err != nil {
		return nil, err
	}
	limit := int(req.GetLimit())
	if limit == 0 {
		limit = defaultPhrases
	}
	// More than are asked for: parts of longer phrases are left out.
	phrases, total, err := s.Store.CountPhrases(ctx, in, leastFor(ctx, leastOfPhrase), spareOfPhrases*limit)
	if err != nil {
		return nil, storeError(err)
	}
	if phrases = theme.Whole(phrases); len(phrases) > limit {
		phrases = phrases[:limit]
	}
	out := &commentv1.QueryKeyPhrasesResponse{Watermark: watermark, ResponseCount: total.Responses, CommentCount: total.Comments}
	level := levelOf(req.GetConfidenceLevel())
	for _, p := range phrases {
		m, err := phraseToProto(p, total, level)
		if err != nil {
			return nil, err
		}
		if readsComments(ctx) {
			list, err := s.Store.PhraseEvidence(ctx, in, p.Key, evidenceOfPhrase)
			if err != nil {
				return nil, storeError(err)
			}
			for _, c := range list {
				m.Evidence = append(m.Evidence, phraseEvidence(c, p.Key))
			}
		}
		out.Phrases = append(out.Phrases, m)
	}
	return out, nil
}

// QueryEmergingThemes tells of which themes more, or less, is written than before.
func (s *insightServer) QueryEmergingThemes(ctx context.Context, req *commentv1.QueryEmergingThemesRequest) (*commentv1.QueryEmergingThemesResponse, error) {
	in, watermark, err := s.asked(ctx, req.GetFilter())
	if err != nil {
		return nil, err
	}
	if in.Start.IsZero() || in.End.IsZero() {
		return nil, refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_FILTER_INVALID, "filter.period",
			"needs both bounds: it is the recent period, which is compared with the one before")
	}
	q := theme.Question{Slice: in, Rate: req.GetFalseDiscoveryRate(), Least: leastFor(ctx, int64(req.GetLeastCount())), Evidence: readsComments(ctx)}
	if b := req.GetBaseline(); b != nil {
		if b.GetStartTime() == nil || b.GetEndTime() == nil {
			return nil, refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_FILTER_INVALID, "baseline", "needs both bounds")
		}
		q.BaselineStart, q.BaselineEnd = b.GetStartTime().AsTime(), b.GetEndTime().AsTime()
		if q.BaselineEnd.After(in.Start) && q.BaselineStart.Before(in.End) {
			return nil, refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_FILTER_INVALID, "baseline",
				"overlaps filter.period: the same comments cannot stand on both sides")
		}
	}
	found, err := theme.Finder{Store: s.Store}.Find(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	out := &commentv1.QueryEmergingThemesResponse{
		TestedCount: int64(found.Tested), Watermark: watermark,
		Baseline: &typev1.Period{StartTime: timestamppb.New(found.Question.BaselineStart), EndTime: timestamppb.New(found.Question.BaselineEnd)},
	}
	for _, e := range found.Themes {
		out.Themes = append(out.Themes, emergingToProto(e))
	}
	return out, nil
}

// QuerySentiments counts what comments express, over time.
func (s *insightServer) QuerySentiments(ctx context.Context, req *commentv1.QuerySentimentsRequest) (*commentv1.QuerySentimentsResponse, error) {
	in, watermark, err := s.asked(ctx, req.GetFilter())
	if err != nil {
		return nil, err
	}
	location := s.Location
	if name := req.GetTimeZone(); name != "" {
		if location, err = time.LoadLocation(name); err != nil || name == "Local" {
			return nil, validation.Malformed("time_zone", "TIME_ZONE_UNKNOWN", "is no IANA time zone such as Asia/Bishkek")
		}
	}
	by := keys[req.GetGroupBy()]
	counts, responses, err := s.Store.CountSentiments(ctx, in, by)
	if err != nil {
		return nil, storeError(err)
	}
	out := &commentv1.QuerySentimentsResponse{Watermark: watermark, ResponseCount: responses}
	for _, n := range counts {
		for _, comments := range n.Comments {
			out.CommentCount += comments
		}
	}
	if out.Steps, err = steps(counts, req.GetGrain(), location, levelOf(req.GetConfidenceLevel())); err != nil {
		return nil, err
	}
	return out, nil
}

// intervalToProto converts an interval and how it was made.
func intervalToProto(i stat.Interval, level float64, method string) *typev1.ConfidenceInterval {
	return &typev1.ConfidenceInterval{Lower: i.Low, Upper: i.High, Level: level, Method: method}
}
