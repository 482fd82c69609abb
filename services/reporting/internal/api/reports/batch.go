package reports

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	// MayRender is the permission to have reports made.
	MayRender = "reporting.reports.render"
	// mostSubjects is how many reports a batch has.
	mostSubjects = 5000
	// reportsAtOnce is how many reports of a batch are made at the same time, where there are as many processors.
	reportsAtOnce = 4
	// tries is how often a report is tried whose services do not answer, and between a wait between two tries.
	tries   = 6
	between = 5 * time.Second
)

// collections are the units of the directory, by what reports are about.
var collections = map[string]segmentationv1.Unit_Kind{
	"locations": segmentationv1.Unit_KIND_LOCATION, "companies": segmentationv1.Unit_KIND_COMPANY, "employees": segmentationv1.Unit_KIND_EMPLOYEE,
}

// Batches makes reports of many units, as the rows of an export: the name of a file, and what is in it. It is an export.Source.
type Batches struct{ Reports *Server }

// OrderBatch finds out which reports a batch has.
func (b Batches) OrderBatch(ctx context.Context, in *reportingv1.ReportBatch) (export.Batch, error) {
	s, q := b.Reports, in.GetQuery()
	asked, err := requestOf(q)
	if err != nil {
		return export.Batch{}, inBatch(err)
	}
	d, err := s.find(ctx, "export.reports.query.name", q.GetName())
	if err != nil {
		return export.Batch{}, err
	}
	profile, _ := report.ProfileOf(d.Kind)
	if profile.Subject == "" {
		return export.Batch{}, invalidBatch("export.reports.query.name", "the report is not about one location, company or employee; choose a scorecard")
	}
	out := export.Batch{
		Report: q.GetName(), Language: q.GetLanguageCode(), Survey: q.GetSurvey(), Filter: q.GetFilter(), Calendar: q.GetCalendarPeriod(), Until: asked.AsOf, Form: word(in.GetFormat(), formatPrefix),
		Named: in.GetSubjects(), Region: in.GetRegion(), At: s.now().UTC().Truncate(time.Second),
	}
	if asked.Period != nil {
		out.From, out.To = asked.Period.Start, asked.Period.End
	}
	if out.Subjects, err = b.subjects(ctx, profile.Subject, in); err != nil {
		return out, err
	}
	// What would be refused of each report is refused at once: the survey, the filter, the period.
	_, err = s.begin(ctx, d, requestOfBatch(out, out.Subjects[0]))
	return out, inBatch(err)
}

// inBatch names the fields of a report that is asked for by those of its batch.
func inBatch(err error) error {
	return renamed(err, func(ours string) string {
		if strings.HasPrefix(ours, "query.") {
			return "export.reports." + ours
		}
		return ours
	})
}

func invalidBatch(field, what string) error {
	return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_REPORT_BATCH_INVALID, field, what)
}

// subjects are whom the reports are about: those who are named, or all of the collection that the caller sees, in the region where one is named.
func (b Batches) subjects(ctx context.Context, collection string, in *reportingv1.ReportBatch) ([]string, error) {
	named := in.GetSubjects()
	for i, name := range named {
		if !strings.HasPrefix(name, collection+"/") {
			return nil, invalidBatch(fmt.Sprintf("export.reports.subjects[%d]", i), "the report is about one of "+collection+": name it as "+collection+"/{id}")
		}
	}
	region := in.GetRegion()
	switch {
	case region != "" && collection != "locations":
		return nil, invalidBatch("export.reports.region", "only locations are in regions; name the "+collection+" by subjects")
	case region == "" && len(named) > 0:
		return named, nil
	}
	found, err := b.units(ctx, collections[collection], region)
	if err != nil {
		return nil, err
	}
	var out []string
	if len(named) > 0 {
		for _, name := range named {
			if found[name] {
				out = append(out, name)
			}
		}
	} else {
		out = slices.Sorted(maps.Keys(found))
	}
	switch {
	case len(out) == 0:
		return nil, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_REPORT_BATCH_EMPTY, "export.reports.subjects",
			"you see none of the "+collection+" asked for: enter them in the directory, or choose others")
	case len(out) > mostSubjects:
		return nil, invalidBatch("export.reports.subjects", fmt.Sprintf("there are %d %s, and a batch has up to %d reports: choose a region, or name them", len(out), collection, mostSubjects))
	}
	return out, nil
}

