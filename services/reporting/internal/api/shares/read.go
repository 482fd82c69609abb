package shares

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/formats"
	"github.com/otklik/otklik/services/reporting/internal/api/reports"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/share"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// languages are those in which a report may be read.
var languages = []string{"ru", "ky", "en"}

// GetSharedReport returns the report of the link whose secret the call carries.
func (s *Server) GetSharedReport(ctx context.Context, req *reportingv1.GetSharedReportRequest) (*reportingv1.GetSharedReportResponse, error) {
	one, err := s.carried(ctx)
	if err != nil {
		return nil, err
	}
	made, err := s.show(ctx, one, req.GetLanguageCode())
	if err != nil {
		return nil, err
	}
	s.note(ctx, one)
	return &reportingv1.GetSharedReportResponse{SharedReport: told(one), Document: made.ToProto()}, nil
}

// told is what readers of a link are told of it.
func told(one share.Share) *reportingv1.SharedReport {
	return &reportingv1.SharedReport{Formats: formats.ToProto(one.Formats), ExpireTime: timestamppb.New(one.ExpireTime), LanguageCodes: languages}
}

// note counts that a report was read or taken away. A count that is lost keeps nobody from reading.
func (s *Server) note(ctx context.Context, one share.Share) {
	if err := s.Store.NoteView(ctx, one.Organization, one.ID, s.Now()); err != nil {
		s.Log.WarnContext(ctx, "a reading of a link was not counted", slog.String("share", one.ID), slog.Any("error", err))
	}
}

// DownloadSharedReport returns it as a file.
func (s *Server) DownloadSharedReport(ctx context.Context, req *reportingv1.DownloadSharedReportRequest) (*reportingv1.DownloadSharedReportResponse, error) {
	one, err := s.carried(ctx)
	if err != nil {
		return nil, err
	}
	format := formats.FromProto(req.GetFormat())[0]
	// The page itself is what readers are shown.
	if format != report.HTML && !slices.Contains(one.Formats, format) {
		return nil, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_SHARE_FORMAT_NOT_OFFERED, "format", "is not one in which the report may be taken away")
	}
	file, err := s.file(ctx, one, req.GetLanguageCode(), format)
	if err != nil {
		return nil, err
	}
	s.note(ctx, one)
	return &reportingv1.DownloadSharedReportResponse{Content: file.Body, ContentType: file.ContentType, FileName: file.Filename, SharedReport: told(one)}, nil
}

// ended is the one answer to links that lead nowhere, whatever the reason, in the words of the gateway about secrets of none: nobody learns from it which there are.
func ended(cause error) error {
	return fault.Refuse(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_SHARE_ENDED,
		"the link leads to nothing: its time is over, it was ended, there never was such a link, or whoever made it may not show the report any more; ask for another one", rpcerr.WithCause(cause))
}

// carried is the link whose secret the call carries as its credential.
func (s *Server) carried(ctx context.Context) (share.Share, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return share.Share{}, err
	}
	p, _ := authn.FromContext(ctx)
	one, err := s.Store.ShareOf(ctx, organization, p.ID)
	if errors.Is(err, store.ErrNotFound) {
		return one, ended(err)
	}
	if err == nil && one.Ended(s.Now()) {
		return one, ended(nil)
	}
	return one, storeError(err)
}

// withoutPersons is a holder of permissions but for those to see who persons are.
type withoutPersons struct{ may func(string) bool }

// Holds implements authz.Holder.
func (w withoutPersons) Holds(_ authn.Principal, permission string) bool {
	return !strings.Contains(permission, ".persons.") && w.may(permission)
}

