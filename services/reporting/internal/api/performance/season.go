package performance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/season"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// seasonFactors are the factors by those of the API.
var seasonFactors = map[reportingv1.SeasonFactor]season.Factor{
	reportingv1.SeasonFactor_SEASON_FACTOR_MONTH: {
		Name: "month", Levels: []string{"01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"},
	},
	reportingv1.SeasonFactor_SEASON_FACTOR_WORKING_DAY: {Name: "working_day", Levels: []string{"free", "working"}},
	reportingv1.SeasonFactor_SEASON_FACTOR_WEEKDAY: {
		Name: "weekday", Levels: []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"},
	},
}

// hourFactor is that of hours, which are observed in place of days.
var hourFactor = season.Factor{Name: "hour", Levels: hourNames()}

func hourNames() (out []string) {
	for h := range 24 {
		out = append(out, fmt.Sprintf("%02d", h))
	}
	return out
}

// dayFactors are those that tell days apart, in their order.
var dayFactors = []reportingv1.SeasonFactor{
	reportingv1.SeasonFactor_SEASON_FACTOR_MONTH, reportingv1.SeasonFactor_SEASON_FACTOR_WORKING_DAY, reportingv1.SeasonFactor_SEASON_FACTOR_WEEKDAY,
}

// seasons adds up what is observed.
type seasons struct {
	outcome outcome
	working workdays
	sums    *season.Sums
	// hourly tells that hours are observed.
	hourly  bool
	places  int
	leftOut []*reportingv1.LocationLeftOut
	// free and worked are the days of the week that were free, and worked on.
	free, worked [week]bool
}

func newSeasons(o outcome, w workdays, hourly bool) *seasons {
	var factors []season.Factor
	for _, f := range dayFactors {
		factors = append(factors, seasonFactors[f])
	}
	if hourly {
		factors = append(factors, hourFactor)
	}
	return &seasons{outcome: o, working: w, hourly: hourly, sums: season.NewSums(factors)}
}

// moment is a day of a location, or an hour of it.
type moment struct {
	count
	hour int
}

// add takes in a location.
func (s *seasons) add(name string, of []moment) {
	var known []season.Observation
	for _, m := range of {
		part, by, ok := s.outcome.ratio(m.count)
		if !ok {
			continue
		}
		date, working := m.day.Date(), s.working.on(m.day)
		weekday := weekdayOf(m.day)
		levels := []int{int(date.Month() - time.January), 0, weekday}
		if working {
			levels[1] = 1
		}
		s.worked[weekday], s.free[weekday] = s.worked[weekday] || working, s.free[weekday] || !working
		if s.hourly {
			levels = append(levels, m.hour)
		}
		known = append(known, season.Observation{Place: s.places, Week: weekOf(m.day), Levels: levels, Value: part / by})
	}
	switch len(known) {
	case 0:
		s.leftOut = append(s.leftOut, left(name, s.outcome.absent(), 0))
	case 1:
		// A single one tells nothing within its location.
		s.leftOut = append(s.leftOut, left(name, leftOutFewDays, 0))
	default:
		s.places++
		for _, o := range known {
			s.sums.Add(o)
		}
	}
}

// factors are those asked for, or all by which the days differ, with their places among those of the sums; that of working days only where days of the week do not
// tell it.
func (s *seasons) factors(asked []reportingv1.SeasonFactor) (factors []reportingv1.SeasonFactor, use []int, notes []string) {
	at := slices.Concat(dayFactors, []reportingv1.SeasonFactor{reportingv1.SeasonFactor_SEASON_FACTOR_HOUR})
	if len(asked) > 0 {
		for _, f := range asked {
			use = append(use, slices.Index(at, f))
		}
		return asked, use, nil
	}
	var out []string
	for i, f := range dayFactors {
		levels, told := 0, true
		for l := range seasonFactors[f].Levels {
			if s.sums.N(i, l) > 0 {
				levels++
			}
		}
		for d := range s.free {
			told = told && !(s.free[d] && s.worked[d])
		}
		if levels < 2 || f == reportingv1.SeasonFactor_SEASON_FACTOR_WORKING_DAY && told {
			out = append(out, seasonFactors[f].Name)
			continue
		}
		factors, use = append(factors, f), append(use, i)
	}
	if len(out) > 0 {
		notes = append(notes, "left out, as these days do not tell it apart: "+strings.Join(out, ", "))
	}
	return factors, use, notes
}

