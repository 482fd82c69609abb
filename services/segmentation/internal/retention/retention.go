// Package retention tells how scores go together with what customers do afterwards: whether they buy again, leave, and what they are worth; and how the scores
// of locations go together with their staff's leaving.
//
// Scores are of one time and outcomes of a later one: nothing that happened after the scores were given says anything about them, and nothing of the future
// enters what is told of a time. Everything here is association: customers who rate higher may differ from others in more than what they were asked about.
package retention

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/otklik/otklik/libs/stat"
)

// The errors of a Question.
var (
	// ErrPeriods tells that a period is open, empty, or that outcomes begin before the scores end.
	ErrPeriods = errors.New("outcomes must begin when the scores have ended")
	// ErrCuts tells that cuts are out of order.
	ErrCuts = errors.New("cuts must be in order")
)

// The scale of scores.
const (
	lowest  = 1
	highest = 10
)

// Periods are when scores were given and when outcomes count. Starts belong to a period, ends do not.
type Periods struct {
	ScoreStart, ScoreEnd     time.Time
	OutcomeStart, OutcomeEnd time.Time
}

// Check returns ErrPeriods unless both are bounded, hold something, and come one after the other.
func (p Periods) Check() error {
	for _, t := range []time.Time{p.ScoreStart, p.ScoreEnd, p.OutcomeStart, p.OutcomeEnd} {
		if t.IsZero() {
			return fmt.Errorf("a period is open: %w", ErrPeriods)
		}
	}
	if !p.ScoreStart.Before(p.ScoreEnd) || !p.OutcomeStart.Before(p.OutcomeEnd) || p.OutcomeStart.Before(p.ScoreEnd) {
		return ErrPeriods
	}
	return nil
}

// Cuts divide scores into bands: below Amber is red, from Green on green.
type Cuts struct{ Amber, Green float64 }

// Check returns ErrCuts unless the cuts are in order and within the scale.
func (c Cuts) Check() error {
	if !(c.Amber > lowest) || !(c.Green <= highest) || !(c.Amber < c.Green) {
		return ErrCuts
	}
	return nil
}

// Band is a range of scores.
type Band uint8

// The bands, in the order of scores.
const (
	Red Band = iota
	Amber
	Green
	bandCount
)

// Of is the band of a score.
func (c Cuts) Of(score float64) Band {
	switch {
	case score < c.Amber:
		return Red
	case score < c.Green:
		return Amber
	default:
		return Green
	}
}

// Method is how intervals of mean values are made.
type Method uint8

// The methods.
const (
	// StudentT is mean ± t standard errors.
	StudentT Method = iota
	// Bootstrap is the bias-corrected and accelerated bootstrap (Efron 1987): for amounts, which are skewed.
	Bootstrap
)

// Question is what is asked.
type Question struct {
	Periods Periods
	Cuts    Cuts
	// Level is the confidence level of all intervals.
	Level  float64
	Method Method
	// Seed makes the bootstrap repeatable.
	Seed uint64
}

// Customer is what is known of a contact who gave a score. Amounts are in minor units, net of returns.
type Customer struct {
	// Score is the mean of the contact's answers in the period of scores, from 1 to 10.
	Score float64
	// BoughtBefore tells of a purchase before the outcomes begin, Purchases counts those among the outcomes. Returns are none.
	BoughtBefore bool
	Purchases    int64
	// Past is what the contact spent before the outcomes begin, Value among the outcomes.
	Past, Value int64
	// Gone tells that the contact had left before the outcomes begin and not bought since, Left that they left among the outcomes.
	Gone, Left bool
}

// Answer is what is found.
type Answer struct {
	// Bands are by Band, All is all of them together.
	Bands [bandCount]Group
	All   Group
	// Gone counts contacts who had left before the outcomes begin; they are in no group.
	Gone int64
	// Point is by how much the value among the outcomes is greater where the score is greater by one; nil when it cannot be estimated.
	Point *Slope
	// Adjusted is the same among contacts who spent as much before: a part of what goes with the score was there before it.
	Adjusted *Slope
	// RepeatDifference and ChurnDifference compare the shares of red and green contacts; nil where there are none of either.
	RepeatDifference, ChurnDifference *Difference
}

// Group is what is told of contacts of a band. Every share names what it is a share of.
type Group struct {
	// Contacts counts those who gave a score and had not left.
	Contacts int64
	// MeanScore is the mean of their scores; NaN when there are none.
	MeanScore float64
	// Repeat is who bought among the outcomes, of those who had bought before.
	Repeat Share
	// Active is who bought among the outcomes, of all contacts.
	Active Share
	// Churn is who left among the outcomes, of all contacts.
	Churn Share
	// Value is what a contact spent among the outcomes, Lifetime what a contact spent until they end; contacts without purchases count with nothing.
	Value, Lifetime Amount
	// Loss is the number that left times the mean of Lifetime.
	Loss Amount
}

// Share is Count of Of, with the interval by Wilson; nil when Of is 0.
type Share struct {
	Count, Of int64
	Interval  *stat.Interval
}

// Estimate is the share; NaN when there is nothing that it is a share of.
func (s Share) Estimate() float64 { return float64(s.Count) / float64(s.Of) }

