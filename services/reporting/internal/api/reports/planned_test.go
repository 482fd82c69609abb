package reports

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// known are services that know the surveys a and b, of which both were published, the store a, answers of the store old, and the key region.
type known struct {
	surveyv1.UnimplementedSurveyServiceServer
	scoringv1.UnimplementedScoringServiceServer
	segmentationv1.UnimplementedDirectoryServiceServer
	published []string
}

func (k *known) ListSurveys(context.Context, *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
	out := &surveyv1.ListSurveysResponse{}
	for _, name := range k.published {
		out.Surveys = append(out.Surveys, &surveyv1.Survey{Name: name, CurrentRevision: name + "/revisions/1"})
	}
	return out, nil
}

func (k *known) GetSurvey(_ context.Context, req *surveyv1.GetSurveyRequest) (*surveyv1.GetSurveyResponse, error) {
	for _, name := range k.published {
		if name == req.GetName() {
			return &surveyv1.GetSurveyResponse{Survey: &surveyv1.Survey{Name: name, CurrentRevision: name + "/revisions/1"}}, nil
		}
	}
	return nil, rpcerr.New(codes.NotFound, "SURVEY_NOT_FOUND", "there is no such survey")
}

func (*known) GetRevision(_ context.Context, req *surveyv1.GetRevisionRequest) (*surveyv1.GetRevisionResponse, error) {
	return &surveyv1.GetRevisionResponse{Revision: &surveyv1.Revision{
		Name: req.GetName(), Questionnaire: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{{Id: "why"}}},
	}}, nil
}

func refusedBy(q *scoringv1.ScoreQuery) error {
	if strings.Contains(q.GetFilter(), "moon") {
		return rpcerr.New(codes.InvalidArgument, "FILTER_INVALID", "query.filter: there is no key moon", rpcerr.WithField("query.filter", "FILTER_INVALID", "there is no key moon"))
	}
	if len(q.GetGroupBy()) > 0 && q.GetGroupBy()[0] != "region" {
		return rpcerr.New(codes.InvalidArgument, "KEY_UNKNOWN", "query.group_by[0]: there is no such key", rpcerr.WithField("query.group_by[0]", "KEY_UNKNOWN", "there is no such key"))
	}
	return nil
}

func (*known) QueryScores(_ context.Context, req *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error) {
	out := &scoringv1.QueryScoresResponse{Coverage: &scoringv1.Coverage{}}
	if strings.Contains(req.GetQuery().GetFilter(), `"old"`) && req.GetQuery().GetPeriod().GetStartTime() == nil {
		out.Coverage.Counted = 1
	}
	return out, refusedBy(req.GetQuery())
}

func (*known) StreamScores(req *scoringv1.StreamScoresRequest, _ grpc.ServerStreamingServer[scoringv1.StreamScoresResponse]) error {
	return refusedBy(req.GetQuery())
}

func (*known) GetUnit(_ context.Context, req *segmentationv1.GetUnitRequest) (*segmentationv1.GetUnitResponse, error) {
	if req.GetName() != "locations/a" {
		return nil, rpcerr.New(codes.NotFound, "UNIT_NOT_FOUND", "there is no such unit")
	}
	return &segmentationv1.GetUnitResponse{Unit: &segmentationv1.Unit{Name: req.GetName()}}, nil
}

// planner makes reports of surveys that were published.
func planner(t *testing.T, published ...string) *Server {
	t.Helper()
	k, ch := &known{published: published}, &inprocgrpc.Channel{}
	surveyv1.RegisterSurveyServiceServer(ch, k)
	scoringv1.RegisterScoringServiceServer(ch, k)
	segmentationv1.RegisterDirectoryServiceServer(ch, k)
	return New(Deps{
		Store: opened(t), Surveys: peers.NewSurveys(ch), Measures: peers.NewMeasures(ch), Sources: peers.NewSources(ch, ch, ch, ch), Zone: time.UTC,
		Now: func() time.Time { return time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC) },
	})
}

// saidOf is the reason and the field of a refusal; empty for none.
func saidOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := rpcerr.FromError(err)
	if !ok || len(e.Fields) == 0 {
		t.Fatalf("refused without a field: %v", err)
	}
	return e.Reason + " " + e.Fields[0].Field
}

