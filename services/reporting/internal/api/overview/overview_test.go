package overview_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/api/overview"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

var now = time.Date(2026, 3, 20, 9, 7, 0, 0, time.UTC)

// suite is the services that overviews ask. Answers arrive between the first `moving` questions about scores.
type suite struct {
	scoringv1.UnimplementedScoringServiceServer
	scoringv1.UnimplementedAlertServiceServer
	segmentationv1.UnimplementedLightServiceServer
	segmentationv1.UnimplementedCaseServiceServer
	commentv1.UnimplementedInsightServiceServer

	mu     sync.Mutex
	moving int
	// silent is how many of the last steps have no answers.
	silent int
	asked  []*scoringv1.ScoreQuery
	cases  error
}

func (s *suite) moment(q *scoringv1.ScoreQuery) *timestamppb.Timestamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, proto.CloneOf(q))
	return timestamppb.New(now.Add(time.Duration(min(len(s.asked), s.moving)) * time.Millisecond))
}

func (s *suite) QueryScores(_ context.Context, req *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error) {
	q := req.GetQuery()
	if q.GetDefinition() != "" {
		return nil, status.Error(codes.NotFound, "there is no such definition")
	}
	score := func(start time.Time, estimate float64) *scoringv1.Score {
		return &scoringv1.Score{
			Definition: "metricDefinitions/nps", DefinitionVersion: 1, Metric: scoringv1.Metric_METRIC_NPS, Variant: scoringv1.Variant_VARIANT_NPS_ANSWERED, N: 10,
			Estimate: &estimate, Slice: &scoringv1.Slice{Question: "recommend", Period: &typev1.Period{StartTime: timestamppb.New(start)}},
			Counts: &scoringv1.Counts{Answered: 10, Refused: 2},
		}
	}
	out := &scoringv1.QueryScoresResponse{Watermark: s.moment(q), Coverage: &scoringv1.Coverage{Responses: 30, Counted: 10}}
	if q.GetGrain() == typev1.TimeGrain_TIME_GRAIN_UNSPECIFIED {
		like := &scoringv1.Score{Metric: scoringv1.Metric_METRIC_LIKE_INDEX, Slice: &scoringv1.Slice{}}
		empty := &scoringv1.Score{Metric: scoringv1.Metric_METRIC_CSAT, Variant: scoringv1.Variant_VARIANT_CSAT_SHARE, Slice: &scoringv1.Slice{Question: "satisfied"}}
		out.Scores = []*scoringv1.Score{like, empty, score(q.GetPeriod().GetStartTime().AsTime(), 20)}
		return out, nil
	}
	for i := range 5 - s.silent {
		out.Scores = append(out.Scores, score(q.GetPeriod().GetStartTime().AsTime().AddDate(0, 0, 7*i), float64(i)))
	}
	slices.Reverse(out.GetScores())
	return out, nil
}

func (s *suite) CompareScores(_ context.Context, req *scoringv1.CompareScoresRequest) (*scoringv1.CompareScoresResponse, error) {
	return &scoringv1.CompareScoresResponse{
		Baseline:   &scoringv1.Score{N: 8, Estimate: proto.Float64(15), Slice: &scoringv1.Slice{Period: req.GetBaseline().GetPeriod()}},
		Difference: 5, PValue: proto.Float64(0.04), Test: "ADJUSTED_TRINOMIAL_Z", Watermark: s.moment(req.GetQuery()),
	}, nil
}

func (s *suite) ListAlerts(context.Context, *scoringv1.ListAlertsRequest) (*scoringv1.ListAlertsResponse, error) {
	return &scoringv1.ListAlertsResponse{Alerts: []*scoringv1.Alert{{Name: "alertRules/a/alerts/1", State: scoringv1.Alert_STATE_SILENCED}}, NextPageToken: "more"}, nil
}

func (s *suite) ListLights(_ context.Context, req *segmentationv1.ListLightsRequest) (*segmentationv1.ListLightsResponse, error) {
	if req.GetKind() == segmentationv1.LightKind_LIGHT_KIND_COMPANY {
		return nil, status.Error(codes.Unavailable, "away")
	}
	light := func(name string, before segmentationv1.LightColour, ago time.Duration) *segmentationv1.Light {
		return &segmentationv1.Light{Name: name, Colour: segmentationv1.LightColour_LIGHT_COLOUR_RED, PreviousColour: before, ColourTime: timestamppb.New(now.Add(-ago)), Uncertain: ago < time.Hour}
	}
	const amber = segmentationv1.LightColour_LIGHT_COLOUR_AMBER
	return &segmentationv1.ListLightsResponse{
		Lights: []*segmentationv1.Light{
			light("locations/old/light", amber, 8*24*time.Hour), light("locations/lately/light", amber, 6*24*time.Hour), light("locations/now/light", amber, time.Minute),
			light("locations/new/light", 0, time.Minute),
		},
		Counts: []*segmentationv1.LightCount{{Colour: segmentationv1.LightColour_LIGHT_COLOUR_RED, Count: 4}, {Colour: segmentationv1.LightColour_LIGHT_COLOUR_GREEN, Count: 7}},
	}, nil
}

