package query

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/filter"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Ranking is the values of a key as units, ranked by one score.
type Ranking struct {
	// Units are in order of the estimate, the greatest first. Those that were not compared come last, those that are withheld after them.
	Units []RankedRow
	// Compared is how many units were compared: the size of the family that p-values are corrected for.
	Compared int
	// Overall is the score of all units together; nil when there are none.
	Overall *Row
	// Coverage says what was counted; nil where answers are protected.
	Coverage *column.Coverage
}

// RankedRow is a unit with what distinguishes it.
type RankedRow struct {
	Row
	// Place is the unit's place with its interval; zero when it was not compared.
	stat.Place
	// Difference is the unit's score less that of all others together, Interval its interval at Level by Method; nil when there is none.
	Difference *float64
	Interval   *stat.Interval
	Level      float64
	Method     metric.Method
	// P is the two-sided p-value of the difference, AdjustedP the same corrected over the family; nil when there is none.
	P, AdjustedP *float64
	// Different tells whether the unit differs from all others at the discovery rate.
	Different bool
}

// Rank ranks the values of the one key that a query groups by. What does not state the key is no unit. Of protected answers only those that are released
// are ranked. Refusals are *Error.
func Rank(ctx context.Context, q Query, d Data, family metric.Family) (Ranking, error) {
	if err := checkRanking(&q); err != nil {
		return Ranking{}, err
	}
	if q.Definition != nil && q.Definition.Tree != nil {
		return rankComposites(ctx, q, d, family)
	}
	p, err := newPlan(q, d)
	if err != nil {
		return Ranking{}, err
	}
	variant, t, err := p.only()
	if err != nil {
		return Ranking{}, err
	}
	if variant == metric.ShareOption && q.Settings.Option == "" {
		return Ranking{}, refuse(NotComparable, "option", "units are ranked by one score: name the option")
	}
	c, err := p.count(ctx, d)
	if err != nil {
		return Ranking{}, err
	}
	units, counted, err := p.units(t, c)
	if err != nil {
		return Ranking{}, err
	}
	if len(units) > metric.MaxUnits {
		return Ranking{}, tooManyUnits()
	}
	ranked, err := metric.Rank(variant, units, p.Settings, family)
	if errors.Is(err, metric.ErrNotComparable) {
		return Ranking{}, state(NotComparable, "period", "the units were not asked in the same way: choose a period in which one scale was used")
	}
	if err != nil {
		return Ranking{}, evaluateError(variant, metric.Question{}, fmt.Errorf("rank: %w", err))
	}
	r := Ranking{Compared: ranked.Compared, Coverage: c.coverage}
	for _, u := range ranked.Units {
		row := p.rowOf(&counted[u.Index])
		row.Score, row.Question, row.Answers = u.Score, units[u.Index].Question.ID, units[u.Index].Data.Answers
		unit := RankedRow{Row: row, Place: u.Place, AdjustedP: u.AdjustedP, Different: u.Different}
		if c := u.Difference; c != nil {
			unit.Difference, unit.Interval, unit.Level, unit.Method, unit.P = &c.Difference, c.Interval, c.Level, c.Method, c.P
		}
		r.Units = append(r.Units, unit)
	}
	if len(units) > 0 {
		overall := p.overall(units, ranked.Overall)
		r.Overall = &overall
	}
	if d.Protection == nil {
		return r, nil
	}
	return r, p.addWithheld(ctx, d, &r)
}

func tooManyUnits() error {
	return refuse(TooManyRows, "group_by", "the key has more than %d values, which are too many to rank: filter them", metric.MaxUnits)
}