// QuerySeasonality tells how a number goes with the calendar.
func (s *Server) QuerySeasonality(ctx context.Context, req *reportingv1.QuerySeasonalityRequest) (*reportingv1.QuerySeasonalityResponse, error) {
	sel, err := s.selectionOf(ctx, req.GetQuery())
	if err != nil {
		return nil, err
	}
	working, convention, err := s.workdaysOf(ctx, req.GetHolidays())
	if err != nil {
		return nil, err
	}
	o, hourly := outcomeOf(req.GetOutcome()), slices.Contains(req.GetFactors(), reportingv1.SeasonFactor_SEASON_FACTOR_HOUR)
	all := newSeasons(o, working, hourly)
	read := s.eachDay
	if hourly {
		read = s.eachHour
	}
	found, err := read(ctx, sel, all.add)
	if err != nil {
		return nil, err
	}
	currency, err := o.currency(found)
	switch {
	case err != nil:
		return nil, err
	case all.places == 0 && hourly:
		return nil, fault.Refuse(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_NO_HOURS,
			"no location has two hours of the kind asked for in these days: records of more than an hour are in none; import records of an hour or less, or leave the hour out")
	case all.places == 0:
		return nil, noData("days of the kind asked for", all.leftOut)
	}
	factors, use, notes := all.factors(req.GetFactors())
	fit, err := all.sums.Regress(use, sel.level)
	if err != nil {
		return nil, fault.Analysis(err)
	}
	out := seasonToProto(fit, factors, sel.level)
	out.Basis, out.Outcome = sel.basis(definitionSeason, fit.Places, all.leftOut), o.proto()
	out.Basis.Currency, out.Basis.Notes = currency, notes
	out.Basis.Conventions = []string{"LEAST_SQUARES", "EFFECTS_OF_LOCATIONS", "LOCATIONS_AS_CLUSTERS", "BENJAMINI_HOCHBERG", convention}
	if hourly {
		out.Basis.Conventions = append(out.Basis.Conventions, "HOURS_OF_LOCATIONS", "HOURS_WITHOUT_RECEIPTS_ARE_ZERO")
	}
	if fit.ByWeek {
		out.Basis.Conventions[2] = "WEEKS_OF_LOCATIONS_AS_CLUSTERS"
		out.Basis.Notes = append(out.Basis.Notes, fmt.Sprintf("there are %d locations, fewer than %d: standard errors are by weeks, and may be too small", fit.Places, season.LeastClusters))
	}
	return out, nil
}

// eachDay calls fn with the days of each location.
func (s *Server) eachDay(ctx context.Context, sel selection, fn func(name string, of []moment)) (currencies, error) {
	return s.walk(ctx, sel, []span{sel.span}, func(name string, days [][]count) error {
		of := make([]moment, len(days[0]))
		for i, d := range days[0] {
			of[i].count = d
		}
		fn(name, of)
		return nil
	})
}

// seasonToProto converts a regression.
func seasonToProto(fit season.Fit, factors []reportingv1.SeasonFactor, level float64) *reportingv1.QuerySeasonalityResponse {
	out := &reportingv1.QuerySeasonalityResponse{N: int32(fit.N), Mean: fit.Mean, WithinRSquared: fit.Within, Clusters: int32(fit.Clusters), Family: int32(fit.Family)}
	for i, f := range fit.Factors {
		of := &reportingv1.SeasonEffects{Factor: factors[i]}
		for _, e := range f.Effects {
			effect := &reportingv1.SeasonEffect{
				Level: e.Level, N: int32(e.N), Reference: e.Reference, Difference: basis.Estimate(&e.Difference, level), Test: basis.Test(e.P, e.AdjustedP),
			}
			if fit.Mean != 0 {
				relative := e.Difference.Value / fit.Mean
				effect.Relative = &relative
			}
			of.Effects = append(of.Effects, effect)
		}
		out.Factors = append(out.Factors, of)
	}
	return out
}
