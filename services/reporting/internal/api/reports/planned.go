package reports

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// triedSurveys is with how many surveys the contents of a report are tried that names none of them.
const triedSurveys = 20

// renamed says an error of our fields by those of another request; field names the one that stands for ours.
func renamed(err error, field func(ours string) string) error {
	e, ok := rpcerr.FromError(err)
	if err == nil || !ok {
		return err
	}
	out := *e
	out.Fields = make([]rpcerr.FieldViolation, len(e.Fields))
	for i, f := range e.Fields {
		theirs := field(f.Field)
		out.Message = strings.Replace(out.Message, f.Field+": ", theirs+": ", 1)
		f.Field = theirs
		out.Fields[i] = f
	}
	return &out
}

// CheckPlanned refuses a report that could never be made for the caller, by fields of a schedule. As long as no survey was published it takes what may come true once
// one is.
func (s *Server) CheckPlanned(ctx context.Context, q report.Request) error {
	d, err := s.find(ctx, "report_schedule.report", q.Report)
	if err != nil {
		return err
	}
	return renamed(withoutPassing(s.possible(ctx, d, q)), func(ours string) string {
		field := strings.TrimPrefix(ours, "query.")
		switch {
		case field == "name", field == "filter" && strings.TrimSpace(q.Slice.Filter) == "", field == "survey" && d.Survey != "":
			// It is the report itself that says what cannot be.
			return "report_schedule.report"
		case field == "survey", field == "subject", field == "filter":
			return "report_schedule." + field
		}
		return ours
	})
}

// withoutPassing leaves out what other services refuse as things stand, such as scores of few answers: that passes, and reports say it themselves.
func withoutPassing(err error) error {
	if e, ok := rpcerr.FromError(err); err != nil && ok && e.Code == codes.FailedPrecondition && e.Domain != fault.Domain {
		return nil
	}
	return err
}

// possible begins a report to see whether it can be made. Errors name fields of queries.
func (s *Server) possible(ctx context.Context, d report.Definition, q report.Request) error {
	survey := d.Survey
	if survey == "" {
		survey = q.Slice.Survey
	}
	asked, err := s.askedBy(ctx, survey)
	if err != nil {
		return err
	}
	if !asked {
		// There is nothing to try it with yet; that somebody is named can be told already.
		r := &run{Server: s, definition: d}
		r.profile, _ = report.ProfileOf(d.Kind)
		if err := r.checkSubject(q.Slice.Subject); err != nil {
			return err
		}
		return s.subjectKnown(ctx, nil, q.Slice.Subject)
	}
	r, err := s.begin(ctx, d, q)
	if err != nil {
		return err
	}
	return s.subjectKnown(ctx, r, q.Slice.Subject)
}

// askedBy tells whether a survey was published, or any where none is named.
func (s *Server) askedBy(ctx context.Context, survey string) (bool, error) {
	if survey == "" {
		published, _, err := s.published(ctx)
		return len(published) > 0, err
	}
	q, err := s.surveys.Questionnaire(ctx, survey)
	if err != nil {
		return false, fault.Survey(err)
	}
	return len(q.Current) > 0, nil
}

// subjectKnown refuses a subject that is neither in the directory nor in any answer; r is nil where there are no answers. Who may not see the directory is believed.
func (s *Server) subjectKnown(ctx context.Context, r *run, subject string) error {
	if subject == "" {
		return nil
	}
	_, err := s.sources.Directory.GetUnit(ctx, &segmentationv1.GetUnitRequest{Name: subject})
	var said *peers.Refusal
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &said):
		return fault.Segmentation(err)
	case said.Cause.Code != codes.NotFound:
		return nil
	}
	if r != nil {
		// Answers may tell of units that nobody entered.
		ever := *r
		ever.period = document.Period{}
		counted, err := ever.first(ctx)
		if err != nil {
			return failed(err)
		}
		if counted.GetCoverage().GetCounted() > 0 {
			return nil
		}
	}
	const what = "is neither in the directory nor in any answer that you see: enter it there, or choose another one"
	e := *said.Cause
	e.Message, e.Fields = "query.subject: "+what, []rpcerr.FieldViolation{{Field: "query.subject", Reason: e.Reason, Description: what}}
	return &e
}

// checkContent refuses a definition that can never be made, by fields of the report: a survey that there is not, and filters, keys and questions that none of the
// surveys knows it may be about. Who may not ask for scores is believed.
func (s *Server) checkContent(ctx context.Context, c report.Content) error {
	names := []string{c.Survey}
	if c.Survey == "" {
		published, more, err := s.published(ctx)
		if err == nil {
			names = names[:0]
			for _, one := range published {
				names = append(names, one.GetName())
			}
		}
		if err := believed(err); err != nil || more || len(names) > triedSurveys {
			return err
		}
	}
	var refused error
	for _, survey := range names {
		refused = believed(s.tryContent(ctx, c, survey))
		if refused == nil || rpcerr.Code(refused) == codes.Unavailable {
			break
		}
	}
	return renamed(refused, func(ours string) string { return "report." + strings.TrimPrefix(ours, "query.") })
}

// believed leaves out refusals that are of the caller, or pass.
func believed(err error) error {
	if err != nil && rpcerr.Code(err) == codes.PermissionDenied {
		return nil
	}
	return withoutPassing(err)
}

// tryContent tries what a definition says with a survey.
func (s *Server) tryContent(ctx context.Context, c report.Content, survey string) error {
	asked, err := s.askedBy(ctx, survey)
	if err != nil || !asked {
		return err
	}
	// Whom it will be about is said by those who have it made; a report of a survey needs nobody.
	c.Kind, c.Survey = report.SurveyReport, survey
	r, err := s.begin(ctx, report.Definition{Content: c}, report.Request{})
	if err != nil {
		return err
	}
	questionnaire, err := s.surveys.Questionnaire(ctx, survey)
	if err != nil {
		return fault.Survey(err)
	}
	for i, section := range c.Sections {
		field := fmt.Sprintf("sections[%d].", i)
		questions := map[string]string{field + "outcome": section.Outcome}
		for n, id := range section.Items {
			questions[fmt.Sprintf("%sitems[%d]", field, n)] = id
		}
		for at, id := range questions {
			if id == "" {
				continue
			}
			if _, known, err := questionnaire.Find(ctx, id); err != nil {
				return fault.Survey(err)
			} else if !known {
				return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_QUESTION_NOT_FOUND, at, survey+" has no question "+id+"; choose one that it asks")
			}
		}
		if err := r.keyKnown(ctx, section, field+"by"); err != nil {
			return err
		}
	}
	return nil
}

// keyKnown refuses a section of scores by a key that there is not.
func (r *run) keyKnown(ctx context.Context, s report.Section, field string) error {
	if s.By == "" || s.By == "employee" || s.Type != report.Units && s.Type != report.Heat {
		return nil
	}
	q := r.query(r.period)
	q.Metrics = []scoringv1.Metric{scoringv1.Metric_METRIC_RESPONSE_RATE}
	if m, ok := r.mainMetric(); ok {
		q = r.mainQuery(r.period, m)
	}
	q.GroupBy = []string{s.By}
	_, err := r.measures.Each(ctx, q, func(*scoringv1.Score) error { return errEnough })
	if errors.Is(err, errEnough) {
		return nil
	}
	return fault.Scoring(err, func(string) string { return field })
}

// errEnough ends the reading of scores of which only matters whether they are told.
var errEnough = errors.New("enough was read")
