// Package policy tells what changed when a policy did: prices, assortment, loyalty, standards. It compares the locations where the policy holds before and after
// with themselves, and, where there are others, with those where it does not (difference in differences), which takes off whatever changed for all, such as the
// season. It tells what happened together, not what caused it: where the policy was introduced was not drawn by lot.
//
// Each location counts once, by the difference of its means after and before: days of a location are alike, and tests of single days find effects where there
// are none (Bertrand, Duflo and Mullainathan 2004, Quarterly Journal of Economics 119). Where a side has a single location weeks take the place of locations.
package policy

import (
	"errors"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

const (
	// LeastDays is how many days of a location there must be before, and after.
	LeastDays = 7
	// leastWeeks is how many weeks before it takes to test whether both sides went the same way, and how many there should be after.
	leastWeeks = 4
	// significant is the p-value below which they did not.
	significant = 0.05
)

// Caution is what a reader must be told of, for machines.
type Caution string

// The cautions.
const (
	// NoControl: the policy holds everywhere, so that the season and whatever else changed is in the difference.
	NoControl Caution = "NO_CONTROL"
	// DifferentTrends: before the change both sides went different ways (p < 0.05), so that they might have gone on doing so.
	DifferentTrends Caution = "DIFFERENT_TRENDS"
	// TrendBefore: there is no control, and the number rose or fell before the change already (p < 0.05).
	TrendBefore Caution = "TREND_BEFORE"
	// WeeksAlike: the test is by weeks of too few locations; weeks that follow each other are alike, so that its interval may be too narrow.
	WeeksAlike Caution = "WEEKS_ALIKE"
	// ShortPeriod: there are fewer than four whole weeks before, so that it could not be tested where things were going, or after.
	ShortPeriod Caution = "SHORT_PERIOD"
)

// Point is a day of a location.
type Point struct {
	// Day is the number of days since 1970-01-01.
	Day   int64
	Value float64
}

// Place is a location.
type Place struct {
	Name string
	// Held tells that the policy holds there.
	Held bool
	Days []Point
}

// Side are the locations where the policy holds, or those where it does not.
type Side struct {
	Places int
	// Before and After are means over locations of their means over days.
	Before, After float64
	// Difference is After - Before; P is the p-value of its being 0.
	Difference estimate.Estimate
	P          *float64
}

// Week is a week of the trend, counted from the day of the change.
type Week struct {
	// Week is 0 for the first week after the change, -1 for the last before.
	Week int64
	// Held and Control are means over locations of that week's means; nil without a location that has a day in it.
	Held, Control *float64
}

// Effect is what changed.
type Effect struct {
	Held Side
	// Control is nil where the policy holds everywhere.
	Control *Side
	// Net is the difference of the differences; nil without a control. P is the p-value of its being 0.
	Net *estimate.Estimate
	P   *float64
	// ByWeek tells that weeks take the place of locations.
	ByWeek bool
	// Slope is what the number (less that of the control) rose each week before the change; nil with fewer than four weeks. SlopeP is the p-value of its being 0.
	Slope    *estimate.Estimate
	SlopeP   *float64
	Cautions []Caution
	// LeftOut are locations with fewer than LeastDays before or after.
	LeftOut []string
	Weeks   []Week
}

// place is a location that is compared.
type place struct {
	before, after float64
	// weeks are the means of its weeks.
	weeks map[int64]float64
}

// Compare compares the whole weeks from a change on with those before it, of locations around it. It refuses where no location with the policy has enough days
// (refusal.TooFew).
func Compare(locations []Location, level float64) (Effect, error) {
	var out Effect
	var held, control []place
	for _, l := range locations {
		switch {
		case !l.enough:
			out.LeftOut = append(out.LeftOut, l.name)
		case l.held:
			held = append(held, l.place())
		default:
			control = append(control, l.place())
		}
	}
	if len(held) == 0 {
		return Effect{}, refusal.New(refusal.TooFew, out.LeftOut, "no location where the policy holds has %d days both before and after the change: choose a longer window, or import more", LeastDays)
	}
	out.ByWeek = len(held) < 2 || len(control) == 1
	differences := moments
	if out.ByWeek {
		differences = weekly
	}
	var err error
	if out.Held, err = side(held, differences, level); err != nil {
		return Effect{}, err
	}
	if len(control) > 0 {
		c, err := side(control, differences, level)
		if err != nil {
			return Effect{}, err
		}
		out.Control = &c
		if err := out.net(held, control, level); err != nil {
			return Effect{}, err
		}
	}
	out.trend(held, control, level)
	return out, nil
}

// means are those of a location over its whole weeks; false where it has too few days.
func means(p Place, change, weeks int64) (place, bool) {
	out := place{weeks: map[int64]float64{}}
	first, last := whole(p.Days, change)
	var before, after float64
	counts := map[int64]float64{}
	for _, d := range p.Days {
		week := weekOf(d.Day, change)
		switch {
		case week < max(first, -weeks) || week > min(last, weeks-1):
			continue
		case week < 0:
			out.before, before = out.before+d.Value, before+1
		default:
			out.after, after = out.after+d.Value, after+1
		}
		out.weeks[week] += d.Value
		counts[week]++
	}
	if before < LeastDays || after < LeastDays {
		return out, false
	}
	for week, n := range counts {
		out.weeks[week] /= n
	}
	out.before, out.after = out.before/before, out.after/after
	return out, true
}

// change is a mean difference by some kind of observations.
type change struct{ before, after stat.Moments }

// moments are the differences of locations: one observation each, whose mean before is nothing.
func moments(places []place) change {
	differences := make([]float64, len(places))
	for i, p := range places {
		differences[i] = p.after - p.before
	}
	return change{after: momentsOf(differences)}
}

// weekly are the weeks, as what locations had in them more than on average before.
func weekly(places []place) change {
	var before, after []float64
	for week, v := range series(places) {
		if week < 0 {
			before = append(before, v)
		} else {
			after = append(after, v)
		}
	}
	// Sums of floating-point numbers depend on their order.
	slices.Sort(before)
	slices.Sort(after)
	return change{before: momentsOf(before), after: momentsOf(after)}
}

// series is, by week, how much more locations had than on average before; a location without a day in a week says nothing of it.
func series(places []place) map[int64]float64 {
	sums, counts := map[int64]float64{}, map[int64]float64{}
	for _, p := range places {
		for week, v := range p.weeks {
			sums[week] += v - p.before
			counts[week]++
		}
	}
	for week := range sums {
		sums[week] /= counts[week]
	}
	return sums
}

func momentsOf(values []float64) stat.Moments {
	m := stat.Moments{N: float64(len(values))}
	for _, v := range values {
		m.Mean += v / m.N
	}
	for _, v := range values {
		if m.N > 1 {
			m.Variance += (v - m.Mean) * (v - m.Mean) / (m.N - 1)
		}
	}
	return m
}

// side compares one side with itself.
func side(places []place, differences func([]place) change, level float64) (Side, error) {
	out := Side{Places: len(places)}
	for _, p := range places {
		out.Before, out.After = out.Before+p.before/float64(len(places)), out.After+p.after/float64(len(places))
	}
	e, p, err := compare(differences(places), out.After-out.Before, level)
	out.Difference, out.P = e, p
	return out, err
}

// compare is a difference with its error.
func compare(c change, value, level float64) (estimate.Estimate, *float64, error) {
	e := estimate.Estimate{Value: value, Method: estimate.Welch}
	if c.before.N == 0 {
		e.Method = estimate.StudentT
		se, err := c.after.StandardError()
		if errors.Is(err, stat.ErrUndefined) || se == 0 {
			return e, nil, nil
		}
		if err != nil {
			return e, nil, err
		}
		p := stat.PValueT(value/se, c.after.N-1)
		return estimate.Of(stat.Mean{Estimate: value, StandardError: se, DF: c.after.N - 1}, level, e.Method), &p, nil
	}
	w, err := stat.Welch(c.after, c.before, level)
	if errors.Is(err, stat.ErrUndefined) {
		return e, nil, nil
	}
	if err != nil {
		return e, nil, err
	}
	p := stat.PValueT(value/w.StandardError, w.Test.DF)
	return estimate.Of(stat.Mean{Estimate: value, StandardError: w.StandardError, DF: w.Test.DF}, level, e.Method), &p, nil
}

// net is the difference of the differences.
func (e *Effect) net(held, control []place, level float64) error {
	value := e.Held.Difference.Value - e.Control.Difference.Value
	c := change{before: moments(control).after, after: moments(held).after}
	if e.ByWeek {
		c = weekly([]place{gap(held, control)})
	}
	net, p, err := compare(c, value, level)
	e.Net, e.P = &net, p
	return err
}

// gap is what one side had more than the other, week by week, as that of one location.
func gap(held, control []place) place {
	out := place{weeks: map[int64]float64{}}
	of := series(control)
	for week, v := range series(held) {
		if c, ok := of[week]; ok {
			out.weeks[week] = v - c
		}
	}
	return out
}

// trend tells the weeks, where things were going before the change, and what that means.
func (e *Effect) trend(held, control []place, level float64) {
	both := gap(held, control)
	if len(control) == 0 {
		both.weeks = series(held)
		e.Cautions = append(e.Cautions, NoControl)
	}
	if e.ByWeek {
		e.Cautions = append(e.Cautions, WeeksAlike)
	}
	e.Weeks = weeksOf(held, control)
	var x, y []float64
	after := 0
	for _, w := range e.Weeks {
		v, ok := both.weeks[w.Week]
		switch {
		case ok && w.Week < 0:
			x, y = append(x, float64(w.Week)), append(y, v)
		case ok:
			after++
		}
	}
	if len(x) < leastWeeks || after < leastWeeks {
		e.Cautions = append(e.Cautions, ShortPeriod)
	}
	if len(x) < leastWeeks {
		return
	}
	e.Slope, e.SlopeP = slope(x, y, level)
	if e.SlopeP == nil || *e.SlopeP >= significant {
		return
	}
	if len(control) == 0 {
		e.Cautions = append(e.Cautions, TrendBefore)
	} else {
		e.Cautions = append(e.Cautions, DifferentTrends)
	}
}

// slope is that of least squares.
func slope(x, y []float64, level float64) (*estimate.Estimate, *float64) {
	mx, my := momentsOf(x), momentsOf(y)
	var xx, xy, rest float64
	for i := range x {
		xx, xy = xx+(x[i]-mx.Mean)*(x[i]-mx.Mean), xy+(x[i]-mx.Mean)*(y[i]-my.Mean)
	}
	b := xy / xx
	for i := range x {
		e := y[i] - my.Mean - b*(x[i]-mx.Mean)
		rest += e * e
	}
	df := float64(len(x) - 2)
	se := math.Sqrt(rest / df / xx)
	e := estimate.Of(stat.Mean{Estimate: b, StandardError: se, DF: df}, level, estimate.StudentT)
	if se == 0 {
		return &e, nil
	}
	p := stat.PValueT(b/se, df)
	return &e, &p
}

// weeksOf are the weeks in their order.
func weeksOf(held, control []place) []Week {
	at := map[int64]*Week{}
	add := func(places []place, into func(*Week) **float64) {
		sums, counts := map[int64]float64{}, map[int64]float64{}
		for _, p := range places {
			for week, v := range p.weeks {
				sums[week] += v
				counts[week]++
			}
		}
		for week, sum := range sums {
			if at[week] == nil {
				at[week] = &Week{Week: week}
			}
			mean := sum / counts[week]
			*into(at[week]) = &mean
		}
	}
	add(held, func(w *Week) **float64 { return &w.Held })
	add(control, func(w *Week) **float64 { return &w.Control })
	out := make([]Week, 0, len(at))
	for _, w := range at {
		out = append(out, *w)
	}
	slices.SortFunc(out, func(a, b Week) int { return int(a.Week - b.Week) })
	return out
}
