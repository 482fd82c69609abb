package alarm

import (
	"context"
	"fmt"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/alert"
)

// Trial is what a rule would have raised.
type Trial struct {
	// Alerts are those that there would have been, as they would stand at the end, in the order in which they were found.
	Alerts []alert.Alert
	// Periods is how many periods were evaluated, Units how many units were judged in one of them at least.
	Periods, Units int
	// Unjudged says why no unit was judged, for people; empty when one was.
	Unjudged string
	AsOf     time.Time
}

// MostTried is how many periods a rule may be tried on.
const MostTried = 1000

// ErrTooManyPeriods tells that a rule is tried on more.
var ErrTooManyPeriods = fmt.Errorf("there are more than %d periods", MostTried)

// Try evaluates the periods of a rule that end after one moment, and not after another.
func Try(ctx context.Context, source Source, r *alert.Rule, start, end time.Time) (Trial, error) {
	loc, err := time.LoadLocation(r.TimeZone)
	if err != nil {
		return Trial{}, &alert.FieldError{Field: "time_zone", Description: "is no IANA time zone"}
	}
	first, err := PeriodEnd(start, r.Grain, loc)
	if err != nil {
		return Trial{}, err
	}
	list, next, err := ends(first, end, r.Grain, loc, MostTried)
	if err != nil {
		return Trial{}, err
	}
	if !next.After(end) {
		return Trial{}, ErrTooManyPeriods
	}
	if len(list) == 0 {
		return Trial{AsOf: source.Watermark(), Unjudged: "no period of the rule's grain ended within the time that was asked for"}, nil
	}
	counted, err := source.Series(ctx, r, r.Window(first, loc), list[len(list)-1])
	if err != nil {
		return Trial{}, err
	}
	t := Trial{Periods: len(list), AsOf: counted.AsOf}
	panel := alert.NewPanel(r.Params, counted.Scale, counted.Series)
	judged := make(map[string]bool)
	// Places of the alerts that are not over.
	var open []int
	for _, at := range list {
		if err := ctx.Err(); err != nil {
			return Trial{}, err
		}
		verdicts, err := panel.Judge(at)
		if err != nil {
			return Trial{}, err
		}
		for _, v := range verdicts {
			judged[v.Unit] = true
		}
		current := make([]alert.Alert, len(open))
		for i, place := range open {
			current[i] = t.Alerts[place]
		}
		// The first updates are those of the current ones, in their order.
		var still []int
		for i, u := range r.Advance(current, alert.Evaluation{End: at, AsOf: counted.AsOf, Verdicts: verdicts}) {
			place := len(t.Alerts)
			if i < len(open) {
				place = open[i]
				t.Alerts[place] = u.Alert
			} else {
				t.Alerts = append(t.Alerts, u.Alert)
			}
			if u.Alert.State != alert.Resolved {
				still = append(still, place)
			}
		}
		open = still
	}
	if t.Units = len(judged); t.Units == 0 {
		t.Unjudged = unjudged(r, len(counted.Series), list[len(list)-1], loc)
	}
	return t, nil
}

// unjudged says why none of so many units was judged in periods the last of which ended at a moment.
func unjudged(r *alert.Rule, units int, end time.Time, loc *time.Location) string {
	date := func(t time.Time) string { return t.In(loc).Format("2006-01-02 15:04") }
	b, periods := r.Baseline, fmt.Sprintf("periods of %d answers at least", r.Least)
	first := !b.Fixed() && b.Value == nil
	switch {
	case first && !b.Start.Before(end):
		return fmt.Sprintf("the baseline begins on %s, and the last period evaluated ended on %s: begin it earlier", date(b.Start), date(end))
	case units == 0:
		return "nothing was answered that the rule watches"
	case first:
		return fmt.Sprintf("none of %d units has the baseline's %d %s from %s on, and one after them: take a longer time, fewer first periods or a longer grain",
			units, b.First, periods, date(b.Start))
	case b.Fixed():
		return fmt.Sprintf("none of %d units has %d answers in the baseline, from %s to %s, and %s after it", units, r.Least, date(b.Start), date(b.End), periods)
	}
	return fmt.Sprintf("none of %d units has %s", units, periods)
}
