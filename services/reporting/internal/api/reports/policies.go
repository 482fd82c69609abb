package reports

import (
	"context"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	// policiesQuery is the permission to see changes of policies with what changed.
	policiesQuery = "reporting.policies.query"
	// mostPolicyCharts is how many changes have a chart of their own; the table has all.
	mostPolicyCharts = 12
)

// policyNames and cautionNames say in words what the API says in codes.
var (
	policyNames = map[string]phrase.Key{
		"prices": phrase.PolicyPrices, "assortment": phrase.PolicyAssortment, "loyalty": phrase.PolicyLoyalty, "standards": phrase.PolicyStandards, "other": phrase.PolicyOther,
	}
	cautionNames = map[string]phrase.Key{
		"NO_CONTROL": phrase.CautionNoControl, "DIFFERENT_TRENDS": phrase.CautionTrends, "TREND_BEFORE": phrase.CautionTrendBefore, "WEEKS_ALIKE": phrase.CautionWeeks,
		"SHORT_PERIOD": phrase.CautionShort, "OTHER_CHANGES": phrase.CautionOthers,
	}
)

// policyName is what was changed: the kind, and what people wrote of it.
func (r *run) policyName(e *reportingv1.PolicyEffect) string {
	name := r.words.Text(policyNames[e.GetPolicy()])
	if e.GetDescription() != "" {
		name += ": " + e.GetDescription()
	}
	return name
}

// on is the beginning of a day in the zone of the report.
func (r *run) on(date string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, date, r.period.Zone)
	if err != nil {
		return time.Time{}
	}
	return t
}