func (s *suite) ListCases(context.Context, *segmentationv1.ListCasesRequest) (*segmentationv1.ListCasesResponse, error) {
	if s.cases != nil {
		return nil, s.cases
	}
	return &segmentationv1.ListCasesResponse{Cases: []*segmentationv1.Case{
		{Name: "cases/1", ResolutionBreached: true, Severity: segmentationv1.Case_SEVERITY_HIGH, Owner: "ann"},
		{Name: "cases/2", FirstResponseBreached: true, FirstResponseTime: timestamppb.New(now), DueTime: timestamppb.New(now.Add(time.Hour))},
		{Name: "cases/3", DueTime: timestamppb.New(now.Add(48 * time.Hour))},
	}}, nil
}

func (s *suite) QueryThemes(context.Context, *commentv1.QueryThemesRequest) (*commentv1.QueryThemesResponse, error) {
	theme := func(aspect string, kind commentv1.ThemeInsight_Kind, n int64, stake float64) *commentv1.ThemeInsight {
		return &commentv1.ThemeInsight{Aspect: aspect, Kind: kind, ResponseCount: n, NpsAtStake: &stake}
	}
	const weak, strong = commentv1.ThemeInsight_KIND_WEAKNESS, commentv1.ThemeInsight_KIND_STRENGTH
	return &commentv1.QueryThemesResponse{ResponseCount: 50, Themes: []*commentv1.ThemeInsight{
		theme("aspects/queue", weak, 30, 1), theme("aspects/price", weak, 5, 4), theme("aspects/staff", strong, 9, 0), theme("aspects/goods", strong, 20, 0),
		theme("aspects/parking", commentv1.ThemeInsight_KIND_UNDECIDED, 40, 9),
	}}, nil
}

func (s *suite) overview(t *testing.T, req *reportingv1.GetOverviewRequest) *reportingv1.Overview {
	t.Helper()
	ch := &inprocgrpc.Channel{}
	scoringv1.RegisterScoringServiceServer(ch, s)
	scoringv1.RegisterAlertServiceServer(ch, s)
	segmentationv1.RegisterLightServiceServer(ch, s)
	segmentationv1.RegisterCaseServiceServer(ch, s)
	commentv1.RegisterInsightServiceServer(ch, s)
	server := &overview.Server{
		Measures: peers.NewMeasures(ch), Surveys: peers.NewSurveys(ch), Segmentation: peers.NewSegmentation(ch), Comments: peers.NewComments(ch), Zone: time.UTC, Now: func() time.Time { return now },
	}
	resp, err := server.GetOverview(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetOverview()
}

func march() *reportingv1.GetOverviewRequest {
	return &reportingv1.GetOverviewRequest{Steps: 3, Query: &reportingv1.AnalysisQuery{
		Survey: "surveys/visits", Period: &typev1.Period{StartTime: timestamppb.New(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))},
	}}
}

// TestTrendEndsWithItsPeriod: steps without answers are missing at the end, too, and no earlier ones come in their place.
func TestTrendEndsWithItsPeriod(t *testing.T) {
	t.Parallel()
	s := &suite{silent: 1}
	if tr := s.overview(t, march()).GetMetrics()[0].GetTrend(); len(tr) != 2 || tr[0].GetEstimate() != 2 || tr[1].GetEstimate() != 3 {
		t.Errorf("the trend is %v", tr)
	}
}

