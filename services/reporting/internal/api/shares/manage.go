package shares

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/formats"
	"github.com/otklik/otklik/services/reporting/internal/api/listing"
	"github.com/otklik/otklik/services/reporting/internal/api/reports"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/share"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// CreateReportShare makes a link.
func (s *Server) CreateReportShare(ctx context.Context, req *reportingv1.CreateReportShareRequest) (*reportingv1.CreateReportShareResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	made, err := s.read(req.GetReportShare())
	if err != nil {
		return nil, err
	}
	made.Organization, made.Creator, made.ID = c.organization, c.id, req.GetReportShareId()
	if made.ID == "" {
		made.ID = newID()
	}
	if err := s.Reports.CheckShared(ctx, s.asked(made, "")); err != nil {
		return nil, err
	}
	if _, _, err := s.Behalf(ctx, c.organization, c.id, collection+made.ID); errors.Is(err, peers.ErrGone) {
		return nil, fault.Refuse(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_SHARE_CONTENT_INVALID,
			"links show what their creator may see, and on behalf of this credential nothing can be made: make the link as a member, or with a secret key")
	} else if err != nil {
		return nil, err
	}
	secret, err := s.Make(ctx, &made)
	if err != nil {
		return nil, err
	}
	return &reportingv1.CreateReportShareResponse{ReportShare: toProto(made, s.Now()), Secret: secret, Url: s.Address(secret)}, nil
}

// Make stores a link with a new credential, and returns its secret. The identifier must be free.
func (s *Server) Make(ctx context.Context, one *share.Share) (secret string, err error) {
	exists := fault.Field(codes.AlreadyExists, reportingv1.ErrorReason_ERROR_REASON_SHARE_EXISTS, "report_share_id", "is taken; choose another one")
	if _, err := s.Store.GetShare(ctx, one.Organization, one.ID); err == nil {
		return "", exists
	} else if !errors.Is(err, store.ErrNotFound) {
		return "", storeError(err)
	}
	one.Key, secret, err = s.Credentials.Make(ctx, one.Organization, peers.Credential{
		DisplayName: "Link to a report: " + collection + one.ID, Role: peers.RoleReader, Expires: one.ExpireTime, Rate: readsASecond,
	})
	if err != nil {
		return "", err
	}
	const hinted = 4
	one.Hint = secret[max(0, len(secret)-hinted):]
	if err := s.Store.CreateShare(ctx, *one, mostShares); err != nil {
		err = errors.Join(err, s.Credentials.End(context.WithoutCancel(ctx), one.Organization, one.Key))
		switch {
		case errors.Is(err, store.ErrExists):
			return "", exists
		case errors.Is(err, store.ErrTooMany):
			return "", fault.Refuse(codes.ResourceExhausted, reportingv1.ErrorReason_ERROR_REASON_SHARE_LIMIT,
				fmt.Sprintf("the organisation has %d links, the most there may be: delete some", mostShares))
		}
		return "", storeError(err)
	}
	return secret, nil
}

// Address is that of the page of a link: a path where the address of the app is not known.
func (s *Server) Address(secret string) string {
	return strings.TrimSuffix(s.PublicURL, "/") + pagePath + secret
}

func contentInvalid(field, description string) error {
	return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_SHARE_CONTENT_INVALID, "report_share"+field, description)
}

// read takes over what callers say of a link.
func (s *Server) read(in *reportingv1.ReportShare) (share.Share, error) {
	now := s.Now().UTC().Truncate(time.Microsecond)
	out := share.Share{
		DisplayName: in.GetDisplayName(), Report: in.GetReport(), Rendition: in.GetRendition(), Survey: in.GetSurvey(), Subject: in.GetSubject(), Filter: in.GetFilter(),
		Language: in.GetLanguageCode(), Formats: formats.FromProto(in.GetFormats()...), CreateTime: now, ExpireTime: now.Add(share.Usual),
	}
	if (out.Report == "") == (out.Rendition == "") {
		return out, contentInvalid("", "state either report or rendition")
	}
	if out.Rendition != "" {
		for field, stated := range map[string]bool{"period": in.GetPeriod() != nil, "survey": out.Survey != "", "subject": out.Subject != "", "filter": out.Filter != ""} {
			if stated {
				return out, contentInvalid("."+field, "is that of the rendition; leave it out")
			}
		}
	}
	if p := in.GetPeriod(); p != nil {
		if p.GetStartTime() == nil || p.GetEndTime() == nil {
			return out, contentInvalid(".period", "state start_time and end_time")
		}
		out.Start, out.End = p.GetStartTime().AsTime(), p.GetEndTime().AsTime()
	}
	if t := in.GetExpireTime(); t != nil {
		out.ExpireTime = t.AsTime().Truncate(time.Microsecond)
		if !out.ExpireTime.After(now) || out.ExpireTime.Sub(now) > share.Longest {
			return out, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_SHARE_EXPIRE_TIME_INVALID, "report_share.expire_time",
				"must lie within the next 90 days")
		}
	}
	return out, nil
}

// asked is the report that a link shows, in a language or in its own.
func (s *Server) asked(one share.Share, language string) reports.Shared {
	if language == "" {
		language = one.Language
	}
	q := reports.Shared{Rendition: one.Rendition, Request: report.Request{
		Report: one.Report, Language: language, Slice: report.Slice{Survey: one.Survey, Subject: one.Subject, Filter: one.Filter},
	}}
	if !one.Start.IsZero() {
		q.Request.Period = &document.Period{Start: one.Start, End: one.End, Zone: s.Zone}
	}
	return q
}

// GetReportShare returns a link.
func (s *Server) GetReportShare(ctx context.Context, req *reportingv1.GetReportShareRequest) (*reportingv1.GetReportShareResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.find(ctx, c, req.GetName())
	if err != nil {
		return nil, err
	}
	return &reportingv1.GetReportShareResponse{ReportShare: toProto(found, s.Now())}, nil
}

// ListReportShares lists links.
func (s *Server) ListReportShares(ctx context.Context, req *reportingv1.ListReportSharesRequest) (*reportingv1.ListReportSharesResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	list, next, err := listing.After(s.Tokens, reportingv1.ReportShareService_ListReportShares_FullMethodName, c.organization+"/"+c.owner, req,
		func(after string, limit int) ([]share.Share, error) {
			mark, err := markOf(after)
			if err != nil {
				return nil, err
			}
			list, err := s.Store.ListShares(ctx, c.organization, c.owner, mark, limit)
			return list, storeError(err)
		}, func(one share.Share) string { return strconv.FormatInt(one.CreateTime.UnixMicro(), 10) + "/" + one.ID })
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ListReportSharesResponse{NextPageToken: next}
	for _, one := range list {
		out.ReportShares = append(out.ReportShares, toProto(one, s.Now()))
	}
	return out, nil
}

// markOf reads where a list goes on.
func markOf(after string) (store.ShareMark, error) {
	if after == "" {
		return store.ShareMark{}, nil
	}
	at, id, ok := strings.Cut(after, "/")
	micro, err := strconv.ParseInt(at, 10, 64)
	if err != nil || !ok {
		return store.ShareMark{}, page.ErrMalformed
	}
	return store.ShareMark{Create: time.UnixMicro(micro), ID: id}, nil
}

// DeleteReportShare ends a link.
func (s *Server) DeleteReportShare(ctx context.Context, req *reportingv1.DeleteReportShareRequest) (*reportingv1.DeleteReportShareResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.find(ctx, c, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.end(ctx, found); err != nil {
		return nil, err
	}
	return &reportingv1.DeleteReportShareResponse{}, nil
}
