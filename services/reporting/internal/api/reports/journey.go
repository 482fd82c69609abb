package reports

import (
	"context"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// stageForms are what stages of journeys are scored by.
var stageForms = map[reportingv1.JourneyMetric]metric{
	reportingv1.JourneyMetric_JOURNEY_METRIC_NPS:  {name: phrase.MetricNPS, unit: document.Points, digits: 1},
	reportingv1.JourneyMetric_JOURNEY_METRIC_CSAT: {name: phrase.MetricCSAT, unit: document.Percent, digits: 1},
	reportingv1.JourneyMetric_JOURNEY_METRIC_CES:  {name: phrase.MetricEase, unit: document.Plain, digits: 2},
	reportingv1.JourneyMetric_JOURNEY_METRIC_MEAN: {name: phrase.MetricMean, unit: document.Plain, digits: 2},
}

// journey shows how customers fare stage by stage, in the order of the journey.
func (r *run) journey(ctx context.Context, s report.Section) (part, error) {
	req := &reportingv1.QueryJourneyRequest{Query: r.analysis(), Question: s.Outcome}
	if r.baseline != nil {
		req.BaselinePeriod = periodToProto(*r.baseline)
	}
	resp, err := r.analyses.QueryJourney(ctx, req)
	if err != nil || len(resp.GetStages()) == 0 {
		return part{}, err
	}
	// Nobody states the stages, so that all have one question and one metric.
	first := resp.GetStages()[0]
	form, definition := stageForms[first.GetMetric()], definitionOf(resp.GetBasis())
	bars := &document.BarChart{ValueTitle: r.words.Text(form.name)}
	var rows [][]document.Cell
	worst := ""
	for _, stage := range resp.GetStages() {
		label := r.words.Pick(stage.GetName().GetTexts(), stage.GetId())
		score := r.stageScore(stage.GetScore(), form, definition)
		bar := document.Bar{Label: label, Number: score}
		if stage.GetWorst() {
			bar.Mark, worst = document.Red, label
		}
		if len(bars.Bars) < mostBars {
			bars.Bars = append(bars.Bars, bar)
		}
		row := []document.Cell{textCell(label), numberCell(score)}
		if r.baseline != nil {
			row = append(row, r.stageChange(stage.GetChange(), form, definition))
		}
		row = append(row, numberCell(count(stage.GetResponses())))
		if resp.GetCasesAbsence() == "" {
			row = append(row, document.Cell{}, document.Cell{})
			if c := stage.GetCases(); c != nil {
				row[len(row)-2], row[len(row)-1] = numberCell(count(c.GetOpen())), numberCell(count(c.GetOverdue()))
			}
		}
		rows = append(rows, row)
	}
	columns := []document.Column{r.textColumn("stage", phrase.ColumnStage), r.numberColumn("score", form.name)}
	if r.baseline != nil {
		columns = append(columns, r.numberColumn("change", phrase.ColumnChange))
	}
	columns = append(columns, r.numberColumn("responses", phrase.ColumnResponses))
	var notes []string
	switch {
	case worst != "":
		notes = append(notes, r.words.Text(phrase.NoteJourneyWorst, worst))
	case len(resp.GetStages()) > 1:
		notes = append(notes, r.words.Text(phrase.NoteJourneyEven))
	}
	if r.baseline != nil {
		notes = append(notes, r.words.Text(phrase.NoteBaseline, r.notation.Period(*r.baseline)))
	}
	if resp.GetCasesAbsence() == "" {
		columns = append(columns, r.numberColumn("cases_open", phrase.ColumnCasesOpen), r.numberColumn("cases_overdue", phrase.CasesOverdue))
		notes = append(notes, r.words.Text(phrase.NoteJourneyCases))
	}
	if n := resp.GetUnplacedResponses(); n > 0 {
		notes = append(notes, r.words.Plural(phrase.NoteUnplaced, n))
	}
	return part{
		blocks: []document.Block{
			{Chart: &document.Chart{ID: "journey", Title: r.words.Text(phrase.ChartJourney, r.text(first.GetQuestion())), Bars: bars}},
			r.table("journey", phrase.TableJourney, columns, rows, s.Rows, mostRows),
		},
		notes: notes,
	}, nil
}

// stageScore is the score of a stage.
func (r *run) stageScore(s *reportingv1.OverviewScore, form metric, definition string) document.Number {
	n := s.GetN()
	out := document.Number{Unit: form.unit, Digits: form.digits, N: &n, Definition: definition}
	switch reason := s.GetAbsenceReason(); {
	case reason != "" && reason != "NO_ANSWERS":
		out.Absent, out.N = r.words.Text(phrase.Withheld), nil
	case s == nil || s.Estimate == nil:
		out.Absent = r.words.Text(phrase.NoData)
	default:
		out.Value = s.Estimate
	}
	return bounded(out, s.GetInterval())
}

// stageChange is by how much the score of a stage changed; empty where there is nothing to compare.
func (r *run) stageChange(c *reportingv1.OverviewChange, form metric, definition string) document.Cell {
	if c == nil {
		return document.Cell{}
	}
	value, n := c.GetDifference(), c.GetBaseline().GetN()
	out := bounded(document.Number{Value: &value, Unit: differenceUnit(form.unit), Digits: form.digits, N: &n, Definition: definition}, c.GetInterval())
	out.P = c.AdjustedPValue
	return numberCell(out)
}

// differenceUnit is the unit of the difference of two numbers.
func differenceUnit(of document.Unit) document.Unit {
	if of == document.Percent {
		return document.Points
	}
	return of
}
