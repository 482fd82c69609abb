package alarm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// Source counts what rules watch; *Planner is one.
type Source interface {
	// Series returns what was counted of each unit of a rule between two moments on the bounds of periods.
	Series(ctx context.Context, r *alert.Rule, start, end time.Time) (Counted, error)
	// Watermark is the time up to which everything is counted; zero when it is not known.
	Watermark() time.Time
}

// Counted is what was counted of the units of a rule.
type Counted struct {
	Scale  alert.Scale
	Series []alert.Series
	// AsOf is up to when everything that arrived was counted.
	AsOf time.Time
}

// Catalog knows surveys; *surveys.Catalog is one.
type Catalog interface {
	History(ctx context.Context, organization, survey string) (questionnaire.History, error)
}

// Planner counts by the planner of queries, from the organisation's cube or the survey's table.
type Planner struct {
	Board   *live.Board
	Catalog Catalog
}

var _ Source = (*Planner)(nil)

// Watermark is the time up to which everything is counted.
func (p *Planner) Watermark() time.Time { return p.Board.Watermark() }

// data is what queries about a rule's survey are answered from.
func (p *Planner) data(ctx context.Context, r *alert.Rule) (query.Data, error) {
	history, err := p.Catalog.History(ctx, r.Organization, r.Survey)
	if err != nil {
		return query.Data{}, fmt.Errorf("read revisions of survey %s: %w", r.Survey, err)
	}
	book := p.Board.Book(r.Organization)
	table, complete := book.Table(r.Survey)
	return query.Data{History: history, Cube: book.Cube, Table: table, Pending: !complete}, nil
}

// queryOf is the query for what a rule watches.
func queryOf(r *alert.Rule) (query.Query, error) {
	loc, err := time.LoadLocation(r.TimeZone)
	if err != nil {
		return query.Query{}, &alert.FieldError{Field: "time_zone", Description: "is no IANA time zone"}
	}
	q := query.Query{
		Survey: r.Survey, Metrics: []metric.ID{r.Metric}, Variants: []metric.Variant{r.Variant}, Question: r.Question, Grain: r.Grain, Location: loc,
		Filter: r.Filter, Population: r.Population,
	}
	if r.UnitKey != "" {
		q.GroupBy = []string{r.UnitKey}
	}
	return q, nil
}

// Series counts.
func (p *Planner) Series(ctx context.Context, r *alert.Rule, start, end time.Time) (Counted, error) {
	q, err := queryOf(r)
	if err != nil {
		return Counted{}, err
	}
	// Taken before anything is counted: all that arrived until then is.
	asOf := p.Board.Watermark()
	d, err := p.data(ctx, r)
	if err != nil {
		return Counted{}, err
	}
	asked, _ := d.History.Question(r.Question)
	c := collector{question: asked, units: make(map[string]int)}
	q.Start, q.End = start, end
	if start.Before(end) {
		if err := read(ctx, q, d, c.addPeriod); err != nil {
			return Counted{}, err
		}
		c.order()
	}
	if r.Baseline.Fixed() {
		q.Start, q.End, q.Grain = r.Baseline.Start, r.Baseline.End, calendar.None
		if err := read(ctx, q, d, c.addBaseline); err != nil {
			return Counted{}, err
		}
	}
	return Counted{Scale: scaleOf(r.Variant, asked.Scale), Series: c.series, AsOf: asOf}, nil
}

// read reads the rows of a query, in parts when they are too many for one answer, in the order of time.
func read(ctx context.Context, q query.Query, d query.Data, add func(query.Row) error) error {
	result, err := query.Run(ctx, q, d)
	var refusal *query.Error
	if errors.As(err, &refusal) && refusal.Reason == query.TooManyRows && q.Grain != calendar.None {
		middle := calendar.StepStart(q.Start.Add(q.End.Sub(q.Start)/2), q.Grain, q.Location)
		if !middle.After(q.Start) {
			return fmt.Errorf("count one period: %w", err)
		}
		first, second := q, q
		first.End, second.Start = middle, middle
		if err := read(ctx, first, d, add); err != nil {
			return err
		}
		return read(ctx, second, d, add)
	}
	if err != nil {
		return fmt.Errorf("count: %w", err)
	}
	for _, row := range result.Rows {
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}

// collector gathers rows into series.
type collector struct {
	question metric.Question
	units    map[string]int
	series   []alert.Series
}

// of is the series of a row's unit; nil for a row of another scale than the question has now, which a series never mixes.
func (c *collector) of(r query.Row) *alert.Series {
	if r.Score.Scale != (question.Scale{}) && !r.Score.Scale.SameEnds(c.question.Scale) {
		return nil
	}
	name := ""
	if len(r.Keys) > 0 {
		name = r.Keys[0].Value
	}
	i, known := c.units[name]
	if !known {
		i = len(c.series)
		c.units[name] = i
		c.series = append(c.series, alert.Series{Unit: name})
	}
	return &c.series[i]
}

func (c *collector) addPeriod(r query.Row) error {
	s := c.of(r)
	if s == nil {
		return nil
	}
	h, err := observations(r, c.question)
	if err == nil && !h.IsEmpty() {
		s.Periods = append(s.Periods, alert.Period{Start: r.Start, End: r.End, Answers: h})
	}
	return err
}

// order brings the periods of each unit in the order of time, one for each: the rows of a question come scale by scale, and scales that differ in their steps
// alone are one series.
func (c *collector) order() {
	for i := range c.series {
		s := &c.series[i]
		slices.SortStableFunc(s.Periods, func(a, b alert.Period) int { return a.Start.Compare(b.Start) })
		kept := s.Periods[:0]
		for _, p := range s.Periods {
			if n := len(kept); n > 0 && kept[n-1].Start.Equal(p.Start) {
				// Of a copy: what was counted may be shared.
				var both histogram.Histogram
				both.Merge(kept[n-1].Answers)
				both.Merge(p.Answers)
				kept[n-1].Answers = both
				continue
			}
			kept = append(kept, p)
		}
		s.Periods = kept
	}
}

func (c *collector) addBaseline(r query.Row) error {
	s := c.of(r)
	if s == nil {
		return nil
	}
	h, err := observations(r, c.question)
	if err == nil {
		s.Baseline.Merge(h)
	}
	return err
}
