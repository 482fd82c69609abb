package reports

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// others are the services that a report asks when it begins. protected has scores told by the months of UTC only.
type others struct {
	surveyv1.UnimplementedSurveyServiceServer
	scoringv1.UnimplementedScoringServiceServer
	segmentationv1.UnimplementedLightServiceServer
	protected bool
}

func (*others) GetSurvey(context.Context, *surveyv1.GetSurveyRequest) (*surveyv1.GetSurveyResponse, error) {
	return &surveyv1.GetSurveyResponse{Survey: &surveyv1.Survey{}}, nil
}

func (*others) ListLights(context.Context, *segmentationv1.ListLightsRequest) (*segmentationv1.ListLightsResponse, error) {
	return &segmentationv1.ListLightsResponse{}, nil
}

func (o *others) QueryScores(_ context.Context, req *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error) {
	if start := req.GetQuery().GetPeriod().GetStartTime().AsTime(); o.protected && (start.Day() != 1 || start.Hour() != 0) {
		return nil, rpcerr.New(codes.FailedPrecondition, "MONTHS_NOT_WHOLE", "these answers are told by whole months")
	}
	return &scoringv1.QueryScoresResponse{}, nil
}

// A month is that of the definition's zone, or else of whoever asks, or else of the service; employees' answers are told by the months of the service.
func TestZonesOfPeriods(t *testing.T) {
	t.Parallel()
	bishkek, err := time.LoadLocation("Asia/Bishkek")
	if err != nil {
		t.Fatal(err)
	}
	// In UTC it is the last evening of October still.
	at := time.Date(2026, 11, 1, 3, 0, 0, 0, bishkek)
	month := func(m time.Month, zone *time.Location) time.Time { return time.Date(2026, m, 1, 0, 0, 0, 0, zone) }
	for name, c := range map[string]struct {
		kind      report.Kind
		own       string
		zone      *time.Location
		protected bool
		want      time.Time
	}{
		"nobody names one":       {report.ClosedLoop, "", nil, false, month(9, time.UTC)},
		"the schedule's":         {report.ClosedLoop, "", bishkek, false, month(10, bishkek)},
		"the definition's first": {report.ClosedLoop, "Asia/Bishkek", time.UTC, false, month(10, bishkek)},
		"answers of employees":   {report.ClosedLoop, "", bishkek, true, month(9, time.UTC)},
		"about employees":        {report.StaffReview, "", bishkek, false, month(9, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, channel := &others{protected: c.protected}, &inprocgrpc.Channel{}
			surveyv1.RegisterSurveyServiceServer(channel, o)
			scoringv1.RegisterScoringServiceServer(channel, o)
			segmentationv1.RegisterLightServiceServer(channel, o)
			s := New(Deps{
				Surveys: peers.NewSurveys(channel), Measures: peers.NewMeasures(channel), Sources: peers.Sources{Lights: segmentationv1.NewLightServiceClient(channel)},
				Zone: time.UTC, Now: func() time.Time { return at },
			})
			d := report.Definition{Content: report.Content{Kind: c.kind, Survey: "surveys/s", Zone: c.own, Period: report.LastMonth, Comparison: report.Previous}}
			r, err := s.begin(t.Context(), d, report.Request{At: at, Zone: c.zone})
			if err != nil {
				t.Fatal(err)
			}
			before := c.want.AddDate(0, -1, 0)
			if p := r.period; !p.Start.Equal(c.want) || !p.End.Equal(c.want.AddDate(0, 1, 0)) || r.baseline == nil || !r.baseline.Start.Equal(before) || !r.baseline.End.Equal(c.want) {
				t.Errorf("%+v compared with %+v", p, r.baseline)
			}
		})
	}
}

// TestCalendarPeriods: a month that is asked for by name is one of the report's time zone.
func TestCalendarPeriods(t *testing.T) {
	bishkek, err := time.LoadLocation("Asia/Bishkek")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Deps{Zone: bishkek, Now: time.Now})
	r := &run{Server: s, definition: report.Definition{Content: report.Content{Period: report.LastMonth, Comparison: report.Previous}}}
	want := time.Date(2026, 10, 1, 0, 0, 0, 0, bishkek)
	if err := r.setPeriod(report.Request{Calendar: "2026-10"}); err != nil || !r.period.Start.Equal(want) || !r.period.End.Equal(want.AddDate(0, 1, 0)) || !r.baseline.Start.Equal(want.AddDate(0, -1, 0)) {
		t.Errorf("%+v compared with %+v, %v", r.period, r.baseline, err)
	}
	for _, q := range []report.Request{{Calendar: "2026-13"}, {Calendar: "2026-10", Period: &document.Period{Start: want, End: want.AddDate(0, 1, 0)}}} {
		var refused *rpcerr.Error
		if err := r.setPeriod(q); !errors.As(err, &refused) || refused.Fields[0].Field != "query.calendar_period" {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// TestScope: whoever is restricted to units is told so in the report, by their names; of many the first ones and how many more.
func TestScope(t *testing.T) {
	channel := &inprocgrpc.Channel{}
	segmentationv1.RegisterDirectoryServiceServer(channel, towns{})
	r := &run{Server: New(Deps{Sources: peers.Sources{Directory: segmentationv1.NewDirectoryServiceClient(channel)}})}
	as := func(units map[string][]string) context.Context {
		return authn.WithPrincipal(t.Context(), authn.Principal{Units: units})
	}
	for want, ctx := range map[string]context.Context{
		"":           as(nil),
		"osh, red":   as(map[string][]string{"location": {"osh"}, "tag": {"red"}}),
		"a, b, c +2": as(map[string][]string{"location": {"e", "c", "b", "a", "d"}}),
		"osh, north": authn.WithPrincipal(t.Context(), authn.Principal{Units: map[string][]string{"location": {"osh"}, "region": {"north"}}}.Widen(map[string][]string{"location": {"naryn"}})),
	} {
		if got := r.scope(ctx); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