// TestOverview: what is told of each part, in the order in which it is of use.
func TestOverview(t *testing.T) {
	t.Parallel()
	s := &suite{}
	req := march()
	req.Definitions = []string{"metricDefinitions/none"}
	o := s.overview(t, req)
	if got := len(o.GetMetrics()); got != 2 || o.GetMetrics()[0].GetVariant() != "NPS_ANSWERED" || o.GetMetrics()[1].GetScore().GetAbsenceReason() != "NO_ANSWERS" {
		t.Fatalf("%d metrics: %v", got, o.GetMetrics())
	}
	nps := o.GetMetrics()[0]
	if nps.GetScore().GetEstimate() != 20 || nps.GetScore().GetRefused() != 2 || nps.GetChange().GetDifference() != 5 || nps.GetChange().GetAdjustedPValue() != 0.04 {
		t.Errorf("%v", nps)
	}
	// Of five steps the last three, in order; the first was cut.
	if tr := nps.GetTrend(); len(tr) != 3 || tr[0].GetEstimate() != 2 || tr[2].GetEstimate() != 4 {
		t.Errorf("the trend is %v", tr)
	}
	// The period that has not ended is compared with as long a time, up to the next quarter of an hour.
	if b := o.GetBaselinePeriod(); b.GetEndTime().AsTime().Day() != 1 || b.GetStartTime().AsTime() != time.Date(2026, 2, 9, 14, 45, 0, 0, time.UTC) {
		t.Errorf("compared with %v", b)
	}
	lights := o.GetLights()[0]
	if lights.GetKind() != "locations" || lights.GetRed() != 4 || lights.GetGreen() != 7 || lights.GetUncertain() != 2 || lights.GetTurnedCount() != 2 || lights.GetTurned()[0].GetUnit() != "locations/now" {
		t.Errorf("%v", lights)
	}
	if c := o.GetCases(); c.GetOpen() != 3 || c.GetOverdue() != 1 || c.GetDue() != 1 || c.GetUnowned() != 2 || c.GetFirst()[0].GetSeverity() != "HIGH" {
		t.Errorf("%v", c)
	}
	if !o.GetMoreAlerts() || !o.GetAlerts()[0].GetSilenced() {
		t.Errorf("%v", o.GetAlerts())
	}
	if th := o.GetThemes(); th.GetStrengths()[0].GetAspect() != "aspects/goods" || th.GetWeaknesses()[0].GetAspect() != "aspects/price" || len(th.GetWeaknesses()) != 2 {
		t.Errorf("%v", th)
	}
	var absent []string
	for _, a := range o.GetAbsences() {
		absent = append(absent, a.GetPart().String()[len("OVERVIEW_PART_"):]+" "+a.GetSubject()+" "+a.GetReason().String()[len("REASON_"):])
	}
	want := []string{
		"SCORES CES NOT_ASKED", "SCORES CSAT_SHARE NO_ANSWERS", "SCORES MEAN NOT_ASKED", "SCORES RESPONSE_RATE NOT_ASKED", "SCORES metricDefinitions/none REFUSED",
		"LIGHTS companies UNAVAILABLE",
	}
	if !slices.Equal(absent, want) {
		t.Errorf("absent: %q", absent)
	}
}

// TestOneMoment: while answers arrive between its questions, an overview asks again, and at last as of a moment that is over.
func TestOneMoment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ moving, asked int }{"quiet": {0, 3}, "once": {3, 6}, "always": {1000, 12}} {
		s := &suite{moving: c.moving}
		o := s.overview(t, march())
		if len(s.asked) != c.asked {
			t.Errorf("%s: asked %d times", name, len(s.asked))
		}
		last := s.asked[len(s.asked)-1].GetAsOfTime()
		if (last != nil) != (name == "always") {
			t.Errorf("%s: asked as of %v", name, last)
		}
		if last != nil && (!last.AsTime().Equal(now.Add(-time.Second)) || !o.GetBasis().GetWatermark().AsTime().Equal(last.AsTime())) {
			t.Errorf("%s: as of %v, said to be of %v", name, last.AsTime(), o.GetBasis().GetWatermark().AsTime())
		}
	}
}

// TestNotPermitted: who may not list cases is told so, and gets all else.
func TestNotPermitted(t *testing.T) {
	t.Parallel()
	s := &suite{cases: status.Error(codes.PermissionDenied, "segmentation.cases.list is needed")}
	o := s.overview(t, march())
	if o.GetCases() != nil || !slices.ContainsFunc(o.GetAbsences(), func(a *reportingv1.OverviewAbsence) bool {
		return a.GetPart() == reportingv1.OverviewPart_OVERVIEW_PART_CASES && a.GetReason() == reportingv1.OverviewAbsence_REASON_NOT_PERMITTED
	}) {
		t.Errorf("%v, %v", o.GetCases(), o.GetAbsences())
	}
	req := march()
	req.Parts = []reportingv1.OverviewPart{reportingv1.OverviewPart_OVERVIEW_PART_ALERTS}
	if o := s.overview(t, req); o.GetLights() != nil || o.GetThemes() != nil || o.GetMetrics()[0].GetTrend() != nil || o.GetMetrics()[0].GetChange() != nil || o.GetAlerts() == nil {
		t.Errorf("%v", o)
	}
}
