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
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/season"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// mostObservations is how many days of locations are regressed at once.
const mostObservations = 400_000

// calendar tells days apart.
type calendar struct {
	factors  []reportingv1.SeasonFactor
	holidays map[operation.Day]bool
}

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

// level is the index of the level of a factor that a day has.
func (c calendar) level(f reportingv1.SeasonFactor, d operation.Day) int {
	date := d.Date()
	weekday := (int(date.Weekday()) + 6) % week
	switch f {
	case reportingv1.SeasonFactor_SEASON_FACTOR_MONTH:
		return int(date.Month() - time.January)
	case reportingv1.SeasonFactor_SEASON_FACTOR_WORKING_DAY:
		if weekday < 5 && !c.holidays[d] {
			return 1
		}
		return 0
	}
	return weekday
}

// QuerySeasonality tells how a number goes with the calendar.
func (s *Server) QuerySeasonality(ctx context.Context, req *reportingv1.QuerySeasonalityRequest) (*reportingv1.QuerySeasonalityResponse, error) {
	sel, err := s.selectionOf(ctx, req.GetQuery())
	if err != nil {
		return nil, err
	}
	c := calendar{factors: req.GetFactors(), holidays: map[operation.Day]bool{}}
	for i, text := range req.GetHolidays() {
		d, err := dayOf(fmt.Sprintf("holidays[%d]", i), text)
		if err != nil {
			return nil, err
		}
		c.holidays[d] = true
	}
	p, err := s.panelOf(ctx, sel, sel.span)
	if err != nil {
		return nil, err
	}
	o := outcomeOf(req.GetOutcome())
	currency, err := o.currency(p)
	if err != nil {
		return nil, err
	}
	var notes []string
	if len(c.factors) == 0 {
		c.factors, notes = c.differing(p, o)
	}
	observations, leftOut := c.observations(p, o)
	switch {
	case len(observations) == 0:
		return nil, noData("days of the kind asked for", leftOut)
	case len(observations) > mostObservations:
		return nil, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY, "query",
			fmt.Sprintf("there are %d days of locations, at most %d are taken: choose fewer days or locations", len(observations), mostObservations))
	}
	factors := make([]season.Factor, len(c.factors))
	for i, f := range c.factors {
		factors[i] = seasonFactors[f]
	}
	fit, err := season.Regress(factors, observations, sel.level)
	if err != nil {
		return nil, fault.Analysis(err)
	}
	out := seasonToProto(fit, c.factors, sel.level)
	out.Basis, out.Outcome = sel.basis(definitionSeason, fit.Places, leftOut), o.proto()
	out.Basis.Currency, out.Basis.Notes = currency, notes
	out.Basis.Conventions = []string{"LEAST_SQUARES", "EFFECTS_OF_LOCATIONS", "LOCATIONS_AS_CLUSTERS", "BENJAMINI_HOCHBERG"}
	if fit.ByWeek {
		out.Basis.Conventions[2] = "WEEKS_OF_LOCATIONS_AS_CLUSTERS"
		out.Basis.Notes = append(out.Basis.Notes, fmt.Sprintf("there are %d locations, fewer than %d: standard errors are by weeks, and may be too small", fit.Places, season.LeastClusters))
	}
	return out, nil
}

// differing are the factors by which the days differ; that of working days only where it is not told by days of the week.
func (c calendar) differing(p panel, o outcome) (factors []reportingv1.SeasonFactor, notes []string) {
	var out []string
	for _, f := range []reportingv1.SeasonFactor{
		reportingv1.SeasonFactor_SEASON_FACTOR_MONTH, reportingv1.SeasonFactor_SEASON_FACTOR_WORKING_DAY, reportingv1.SeasonFactor_SEASON_FACTOR_WEEKDAY,
	} {
		levels, holiday := map[int]bool{}, false
		for _, place := range p.places {
			for _, d := range place.days {
				if _, _, ok := o.ratio(d); ok {
					levels[c.level(f, d.day)] = true
					holiday = holiday || c.holidays[d.day] && c.level(reportingv1.SeasonFactor_SEASON_FACTOR_WEEKDAY, d.day) < 5
				}
			}
		}
		if len(levels) < 2 || f == reportingv1.SeasonFactor_SEASON_FACTOR_WORKING_DAY && !holiday {
			out = append(out, seasonFactors[f].Name)
			continue
		}
		factors = append(factors, f)
	}
	if len(out) > 0 {
		notes = append(notes, "left out, as these days do not tell it apart: "+strings.Join(out, ", "))
	}
	return factors, notes
}

// observations are the days on which the outcome is known.
func (c calendar) observations(p panel, o outcome) (out []season.Observation, leftOut []*reportingv1.LocationLeftOut) {
	for i, place := range p.places {
		before := len(out)
		for _, d := range place.days {
			part, of, ok := o.ratio(d)
			if !ok {
				continue
			}
			levels := make([]int, len(c.factors))
			for f, factor := range c.factors {
				levels[f] = c.level(factor, d.day)
			}
			// The first of 1970 was a Thursday; weeks begin on Mondays.
			out = append(out, season.Observation{Place: i, Week: (int64(d.day) + 3) / week, Levels: levels, Value: part / of})
		}
		switch n := len(out) - before; n {
		case 0:
			leftOut = append(leftOut, left(place.name, o.absent(), 0))
		case 1:
			// A single day tells nothing within its location.
			out = out[:before]
			leftOut = append(leftOut, left(place.name, leftOutFewDays, 0))
		}
	}
	return slices.Clip(out), leftOut
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
