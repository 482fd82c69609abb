package performance

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/standard"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// QueryStandards judges mystery visits.
func (s *Server) QueryStandards(ctx context.Context, req *reportingv1.QueryStandardsRequest) (*reportingv1.QueryStandardsResponse, error) {
	sel, err := s.selectionOf(ctx, req.GetQuery())
	if err != nil {
		return nil, err
	}
	var visits []standard.Visit
	if err := s.records(ctx, sel, operation.MysteryVisit, sel.span, func(r operation.Record) { visits = append(visits, visitOf(r)) }); err != nil {
		return nil, err
	}
	if len(visits) == 0 {
		return nil, noData("mystery visits", nil)
	}
	o, sales := outcomeOf(req.GetOutcome()), map[string]float64{}
	found, err := s.walk(ctx, sel, []span{sel.span}, func(name string, days [][]count) error {
		if v, ok := o.overall(days[0]); ok {
			sales[name] = v
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	currency, err := o.currency(found)
	if err != nil {
		return nil, err
	}
	total, err := standard.Comply(visits, sel.level)
	if err != nil {
		return nil, err
	}
	locations, err := complianceByLocation(visits, sel.level)
	if err != nil {
		return nil, err
	}
	criteria, family, err := standard.Relate(visits, sales, sel.level)
	if err != nil {
		return nil, err
	}
	out := &reportingv1.QueryStandardsResponse{
		Basis: sel.basis(definitionStandards, len(locations), nil), Total: complianceToProto(total, sel.level), Locations: locations, Family: int32(family), Outcome: o.proto(),
	}
	out.Basis.Currency = currency
	out.Basis.Conventions = []string{"WEIGHTED_CHECKLIST", "LOCATIONS_AS_CLUSTERS", "PEARSON_OF_LOCATIONS", "FISHER_Z", "BENJAMINI_HOCHBERG"}
	for _, c := range criteria {
		out.Criteria = append(out.Criteria, criterionToProto(c, sel.level))
		if c.Verdict == standard.Unrelated {
			out.Unrelated = append(out.Unrelated, c.Criterion)
		}
	}
	if family == 0 {
		out.Basis.Notes = append(out.Basis.Notes, fmt.Sprintf("no criterion could be related to sales: it takes %d locations that differ in both", standard.LeastPlaces))
	}
	slices.Sort(out.Unrelated)
	return out, nil
}

// visitOf is what a visitor found of the criteria that applied.
func visitOf(r operation.Record) standard.Visit {
	out := standard.Visit{Place: r.Location}
	for _, c := range r.Criteria {
		if c.Outcome != operation.NotApplicable {
			out.Results = append(out.Results, standard.Result{Criterion: c.Name, Weight: c.Weight, Passed: c.Outcome == operation.Pass})
		}
	}
	return out
}

// complianceByLocation is the compliance of each location, the least first; those where nothing applied come last.
func complianceByLocation(visits []standard.Visit, level float64) ([]*reportingv1.LocationCompliance, error) {
	byLocation := map[string][]standard.Visit{}
	for _, v := range visits {
		byLocation[v.Place] = append(byLocation[v.Place], v)
	}
	var out []*reportingv1.LocationCompliance
	for name, of := range byLocation {
		c, err := standard.Comply(of, level)
		if err != nil {
			return nil, err
		}
		out = append(out, &reportingv1.LocationCompliance{Location: locationPrefix + name, Compliance: complianceToProto(c, level)})
	}
	share := func(c *reportingv1.LocationCompliance) float64 {
		if e := c.GetCompliance().GetCompliance(); e != nil {
			return e.GetValue()
		}
		return 2
	}
	slices.SortFunc(out, func(a, b *reportingv1.LocationCompliance) int {
		return cmp.Or(cmp.Compare(share(a), share(b)), cmp.Compare(a.GetLocation(), b.GetLocation()))
	})
	return out, nil
}

func complianceToProto(c standard.Compliance, level float64) *reportingv1.StandardsCompliance {
	return &reportingv1.StandardsCompliance{
		Visits: int32(c.Visits), ApplicableWeight: c.Applicable, PassedWeight: c.Passed, Compliance: basis.Estimate(c.Share, level),
	}
}

// verdicts are those of criteria by those of the API.
var verdicts = map[standard.Verdict]reportingv1.StandardsCriterion_Verdict{
	standard.Untested: reportingv1.StandardsCriterion_VERDICT_UNTESTED, standard.Related: reportingv1.StandardsCriterion_VERDICT_RELATED,
	standard.Unrelated: reportingv1.StandardsCriterion_VERDICT_UNRELATED,
}

func criterionToProto(c standard.Criterion, level float64) *reportingv1.StandardsCriterion {
	return &reportingv1.StandardsCriterion{
		Criterion: c.Criterion, Compliance: complianceToProto(c.Compliance, level), Locations: int32(c.Places), Correlation: basis.Estimate(c.R, level),
		Test: basis.Test(c.P, c.AdjustedP), Verdict: verdicts[c.Verdict], Detectable: c.Detectable,
	}
}