// Amount is an amount with its interval; nil when there is none (fewer than two contacts, or all the same).
type Amount struct {
	N        int64
	Estimate float64
	Interval *stat.Interval
	// Method is how the interval was made.
	Method Method
}

// Difference is the difference of two shares, red less green, with Newcombe's interval and the p-value of the pooled test.
type Difference struct {
	Estimate float64
	Interval stat.Interval
	P        float64
}

// Check returns ErrPeriods or ErrCuts where a question cannot be answered.
func (q Question) Check() error { return errors.Join(q.Periods.Check(), q.Cuts.Check()) }

// Tell answers a question about customers.
func Tell(q Question, customers []Customer) (Answer, error) {
	if err := q.Check(); err != nil {
		return Answer{}, err
	}
	var out Answer
	var sums [bandCount]sample
	var all sample
	for _, c := range customers {
		if c.Gone {
			out.Gone++
			continue
		}
		sums[q.Cuts.Of(c.Score)].add(c)
		all.add(c)
	}
	for b := range sums {
		out.Bands[b] = q.group(&sums[b])
	}
	out.All = q.group(&all)
	out.Point = all.slope(q.Level, false)
	out.Adjusted = all.slope(q.Level, true)
	red, green := out.Bands[Red], out.Bands[Green]
	out.RepeatDifference = difference(red.Repeat, green.Repeat, q.Level)
	out.ChurnDifference = difference(red.Churn, green.Churn, q.Level)
	return out, nil
}

// sample is the contacts of a band.
type sample struct {
	scores, values, pasts    []float64
	buyers, repeated, active int64
	left                     int64
}

func (s *sample) add(c Customer) {
	s.scores = append(s.scores, c.Score)
	s.values = append(s.values, float64(c.Value))
	s.pasts = append(s.pasts, float64(c.Past))
	if c.BoughtBefore {
		s.buyers++
	}
	if c.Purchases > 0 {
		s.active++
		if c.BoughtBefore {
			s.repeated++
		}
	}
	if c.Left {
		s.left++
	}
}

// slope regresses values on scores, and on what was spent before where it is adjusted.
func (s *sample) slope(level float64, adjusted bool) *Slope {
	regressors := [][]float64{s.scores}
	if adjusted {
		regressors = append(regressors, s.pasts)
	}
	slope, err := Regress(s.values, regressors, level)
	if err != nil {
		return nil
	}
	return &slope
}

// group is what is told of a sample.
func (q Question) group(s *sample) Group {
	n := int64(len(s.scores))
	lifetimes := make([]float64, n)
	for i := range lifetimes {
		lifetimes[i] = s.pasts[i] + s.values[i]
	}
	out := Group{
		Contacts: n, MeanScore: momentsOf(s.scores).Mean,
		Repeat: share(s.repeated, s.buyers, q.Level), Active: share(s.active, n, q.Level), Churn: share(s.left, n, q.Level),
		Value: q.amount(s.values), Lifetime: q.amount(lifetimes),
	}
	out.Loss = out.Lifetime.times(float64(s.left))
	return out
}

func share(count, of int64, level float64) Share {
	out := Share{Count: count, Of: of}
	if i, err := (stat.Proportion{Hits: float64(count), N: float64(of)}).Wilson(level); err == nil {
		out.Interval = &i
	}
	return out
}

// amount is the mean of values with its interval.
func (q Question) amount(values []float64) Amount {
	m := momentsOf(values)
	out := Amount{N: int64(len(values)), Estimate: m.Mean}
	if q.Method == Bootstrap {
		if i, ok := bootstrap(values, q.Level, q.Seed); ok {
			out.Interval, out.Method = &i, Bootstrap
			return out
		}
	}
	if i, err := m.Interval(q.Level); err == nil {
		out.Interval = &i
	}
	return out
}

// times is an amount so many times: the number is counted, and adds no uncertainty of its own.
func (a Amount) times(n float64) Amount {
	a.Estimate *= n
	if n == 0 {
		// Nothing is lost, whatever a customer is worth.
		a.Estimate, a.Interval = 0, nil
	}
	if a.Interval != nil {
		i := a.Interval.Map(n, 0)
		a.Interval = &i
	}
	return a
}

func difference(a, b Share, level float64) *Difference {
	pa, pb := stat.Proportion{Hits: float64(a.Count), N: float64(a.Of)}, stat.Proportion{Hits: float64(b.Count), N: float64(b.Of)}
	interval, err := stat.Newcombe(pa, pb, level)
	if err != nil {
		return nil
	}
	out := &Difference{Estimate: pa.Estimate() - pb.Estimate(), Interval: interval, P: 1}
	// Without variance both shares are the same.
	if test, err := stat.PooledZ(pa, pb); err == nil {
		out.P = test.P
	}
	return out
}

// momentsOf are the moments of a sample, in two passes: amounts are great and alike at times. The mean of nothing is NaN.
func momentsOf(values []float64) stat.Moments {
	n := float64(len(values))
	var sum, squares float64
	for _, v := range values {
		sum += v
	}
	mean := sum / n
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	out := stat.Moments{N: n, Mean: mean}
	if n > 1 {
		out.Variance = squares / (n - 1)
	}
	return out
}

// isSame tells whether all values are one.
func isSame(values []float64) bool {
	for _, v := range values {
		if math.Abs(v-values[0]) > 0 {
			return false
		}
	}
	return true
}
