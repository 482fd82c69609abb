package reports

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// longest is the longest period of a report.
const longest = 20 * 366 * 24 * time.Hour

// prepare begins a report: it finds out what is asked for, and up to when responses are counted.
func (s *Server) prepare(ctx context.Context, q report.Request) (*run, error) {
	d, err := once(ctx, "definition", func(ctx context.Context) (report.Definition, error) { return s.find(ctx, "query.name", q.Report) })
	if err != nil {
		return nil, err
	}
	return s.begin(ctx, d, q)
}

// begin begins a report of a definition.
func (s *Server) begin(ctx context.Context, d report.Definition, q report.Request) (*run, error) {
	r := &run{Server: s, definition: d, subject: q.Slice.Subject}
	r.profile, _ = report.ProfileOf(d.Kind)
	language := q.Language
	if language == "" {
		language = d.Language
	}
	r.words, r.notation = words(language)
	staff := r.profile.Kind == report.StaffScorecard || r.profile.Kind == report.StaffReview
	if staff {
		q.Zone = nil
	}
	if err := r.setPeriod(q); err != nil {
		return nil, err
	}
	if err := r.setSlice(ctx, q.Slice); err != nil {
		return nil, err
	}
	questionnaire, err := once(ctx, "questionnaire", func(ctx context.Context) (*peers.Questionnaire, error) { return s.surveys.Questionnaire(ctx, r.survey) })
	if err != nil {
		return nil, fault.Survey(err)
	}
	r.asked, r.surveyTitle = questionnaire.Current, questionnaire.DisplayName
	if staff {
		_, err := once(ctx, "persons", func(ctx context.Context) (bool, error) { return true, r.seesPersons(ctx) })
		if err != nil {
			return nil, failed(err)
		}
	}
	// All sections count up to the same moment: that of the first answer.
	counted, err := r.first(ctx)
	if q.Zone != nil && ofOtherMonths(err) {
		// Employees' answers are released by months of one zone, whoever asks.
		q.Zone = nil
		if err := r.setPeriod(q); err != nil {
			return nil, err
		}
		counted, err = r.first(ctx)
	}
	if err != nil {
		return nil, failed(err)
	}
	r.mark = counted.GetWatermark()
	r.protected = r.circumstances["employee"] != "" || slices.ContainsFunc(counted.GetScores(), func(s *scoringv1.Score) bool {
		return s.GetPopulation() == typev1.Population_POPULATION_EMPLOYEE
	})
	if r.mark == nil {
		r.mark = timestamppb.New(s.now())
	}
	if !r.protected && !q.AsOf.IsZero() && q.AsOf.Before(r.mark.AsTime()) {
		r.mark = timestamppb.New(q.AsOf)
	}
	return r, nil
}

// first asks for the main score, or for the response rate of a survey without one.
func (r *run) first(ctx context.Context) (*scoringv1.QueryScoresResponse, error) {
	q := r.query(r.period)
	q.Metrics = []scoringv1.Metric{scoringv1.Metric_METRIC_RESPONSE_RATE}
	if m, ok := r.mainMetric(); ok {
		q = r.mainQuery(r.period, m)
	}
	return r.measures.Query(ctx, q)
}

// ofOtherMonths tells whether scores were refused because the period does not consist of the months by which they are told.
func ofOtherMonths(err error) bool {
	var said *peers.Refusal
	return errors.As(err, &said) && said.Cause.Reason == "MONTHS_NOT_WHOLE"
}

// setPeriod finds the period, and that to compare with.
func (r *run) setPeriod(q report.Request) error {
	zone := r.zone
	if q.Zone != nil {
		zone = q.Zone
	}
	if r.definition.Zone != "" {
		var err error
		if zone, err = time.LoadLocation(r.definition.Zone); err != nil {
			return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_REPORT_PERIOD_INVALID, "query.name", "the time zone of the report is not known here; change it")
		}
	}
	at := q.At
	if at.IsZero() {
		at = r.now()
	}
	switch {
	case q.Calendar != "":
		var ok bool
		if r.period, ok = report.Calendar(q.Calendar, zone); !ok || q.Period != nil {
			return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_REPORT_PERIOD_INVALID, "query.calendar_period",
				"name a year, a half-year, a quarter, a month or a day, such as 2026, 2026-H1, 2026-Q3, 2026-10 or 2026-10-31, and no period beside it")
		}
	case q.Period == nil:
		r.period = r.definition.Period.Resolve(at, zone)
	default:
		r.period = document.Period{Start: q.Period.Start.In(zone), End: q.Period.End.In(zone), Zone: zone}
		if q.Period.Start.IsZero() || q.Period.End.IsZero() || q.Period.End.Sub(q.Period.Start) > longest {
			return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_REPORT_PERIOD_INVALID, "query.period", "state start_time and end_time, at most 20 years apart")
		}
	}
	r.baseline = nil
	if before, ok := r.definition.Comparison.Baseline(r.period); ok {
		r.baseline = &before
	}
	return nil
}

