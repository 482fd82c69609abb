package reports

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// mostRows is how many rows the tables of a report show unless its definition says otherwise.
const mostRows = 100

// headline are the scores of a survey that reports show first, one of each metric.
func headline(scores []*scoringv1.Score) (out []*scoringv1.Score, of []metric) {
	for _, m := range metrics {
		i := slices.IndexFunc(scores, func(s *scoringv1.Score) bool { return s.GetVariant() == m.variant })
		if i >= 0 {
			out, of = append(out, scores[i]), append(of, m)
		}
	}
	return out, of
}

// scores shows the main scores, with what changed since the period compared with.
func (r *run) scores(ctx context.Context, s report.Section) (part, error) {
	q := r.query(r.period)
	if m, ok := r.mainMetric(); ok && r.protected {
		// Choices of these responses are not told, so that not everything can be asked for.
		q = r.mainQuery(r.period, m)
	}
	resp, err := r.measures.Query(ctx, q)
	if err != nil {
		return part{}, err
	}
	found, of := headline(resp.GetScores())
	figures := make([]document.Figure, len(found))
	for i, score := range found {
		figures[i] = document.Figure{Label: r.words.Text(of[i].name), Number: r.number(score, of[i]), Note: r.question(score.GetSlice().GetQuestion())}
		if r.baseline == nil || figures[i].Number.Value == nil {
			continue
		}
		if figures[i].Change, err = r.change(ctx, score, of[i]); err != nil {
			return part{}, err
		}
	}
	if len(figures) == 0 {
		return part{}, nil
	}
	if err := correct(figures); err != nil {
		return part{}, err
	}
	out := part{blocks: []document.Block{{Figures: figures}}}
	coverage := resp.GetCoverage()
	out.notes = append(out.notes, r.words.Plural(phrase.NoteCounted, coverage.GetCounted()))
	if slices.ContainsFunc(figures, func(f document.Figure) bool { return f.Change != nil }) {
		out.notes = append(out.notes, r.words.Text(phrase.NoteBaseline, r.notation.Period(*r.baseline)))
	}
	return out, nil
}

// correct corrects the p-values of changes for how many are tested, as overviews do, so that a page and a report of the same numbers say the same of them.
func correct(figures []document.Figure) error {
	p := make([]*float64, len(figures))
	for i, f := range figures {
		if f.Change != nil {
			p[i] = f.Change.P
		}
	}
	adjusted, _, err := estimate.Adjust(p)
	if err != nil {
		return fmt.Errorf("correct the p-values of changes: %w", err)
	}
	for i, v := range adjusted {
		if v != nil {
			figures[i].Change.P = v
		}
	}
	return nil
}

// change is by how much a score differs from that of the period compared with, with the p-value of that alone; nil where there was none.
func (r *run) change(ctx context.Context, score *scoringv1.Score, m metric) (*document.Number, error) {
	q := r.query(r.period)
	q.Metrics, q.Variants, q.Question = []scoringv1.Metric{m.metric}, []scoringv1.Variant{m.variant}, score.GetSlice().GetQuestion()
	c, err := r.measures.Compare(ctx, q, &scoringv1.ScoreQuery{Survey: r.survey, Period: periodToProto(*r.baseline), AsOfTime: q.GetAsOfTime()})
	var said *peers.Refusal
	switch {
	case errors.As(err, &said) && said.Cause.Code == codes.FailedPrecondition:
		// Nothing to compare with, or not on the same scale.
		return nil, nil
	case err != nil:
		return nil, err
	case c.GetBaseline().Estimate == nil:
		return nil, nil
	}
	value := c.GetDifference()
	unit := m.unit
	if unit == document.Percent {
		unit = document.Points
	}
	n := c.GetBaseline().GetN()
	out := bounded(document.Number{Value: &value, Unit: unit, Digits: m.digits, N: &n}, c.GetInterval())
	out.P = c.PValue
	return &out, nil
}

// mainMetric is the score that a report shows over time and by unit: the first that the survey supports.
func (r *run) mainMetric() (metric, bool) {
	for _, m := range metrics {
		switch m.metric {
		case scoringv1.Metric_METRIC_NPS:
			if r.asks(peers.KindNPS) {
				return m, true
			}
		case scoringv1.Metric_METRIC_CSAT:
			if r.asks(peers.KindCSAT) {
				return m, true
			}
		case scoringv1.Metric_METRIC_MEAN:
			if r.asks(peers.KindScored) {
				return m, true
			}
		}
	}
	return metric{}, false
}

// mainQuery asks for the main score.
func (r *run) mainQuery(p document.Period, m metric) *scoringv1.ScoreQuery {
	q := r.query(p)
	q.Metrics, q.Variants = []scoringv1.Metric{m.metric}, []scoringv1.Variant{m.variant}
	return q
}

// grains are those of scores.
var grains = map[report.Grain]typev1.TimeGrain{
	report.Hours: typev1.TimeGrain_TIME_GRAIN_HOUR, report.Days: typev1.TimeGrain_TIME_GRAIN_DAY, report.Weeks: typev1.TimeGrain_TIME_GRAIN_WEEK,
	report.Months: typev1.TimeGrain_TIME_GRAIN_MONTH,
}