// A schedule that could never be made is refused by the field that is wrong, one that may come true is not.
func TestSchedulesThatCanNeverBeMadeAreRefused(t *testing.T) {
	t.Parallel()
	one, two, none := planner(t, "surveys/a"), planner(t, "surveys/a", "surveys/b"), planner(t)
	for name, c := range map[string]struct {
		s      *Server
		report string
		slice  report.Slice
		want   string
	}{
		"the only survey":                      {one, "survey-report", report.Slice{}, ""},
		"a named survey":                       {two, "survey-report", report.Slice{Survey: "surveys/b"}, ""},
		"none of several surveys":              {two, "survey-report", report.Slice{}, "REPORT_SURVEY_REQUIRED report_schedule.survey"},
		"a survey that is not there":           {one, "survey-report", report.Slice{Survey: "surveys/c"}, "SURVEY_NOT_FOUND report_schedule.survey"},
		"before the first survey":              {none, "survey-report", report.Slice{}, ""},
		"a filter that cannot be":              {one, "survey-report", report.Slice{Filter: `moon = "full"`}, "FILTER_INVALID report_schedule.filter"},
		"a report that is not there":           {one, "nothing", report.Slice{}, "REPORT_NOT_FOUND report_schedule.report"},
		"nobody where somebody is needed":      {one, "store-scorecard", report.Slice{}, "REPORT_SUBJECT_REQUIRED report_schedule.subject"},
		"nobody before the first survey":       {none, "store-scorecard", report.Slice{}, "REPORT_SUBJECT_REQUIRED report_schedule.subject"},
		"a company where a store is needed":    {one, "store-scorecard", report.Slice{Subject: "companies/a"}, "REPORT_SUBJECT_REQUIRED report_schedule.subject"},
		"a store of the directory":             {one, "store-scorecard", report.Slice{Subject: "locations/a"}, ""},
		"a store of earlier answers":           {one, "store-scorecard", report.Slice{Subject: "locations/old"}, ""},
		"a store that nobody knows":            {one, "store-scorecard", report.Slice{Subject: "locations/x"}, "UNIT_NOT_FOUND report_schedule.subject"},
		"a store that nobody knows, no survey": {none, "store-scorecard", report.Slice{Subject: "locations/x"}, "UNIT_NOT_FOUND report_schedule.subject"},
	} {
		if got := saidOf(t, c.s.CheckPlanned(manager(t), report.Request{Report: "reports/" + c.report, Slice: c.slice})); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A definition that none of the surveys bears is refused, and nothing of it is kept.
func TestDefinitionsThatCanNeverBeMadeAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*reportingv1.Report)
		want   string
	}{
		"of a survey that is not there": {func(r *reportingv1.Report) { r.Survey = "surveys/c" }, "SURVEY_NOT_FOUND report.survey"},
		"with a filter that cannot be":  {func(r *reportingv1.Report) { r.Filter = `moon = "full"` }, "FILTER_INVALID report.filter"},
		"by a key that is not there": {func(r *reportingv1.Report) {
			r.Sections = []*reportingv1.ReportSection{{Type: reportingv1.ReportSection_TYPE_SCORES}, {Type: reportingv1.ReportSection_TYPE_UNITS, By: "regoin"}}
		}, "KEY_UNKNOWN report.sections[1].by"},
		"of a question that nobody asks": {func(r *reportingv1.Report) {
			r.Sections = []*reportingv1.ReportSection{{Type: reportingv1.ReportSection_TYPE_DRIVERS, Outcome: "why", Items: []string{"why", "whence"}}}
		}, "QUESTION_NOT_FOUND report.sections[0].items[1]"},
		"that can be made": {func(r *reportingv1.Report) {
			r.Sections = []*reportingv1.ReportSection{{Type: reportingv1.ReportSection_TYPE_UNITS, By: "region"}}
		}, ""},
	} {
		s, ctx := planner(t, "surveys/a", "surveys/b"), manager(t)
		in := &reportingv1.Report{DisplayName: "Ours", Kind: reportingv1.ReportKind_REPORT_KIND_STORE_SCORECARD}
		c.change(in)
		_, err := s.CreateReport(ctx, &reportingv1.CreateReportRequest{ReportId: "ours", Report: in})
		if got := saidOf(t, err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		_, err = s.GetReport(ctx, &reportingv1.GetReportRequest{Name: "reports/ours"})
		if kept := err == nil; kept != (c.want == "") {
			t.Errorf("%s: kept is %v", name, kept)
		}
		if c.want != "" {
			continue
		}
		_, err = s.UpdateReport(ctx, &reportingv1.UpdateReportRequest{Report: &reportingv1.Report{Name: "reports/ours", Filter: `moon = "full"`}})
		if got := saidOf(t, err); got != "FILTER_INVALID report.filter" {
			t.Errorf("an update to a filter that cannot be: %q", got)
		}
	}
}