// setSlice finds the survey, and which responses are counted.
func (r *run) setSlice(ctx context.Context, slice report.Slice) error {
	collection, id, _ := strings.Cut(slice.Subject, "/")
	if err := r.checkSubject(slice.Subject); err != nil {
		return err
	}
	var filters []string
	for _, f := range []string{r.definition.Filter, slice.Filter} {
		if strings.TrimSpace(f) != "" {
			filters = append(filters, f)
		}
	}
	r.circumstances, r.plain = circumstancesOf(filters)
	if slice.Subject != "" {
		key := keys[collection]
		if other, ok := r.circumstances[key]; ok && other != id {
			r.plain = false
		}
		r.circumstances[key] = id
		filters = append(filters, key+` = "`+id+`"`)
	}
	if len(filters) == 1 {
		r.filter = filters[0]
	} else if len(filters) > 1 {
		r.filter = "(" + strings.Join(filters, ") AND (") + ")"
	}
	r.survey = r.definition.Survey
	if r.survey == "" {
		r.survey = slice.Survey
	}
	if r.survey != "" {
		return nil
	}
	var err error
	r.survey, err = once(ctx, "survey", r.onlySurvey)
	return err
}

// checkSubject refuses the lack of somebody or something that the report has to be about.
func (r *run) checkSubject(subject string) error {
	if want := r.profile.Subject; want != "" && !strings.HasPrefix(subject, want+"/") {
		return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_REPORT_SUBJECT_REQUIRED, "query.subject", "name the one that the report is about, as "+want+"/{id}")
	}
	return nil
}

// published are the surveys of the organisation that were published; more tells that there may be others.
func (s *Server) published(ctx context.Context) (found []*surveyv1.Survey, more bool, err error) {
	resp, err := s.sources.Surveys.ListSurveys(ctx, &surveyv1.ListSurveysRequest{PageSize: unitsPage})
	if err != nil {
		return nil, false, fault.Survey(err)
	}
	found = slices.DeleteFunc(resp.GetSurveys(), func(s *surveyv1.Survey) bool { return s.GetCurrentRevision() == "" })
	return found, resp.GetNextPageToken() != "", nil
}

// onlySurvey is the only survey of the organisation that was published.
func (r *run) onlySurvey(ctx context.Context) (string, error) {
	published, more, err := r.published(ctx)
	if err != nil {
		return "", err
	}
	if len(published) != 1 || more {
		return "", fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_REPORT_SURVEY_REQUIRED, "query.survey",
			"the report names no survey, and there is not just one that is published; name it")
	}
	return published[0].GetName(), nil
}

// plainTerm is a term of a filter that other services than scoring know as well.
var plainTerm = regexp.MustCompile(`^\s*(location|company|region|channel|touchpoint|employee)\s*=\s*"([^"\\]*)"\s*$`)

// circumstancesOf reads filters that consist of values of keys; false when they say more.
func circumstancesOf(filters []string) (map[string]string, bool) {
	out := make(map[string]string)
	for _, f := range filters {
		for term := range strings.SplitSeq(f, " AND ") {
			m := plainTerm.FindStringSubmatch(term)
			if m == nil {
				return out, false
			}
			if other, ok := out[m[1]]; ok && other != m[2] {
				return out, false
			}
			out[m[1]] = m[2]
		}
	}
	return out, true
}

// reach is a digest of what the caller was given to see: who has other roles or units is told other numbers. What is kept holds it, so that the units are as they
// were given: that a location comes to a region, or that nobody can be asked what lies in it, takes nobody's report away from its reader.
func reach(ctx context.Context) string {
	p, _ := authn.FromContext(ctx)
	return digest(p, p.Given())
}

// digest is one of roles, of what a credential is bound to, and of units.
func digest(p authn.Principal, within map[string][]string) string {
	roles, resources := slices.Sorted(slices.Values(p.Roles)), slices.Sorted(slices.Values(p.Resources))
	units := make(map[string][]string, len(within))
	for k, v := range within {
		units[k] = slices.Sorted(slices.Values(v))
	}
	// Maps of texts are encoded in the order of their keys, and never fail to be.
	body, _ := json.Marshal([]any{roles, resources, units})
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
