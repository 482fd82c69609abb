package reports

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/render/csv"
	"github.com/otklik/otklik/services/reporting/internal/render/html"
	"github.com/otklik/otklik/services/reporting/internal/render/pdf"
	"github.com/otklik/otklik/services/reporting/internal/render/xlsx"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// form is how a report is written.
type form struct {
	contentType string
	write       func(w io.Writer, d document.Document) error
}

// forms are those of all formats.
var forms = map[report.Format]form{
	report.PDF:  {"application/pdf", pdf.Render},
	report.XLSX: {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx.Render},
	report.CSV:  {"text/csv; charset=utf-8", csv.Render},
	report.HTML: {"text/html; charset=utf-8", html.Render},
	report.JSON: {"application/json", writeJSON},
}

// writeJSON writes a document as the API tells it, the same for the same document.
func writeJSON(w io.Writer, d document.Document) error {
	raw, err := protojson.Marshal(documentToProto(d))
	if err != nil {
		return fmt.Errorf("encode document: %w", err)
	}
	// What protojson writes differs in its blanks, on purpose.
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return fmt.Errorf("indent document: %w", err)
	}
	b.WriteByte('\n')
	_, err = b.WriteTo(w)
	return err
}

// RenderReport makes a report as data.
func (s *Server) RenderReport(ctx context.Context, req *reportingv1.RenderReportRequest) (*reportingv1.RenderReportResponse, error) {
	q, err := requestOf(req.GetQuery())
	if err != nil {
		return nil, err
	}
	d, err := s.make(ctx, q)
	if err != nil {
		return nil, err
	}
	return &reportingv1.RenderReportResponse{Document: documentToProto(d)}, nil
}

// DownloadReport makes a report as a file.
func (s *Server) DownloadReport(ctx context.Context, req *reportingv1.DownloadReportRequest) (*reportingv1.DownloadReportResponse, error) {
	q, err := requestOf(req.GetQuery())
	if err != nil {
		return nil, err
	}
	q.Format = report.Format(word(req.GetFormat(), formatPrefix))
	r, err := s.Render(ctx, q)
	if err != nil {
		return nil, err
	}
	return &reportingv1.DownloadReportResponse{
		Content: r.Body, ContentType: r.ContentType, FileName: r.Filename, Fingerprint: r.Fingerprint, Watermark: timestamppb.New(r.Watermark),
	}, nil
}

// Render implements report.Renderer.
func (s *Server) Render(ctx context.Context, q report.Request) (report.Rendered, error) {
	if _, ok := forms[q.Format]; !ok {
		return report.Rendered{}, fmt.Errorf("render report: there is no format %q", q.Format)
	}
	d, err := s.make(ctx, q)
	if err != nil {
		return report.Rendered{}, err
	}
	return write(q, d)
}

// write writes a report in the form that was asked for.
func write(q report.Request, d document.Document) (report.Rendered, error) {
	f, ok := forms[q.Format]
	if !ok {
		return report.Rendered{}, fmt.Errorf("render report: there is no format %q", q.Format)
	}
	var b bytes.Buffer
	if err := f.write(&b, d); err != nil {
		return report.Rendered{}, fmt.Errorf("write report as %s: %w", q.Format, err)
	}
	return report.Rendered{
		Body: b.Bytes(), ContentType: f.contentType, Filename: fileName(q, d), Fingerprint: d.Fingerprint, Watermark: d.Watermark, Title: heading(d), Period: d.Period,
	}, nil
}

// heading is the title with whom the report is about and what its reader sees, for whoever announces it.
func heading(d document.Document) string {
	out := d.Title
	for _, more := range []string{d.Subtitle, d.Scope} {
		if more != "" && more != out {
			out += " · " + more
		}
	}
	return out
}

// fileName is a name for a file: the report, whom it is about, and the first day of its period.
func fileName(q report.Request, d document.Document) string {
	id, _ := split(q.Report)
	if _, subject, ok := strings.Cut(q.Slice.Subject, "/"); ok {
		id += "-" + plain(subject)
	}
	return id + "-" + d.Period.Start.Format(time.DateOnly) + "." + string(q.Format)
}

// plain leaves of an identifier what a name of a file may have everywhere.
func plain(id string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			return c
		}
		return '_'
	}, id)
}

// requestOf converts what is asked for.
func requestOf(q *reportingv1.ReportQuery) (report.Request, error) {
	out := report.Request{
		Report: q.GetName(), Language: q.GetLanguageCode(), Calendar: q.GetCalendarPeriod(), Slice: report.Slice{Survey: q.GetSurvey(), Subject: q.GetSubject(), Filter: q.GetFilter()}, AsOf: moment(q.GetAsOfTime()),
	}
	if p := q.GetPeriod(); p != nil {
		if p.GetStartTime() == nil || p.GetEndTime() == nil {
			return out, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_REPORT_PERIOD_INVALID, "query.period", "state start_time and end_time")
		}
		out.Period = &document.Period{Start: p.GetStartTime().AsTime(), End: p.GetEndTime().AsTime()}
	}
	return out, nil
}

