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
	AsOf           time.Time
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
		return Trial{AsOf: source.Watermark()}, nil
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
	t.Units = len(judged)
	return t, nil
}