// checkRanking refuses a query that does not describe one score of each unit.
func checkRanking(q *Query) error {
	switch {
	case len(q.GroupBy) != 1:
		return refuse(NotComparable, "group_by", "units are the values of one key: group by one")
	case filter.ManyValued(q.GroupBy[0]):
		return refuse(NotComparable, "group_by", "a response may have several values of %s, which are no units to be told apart", q.GroupBy[0])
	case q.Grain != calendar.None:
		return refuse(NotComparable, "grain", "units are ranked over one period: leave the grain out")
	case q.Question == AllQuestions:
		return refuse(NotComparable, "question", "units are ranked by one score: name one question or none")
	case q.Definition == nil && len(q.Metrics) == 0 && len(q.Variants) == 0:
		return refuse(NotComparable, "metrics", "units are ranked by one score: name a metric")
	case len(q.Metrics) > 1:
		return refuse(NotComparable, "metrics", "units are ranked by one score: name one metric")
	case len(q.Variants) > 1:
		return refuse(NotComparable, "variants", "units are ranked by one score: name one variant")
	}
	if len(q.Metrics) == 0 && len(q.Variants) == 1 {
		d, _, err := metric.FindVariant(q.Variants[0])
		if err != nil {
			return fmt.Errorf("rank: %w", err)
		}
		q.Metrics = []metric.ID{d.ID}
	}
	return nil
}

// units are what was counted of each unit.
func (p *plan) units(t *target, c counts) ([]metric.Side, []slice, error) {
	found := c.survey
	if t != nil {
		found = c.questions
	}
	var units []metric.Side
	var kept []slice
	for _, s := range found {
		if s.values[0] == "" || t != nil && !p.counts(s.scale) {
			continue
		}
		var asked metric.Question
		if t != nil {
			if s.question != t.question.ID {
				continue
			}
			var err error
			if asked, err = p.onScale(t.question, s.scale); err != nil {
				return nil, nil, err
			}
		}
		if n := len(kept); n > 0 && kept[n-1].scale != s.scale {
			return nil, nil, state(NotComparable, "period", "the question was answered on several scales: choose a period in which one scale was used")
		}
		units, kept = append(units, metric.Side{Question: asked, Data: s.data}), append(kept, s)
	}
	return units, kept, nil
}

// overall is the row of all units together.
func (p *plan) overall(units []metric.Side, score metric.Score) Row {
	var data metric.Data
	for i := range units {
		data = data.Add(units[i].Data)
	}
	row := p.rowOf(&slice{values: []string{""}, data: data})
	row.Keys, row.Score, row.Question, row.Answers = nil, score, units[0].Question.ID, data.Answers
	return row
}

// addWithheld lists the units whose scores are withheld.
func (p *plan) addWithheld(ctx context.Context, d Data, r *Ranking) error {
	rows, err := p.runProtected(ctx, d)
	if err != nil {
		return err
	}
	for i := range rows {
		if rows[i].Suppression != NotSuppressed && rows[i].Keys[0].Value != "" {
			r.Units = append(r.Units, RankedRow{Row: rows[i]})
		}
	}
	return nil
}

// rankComposites ranks units by a composite score.
func rankComposites(ctx context.Context, q Query, d Data, family metric.Family) (Ranking, error) {
	c, err := newComposition(q, d)
	if err != nil {
		return Ranking{}, err
	}
	found, coverage, err := c.count(ctx, d)
	if err != nil {
		return Ranking{}, err
	}
	found = slices.DeleteFunc(found, func(s sampled) bool { return s.values[0] == "" })
	if len(found) > metric.MaxUnits {
		return Ranking{}, tooManyUnits()
	}
	units := make([][]composite.Sample, len(found))
	all := slice{values: []string{""}}
	for i := range found {
		units[i], all.data = found[i].groups, all.data.Add(found[i].data)
		all.answered, all.rests = all.answered+found[i].answered, all.rests+found[i].rests
	}
	ranked, err := c.tree.Rank(units, c.Settings, family)
	if err != nil {
		return Ranking{}, c.evaluateError(err)
	}
	r := Ranking{Compared: ranked.Compared, Coverage: coverage}
	for i := range ranked.Units {
		u := &ranked.Units[i]
		r.Units = append(r.Units, RankedRow{
			Row: c.row(&found[u.Index].slice, &u.Score), Place: u.Place, Difference: u.Difference.Estimate, Interval: u.Difference.Interval,
			Level: u.Score.Level, Method: u.Score.Method, P: u.P, AdjustedP: u.AdjustedP, Different: u.Different,
		})
	}
	if len(units) > 0 {
		overall := c.row(&all, &ranked.Overall)
		overall.Keys = nil
		r.Overall = &overall
	}
	return r, nil
}
