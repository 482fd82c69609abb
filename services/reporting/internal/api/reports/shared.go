package reports

import (
	"cmp"
	"context"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Shared is a report that whoever has a link is shown.
type Shared struct {
	// Rendition is `reportRenditions/{fingerprint}` of the report that is made again; empty where Request says what is made.
	Rendition string
	Request   report.Request
}

// sharedField is the field of a link that one of ours stands for.
func sharedField(ours string) string {
	switch field := strings.TrimPrefix(ours, "query."); field {
	case "name":
		return "report_share.report"
	case "language_code", "period", "survey", "subject", "filter":
		return "report_share." + field
	}
	return ours
}

// CheckShared tells whether whoever has a link may be shown a report, and whether it can be made for the caller. Its errors name fields of the link.
func (s *Server) CheckShared(ctx context.Context, q Shared) error {
	_, err := s.shared(ctx, q)
	return renamed(err, sharedField)
}

// CheckShareable tells whether whoever has a link may be shown a report about a subject with a filter; field is that of the request which names the report.
func (s *Server) CheckShareable(ctx context.Context, field, name, subject, filter string) error {
	d, err := s.find(ctx, field, name)
	if err != nil {
		return err
	}
	if why := d.Unshareable(subject, filter); why != "" {
		return ofPersons(field, why)
	}
	return nil
}

// beginning is a report that has begun: what it is made of, and the rest of making it.
type beginning struct {
	request report.Request
	finish  func(context.Context) (document.Document, error)
}

// shared begins a report that whoever has a link may be shown.
func (s *Server) shared(ctx context.Context, q Shared) (beginning, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return beginning{}, err
	}
	if q.Rendition != "" {
		was, err := s.remembered(ctx, organization, "report_share.rendition", q.Rendition)
		if err != nil {
			return beginning{}, err
		}
		if why := was.Content.Unshareable(was.Subject, was.Filter); why != "" {
			return beginning{}, ofPersons("report_share.rendition", why)
		}
		request := report.Request{
			Report: reportPrefix + was.Report, Language: cmp.Or(q.Request.Language, was.Language), Slice: report.Slice{Survey: was.Survey, Subject: was.Subject, Filter: was.Filter},
		}
		return beginning{request: request, finish: func(ctx context.Context) (document.Document, error) {
			_, d, _, err := s.again(ctx, was, request.Language)
			return d, err
		}}, nil
	}
	d, err := s.find(ctx, "query.name", q.Request.Report)
	if err != nil {
		return beginning{}, err
	}
	if why := d.Unshareable(q.Request.Slice.Subject, q.Request.Slice.Filter); why != "" {
		return beginning{}, ofPersons("report_share.report", why)
	}
	r, err := s.begin(ctx, d, q.Request)
	if err != nil {
		return beginning{}, err
	}
	return beginning{request: q.Request, finish: func(ctx context.Context) (document.Document, error) {
		return s.conclude(ctx, organization, r, q.Request.Slice)
	}}, nil
}

// ofPersons refuses a report that a link must not show.
func ofPersons(field, why string) error {
	return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_SHARE_OF_PERSONS, field, why)
}

// MadeShared is a report of Shared.
type MadeShared struct {
	Document document.Document
	request  report.Request
}

// Shared makes a report that whoever has a link is shown, as the caller of ctx.
func (s *Server) Shared(ctx context.Context, q Shared) (MadeShared, error) {
	b, err := s.shared(ctx, q)
	if err != nil {
		return MadeShared{}, err
	}
	d, err := b.finish(ctx)
	return MadeShared{Document: d, request: b.request}, err
}

// Write writes the report as a file.
func (m MadeShared) Write(format report.Format) (report.Rendered, error) {
	m.request.Format = format
	return write(m.request, m.Document)
}

// ToProto converts the report.
func (m MadeShared) ToProto() *reportingv1.ReportDocument { return documentToProto(m.Document) }

// Seen tells apart callers who are told different numbers now, also since other locations lie in their regions: what one was shown may be shown to another.
func Seen(ctx context.Context) string {
	p, _ := authn.FromContext(ctx)
	return digest(p, p.Units)
}
