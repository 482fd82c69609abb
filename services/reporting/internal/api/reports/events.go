package reports

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/money"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Definitions of what was found by test, and of what customers did afterwards.
const (
	definitionAlert     = "change_alert@1"
	definitionRetention = "retention@1"
)

// alerts shows the changes of scores that were first seen in the period.
func (r *run) alerts(ctx context.Context, s report.Section) (part, error) {
	if r.filter != "" {
		return part{}, errFilter
	}
	req := &scoringv1.ListAlertsRequest{Survey: r.survey, SinceTime: timestamppb.New(r.period.Start), PageSize: unitsPage}
	var rows [][]document.Cell
	for range mostNames {
		resp, err := r.sources.Alerts.ListAlerts(ctx, req)
		if err != nil {
			return part{}, err
		}
		for _, a := range resp.GetAlerts() {
			// It is the end of the step in which the change was seen: that of the last day of the period is the period's own end.
			seen := moment(a.GetFirstSeenTime())
			if !seen.After(r.period.Start) || seen.After(r.period.End) {
				continue
			}
			m, ok := metricOf(a.GetVariant())
			if !ok {
				m = metric{name: phrase.MetricOther, unit: document.Plain, digits: 2}
			}
			change := a.GetChange()
			unit := m.unit
			if unit == document.Percent {
				unit = document.Points
			}
			n := bounded(document.Number{Value: &change, Unit: unit, Digits: m.digits, Definition: definitionAlert}, a.GetInterval())
			name := a.GetUnit()
			if a.GetUnitKey() == "" {
				name = r.words.Text(phrase.Whole)
			}
			rows = append(rows, []document.Cell{{Time: &seen}, textCell(name), textCell(r.words.Text(m.name)), numberCell(n)})
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	if len(rows) == 0 {
		return part{blocks: []document.Block{{Text: r.words.Text(phrase.NothingChanged)}}}, nil
	}
	columns := []document.Column{
		{ID: "seen", Title: r.words.Text(phrase.ColumnSeen), Kind: document.TimeColumn}, r.textColumn("unit", phrase.ColumnUnit), r.textColumn("metric", phrase.ColumnMetric),
		r.numberColumn("change", phrase.ColumnChange),
	}
	return part{blocks: []document.Block{r.table("alerts", phrase.TableAlerts, columns, rows, s.Rows, mostRows)}}, nil
}

// retention shows what customers did after they scored: scores of the first half of the period, outcomes of its second.
func (r *run) retention(ctx context.Context, _ report.Section) (part, error) {
	if r.filter != "" {
		return part{}, errFilter
	}
	middle := r.period.Start.Add(r.period.End.Sub(r.period.Start) / 2).Truncate(time.Hour)
	resp, err := r.sources.Retention.QueryRetention(ctx, &segmentationv1.QueryRetentionRequest{Query: &segmentationv1.RetentionQuery{
		ScorePeriod:   &typev1.Period{StartTime: timestamppb.New(r.period.Start), EndTime: timestamppb.New(middle)},
		OutcomePeriod: &typev1.Period{StartTime: timestamppb.New(middle), EndTime: timestamppb.New(r.period.End)},
	}})
	if err != nil || resp.GetTotal().GetContactCount() == 0 {
		return part{}, err
	}
	currency := resp.GetCurrency()
	amount := func(a *segmentationv1.RetentionAmount) document.Number {
		n := a.GetContactCount()
		out := document.Number{Unit: document.Money, Currency: currency, N: &n, Definition: definitionRetention}
		if a == nil || a.EstimateMinor == nil || currency == "" {
			out.Absent = r.words.Text(phrase.NoData)
			return out
		}
		digits := money.Digits(currency)
		out.Digits = digits
		value := major(a.GetEstimateMinor(), digits)
		out.Value = &value
		if i := a.GetInterval(); i != nil {
			low, high := major(i.GetLower(), digits), major(i.GetUpper(), digits)
			out.Low, out.High, out.Level = &low, &high, i.GetLevel()
		}
		return out
	}
	portion := func(s *segmentationv1.RetentionShare) document.Number {
		if s == nil {
			return r.share(nil, nil, 0, definitionRetention)
		}
		return r.share(s.Estimate, s.GetInterval(), s.GetDenominator(), definitionRetention)
	}
	line := func(b *segmentationv1.RetentionBand, name string) []document.Cell {
		return []document.Cell{
			{Mark: colours[b.GetColour()]}, textCell(name), numberCell(count(b.GetContactCount())), numberCell(portion(b.GetRepeat())), numberCell(portion(b.GetChurn())), numberCell(amount(b.GetValue())),
		}
	}
	var rows [][]document.Cell
	for _, b := range resp.GetBands() {
		rows = append(rows, line(b, r.notation.Light(colours[b.GetColour()])))
	}
	rows = append(rows, line(resp.GetTotal(), r.words.Text(phrase.Whole)))
	columns := []document.Column{
		{ID: "light", Title: r.words.Text(phrase.ColumnLight), Kind: document.MarkColumn}, r.textColumn("band", phrase.ColumnBand), r.numberColumn("contacts", phrase.Contacts),
		r.numberColumn("repeat", phrase.ColumnRepeat), r.numberColumn("churn", phrase.ColumnChurn), r.numberColumn("value", phrase.ColumnValue),
	}
	out := part{blocks: []document.Block{r.table("retention", phrase.TableRetention, columns, rows, 0, len(rows))}}
	out.notes = append(out.notes, r.words.Pick(resp.GetCaution().GetTexts(), ""), r.words.Text(phrase.NoteRetention))
	return out, nil
}

// major converts minor units of a currency.
func major(minor float64, digits int) float64 {
	for range digits {
		minor /= 10
	}
	return minor
}
