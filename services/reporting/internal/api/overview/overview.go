package overview

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/otklik/otklik/services/reporting/internal/api/answers"
	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/estimate"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// definitionOverview names what overviews are.
const definitionOverview = "overview"

// answer is an overview that its parts are put into, several at a time.
type answer struct {
	mu sync.Mutex
	*reportingv1.Overview
}

// put changes the overview.
func (a *answer) put(change func(o *reportingv1.Overview)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a.Overview)
}

// GetOverview returns all that an overview shows.
func (s *Server) GetOverview(ctx context.Context, req *reportingv1.GetOverviewRequest) (*reportingv1.GetOverviewResponse, error) {
	if req.GetQuery().GetWeighting() != nil {
		return nil, fault.Unweighted("overviews")
	}
	p, err := planOf(req, s.Now(), s.Zone)
	if err != nil {
		return nil, err
	}
	out := &answer{Overview: &reportingv1.Overview{}}
	group, within := errgroup.WithContext(ctx)
	for part, tell := range map[reportingv1.OverviewPart]func(context.Context, *plan, *answer) error{
		reportingv1.OverviewPart_OVERVIEW_PART_LIGHTS: s.tellLights, reportingv1.OverviewPart_OVERVIEW_PART_CASES: s.tellCases,
		reportingv1.OverviewPart_OVERVIEW_PART_ALERTS: s.tellAlerts, reportingv1.OverviewPart_OVERVIEW_PART_THEMES: s.tellThemes,
	} {
		if p.wants(part) {
			group.Go(func() error { return tell(within, p, out) })
		}
	}
	group.Go(func() error { return s.tellScores(within, p, out) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	sortAbsences(out.Absences)
	return &reportingv1.GetOverviewResponse{Overview: out.Overview}, nil
}

// tellScores tells the scores with their steps and changes.
func (s *Server) tellScores(ctx context.Context, p *plan, out *answer) error {
	r, err := s.read(ctx, p)
	if err != nil {
		return fault.Scoring(err, field)
	}
	metrics := make([]*reportingv1.OverviewMetric, len(r.entries))
	for i, e := range r.entries {
		metrics[i] = e.converted(p.steps)
	}
	adjust(metrics)
	out.put(func(o *reportingv1.Overview) {
		o.Basis, o.Metrics, o.Absences = basis.Of(p.req.GetQuery(), definitionOverview, r.counted), metrics, append(o.Absences, p.absences(r)...)
		if p.wants(reportingv1.OverviewPart_OVERVIEW_PART_CHANGES) {
			o.BaselinePeriod = p.baseline
		}
	})
	return nil
}

// converted is an entry with its last steps.
func (e *entry) converted(steps int) *reportingv1.OverviewMetric {
	out := &reportingv1.OverviewMetric{
		Definition: e.total.GetDefinition(), DefinitionVersion: e.total.GetDefinitionVersion(), Metric: metricName(e.total.GetMetric()), Variant: variantName(e.total.GetVariant()),
		Question: e.total.GetSlice().GetQuestion(), Scale: e.total.GetScale(), Score: scoreToProto(e.total),
	}
	for _, step := range e.steps[max(0, len(e.steps)-steps):] {
		out.Trend = append(out.Trend, scoreToProto(step))
	}
	if c := e.change; c != nil {
		out.Change = &reportingv1.OverviewChange{
			Baseline: scoreToProto(c.GetBaseline()), Difference: c.GetDifference(), Interval: c.GetInterval(), Test: c.GetTest(), PValue: c.PValue,
		}
	}
	return out
}

// scoreToProto converts a score.
func scoreToProto(s *scoringv1.Score) *reportingv1.OverviewScore {
	c := s.GetCounts()
	return &reportingv1.OverviewScore{
		Period: s.GetSlice().GetPeriod(), N: s.GetN(), Estimate: s.Estimate, NormalizedEstimate: s.NormalizedEstimate, StandardError: s.StandardError, Interval: s.GetInterval(),
		Band: s.GetBand(), Answered: c.GetAnswered(), Refused: c.GetRefused(), Dismissed: c.GetDismissed(), TimedOut: c.GetTimedOut(), AbsenceReason: absenceOf(s),
	}
}

// adjust corrects the p-values of changes for how many there are.
func adjust(metrics []*reportingv1.OverviewMetric) {
	p := make([]*float64, len(metrics))
	for i, m := range metrics {
		if c := m.GetChange(); c != nil {
			p[i] = c.PValue
		}
	}
	adjusted, _, err := estimate.Adjust(p)
	if err != nil {
		return // p-values that are none come from no test
	}
	for i, v := range adjusted {
		if v != nil {
			metrics[i].GetChange().AdjustedPValue = v
		}
	}
}

// absences are what the scores do not tell.
func (p *plan) absences(r *reading) (out []*reportingv1.OverviewAbsence) {
	const scores, changes = reportingv1.OverviewPart_OVERVIEW_PART_SCORES, reportingv1.OverviewPart_OVERVIEW_PART_CHANGES
	there := make(map[scoringv1.Metric]bool)
	for _, e := range r.entries {
		there[e.total.GetMetric()] = true
		name := subjectOf(e.total)
		switch reason := absenceOf(e.total); {
		case reason == noAnswers:
			out = append(out, absence(scores, name, reportingv1.OverviewAbsence_REASON_NO_ANSWERS, "nobody answered in the period, or nothing that is counted"))
		case reason != "":
			out = append(out, absence(scores, name, reportingv1.OverviewAbsence_REASON_REFUSED, "it is withheld: %s", reason))
		case e.failed != nil:
			out = append(out, failed(changes, name, e.failed))
		}
	}
	for _, m := range headline {
		if m != scoringv1.Metric_METRIC_ENPS && !there[m] {
			out = append(out, absence(scores, metricName(m), reportingv1.OverviewAbsence_REASON_NOT_ASKED, "no question of the survey asks for it"))
		}
	}
	for name, err := range r.failed {
		out = append(out, failed(scores, name, err))
	}
	if p.baseline == nil && p.wants(changes) {
		out = append(out, absence(changes, "", reportingv1.OverviewAbsence_REASON_PERIOD_OPEN, "all time has no time before it; state query.period.start_time"))
	}
	return out
}

// subjectOf names what a score is of.
func subjectOf(s *scoringv1.Score) string {
	if s.GetMetric() == scoringv1.Metric_METRIC_UNSPECIFIED {
		return s.GetDefinition()
	}
	return variantName(s.GetVariant())
}

// noAnswers is why most scores are missing.
const noAnswers = "NO_ANSWERS"

// absenceOf is why a score has no estimate; empty when it has one.
func absenceOf(s *scoringv1.Score) string {
	switch {
	case s.Estimate != nil:
		return ""
	case s.Suppression != nil:
		return answers.SuppressionName(s.GetSuppression())
	case s.GetAbsenceReason() != "":
		return s.GetAbsenceReason()
	}
	return noAnswers
}

// absence says what is missing.
func absence(part reportingv1.OverviewPart, subject string, reason reportingv1.OverviewAbsence_Reason, format string, args ...any) *reportingv1.OverviewAbsence {
	return &reportingv1.OverviewAbsence{Part: part, Subject: subject, Reason: reason, Description: fmt.Sprintf(format, args...)}
}
