package performance

import (
	"context"
	"time"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/kpi"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/quality"
	"github.com/otklik/otklik/services/reporting/internal/standard"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	// leastAnswers is how many customers must have said something of an employee before it is told.
	leastAnswers = 5
	// shiftDays is how many days before a day a shift may have begun that is still going on.
	shiftDays = operation.Day(operation.LongestShift / oneDay)
)

// workOfOne is what was recorded of an employee.
type workOfOne struct {
	presses, shifts, sales bool
	likes, dislikes        int64
	hours, receipts        float64
	visits                 []standard.Visit
	// perHour are consultations by hours, units and checks by receipts.
	perHour, units, checks []quality.Part
}

// work is what was recorded of employees.
type work struct {
	sel selection
	// from and to are when work counts: of a shift what lies between, since the presses of the rest are not looked at, or have not been made yet.
	from, to   time.Time
	staff      map[string]*workOfOne
	locations  map[string]bool
	currencies currencies
}

// workOf reads what the components of a definition need.
func (k *Kpis) workOf(ctx context.Context, sel selection, d kpi.Definition) (*work, error) {
	w := &work{
		sel: sel, from: sel.first.In(k.Zone), to: (sel.last + 1).In(k.Zone), staff: map[string]*workOfOne{}, locations: map[string]bool{}, currencies: currencies{},
	}
	if now := k.Now(); now.Before(w.to) {
		w.to = now
	}
	read := map[reportingv1.OperationKind]bool{}
	for _, m := range d.Measures {
		for _, kind := range kindsBehind[m.Source] {
			if read[kind] {
				continue
			}
			read[kind] = true
			over, add := sel.span, w.add
			if kind == reportingv1.OperationKind_OPERATION_KIND_SHIFTS {
				over, add = span{sel.first - shiftDays, sel.last + 1}, w.addShift
			}
			if err := k.Performance.records(ctx, sel, operation.Kind(kind), over, add); err != nil { //nolint:gosec // one of ours
				return nil, err
			}
		}
	}
	return w, nil
}

// addShift counts what of a shift lies within the days and is over. On the first day it counts what remains of one that began before.
func (w *work) addShift(r operation.Record) {
	if part, ok := r.Within(w.from, w.to); ok {
		part.Day = min(max(part.Day, w.sel.first), w.sel.last)
		w.add(part)
	}
}

// add counts a record of an employee.
func (w *work) add(r operation.Record) {
	sale := r.Kind == operation.Receipt || r.Kind == operation.Sales
	if r.Employee == "" || sale && w.sel.currency != "" && r.Currency != w.sel.currency {
		return
	}
	w.locations[r.Location] = true
	one := w.staff[r.Employee]
	if one == nil {
		one = &workOfOne{}
		w.staff[r.Employee] = one
	}
	day := int64(r.Day)
	switch r.Kind {
	case operation.Presses:
		one.presses = true
		one.likes, one.dislikes = one.likes+r.Likes, one.dislikes+r.Dislikes
		one.perHour = append(one.perHour, quality.Part{Day: day, Hits: float64(r.Consultations)})
	case operation.Shift:
		hours := r.End.Sub(r.Start).Hours()
		one.shifts, one.hours = true, one.hours+hours
		one.perHour = append(one.perHour, quality.Part{Day: day, Of: hours})
	case operation.MysteryVisit:
		one.visits = append(one.visits, visitOf(r))
	case operation.Receipt, operation.Sales:
		w.currencies[r.Currency] = true
		receipts := float64(r.Receipts)
		one.sales, one.receipts = true, one.receipts+receipts
		one.units = append(one.units, quality.Part{Day: day, Hits: r.Units, Of: receipts})
		one.checks = append(one.checks, quality.Part{Day: day, Hits: float64(r.Revenue), Of: receipts})
	}
}

// currency is that of the amounts where a component is one; several are refused.
func (w *work) currency(d kpi.Definition) (string, error) {
	for _, m := range d.Measures {
		if m.Source == kpi.AverageCheck {
			return w.currencies.one()
		}
	}
	return "", nil
}

// values are those of a source, by employee.
func (w *work) values(source kpi.Source, level float64) (map[string]measured, error) {
	out := make(map[string]measured, len(w.staff))
	for employee, one := range w.staff {
		v, err := one.value(source, level)
		if err != nil {
			return nil, err
		}
		out[employee] = v
	}
	return out, nil
}

// value is that of a source.
func (one *workOfOne) value(source kpi.Source, level float64) (measured, error) {
	switch source {
	case kpi.LikeShare:
		return likeShare(one.likes, one.likes+one.dislikes, level)
	case kpi.StandardsCompliance:
		c, err := standard.Comply(one.visits, level)
		if err != nil || c.Share == nil {
			return absent(absentNoData), err
		}
		return measured{Value: kpi.Value{Measured: c.Share}, n: float64(c.Visits)}, nil
	case kpi.ConsultationsPerHour:
		switch {
		case !one.presses:
			return absent(absentNoData), nil
		case !one.shifts:
			return absent(absentNoShifts), nil
		}
		return ratioOf(one.perHour, one.hours, absentNoShifts, level)
	}
	if !one.sales {
		return absent(absentNoData), nil
	}
	parts := one.units
	if source == kpi.AverageCheck {
		parts = one.checks
	}
	return ratioOf(parts, one.receipts, absentNoData, level)
}

// ratioOf is a ratio of so many; absent where there is nothing to divide by.
func ratioOf(parts []quality.Part, n float64, missing string, level float64) (measured, error) {
	e, ok, err := quality.Share(parts, level)
	if err != nil || !ok {
		return absent(missing), err
	}
	return measured{Value: kpi.Value{Measured: &e}, n: n}, nil
}

// likeShare is the share of likes, withheld where few said anything.
func likeShare(likes, presses int64, level float64) (measured, error) {
	switch {
	case presses == 0:
		return absent(absentNoData), nil
	case presses < leastAnswers:
		return absent(absentSuppressed), nil
	}
	p := stat.Proportion{Hits: float64(likes), N: float64(presses)}
	i, err := p.Wilson(level)
	if err != nil {
		return measured{}, err
	}
	e := estimate.Estimate{Value: p.Estimate(), Interval: &i, Method: estimate.Wilson}
	if se := p.StandardError(); se > 0 {
		e.SE = &se
	}
	return measured{Value: kpi.Value{Measured: &e}, n: p.N}, nil
}
