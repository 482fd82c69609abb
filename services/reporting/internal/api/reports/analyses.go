package reports

import (
	"cmp"
	"context"
	"slices"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// mostBars is how many bars or steps a chart shows: more cannot be read.
const mostBars = 20

// text is the text of an analysed question.
func (r *run) text(q *reportingv1.AnalysisQuestion) string {
	return r.words.Pick(q.GetText().GetTexts(), q.GetQuestion())
}

// matrix shows what to fix first.
func (r *run) matrix(ctx context.Context, s report.Section) (part, error) {
	resp, err := r.analyses.QueryMatrix(ctx, &reportingv1.QueryMatrixRequest{Query: r.analysis(), Outcome: s.Outcome, Items: s.Items})
	if err != nil {
		return part{}, err
	}
	definition := definitionOf(resp.GetBasis())
	chart := &document.MatrixChart{
		ImportanceTitle: r.words.Text(phrase.ColumnImportance), ScoreTitle: r.words.Text(phrase.ColumnScore), ImportanceCut: resp.GetImportanceCut(), ScoreCut: resp.GetScoreCut(),
	}
	var rows [][]document.Cell
	for _, i := range resp.GetItems() {
		importance := r.estimated(i.GetImportance(), i.GetPairN(), document.Plain, 3, definition)
		score := r.estimated(i.GetScore(), i.GetQuestion().GetN(), document.Plain, 2, definition)
		drawn := score
		if i.NormalizedScore != nil {
			drawn = document.Number{Value: i.NormalizedScore, Unit: document.Plain, Digits: 1, N: score.N, Definition: definition}
		}
		label := r.text(i.GetQuestion())
		chart.Points = append(chart.Points, document.MatrixPoint{Label: label, Importance: importance, Score: drawn, Priority: int(i.GetPriority()), Stable: i.GetStable()})
		n := i.GetQuestion().GetN()
		sure := 100 * i.GetProbabilities()[i.GetPriority()-1]
		rows = append(rows, []document.Cell{
			textCell(r.notation.Quadrant(int(i.GetPriority()))), textCell(label), numberCell(importance), numberCell(score),
			numberCell(document.Number{Value: &sure, Unit: document.Percent, N: &n, Definition: definition}),
		})
	}
	if len(rows) == 0 {
		return part{}, nil
	}
	columns := []document.Column{
		r.textColumn("priority", phrase.ColumnPriority), r.textColumn("item", phrase.ColumnItem), r.numberColumn("importance", phrase.ColumnImportance),
		r.numberColumn("score", phrase.ColumnScore), r.numberColumn("sure", phrase.ColumnSure),
	}
	return part{
		blocks: []document.Block{
			{Chart: &document.Chart{ID: "matrix", Title: r.words.Text(phrase.ChartMatrix, r.text(resp.GetOutcome())), Matrix: chart}},
			r.table("matrix", phrase.TableMatrix, columns, rows, s.Rows, mostRows),
		},
		notes: append([]string{r.words.Text(phrase.NoteMatrix), r.words.Plural(phrase.NoteCounted, resp.GetBasis().GetResponses())}, r.leftOutQuestions(resp.GetBasis())...),
	}, nil
}

// drivers shows how much each item goes together with the outcome.
func (r *run) drivers(ctx context.Context, s report.Section) (part, error) {
	resp, err := r.analyses.QueryDrivers(ctx, &reportingv1.QueryDriversRequest{Query: r.analysis(), Outcome: s.Outcome, Items: s.Items})
	if err != nil {
		return part{}, err
	}
	definition := definitionOf(resp.GetBasis())
	var rows [][]document.Cell
	bars := &document.BarChart{ValueTitle: r.words.Text(phrase.ColumnWeight)}
	for _, d := range resp.GetDrivers() {
		label := r.text(d.GetQuestion())
		weight := r.estimated(d.GetRelativeWeight(), d.GetPairN(), document.Plain, 3, definition)
		if len(bars.Bars) < mostBars {
			bars.Bars = append(bars.Bars, document.Bar{Label: label, Number: weight})
		}
		rows = append(rows, []document.Cell{
			textCell(label), numberCell(weight), numberCell(tested(r.estimated(d.GetPearson(), d.GetPairN(), document.Plain, 3, definition), d.GetPearsonTest())),
			numberCell(tested(r.estimated(d.GetCoefficient(), d.GetPairN(), document.Plain, 3, definition), d.GetCoefficientTest())),
		})
	}
	if len(rows) == 0 {
		return part{}, nil
	}
	columns := []document.Column{
		r.textColumn("item", phrase.ColumnItem), r.numberColumn("weight", phrase.ColumnWeight), r.numberColumn("correlation", phrase.ColumnCorrelation),
		r.numberColumn("coefficient", phrase.ColumnCoefficient),
	}
	fit := r.estimated(resp.GetRSquared(), resp.GetBasis().GetResponses(), document.Plain, 3, definition)
	return part{
		blocks: []document.Block{
			{Figures: []document.Figure{{Label: r.words.Text(phrase.FigureExplained), Number: fit, Note: r.text(resp.GetOutcome())}}},
			{Chart: &document.Chart{ID: "drivers", Title: r.words.Text(phrase.ChartDrivers, r.text(resp.GetOutcome())), Bars: bars}},
			r.table("drivers", phrase.TableDrivers, columns, rows, s.Rows, mostRows),
		},
		notes: append([]string{r.words.Text(phrase.NoteAssociation)}, r.leftOutQuestions(resp.GetBasis())...),
	}, nil
}

// outcomeForm is the unit and the digits of an outcome.
func outcomeForm(m reportingv1.OutcomeMetric) (document.Unit, int) {
	if m == reportingv1.OutcomeMetric_OUTCOME_METRIC_NPS {
		return document.Points, 1
	}
	return document.Plain, 2
}

// bridge shows why the outcome moved since the period compared with.
func (r *run) bridge(ctx context.Context, s report.Section) (part, error) {
	if r.baseline == nil {
		return part{}, errBaseline
	}
	key := byOr(s, "theme")
	resp, err := r.analyses.QueryBridge(ctx, &reportingv1.QueryBridgeRequest{Query: r.analysis(), BaselinePeriod: periodToProto(*r.baseline), Outcome: s.Outcome, By: key})
	if err != nil {
		return part{}, err
	}
	names, err := r.topics(ctx, key)
	if err != nil {
		return part{}, err
	}
	unit, digits := outcomeForm(resp.GetMetric())
	definition, n, was := definitionOf(resp.GetBasis()), resp.GetBasis().GetResponses(), resp.GetBaselineBasis().GetResponses()
	chart := &document.BridgeChart{
		BeforeTitle: r.words.Text(phrase.ColumnBefore), AfterTitle: r.words.Text(phrase.ColumnNow), Before: r.estimated(resp.GetBefore(), was, unit, digits, definition),
		After: r.estimated(resp.GetAfter(), n, unit, digits, definition),
	}
	var rows [][]document.Cell
	rest := 0.0
	for i, p := range resp.GetParts() {
		label := r.valueName(p.GetValue(), names)
		mix, level := r.estimated(p.GetMix(), p.GetCountAfter(), unit, digits, definition), r.estimated(p.GetLevel(), p.GetCountAfter(), unit, digits, definition)
		both := p.GetMix().GetValue() + p.GetLevel().GetValue()
		if i < mostBars {
			counted := p.GetCountBefore() + p.GetCountAfter()
			chart.Parts = append(chart.Parts, document.BridgePart{Label: label, Effect: tested(document.Number{Value: &both, Unit: unit, Digits: digits, N: &counted, Definition: definition}, p.GetTest())})
		} else {
			rest += both
		}
		rows = append(rows, []document.Cell{textCell(label), numberCell(mix), numberCell(tested(level, p.GetTest())), numberCell(count(p.GetCountBefore())), numberCell(count(p.GetCountAfter()))})
	}
	if len(resp.GetParts()) > mostBars {
		// All parts sum to the change: those that are not shown do so together.
		chart.Parts = append(chart.Parts, document.BridgePart{Label: r.words.Text(phrase.Others), Effect: document.Number{Value: &rest, Unit: unit, Digits: digits, Definition: definition}})
	}
	columns := []document.Column{
		r.textColumn("part", phrase.ColumnPart), r.numberColumn("mix", phrase.ColumnMix), r.numberColumn("level", phrase.ColumnLevel),
		r.numberColumn("count_before", phrase.ColumnCountBefore), r.numberColumn("count_now", phrase.ColumnCountNow),
	}
	return part{
		blocks: []document.Block{
			{Figures: []document.Figure{{Label: r.words.Text(phrase.FigureChange), Number: r.estimated(resp.GetChange(), n, unit, digits, definition), Note: r.text(resp.GetOutcome())}}},
			{Chart: &document.Chart{ID: "bridge", Title: r.words.Text(phrase.ChartBridge, r.text(resp.GetOutcome())), Bridge: chart}},
			r.table("bridge", phrase.TableBridge, columns, rows, s.Rows, mostRows),
		},
		notes: []string{r.words.Text(phrase.NoteBridge), r.words.Text(phrase.NoteBridgeParts)},
	}, nil
}

// strengths shows what pulls the outcome up and down.
func (r *run) strengths(ctx context.Context, s report.Section) (part, error) {
	key := byOr(s, "theme")
	resp, err := r.analyses.QueryStrengths(ctx, &reportingv1.QueryStrengthsRequest{Query: r.analysis(), Outcome: s.Outcome, By: key})
	if err != nil {
		return part{}, err
	}
	names, err := r.topics(ctx, key)
	if err != nil {
		return part{}, err
	}
	unit, digits := outcomeForm(resp.GetMetric())
	definition := definitionOf(resp.GetBasis())
	verdicts := map[reportingv1.TopicVerdict]phrase.Key{
		reportingv1.TopicVerdict_TOPIC_VERDICT_STRENGTH: phrase.Strength, reportingv1.TopicVerdict_TOPIC_VERDICT_WEAKNESS: phrase.Weakness,
		reportingv1.TopicVerdict_TOPIC_VERDICT_NEITHER: phrase.Undecided,
	}
	marks := map[reportingv1.TopicVerdict]document.Mark{
		reportingv1.TopicVerdict_TOPIC_VERDICT_STRENGTH: document.Green, reportingv1.TopicVerdict_TOPIC_VERDICT_WEAKNESS: document.Red,
	}
	bars := &document.BarChart{ValueTitle: r.words.Text(phrase.ColumnEffect)}
	var rows [][]document.Cell
	for _, e := range resp.GetEffects() {
		label := r.valueName(e.GetValue(), names)
		effect := tested(r.estimated(e.GetEffect(), e.GetCount(), unit, digits, definition), e.GetTest())
		bars.Bars = append(bars.Bars, document.Bar{Label: label, Number: effect, Mark: marks[e.GetVerdict()]})
		level, n := e.GetLevel(), e.GetCount()
		rows = append(rows, []document.Cell{
			textCell(label), textCell(r.words.Text(verdicts[e.GetVerdict()])), numberCell(effect), numberCell(document.Number{Value: &level, Unit: unit, Digits: digits, N: &n, Definition: definition}),
		})
	}
	if len(rows) == 0 {
		return part{}, nil
	}
	slices.SortStableFunc(bars.Bars, func(a, b document.Bar) int { return cmp.Compare(size(b.Number), size(a.Number)) })
	bars.Bars = bars.Bars[:min(mostBars, len(bars.Bars))]
	columns := []document.Column{
		r.textColumn("topic", phrase.ColumnTopic), r.textColumn("verdict", phrase.ColumnVerdict), r.numberColumn("effect", phrase.ColumnEffect), r.numberColumn("level", phrase.ColumnLevelOf),
	}
	return part{
		blocks: []document.Block{
			{Chart: &document.Chart{ID: "strengths", Title: r.words.Text(phrase.ChartStrengths, r.text(resp.GetOutcome())), Bars: bars}},
			r.table("strengths", phrase.TableStrengths, columns, rows, s.Rows, mostRows),
		},
		notes: []string{r.words.Text(phrase.NoteAssociation), r.words.Text(phrase.NoteWithoutInterval, r.words.Text(phrase.ColumnLevelOf))},
	}, nil
}

// size is how far a number is from 0.
func size(n document.Number) float64 {
	if n.Value == nil {
		return 0
	}
	return max(*n.Value, -*n.Value)
}