// marks are the changes of policies within a period, to be marked on a trend; none for callers who may not see them, or under filters that they do not know.
func (r *run) marks(ctx context.Context, p document.Period) ([]document.TrendEvent, error) {
	if r.performance == nil || r.protected || !authz.FromContext(ctx).Holds(policiesQuery) {
		return nil, nil
	}
	q, err := r.stores(ctx, policiesQuery, p)
	if _, told := r.absence(err); told {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	changes, err := r.performance.PolicyChanges(ctx, q)
	if _, told := r.absence(ofStores(err)); told {
		return nil, nil
	}
	var out []document.TrendEvent
	for _, c := range changes {
		if at := r.on(c.GetDate()); within(p, at) {
			out = append(out, document.TrendEvent{Time: at, Label: r.policyName(c)})
		}
	}
	return out, err
}

// policies shows what changed with each change of a policy.
func (r *run) policies(ctx context.Context, s report.Section) (part, error) {
	q, err := r.stores(ctx, policiesQuery, r.period)
	if err != nil {
		return part{}, err
	}
	resp, err := r.performance.QueryPolicyEffects(ctx, &reportingv1.QueryPolicyEffectsRequest{Query: q, Outcome: measureOf(s)})
	if err != nil {
		return part{}, ofStores(err)
	}
	if len(resp.GetEffects()) == 0 {
		return part{blocks: []document.Block{{Text: r.words.Text(phrase.NoPolicies)}}}, nil
	}
	first := resp.GetEffects()[0]
	title := r.words.Text(formOf(first.GetOutcome(), "").name)
	out := part{notes: []string{r.words.Text(phrase.NotePolicies, r.notation.Count(int64(first.GetWeeks()))), r.words.Text(phrase.NotePolicyMarks)}}
	var rows [][]document.Cell
	for _, e := range resp.GetEffects() {
		form := formOf(e.GetOutcome(), e.GetBasis().GetCurrency())
		rows = append(rows, r.policyRow(e, form))
		if e.GetHeld() == nil {
			continue
		}
		if len(out.blocks) == mostPolicyCharts {
			out.notes = append(out.notes, r.words.Text(phrase.NoteMorePolicies))
		}
		if len(out.blocks) < mostPolicyCharts {
			out.blocks = append(out.blocks, r.policyChart(resp.GetEffects(), e, form, len(out.blocks)))
		}
	}
	columns := []document.Column{
		{ID: "date", Title: r.words.Text(phrase.ColumnDate), Kind: document.TimeColumn}, r.textColumn("policy", phrase.ColumnPolicy), r.textColumn("where", phrase.ColumnWhere),
		{ID: "before", Title: title + ", " + strings.ToLower(r.words.Text(phrase.ColumnBefore)), Kind: document.NumberColumn},
		r.numberColumn("change", phrase.ColumnChange), r.numberColumn("net", phrase.ColumnNet), r.textColumn("cautions", phrase.ColumnCautions),
	}
	// The table comes first: it has all that the charts have.
	out.blocks = append([]document.Block{r.table("policies", phrase.TablePolicies, columns, rows, s.Rows, mostRows)}, out.blocks...)
	return out, nil
}

// policyRow is a change with what changed before and after it, where it holds and beyond the others.
func (r *run) policyRow(e *reportingv1.PolicyEffect, form measureForm) []document.Cell {
	at, definition := r.on(e.GetDate()), definitionOfStores(e.GetBasis())
	held, control := int64(e.GetHeld().GetLocations()), int64(e.GetControl().GetLocations())
	where := r.words.Text(phrase.Everywhere)
	if control > 0 {
		where = r.words.Text(phrase.WhereSome, r.notation.Count(held), r.notation.Count(control))
	}
	before, change, net := form.level(r, nil, held, definition), form.change(r, nil, held, definition), form.change(r, nil, held+control, definition)
	if side := e.GetHeld(); side != nil {
		before, change = form.level(r, &side.Before, held, definition), form.change(r, side.GetDifference(), held, definition)
		net = form.change(r, e.GetNet(), held+control, definition)
		if e.GetNet() == nil {
			net.Absent = r.words.Text(phrase.CautionNoControl)
			change = tested(change, e.GetTest())
		} else {
			net = tested(net, e.GetTest())
		}
	} else {
		for _, n := range []*document.Number{&before, &change, &net} {
			n.Absent, n.N = r.words.Text(phrase.AbsentFewDays), nil
		}
	}
	var cautions []string
	for _, c := range e.GetCautions() {
		if key, ok := cautionNames[c]; ok {
			cautions = append(cautions, r.words.Text(key))
		}
	}
	return []document.Cell{
		{Time: &at, DayOnly: true}, textCell(r.policyName(e)), textCell(where), numberCell(before), numberCell(change), numberCell(net), textCell(strings.Join(cautions, "; ")),
	}
}

// policyChart is the number by week around a change, where the policy holds and elsewhere, with all changes that fall into these weeks.
func (r *run) policyChart(all []*reportingv1.PolicyEffect, e *reportingv1.PolicyEffect, form measureForm, index int) document.Block {
	definition := definitionOfStores(e.GetBasis())
	chart := &document.TrendChart{Unit: form.unit, Zone: r.period.Zone}
	line := func(title phrase.Key, side *reportingv1.PolicySide, of func(*reportingv1.PolicyWeek) *float64) {
		if side == nil {
			return
		}
		series := document.TrendSeries{Label: r.words.Text(title)}
		for _, w := range e.GetTrend() {
			start := r.on(w.GetStartDate())
			series.Points = append(series.Points, document.TrendPoint{
				Start: start, End: start.AddDate(0, 0, 7), Number: form.level(r, of(w), int64(side.GetLocations()), definition),
			})
		}
		chart.Series = append(chart.Series, series)
	}
	line(phrase.SeriesHeld, e.GetHeld(), func(w *reportingv1.PolicyWeek) *float64 { return w.Held })
	line(phrase.SeriesControl, e.GetControl(), func(w *reportingv1.PolicyWeek) *float64 { return w.Control })
	for _, other := range all {
		chart.Events = append(chart.Events, document.TrendEvent{Time: r.on(other.GetDate()), Label: r.policyName(other)})
	}
	return document.Block{Chart: &document.Chart{
		ID: "policy_" + r.notation.Decimal(float64(index+1), 0), Title: r.policyName(e) + " — " + r.words.Text(phrase.ChartPolicy, r.words.Text(form.name)), Trend: chart,
	}}
}
