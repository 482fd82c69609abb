package alarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

const (
	// claimFor is how long a rule that a process is about to evaluate is left to it, and how long after a failure it is tried again.
	claimFor = 2 * time.Minute
	// claimLimit is how many rules a process claims at a time.
	claimLimit = 4
	// catchUp is how many periods are evaluated from what is read at a time.
	catchUp = 100
	// keepEvents is how long events are kept, sweepInterval how often older ones are removed, and sweepBatch how many at a time.
	keepEvents    = 30 * 24 * time.Hour
	sweepInterval = time.Hour
	sweepBatch    = 1000
)

// Evaluator evaluates rules when their periods have ended.
type Evaluator struct {
	Store  store.Alerts
	Source Source
	// Interval is how often is looked for rules that are due.
	Interval time.Duration
	Logger   *slog.Logger
	Now      func() time.Time
}

// Run evaluates until ctx ends.
func (e *Evaluator) Run(ctx context.Context) {
	var swept time.Time
	complained := false
	for pause.For(ctx, e.Interval) == nil {
		err := e.Evaluate(ctx)
		if now := e.Now(); err == nil && now.Sub(swept) >= sweepInterval {
			err = e.sweep(ctx, now)
			swept = now
		}
		if err != nil && ctx.Err() == nil && !complained {
			e.Logger.WarnContext(ctx, "alert rules cannot be evaluated; trying again", slog.Any("error", err))
		}
		complained = err != nil
	}
}

func (e *Evaluator) sweep(ctx context.Context, now time.Time) error {
	for {
		n, err := e.Store.SweepAlertEvents(ctx, now.Add(-keepEvents), sweepBatch)
		if err != nil || n < sweepBatch {
			return err
		}
	}
}

// Evaluate evaluates the periods of all rules that have ended and are counted.
func (e *Evaluator) Evaluate(ctx context.Context) error {
	for {
		now := e.Now()
		counted := e.Source.Watermark()
		if counted.After(now) {
			counted = now
		}
		if counted.IsZero() {
			return nil
		}
		rules, err := e.Store.ClaimAlertRules(ctx, counted, now, now.Add(claimFor), claimLimit)
		if err != nil || len(rules) == 0 {
			return err
		}
		for _, r := range rules {
			if err := e.rule(ctx, r, counted); err != nil {
				return err
			}
		}
	}
}

// rule evaluates the periods of one rule that ended up to a moment. What is wrong with the rule itself is noted in it.
func (e *Evaluator) rule(ctx context.Context, r store.AlertRule, last time.Time) error {
	err := e.periods(ctx, r, last)
	switch {
	case err == nil, errors.Is(err, store.ErrChanged):
		// Changed: somebody changed it, or evaluated it in time.
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	e.Logger.WarnContext(ctx, "an alert rule cannot be evaluated; trying again", slog.String("organization", r.Organization), slog.String("rule", r.ID), slog.Any("error", err))
	current, readErr := e.Store.AlertRule(ctx, r.Organization, r.ID)
	if why := explain(err); readErr == nil && current.Progress.Error != why {
		current.Progress.Error = why
		if _, err := e.Store.FinishEvaluation(ctx, current, nil, e.Now()); err != nil && !errors.Is(err, store.ErrChanged) {
			return err
		}
	}
	// The claim goes on for a while: so long it is left alone.
	return nil
}

// explain says to the people of the organisation why a rule cannot be evaluated.
func explain(err error) string {
	var refusal *query.Error
	var field *alert.FieldError
	switch {
	case errors.As(err, &refusal):
		return refusal.Description
	case errors.As(err, &field):
		return field.Field + " " + field.Description
	}
	return "what the rule watches could not be counted; it is tried again every few minutes"
}

// periods evaluates one period after the other.
func (e *Evaluator) periods(ctx context.Context, r store.AlertRule, last time.Time) error {
	loc, err := time.LoadLocation(r.TimeZone)
	if err != nil {
		return &alert.FieldError{Field: "time_zone", Description: "is no IANA time zone"}
	}
	for !r.Due.After(last) {
		list, _, err := ends(r.Due, last, r.Grain, loc, catchUp)
		if err != nil || len(list) == 0 {
			return err
		}
		newest := list[len(list)-1]
		counted, err := e.Source.Series(ctx, &r.Rule, r.Window(list[0], loc), newest)
		if err != nil {
			return err
		}
		panel := alert.NewPanel(r.Params, counted.Scale, counted.Series)
		for _, end := range list {
			if r, err = e.period(ctx, r, panel, counted.AsOf, end, loc); err != nil {
				return err
			}
		}
	}
	return nil
}

// period evaluates the period that ended at a moment.
func (e *Evaluator) period(ctx context.Context, r store.AlertRule, panel *alert.Panel, asOf, end time.Time, loc *time.Location) (store.AlertRule, error) {
	live, err := e.Store.LiveAlerts(ctx, r.Organization, r.ID)
	if err != nil {
		return r, err
	}
	verdicts, err := panel.Judge(end)
	if err != nil {
		return r, err
	}
	next, err := PeriodEnd(end, r.Grain, loc)
	if err != nil {
		return r, err
	}
	updates := r.Advance(live, alert.Evaluation{End: end, AsOf: asOf, Verdicts: verdicts})
	r.Due, r.Progress = next, store.AlertProgress{EvaluatedTo: end, AsOf: asOf, Units: len(verdicts)}
	stored, err := e.Store.FinishEvaluation(ctx, r, updates, e.Now())
	if err != nil {
		return r, fmt.Errorf("store evaluation of rule %s: %w", r.ID, err)
	}
	return stored, nil
}