// as returns a context of calls on behalf of whom a link shows its report for, who may make it at this moment, as whoever made the link may share it.
func (s *Server) as(ctx context.Context, one share.Share) (context.Context, error) {
	resource := collection + one.ID
	as, may, err := s.Behalf(ctx, one.Organization, one.Principal(), resource)
	if errors.Is(err, peers.ErrGone) {
		return nil, ended(err)
	}
	if err != nil {
		return nil, err
	}
	shares := may
	if one.Creator != one.Principal() {
		if _, shares, err = s.Behalf(ctx, one.Organization, one.Creator, resource); errors.Is(err, peers.ErrGone) {
			return nil, ended(err)
		} else if err != nil {
			return nil, err
		}
	}
	if !may(permissionRender) || !shares(permissionShare) {
		return nil, ended(nil)
	}
	return authz.WithHolder(as, withoutPersons{may}), nil
}

// longestMaking is how long making a report takes at most.
const longestMaking = time.Minute

// shown is a report, or a file of one, as it was shown last.
type shown struct {
	made any
	at   time.Time
}

// show makes the report of a link, as whom it is shown for may see it now.
func (s *Server) show(ctx context.Context, one share.Share, language string) (reports.MadeShared, error) {
	as, err := s.as(ctx, one)
	if err != nil {
		return reports.MadeShared{}, err
	}
	return s.made(ctx, as, one, language)
}

// made makes a report in a context of whom it is shown for.
func (s *Server) made(ctx, as context.Context, one share.Share, language string) (reports.MadeShared, error) {
	return once(ctx, as, s, one, keyOf(as, one, language), func(as context.Context) (reports.MadeShared, error) {
		return s.Reports.Shared(as, s.asked(one, language))
	})
}

// file writes the report of a link as a file: that is bounded as making it is, and PDF takes longer.
func (s *Server) file(ctx context.Context, one share.Share, language string, format report.Format) (report.Rendered, error) {
	as, err := s.as(ctx, one)
	if err != nil {
		return report.Rendered{}, err
	}
	made, err := s.made(ctx, as, one, language)
	if err != nil {
		return report.Rendered{}, err
	}
	return once(ctx, as, s, one, keyOf(as, one, language, string(format)), func(context.Context) (report.Rendered, error) { return made.Write(format) })
}

// keyOf tells what is made for a link apart from all else that is made.
func keyOf(as context.Context, one share.Share, more ...string) string {
	return strings.Join(append([]string{one.Organization, one.ID, one.CreateTime.String(), reports.Seen(as)}, more...), "\x00")
}

// once makes something, or takes what was made for the same rights a moment ago. Who asks for what is being made waits for that.
func once[T any](ctx, as context.Context, s *Server, one share.Share, key string, do func(as context.Context) (T, error)) (T, error) {
	var none T
	done := s.making.DoChan(key, func() (any, error) {
		if there, ok := s.remembered(key); ok {
			return there, nil
		}
		// It goes on when the first one who asked goes away, as long as a call may.
		as, cancel := context.WithTimeout(context.WithoutCancel(as), longestMaking)
		defer cancel()
		leave, ok := s.places.take(as, one.Organization)
		if !ok {
			return nil, fault.Refuse(codes.ResourceExhausted, reportingv1.ErrorReason_ERROR_REASON_SHARE_BUSY, "too many reports of links are being made: try again",
				rpcerr.WithRetryAfter(longestWait))
		}
		defer leave()
		made, err := do(as)
		if err != nil {
			return nil, explain(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.shown.Put(key, shown{made: made, at: s.Now()})
		return made, nil
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return none, r.Err
		}
		made, _ := r.Val.(T)
		return made, nil
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// remembered is what was made a moment ago.
func (s *Server) remembered(key string) (any, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	there, ok := s.shown.Get(key)
	return there.made, ok && s.Now().Sub(there.at) < shownAgain
}

// explain says of an error no more than whether trying again helps: what stands in the way of a report is told to who logs in.
func explain(err error) error {
	switch rpcerr.Code(err) {
	case codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition, codes.PermissionDenied, codes.OutOfRange, codes.Unauthenticated:
		return ended(err)
	}
	return err
}