// make makes a report, and remembers what it was made of.
func (s *Server) make(ctx context.Context, q report.Request) (document.Document, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return document.Document{}, err
	}
	r, err := s.prepare(ctx, q)
	if err != nil {
		return document.Document{}, err
	}
	return s.conclude(ctx, organization, r, q.Slice)
}

// conclude finishes a report that has begun, and remembers what it was made of.
func (s *Server) conclude(ctx context.Context, organization string, r *run, slice report.Slice) (document.Document, error) {
	d, made, err := r.finish(ctx, slice)
	if err != nil {
		return document.Document{}, err
	}
	made.Time = s.now().UTC()
	return d, s.store.PutRendition(ctx, organization, made)
}

// finish makes the document with its fingerprint, and says what it is made of.
func (r *run) finish(ctx context.Context, slice report.Slice) (document.Document, report.Rendition, error) {
	d, err := r.document(ctx)
	if err != nil {
		return d, report.Rendition{}, failed(err)
	}
	made := report.Rendition{
		Report: r.definition.ID, Version: r.definition.Version, Content: r.definition.Content, Language: r.words.Language(), Start: r.period.Start.UTC(), End: r.period.End.UTC(),
		Zone: r.period.Zone.String(), Survey: r.survey, Subject: slice.Subject, Filter: slice.Filter, Watermark: d.Watermark.UTC(), Reach: reach(ctx),
	}
	for i, section := range d.Sections {
		made.Sections = append(made.Sections, report.PrintOf(section, r.present(r.definition.Sections[i])))
	}
	if err := made.Seal(); err != nil {
		return d, made, err
	}
	d.Fingerprint = made.Fingerprint
	return d, made, nil
}

// GetReportRendition makes a report again, and tells whether it says the same.
func (s *Server) GetReportRendition(ctx context.Context, req *reportingv1.GetReportRenditionRequest) (*reportingv1.GetReportRenditionResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	was, err := s.remembered(ctx, organization, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	r, d, again, err := s.again(ctx, was, was.Language)
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ReportRendition{
		Name: req.GetName(), Report: fmt.Sprintf("%s%s@%d", reportPrefix, was.Report, was.Version), CreateTime: timestamppb.New(was.Time), Watermark: timestamppb.New(was.Watermark),
	}
	counted, present := was.Differences(&again)
	out.ChangedSections = append(counted, present...)
	key := phrase.AgainEqual
	switch {
	case len(counted) > 0:
		out.State, key = reportingv1.ReportRendition_STATE_CHANGED, phrase.AgainErased
	case len(present) > 0:
		out.State, key = reportingv1.ReportRendition_STATE_PRESENT_CHANGED, phrase.AgainPresent
	default:
		out.State = reportingv1.ReportRendition_STATE_EQUAL
	}
	out.Explanation = r.words.Text(key)
	return &reportingv1.GetReportRenditionResponse{Rendition: out, Document: documentToProto(d)}, nil
}

// remembered is what a report was made of, for a caller who is told the same numbers; field is that of the request.
func (s *Server) remembered(ctx context.Context, organization, field, name string) (report.Rendition, error) {
	was, err := s.store.Rendition(ctx, organization, strings.TrimPrefix(name, renditionPrefix))
	if errors.Is(err, store.ErrNotFound) {
		return was, fault.Field(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_RENDITION_NOT_FOUND, field, "no report of the last two years has this fingerprint")
	}
	if err != nil {
		return was, err
	}
	if was.Reach != reach(ctx) {
		return was, fault.Refuse(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_RENDITION_OF_OTHER_REACH,
			"the report was made for somebody with other roles or units, who is told other numbers")
	}
	return was, nil
}

// again makes a report again, in a language.
func (s *Server) again(ctx context.Context, was report.Rendition, language string) (*run, document.Document, report.Rendition, error) {
	var none document.Document
	zone, err := time.LoadLocation(was.Zone)
	if err != nil {
		return nil, none, was, fmt.Errorf("load time zone of rendition: %w", err)
	}
	definition := report.Definition{ID: was.Report, Version: was.Version, Content: was.Content}
	definition.Zone = was.Zone
	slice := report.Slice{Survey: was.Survey, Subject: was.Subject, Filter: was.Filter}
	r, err := s.begin(ctx, definition, report.Request{
		Language: language, Period: &document.Period{Start: was.Start, End: was.End, Zone: zone}, Slice: slice, AsOf: was.Watermark,
	})
	if err != nil {
		return nil, none, was, err
	}
	// What was counted since has no say, even where nothing was.
	r.mark = timestamppb.New(was.Watermark)
	r.definition.Content = was.Content
	d, made, err := r.finish(ctx, slice)
	return r, d, made, err
}

// renditionPrefix begins the names of what was made.
const renditionPrefix = "reportRenditions/"

const (
	// kept is how long what reports were made of is remembered.
	kept = 2 * 366 * 24 * time.Hour
	// forgottenAtOnce bounds one transaction.
	forgottenAtOnce = 1000
)

// Forget forgets what reports were made of long ago.
func (s *Server) Forget(ctx context.Context) error {
	for {
		n, err := s.store.ForgetRenditions(ctx, s.now().Add(-kept), forgottenAtOnce)
		if err != nil || n < forgottenAtOnce {
			return err
		}
	}
}
