package performance

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/kpi"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	employeePrefix = "employees/"
	// absentNoData, absentSuppressed and absentNoShifts are why a component has no value.
	absentNoData, absentSuppressed, absentNoShifts = "NO_DATA", "SUPPRESSED", "NO_SHIFTS"
)

// measured is the value of a component for one employee.
type measured struct {
	kpi.Value
	// n is what it rests on.
	n float64
}

// absent is a component without a value.
func absent(reason string) measured { return measured{Value: kpi.Value{Absent: reason}} }

// QueryStaffKpi computes the key figures of employees.
func (k *Kpis) QueryStaffKpi(ctx context.Context, req *reportingv1.QueryStaffKpiRequest) (*reportingv1.QueryStaffKpiResponse, error) {
	sel, err := k.Performance.selectionOf(ctx, req.GetQuery())
	if err != nil {
		return nil, err
	}
	d, err := k.find(ctx, "kpi_definition", req.GetKpiDefinition())
	if err != nil {
		return nil, err
	}
	w, err := k.workOf(ctx, sel, d)
	if err != nil {
		return nil, err
	}
	currency, err := w.currency(d)
	if err != nil {
		return nil, err
	}
	// Of each component the values by employee.
	values := make([]map[string]measured, len(d.Measures))
	for i, m := range d.Measures {
		if m.Source.Scored() {
			values[i], err = k.scores(ctx, sel, m)
		} else {
			values[i], err = w.values(m.Source, sel.level)
		}
		if err != nil {
			return nil, err
		}
	}
	staff := staffOf(req, w, values)
	out := &reportingv1.QueryStaffKpiResponse{KpiDefinition: kpiToProto(d, true), Basis: sel.basis(definitionKpi, len(w.locations), nil)}
	out.Basis.Currency = currency
	out.Basis.Conventions = []string{"CLAMPED_COMPONENTS", "WEIGHTS_OF_WHAT_WAS_MEASURED", "COMPONENTS_INDEPENDENT"}
	out.Basis.Notes = append(out.Basis.Notes,
		"scores are of all that customers said of an employee in these days, wherever he worked; a component with fewer than five answers is absent and counts neither for nor against")
	for _, employee := range staff {
		out.Staff = append(out.Staff, k.figure(sel, d, employee, values))
	}
	return out, nil
}

// staffOf are the employees asked for, or all that something is known of, by identifier. Where locations are chosen they are those who worked there.
func staffOf(req *reportingv1.QueryStaffKpiRequest, w *work, values []map[string]measured) []string {
	var out []string
	for _, name := range req.GetEmployees() {
		out = append(out, strings.TrimPrefix(name, employeePrefix))
	}
	if len(out) == 0 {
		known := map[string]bool{}
		for employee := range w.staff {
			known[employee] = true
		}
		if len(req.GetQuery().GetLocations()) == 0 && req.GetQuery().GetRegion() == "" {
			for _, of := range values {
				for employee := range of {
					known[employee] = true
				}
			}
		}
		for employee := range known {
			out = append(out, employee)
		}
	}
	slices.Sort(out)
	return out
}

// figure is the key figure of an employee.
func (k *Kpis) figure(sel selection, d kpi.Definition, employee string, values []map[string]measured) *reportingv1.StaffKpi {
	of := make([]measured, len(d.Measures))
	plain := make([]kpi.Value, len(d.Measures))
	for i := range d.Measures {
		v, ok := values[i][employee]
		if !ok {
			v = absent(absentNoData)
		}
		of[i], plain[i] = v, v.Value
	}
	f := kpi.Of(d.Components(), plain, sel.level)
	out := &reportingv1.StaffKpi{Employee: employeePrefix + employee, Score: basis.Estimate(f.Score, sel.level), MeasuredWeight: f.Measured}
	for i, p := range f.Parts {
		out.Components = append(out.Components, &reportingv1.StaffKpiComponent{
			Id: p.ID, Value: basis.Estimate(p.Measured, sel.level), N: of[i].n, Attained: p.Attained, EffectiveWeight: p.EffectiveWeight, Contribution: p.Contribution,
			AbsentReason: p.Absent, Links: k.links(sel, d.Measures[i], employee),
		})
	}
	return out
}

// period are the days as scores know them.
func (k *Kpis) period(sel selection) *typev1.Period {
	return &typev1.Period{StartTime: timestamppb.New(sel.first.In(k.Zone)), EndTime: timestamppb.New((sel.last + 1).In(k.Zone))}
}

