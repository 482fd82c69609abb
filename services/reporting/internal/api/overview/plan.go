package overview

import (
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	defaultSteps      = 12
	defaultTurnedDays = 7
	// quarter is what bounds of periods fall on.
	quarter = 15 * time.Minute
)

// plan is what an overview is to tell.
type plan struct {
	req   *reportingv1.GetOverviewRequest
	now   time.Time
	level float64
	// baseline is what the period is compared with; nil where nothing is.
	baseline *typev1.Period
	// trend is the time of the trend.
	trend *typev1.Period
	grain typev1.TimeGrain
	steps int
	// first is when the first step of the trend begins; zero where the trend is of all time.
	first time.Time
}

// planOf reads a request. Steps begin in the zone unless it names another.
func planOf(req *reportingv1.GetOverviewRequest, now time.Time, zone *time.Location) (*plan, error) {
	p := &plan{req: req, now: now, level: levelOf(req.GetQuery()), grain: req.GetGrain(), steps: int(req.GetSteps())}
	if p.grain == typev1.TimeGrain_TIME_GRAIN_UNSPECIFIED {
		p.grain = typev1.TimeGrain_TIME_GRAIN_WEEK
	}
	if p.steps == 0 {
		p.steps = defaultSteps
	}
	period := req.GetQuery().GetPeriod()
	if p.trend = p.trendOf(period); p.trend != nil {
		// Scoring refuses a zone that it does not know.
		if named, err := time.LoadLocation(req.GetTimeZone()); err == nil && req.GetTimeZone() != "" {
			zone = named
		}
		p.first = p.endOf(period)
		for range p.steps {
			p.first = calendar.StepStart(p.first.Add(-time.Nanosecond), calendar.Grain(p.grain), zone) //nolint:gosec // the numbers are the API's
		}
	}
	start := period.GetStartTime()
	if given := req.GetBaselinePeriod(); given != nil {
		if start == nil || given.GetStartTime() == nil || given.GetEndTime() == nil || given.GetEndTime().AsTime().After(start.AsTime()) {
			return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_PERIODS_OVERLAP, "baseline_period",
				"it must end where query.period begins, or before; state both of its bounds, and the start_time of query.period")
		}
		p.baseline = given
		return p, nil
	}
	if start != nil {
		length := p.endOf(period).Sub(start.AsTime())
		p.baseline = &typev1.Period{StartTime: timestamppb.New(start.AsTime().Add(-length)), EndTime: start}
	}
	return p, nil
}

// endOf is when a period ends; an open one ends now.
func (p *plan) endOf(period *typev1.Period) time.Time {
	if end := period.GetEndTime(); end != nil {
		return end.AsTime()
	}
	end := p.now.Truncate(quarter).Add(quarter)
	if start := period.GetStartTime(); start != nil && !end.After(start.AsTime()) {
		return start.AsTime().Add(quarter)
	}
	return end
}

// trendOf is a time that holds the steps of the trend: those before the end of the period, also where they begin before it. All time stays all time: what was
// answered years ago has a trend, too.
func (p *plan) trendOf(period *typev1.Period) *typev1.Period {
	if period.GetStartTime() == nil && period.GetEndTime() == nil {
		return nil
	}
	end := p.endOf(period)
	// One step more than is shown, each as long as any of its grain: what is cut by the start is not shown.
	return &typev1.Period{StartTime: timestamppb.New(end.Add(-time.Duration(p.steps+1) * longest(p.grain)).Truncate(quarter)), EndTime: period.GetEndTime()}
}

// shown are the steps that the trend shows: those up to the end of the period, also where the last ones have no answers and are missing.
func (p *plan) shown(steps []*scoringv1.Score) []*scoringv1.Score {
	return slices.DeleteFunc(steps, func(s *scoringv1.Score) bool { return startOf(s).Before(p.first) })
}

// longest is how long a step of a grain can be.
func longest(grain typev1.TimeGrain) time.Duration {
	const day = 24 * time.Hour
	switch grain {
	case typev1.TimeGrain_TIME_GRAIN_HOUR:
		return time.Hour
	case typev1.TimeGrain_TIME_GRAIN_DAY:
		return day + time.Hour
	case typev1.TimeGrain_TIME_GRAIN_MONTH:
		return 31*day + time.Hour
	case typev1.TimeGrain_TIME_GRAIN_QUARTER:
		return 92*day + time.Hour
	case typev1.TimeGrain_TIME_GRAIN_YEAR:
		return 366*day + time.Hour
	default:
		return 7*day + time.Hour
	}
}

// wants tells whether a part is wanted.
func (p *plan) wants(part reportingv1.OverviewPart) bool {
	return len(p.req.GetParts()) == 0 || slices.Contains(p.req.GetParts(), part)
}

// turnedAfter is since when lights turned lately.
func (p *plan) turnedAfter() time.Time {
	days := int(p.req.GetTurnedDays())
	if days == 0 {
		days = defaultTurnedDays
	}
	return p.now.AddDate(0, 0, -days)
}

// query is what scoring is asked for the period, as of a moment or, without one, as of now.
func (p *plan) query(asOf *timestamppb.Timestamp) *scoringv1.ScoreQuery {
	q := p.req.GetQuery()
	return &scoringv1.ScoreQuery{
		Survey: q.GetSurvey(), Filter: q.GetFilter(), Period: q.GetPeriod(), Population: q.GetPopulation(), AsOfTime: asOf, ConfidenceLevel: q.GetConfidenceLevel(),
	}
}

// stepsOf is the same for the trend.
func (p *plan) stepsOf(q *scoringv1.ScoreQuery) *scoringv1.ScoreQuery {
	out := proto.CloneOf(q)
	out.Period, out.Grain, out.TimeZone = p.trend, p.grain, p.req.GetTimeZone()
	return out
}

// field is the field of our request that a field of scoring's stands for.
func field(theirs string) string {
	switch theirs {
	case "query.grain":
		return "grain"
	case "query.time_zone":
		return "time_zone"
	case "query.definition":
		return "definitions"
	}
	return theirs
}
