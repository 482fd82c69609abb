package performance

import (
	"context"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/quality"
	"github.com/otklik/otklik/services/reporting/internal/reserve"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// conventionsOfDays are how counts of days are related.
var conventionsOfDays = []string{"PEARSON_OF_DAYS", "EFFECTIVE_DAYS_BY_AUTOCORRELATION", "FISHER_Z", "BENJAMINI_HOCHBERG", "WEEKS_AS_CLUSTERS"}

// coverage is consultations by visitor at a location.
type coverage struct {
	name                    string
	parts                   []quality.Part
	visitors, consultations int64
	// share is nil where there is nothing to divide by.
	share *estimate.Estimate
}

// coveragesOf are those of locations with a day on which both were counted; the others are left out.
func coveragesOf(p panel, level float64) (out []coverage, leftOut []*reportingv1.LocationLeftOut, err error) {
	for _, place := range p.places {
		c := coverage{name: place.name}
		visitors, presses := false, false
		for _, d := range place.days {
			visitors, presses = visitors || d.visitors, presses || d.presses
			if d.visitors && d.presses {
				c.parts = append(c.parts, quality.Part{Day: int64(d.day), Hits: float64(d.Consultations), Of: float64(d.Visitors)})
				c.visitors, c.consultations = c.visitors+d.Visitors, c.consultations+d.Consultations
			}
		}
		switch {
		case !visitors:
			leftOut = append(leftOut, left(place.name, leftOutNoVisitors, 0))
			continue
		case !presses:
			leftOut = append(leftOut, left(place.name, leftOutNoPresses, 0))
			continue
		case len(c.parts) == 0:
			leftOut = append(leftOut, left(place.name, leftOutGap, 0))
			continue
		}
		e, ok, err := quality.Share(c.parts, level)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			c.share = &e
		}
		out = append(out, c)
	}
	return out, leftOut, nil
}

// converted converts a coverage.
func (c coverage) converted(level float64) *reportingv1.LocationCoverage {
	return &reportingv1.LocationCoverage{
		Location: locationPrefix + c.name, Visitors: c.visitors, Consultations: c.consultations, Coverage: basis.Estimate(c.share, level), Days: int32(len(c.parts)),
	}
}

// QueryQuality tells how counts of days go together.
func (s *Server) QueryQuality(ctx context.Context, req *reportingv1.QueryQualityRequest) (*reportingv1.QueryQualityResponse, error) {
	sel, err := s.selectionOf(ctx, req.GetQuery())
	if err != nil {
		return nil, err
	}
	p, err := s.panelOf(ctx, sel, sel.span)
	if err != nil {
		return nil, err
	}
	if len(p.places) == 0 {
		return nil, noData("visitors, sales or presses", nil)
	}
	coverages, leftOut, err := coveragesOf(p, sel.level)
	if err != nil {
		return nil, err
	}
	out := &reportingv1.QueryQualityResponse{Basis: sel.basis(definitionQuality, len(p.places), leftOut)}
	out.Basis.Conventions = conventionsOfDays
	out.Basis.Notes = append(out.Basis.Notes, "locations are left out of the coverage only; days count where both numbers are known")
	var parts [][]quality.Part
	for _, c := range coverages {
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
	for _, relation := range []struct {
		into **reportingv1.QualityRelation
		of   func(count) (x, y float64, ok bool)
	}{
		{&out.TrafficQuality, func(d count) (float64, float64, bool) { return float64(d.Visitors), d.Units, d.visitors && d.sales }},
		{&out.SellerEngagement, func(d count) (float64, float64, bool) {
			return float64(d.Visitors), float64(d.Consultations), d.visitors && d.presses
		}},
		{&out.PerceivedQuality, func(d count) (float64, float64, bool) { return float64(d.Consultations), float64(d.Likes), d.presses }},
	} {
		if *relation.into, err = relate(p, relation.of, sel.level); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// relate tells how two counts go together within locations that have a day with both.
func relate(p panel, of func(count) (x, y float64, ok bool), level float64) (*reportingv1.QualityRelation, error) {
	var series []quality.Series
	for _, place := range p.places {
		s := quality.Series{Place: place.name}
		for _, d := range place.days {
			if x, y, ok := of(d); ok {
				s.Points = append(s.Points, quality.Point{Day: int64(d.day), X: x, Y: y})
			}
		}
		if len(s.Points) > 0 {
			series = append(series, s)
		}
	}
	r, err := quality.Relate(series, level)
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
	p, err := s.panelOf(ctx, sel, sel.span)
	if err != nil {
		return nil, err
	}
	coverages, leftOut, err := coveragesOf(p, sel.level)
	if err != nil {
		return nil, err
	}
	var places []reserve.Place
	byName := map[string]coverage{}
	for _, c := range coverages {
		if c.share == nil {
			leftOut = append(leftOut, left(c.name, leftOutNoVisitors, 0))
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
		Basis: sel.basis(definitionReserve, len(places), leftOut), TargetCoverage: r.Target, Gained: basis.Estimate(&r.Gained, sel.level), ModelOutput: true,
	}
	out.Basis.Conventions = []string{"MODEL", "THIRD_QUARTILE_OF_LOCATIONS", "TARGET_TAKEN_AS_GIVEN", "WEEKS_AS_CLUSTERS"}
	for _, g := range r.Gains {
		out.Locations = append(out.Locations, &reportingv1.LocationReserve{Coverage: byName[g.Name].converted(sel.level), Gained: basis.Estimate(&g.Gained, sel.level)})
	}
	return out, nil
}