// metrics are those of scores.
var metrics = map[kpi.Source]scoringv1.Metric{
	kpi.MeanScore: scoringv1.Metric_METRIC_MEAN, kpi.NPS: scoringv1.Metric_METRIC_NPS, kpi.CSAT: scoringv1.Metric_METRIC_CSAT,
}

// variants are those of the metrics that a component is.
var variants = map[kpi.Source]scoringv1.Variant{
	kpi.MeanScore: scoringv1.Variant_VARIANT_MEAN_SINGLE_QUESTION, kpi.NPS: scoringv1.Variant_VARIANT_NPS_ANSWERED, kpi.CSAT: scoringv1.Variant_VARIANT_CSAT_SHARE,
}

// scores asks for the scores of employees, which scoring withholds where they could tell who said what.
func (k *Kpis) scores(ctx context.Context, sel selection, m kpi.Measure) (map[string]measured, error) {
	out := map[string]measured{}
	_, err := k.Measures.Each(ctx, &scoringv1.ScoreQuery{
		Survey: m.Survey, Metrics: []scoringv1.Metric{metrics[m.Source]}, Variants: []scoringv1.Variant{variants[m.Source]}, Question: m.Question, Period: k.period(sel),
		GroupBy: []string{"employee"}, ConfidenceLevel: sel.level,
	}, func(s *scoringv1.Score) error {
		if keys := s.GetSlice().GetKeys(); len(keys) == 1 && keys[0].GetValue() != "" {
			out[keys[0].GetValue()] = scoreOf(s)
		}
		return nil
	})
	if err != nil {
		return nil, fault.Scoring(err, func(string) string { return "kpi_definition" })
	}
	return out, nil
}

// scoreOf is a score as the value of a component.
func scoreOf(s *scoringv1.Score) measured {
	switch {
	case s.Suppression != nil:
		return absent(absentSuppressed)
	case s.Estimate == nil:
		return absent(absentNoData)
	}
	e := estimate.Estimate{Value: s.GetEstimate(), SE: s.StandardError}
	if i := s.GetInterval(); i != nil {
		e.Interval, e.Method = &stat.Interval{Low: i.GetLower(), High: i.GetUpper()}, i.GetMethod()
	}
	return measured{Value: kpi.Value{Measured: &e}, n: float64(s.GetN())}
}

// kindsBehind are the kinds of records behind a source.
var kindsBehind = map[kpi.Source][]reportingv1.OperationKind{
	kpi.LikeShare:            {reportingv1.OperationKind_OPERATION_KIND_PRESSES},
	kpi.StandardsCompliance:  {reportingv1.OperationKind_OPERATION_KIND_MYSTERY_VISITS},
	kpi.ConsultationsPerHour: {reportingv1.OperationKind_OPERATION_KIND_PRESSES, reportingv1.OperationKind_OPERATION_KIND_SHIFTS},
	kpi.UnitsPerReceipt:      {reportingv1.OperationKind_OPERATION_KIND_RECEIPTS, reportingv1.OperationKind_OPERATION_KIND_SALES},
	kpi.AverageCheck:         {reportingv1.OperationKind_OPERATION_KIND_RECEIPTS, reportingv1.OperationKind_OPERATION_KIND_SALES},
}

// links are where what is behind a component can be read.
func (k *Kpis) links(sel selection, m kpi.Measure, employee string) (out []string) {
	period := k.period(sel)
	start, end := period.GetStartTime().AsTime().Format("2006-01-02T15:04:05Z07:00"), period.GetEndTime().AsTime().Format("2006-01-02T15:04:05Z07:00")
	if m.Source.Scored() {
		q := url.Values{"query.metrics": {metrics[m.Source].String()}, "query.groupBy": {"employee"}, "query.period.startTime": {start}, "query.period.endTime": {end}}
		if m.Question != "" {
			q.Set("query.question", m.Question)
		}
		return []string{fmt.Sprintf("/v1/%s/scores?%s", m.Survey, q.Encode()), "/v1/" + employeePrefix + url.PathEscape(employee) + "/light"}
	}
	for _, kind := range kindsBehind[m.Source] {
		q := url.Values{"kind": {kind.String()}, "employee": {employeePrefix + employee}, "period.startTime": {start}, "period.endTime": {end}}
		out = append(out, "/v1/operations?"+q.Encode())
	}
	return out
}