// units are the names of the units of a kind that the caller sees, in a region and the regions within it where one is named.
func (b Batches) units(ctx context.Context, kind segmentationv1.Unit_Kind, region string) (map[string]bool, error) {
	out := make(map[string]bool)
	list := func(kind segmentationv1.Unit_Kind, parent string, add func(name string)) error {
		req := &segmentationv1.ListUnitsRequest{Kind: kind, Parent: parent, PageSize: unitsPage}
		for {
			resp, err := b.Reports.sources.Directory.ListUnits(ctx, req)
			if err != nil {
				return fault.Segmentation(err)
			}
			for _, u := range resp.GetUnits() {
				add(u.GetName())
			}
			if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
				return nil
			}
		}
	}
	if region == "" {
		return out, list(kind, "", func(name string) { out[name] = true })
	}
	_, err := b.Reports.sources.Directory.GetUnit(ctx, &segmentationv1.GetUnitRequest{Name: region})
	var said *peers.Refusal
	switch {
	case errors.As(err, &said) && said.Cause.Code == codes.NotFound:
		return nil, fault.Field(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_REGION_NOT_FOUND, "export.reports.region", fmt.Sprintf("the directory has no %s that you see", region))
	case err != nil:
		return nil, fault.Segmentation(err)
	}
	for within := []string{region}; len(within) > 0; within = within[1:] {
		if err := list(kind, within[0], func(name string) { out[name] = true }); err != nil {
			return nil, err
		}
		// A region cannot lie in itself, so that this ends.
		if err := list(segmentationv1.Unit_KIND_REGION, within[0], func(name string) { within = append(within, name) }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// requestOfBatch is the report of one of the subjects.
func requestOfBatch(b export.Batch, subject string) report.Request {
	out := report.Request{
		Report: b.Report, Language: b.Language, Calendar: b.Calendar, Slice: report.Slice{Survey: b.Survey, Subject: subject, Filter: b.Filter}, Format: report.Format(b.Form), At: b.At, AsOf: b.Until,
	}
	if !b.From.IsZero() || !b.To.IsZero() {
		out.Period = &document.Period{Start: b.From, End: b.To}
	}
	return out
}

// Columns implements export.Source.
func (Batches) Columns(context.Context, export.Order) ([]export.Column, error) {
	return []export.Column{{Name: export.FileColumn}, {Name: export.ContentColumn}}, nil
}

// Rows implements export.Source: each row is a report. All count up to one moment, and what is the same for all is asked for once.
func (b Batches) Rows(ctx context.Context, o export.Order, _ export.Mark, fn func(export.Mark, []export.Cell) error) error {
	if !authz.FromContext(ctx).Holds(MayRender) {
		return &export.Refused{Reason: "whoever asked for it may not have reports made any more"}
	}
	ctx = withCommon(ctx)
	first := requestOfBatch(o.Batch, o.Batch.Subjects[0])
	moment, err := patiently(ctx, func() (*timestamppb.Timestamp, error) {
		r, err := b.Reports.prepare(ctx, first)
		if err != nil {
			return nil, err
		}
		return r.mark, nil
	})
	if err != nil {
		return err
	}
	return b.made(ctx, o.Batch, moment.AsTime(), func(n int, r report.Rendered) error {
		return fn(export.Mark{Position: int64(n)}, []export.Cell{{Text: r.Filename}, {Text: string(r.Body)}})
	})
}

// outcome is a report of a batch, or why it could not be made.
type outcome struct {
	report.Rendered
	err error
}

// made makes the reports as of a moment, as many at once as there is room for, and hands them on in their order, which is counted from 1.
func (b Batches) made(ctx context.Context, batch export.Batch, moment time.Time, fn func(n int, r report.Rendered) error) error {
	work, ctx := errgroup.WithContext(ctx)
	queue := make(chan chan outcome, min(reportsAtOnce, runtime.GOMAXPROCS(0))-1)
	work.Go(func() error {
		defer close(queue)
		for _, subject := range batch.Subjects {
			slot := make(chan outcome, 1)
			select {
			case queue <- slot:
			case <-ctx.Done():
				return ctx.Err()
			}
			work.Go(func() error {
				q := requestOfBatch(batch, subject)
				q.AsOf = moment
				var o outcome
				o.Rendered, o.err = patiently(ctx, func() (report.Rendered, error) { return b.Reports.Render(ctx, q) })
				slot <- o
				return nil
			})
		}
		return nil
	})
	work.Go(func() error {
		n := 0
		for slot := range queue {
			o := <-slot
			if o.err != nil {
				return o.err
			}
			if n++; ctx.Err() != nil {
				return ctx.Err()
			}
			if err := fn(n, o.Rendered); err != nil {
				return err
			}
		}
		return nil
	})
	return work.Wait()
}

// patiently tries again where a service does not answer: an archive of a thousand reports is not begun anew because one could not be made for a moment.
func patiently[T any](ctx context.Context, try func() (T, error)) (T, error) {
	for n := 1; ; n++ {
		out, err := try()
		if err == nil || ctx.Err() != nil {
			return out, err
		}
		said, ok := rpcerr.FromError(err)
		switch {
		case !ok || n == tries && said.Code == codes.Unavailable:
			return out, err
		case said.Code == codes.Unavailable:
			if err := pause.For(ctx, between); err != nil {
				return out, err
			}
		case said.Code == codes.Internal || said.Code == codes.Unknown:
			return out, err
		default:
			return out, &export.Refused{Reason: said.Message}
		}
	}
}
