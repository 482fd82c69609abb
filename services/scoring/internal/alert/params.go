package alert

import (
	"fmt"
	"time"
)

// Method is how changes are detected. The numbers are stored, and are those of the API: they never change.
type Method uint8

// Methods.
const (
	// EWMA is the exponentially weighted moving average of the scores of periods, each standardised by its own standard error.
	EWMA Method = 1
	// CUSUM is the self-starting two-sided cumulative sum of the standardised scores of periods.
	CUSUM Method = 2
)

// Defaults.
const (
	DefaultLambda       = 0.3
	DefaultEWMALimit    = 3
	DefaultReference    = 0.5
	DefaultCUSUMLimit   = 5
	DefaultQ            = 0.05
	DefaultLeast        = 10
	DefaultFirst        = 8
	DefaultResolveAfter = 3
)

// Bounds of what may be chosen.
const (
	minLambda                  = 0.05
	minLimit                   = 1.5
	maxEWMALimit               = 6
	maxCUSUMLimit              = 20
	minReference, maxReference = 0.1, 2
	minQ, maxQ                 = 0.0001, 0.05
	maxLeast                   = 10_000
	minFirst, maxFirst         = 2, 100
	maxResolveAfter            = 20
)

// Baseline is what periods are compared with: exactly one of Value, a period and First.
type Baseline struct {
	// First is how many of the first periods of a unit, from Start on, are its baseline.
	First int
	// Start and End bound the period whose answers are the baseline. End is zero for First.
	Start, End time.Time
	// Value is a value that does not vary; nil for the others.
	Value *float64
}

// Fixed tells whether the baseline is what was answered in a stated period.
func (b Baseline) Fixed() bool { return b.Value == nil && !b.End.IsZero() }

// Params are how changes are detected.
type Params struct {
	Method Method
	// Lambda is the weight of the newest period in an EWMA.
	Lambda float64
	// Limit is the limit of a single unit: of an EWMA in standard deviations of the statistic, of a CUSUM the decision interval h.
	Limit float64
	// Reference is k, by how many standard errors a period must be off before a CUSUM grows.
	Reference float64
	// Q is the greatest false discovery rate of a family.
	Q float64
	// Least is the least number of answers with which a period is judged.
	Least int64
	// ResolveAfter is after how many evaluations in a row within the limits an alert is over.
	ResolveAfter int
	Baseline     Baseline
}

// FieldError tells what is wrong with which field of a rule.
type FieldError struct {
	// Field is the field's name, as in the API.
	Field string
	// Description says what is wrong, for the one who sent it.
	Description string
}

// Error names the field.
func (e *FieldError) Error() string { return fmt.Sprintf("field %s %s", e.Field, e.Description) }

// WithDefaults fills in what is 0.
func (p Params) WithDefaults() Params {
	if p.Method == 0 {
		p.Method = EWMA
	}
	if p.Method == EWMA {
		p.Lambda, p.Limit, p.Reference = orDefault(p.Lambda, DefaultLambda), orDefault(p.Limit, DefaultEWMALimit), 0
	} else {
		p.Reference, p.Limit, p.Lambda = orDefault(p.Reference, DefaultReference), orDefault(p.Limit, DefaultCUSUMLimit), 0
	}
	p.Q, p.Least, p.ResolveAfter = orDefault(p.Q, DefaultQ), orDefault(p.Least, DefaultLeast), orDefault(p.ResolveAfter, DefaultResolveAfter)
	if b := &p.Baseline; b.Value == nil && b.End.IsZero() {
		b.First = orDefault(b.First, DefaultFirst)
	}
	return p
}

func orDefault[T comparable](v, otherwise T) T {
	if v == *new(T) {
		return otherwise
	}
	return v
}

// Check refuses what is out of range, with a *FieldError. Call it on params with defaults.
func (p Params) Check() error {
	highest := float64(maxEWMALimit)
	if p.Method == CUSUM {
		highest = maxCUSUMLimit
	}
	switch {
	case p.Method != EWMA && p.Method != CUSUM:
		return &FieldError{"method", "is unknown"}
	case p.Method == EWMA && !(p.Lambda >= minLambda && p.Lambda <= 1):
		return &FieldError{"lambda", fmt.Sprintf("must be from %v to 1", minLambda)}
	case p.Method == CUSUM && !(p.Reference >= minReference && p.Reference <= maxReference):
		return &FieldError{"reference_value", fmt.Sprintf("must be from %v to %v", minReference, maxReference)}
	case !(p.Limit >= minLimit && p.Limit <= highest):
		return &FieldError{"limit", fmt.Sprintf("must be from %v to %v", minLimit, highest)}
	case !(p.Q >= minQ && p.Q <= maxQ):
		return &FieldError{"q", fmt.Sprintf("must be from %v to %v", minQ, maxQ)}
	case p.Least < 1 || p.Least > maxLeast:
		return &FieldError{"least_answers", fmt.Sprintf("must be from 1 to %d", maxLeast)}
	case p.ResolveAfter < 1 || p.ResolveAfter > maxResolveAfter:
		return &FieldError{"resolve_after", fmt.Sprintf("must be from 1 to %d", maxResolveAfter)}
	}
	return p.Baseline.check()
}

func (b Baseline) check() error {
	switch {
	case b.Value != nil:
		return nil
	case b.Fixed() && (b.Start.IsZero() || !b.Start.Before(b.End)):
		return &FieldError{"baseline.period", "needs both bounds, the start before the end"}
	case !b.Fixed() && (b.First < minFirst || b.First > maxFirst):
		return &FieldError{"baseline.first_periods.count", fmt.Sprintf("must be from %d to %d", minFirst, maxFirst)}
	}
	return nil
}