// trend shows the main score over time.
func (r *run) trend(ctx context.Context, _ report.Section) (part, error) {
	m, ok := r.mainMetric()
	if !ok {
		return part{}, nil
	}
	span, grain := report.TrendOf(r.period)
	q := r.mainQuery(span, m)
	q.Grain = grains[grain]
	if !r.protected {
		q.TimeZone = r.period.Zone.String()
	}
	resp, err := r.measures.Query(ctx, q)
	if err != nil {
		return part{}, err
	}
	line := document.TrendSeries{Label: r.words.Text(m.name)}
	for _, s := range resp.GetScores() {
		p := s.GetSlice().GetPeriod()
		start, end := p.GetStartTime().AsTime(), p.GetEndTime().AsTime()
		// A step without answers has no score: it interrupts the line.
		if n := len(line.Points); n > 0 && line.Points[n-1].End.Before(start) {
			line.Points = append(line.Points, document.TrendPoint{Start: line.Points[n-1].End, End: start, Number: document.Number{Unit: m.unit, Absent: r.words.Text(phrase.NoData)}})
		}
		line.Points = append(line.Points, document.TrendPoint{Start: start, End: end, Number: r.number(s, m)})
	}
	if len(line.Points) == 0 {
		return part{}, nil
	}
	// The line begins with the first answers: what changed before them has no place on it.
	marks, err := r.marks(ctx, document.Period{Start: line.Points[0].Start, End: line.Points[len(line.Points)-1].End, Zone: span.Zone})
	if err != nil {
		return part{}, err
	}
	out := part{blocks: []document.Block{{Chart: &document.Chart{
		ID: "trend", Title: r.words.Text(m.name), Note: r.words.Text(phrase.NoteBand),
		Trend: &document.TrendChart{Unit: m.unit, Zone: r.period.Zone, Series: []document.TrendSeries{line}, Events: marks},
	}}}}
	if len(marks) > 0 {
		out.notes = append(out.notes, r.words.Text(phrase.NotePolicyMarks))
	}
	return out, nil
}

// response shows how many were asked, answered and refused.
func (r *run) response(ctx context.Context, _ report.Section) (part, error) {
	q := r.query(r.period)
	q.Metrics = []scoringv1.Metric{scoringv1.Metric_METRIC_RESPONSE_RATE}
	resp, err := r.measures.Query(ctx, q)
	if err != nil || len(resp.GetScores()) == 0 {
		return part{}, err
	}
	score := resp.GetScores()[0]
	m, _ := metricOf(scoringv1.Variant_VARIANT_RESPONSE_RATE_OUTCOMES)
	c := score.GetCounts()
	if c.GetAnswered()+unanswered(score) == 0 {
		return part{}, nil
	}
	row := func(id phrase.Key, n int64) []document.Cell {
		return []document.Cell{textCell(r.words.Text(id)), numberCell(count(n))}
	}
	rows := [][]document.Cell{
		row(phrase.OutcomeAnswered, c.GetAnswered()), row(phrase.OutcomeRefused, c.GetRefused()), row(phrase.OutcomeDismissed, c.GetDismissed()),
		row(phrase.OutcomeTimedOut, c.GetTimedOut()),
	}
	rate := r.number(score, m)
	out := part{
		blocks: []document.Block{
			{Figures: []document.Figure{{Label: r.words.Text(m.name), Number: rate}}},
			r.table("outcomes", phrase.TableOutcomes, []document.Column{r.textColumn("outcome", phrase.ColumnOutcome), r.numberColumn("count", phrase.ColumnCount)}, rows, 0, len(rows)),
		},
		notes: []string{r.words.Text(phrase.NoteResponse)},
	}
	if rate.Value != nil {
		out.blocks = append(out.blocks, document.Block{Chart: &document.Chart{ID: "asked", Title: r.words.Text(phrase.ChartAsked), Funnel: &document.FunnelChart{Steps: []document.FunnelStep{
			{Label: r.words.Text(phrase.StepAsked), Count: c.GetAnswered() + unanswered(score)}, {Label: r.words.Text(phrase.StepAnswered), Count: c.GetAnswered(), Share: rate},
		}}}})
	}
	return out, nil
}

// questions shows each question's score, and what it was in the period compared with.
func (r *run) questions(ctx context.Context, s report.Section) (part, error) {
	m, _ := metricOf(scoringv1.Variant_VARIANT_MEAN_SINGLE_QUESTION)
	ask := func(p document.Period) ([]*scoringv1.Score, error) {
		q := r.mainQuery(p, m)
		q.Question = "*"
		resp, err := r.measures.Query(ctx, q)
		return resp.GetScores(), err
	}
	now, err := ask(r.period)
	if err != nil {
		return part{}, err
	}
	columns := []document.Column{r.textColumn("question", phrase.ColumnQuestion), r.textColumn("scale", phrase.ColumnScale), r.numberColumn("mean", phrase.ColumnMean)}
	before := make(map[string]*scoringv1.Score)
	if r.baseline != nil {
		columns = append(columns, r.numberColumn("before", phrase.ColumnBefore))
		was, err := ask(*r.baseline)
		if err != nil {
			return part{}, err
		}
		for _, score := range was {
			before[score.GetSlice().GetQuestion()+" "+score.GetScale().GetId()] = score
		}
	}
	var rows [][]document.Cell
	for _, score := range now {
		id := score.GetSlice().GetQuestion()
		row := []document.Cell{textCell(r.question(id)), textCell(score.GetScale().GetId()), numberCell(r.number(score, m))}
		if r.baseline != nil {
			cell := document.Cell{}
			if was := before[id+" "+score.GetScale().GetId()]; was != nil {
				cell = numberCell(r.number(was, m))
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return part{}, nil
	}
	return part{blocks: []document.Block{r.table("questions", phrase.TableQuestions, columns, rows, s.Rows, mostRows)}}, nil
}
