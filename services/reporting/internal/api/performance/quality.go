package performance

import (
	"context"
	"math"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/quality"
	"github.com/otklik/otklik/services/reporting/internal/reserve"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// conventionsOfDays are how counts of days are related.
var conventionsOfDays = []string{"PEARSON_OF_DAYS", "EFFECTIVE_DAYS_BY_AUTOCORRELATION", "FISHER_Z", "BENJAMINI_HOCHBERG", "WEEKS_AS_CLUSTERS"}

// coverage is consultations by visitor at a location.
type coverage struct {
	name string
	// parts are its weeks, days how many of their days were counted.
	parts                   []quality.Part
	days                    int
	visitors, consultations int64
	// share is nil where there is nothing to divide by.
	share *estimate.Estimate
}

// coverages are those of locations with a day on which both were counted; the others are left out.
type coverages struct {
	level   float64
	all     []coverage
	leftOut []*reportingv1.LocationLeftOut
}

// add takes in a location.
func (c *coverages) add(name string, days []count) error {
	of := coverage{name: name}
	visitors, presses := false, false
	for _, d := range days {
		visitors, presses = visitors || d.visitors, presses || d.presses
		if !d.visitors || !d.presses {
			continue
		}
		of.days++
		of.visitors, of.consultations = of.visitors+d.Visitors, of.consultations+d.Consultations
		// Weeks are what shares are clustered by: their days need not be kept.
		monday := week*weekOf(d.day) - 3
		if n := len(of.parts); n == 0 || of.parts[n-1].Day != monday {
			of.parts = append(of.parts, quality.Part{Day: monday})
		}
		p := &of.parts[len(of.parts)-1]
		p.Hits, p.Of = p.Hits+float64(d.Consultations), p.Of+float64(d.Visitors)
	}
	reason := ""
	switch {
	case !visitors:
		reason = leftOutNoVisitors
	case !presses:
		reason = leftOutNoPresses
	case len(of.parts) == 0:
		reason = leftOutGap
	}
	if reason != "" {
		c.leftOut = append(c.leftOut, left(name, reason, 0))
		return nil
	}
	e, ok, err := quality.Share(of.parts, c.level)
	if err != nil {
		return err
	}
	if ok {
		of.share = &e
	}
	c.all = append(c.all, of)
	return nil
}

// weekOf numbers the weeks of the calendar, which begin on Mondays; the first of 1970 was a Thursday.
func weekOf(d operation.Day) int64 { return int64(math.Floor(float64(d+3) / week)) }

// converted converts a coverage.
func (c coverage) converted(level float64) *reportingv1.LocationCoverage {
	return &reportingv1.LocationCoverage{
		Location: locationPrefix + c.name, Visitors: c.visitors, Consultations: c.consultations, Coverage: basis.Estimate(c.share, level), Days: int32(c.days),
	}
}

// QueryQuality tells how counts of days go together.
func (s *Server) QueryQuality(ctx context.Context, req *reportingv1.QueryQualityRequest) (*reportingv1.QueryQualityResponse, error) {
	sel, err := s.selectionOf(ctx, req.GetQuery())
	if err != nil {
		return nil, err
	}
	covered, related, locations := coverages{level: sel.level}, make([][]quality.Relation, len(relations)), 0
	_, err = s.walk(ctx, sel, []span{sel.span}, func(name string, days [][]count) error {
		locations++
		for i, r := range relations {
			if series := seriesOf(name, days[0], r); len(series.Points) > 0 {
				related[i] = append(related[i], quality.RelatePlace(series, sel.level))
			}
		}
		return covered.add(name, days[0])
	})
	if err != nil {
		return nil, err
	}
	if locations == 0 {
		return nil, noData("visitors, sales or presses", nil)
	}
	out := &reportingv1.QueryQualityResponse{Basis: sel.basis(definitionQuality, locations, covered.leftOut)}
	out.Basis.Conventions = conventionsOfDays
	out.Basis.Notes = append(out.Basis.Notes, "locations are left out of the coverage only; days count where both numbers are known")
	var parts [][]quality.Part
	for _, c := range covered.all {
		out.Coverages = append(out.Coverages, c.converted(sel.level))
		if c.share != nil {
			parts = append(parts, c.parts)
		}
	}
	e, ok, err := quality.ShareOfPlaces(parts, sel.level)
	if err != nil {
		return nil, err
	}
	if ok {
		out.Coverage = basis.Estimate(&e, sel.level)
	}
	for i, into := range []**reportingv1.QualityRelation{&out.TrafficQuality, &out.SellerEngagement, &out.PerceivedQuality} {
		if *into, err = relationToProto(related[i], sel.level); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// relation is what two counts of a day are; false where one of them is not known.
type relation func(count) (x, y float64, ok bool)

// relations are the quality of traffic, the engagement of sellers and perceived quality.
var relations = []relation{
	func(d count) (float64, float64, bool) { return float64(d.Visitors), d.Units, d.visitors && d.sales },
	func(d count) (float64, float64, bool) {
		return float64(d.Visitors), float64(d.Consultations), d.visitors && d.presses
	},
	func(d count) (float64, float64, bool) { return float64(d.Consultations), float64(d.Likes), d.presses },
}

// seriesOf are the days of a location on which both are known.
func seriesOf(name string, days []count, of relation) quality.Series {
	out := quality.Series{Place: name}
	for _, d := range days {
		if x, y, ok := of(d); ok {
			out.Points = append(out.Points, quality.Point{Day: int64(d.day), X: x, Y: y})
		}
	}
	return out
}

// relationToProto tells how two counts go together within locations.
func relationToProto(places []quality.Relation, level float64) (*reportingv1.QualityRelation, error) {
	r, err := quality.Together(places, level)
	if err != nil {
		return nil, err
	}
	out := &reportingv1.QualityRelation{Typical: basis.Estimate(r.Typical, level), Family: int32(r.Family)}
	for _, l := range r.Places {
		out.Locations = append(out.Locations, &reportingv1.LocationRelation{
			Location: locationPrefix + l.Place, Correlation: basis.Estimate(l.R, level), Test: basis.Test(l.P, l.AdjustedP), Days: int32(l.Days),
			EffectiveDays: l.Effective, AbsentReason: l.Absent,
		})
	}
	return out, nil
}

// QueryReserve computes what would be gained if each location reached the coverage of the one at the top quartile.
func (s *Server) QueryReserve(ctx context.Context, req *reportingv1.QueryReserveRequest) (*reportingv1.QueryReserveResponse, error) {
	sel, err := s.selectionOf(ctx, req.GetQuery())
	if err != nil {
		return nil, err
	}
	covered := coverages{level: sel.level}
	_, err = s.walk(ctx, sel, []span{sel.span}, func(name string, days [][]count) error { return covered.add(name, days[0]) })
	if err != nil {
		return nil, err
	}
	var places []reserve.Place
	byName := map[string]coverage{}
	for _, c := range covered.all {
		if c.share == nil {
			covered.leftOut = append(covered.leftOut, left(c.name, leftOutNoVisitors, 0))
			continue
		}
		byName[c.name] = c
		places = append(places, reserve.Place{Name: c.name, Visitors: c.visitors, Coverage: *c.share})
	}
	r, err := reserve.Of(places, sel.level)
	if err != nil {
		return nil, fault.Analysis(err)
	}
	out := &reportingv1.QueryReserveResponse{
		Basis: sel.basis(definitionReserve, len(places), covered.leftOut), TargetCoverage: r.Target, Gained: basis.Estimate(&r.Gained, sel.level), ModelOutput: true,
	}
	out.Basis.Conventions = []string{"MODEL", "THIRD_QUARTILE_OF_LOCATIONS", "TARGET_TAKEN_AS_GIVEN", "WEEKS_AS_CLUSTERS"}
	for _, g := range r.Gains {
		out.Locations = append(out.Locations, &reportingv1.LocationReserve{Coverage: byName[g.Name].converted(sel.level), Gained: basis.Estimate(&g.Gained, sel.level)})
	}
	return out, nil
}
