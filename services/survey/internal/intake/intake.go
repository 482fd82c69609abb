// Package intake decides whether a survey takes what arrives, and at which time it counts: opening and closing, the grace period for
// answers that were given in time and arrive late, and clocks of devices that run ahead.
package intake

import (
	"errors"
	"time"

	"github.com/otklik/otklik/services/survey/internal/lifecycle"
)

const (
	// DefaultGracePeriod is how long after closing a survey takes answers that were given before it closed.
	DefaultGracePeriod = 30 * 24 * time.Hour
	// ClockTolerance is how far a device's clock may run ahead without being worth a flag.
	ClockTolerance = 5 * time.Minute
)

// clockEpoch is a time before which no answer was given that anybody would send: a device that says so has lost its clock (most begin in 1970,
// 1980 or at the zero of their language).
var clockEpoch = time.Date(1990, time.January, 1, 0, 0, 0, 0, time.UTC)

// The reasons for which nothing is taken.
var (
	// ErrNotPublished tells that the survey was never published.
	ErrNotPublished = errors.New("the survey was never published")
	// ErrArchived tells that the survey is archived.
	ErrArchived = errors.New("the survey is archived")
	// ErrClosed tells that the answer was given after the survey closed.
	ErrClosed = errors.New("the answer was given after the survey closed")
	// ErrGracePeriodOver tells that the answer was given in time and received after the grace period.
	ErrGracePeriodOver = errors.New("the answer was received after the grace period")
)

// Arrival is what arrives.
type Arrival struct {
	// Given is when the device says that it happened, if Stated.
	Given  time.Time
	Stated bool
	// Received is when the server got it.
	Received time.Time
}

// Verdict is how something that is taken counts.
type Verdict struct {
	// CountTime is the time at which it counts: when it was given, but never later than it was received, and when it was received if
	// nobody can know when it was given.
	CountTime time.Time
	// Late tells that it was given before the survey closed and received after it.
	Late bool
	// ClockAhead tells that the device's clock ran ahead by more than ClockTolerance.
	ClockAhead bool
	// ClockUnset tells that the device's clock was not set: it showed a time before 1990.
	ClockUnset bool
}

// Judge decides whether a survey of this status takes what arrives. Errors: ErrNotPublished, ErrArchived, ErrClosed, ErrGracePeriodOver.
// Something given at the very moment of closing was given after it; something received at the very end of the grace period is in time.
func Judge(s lifecycle.Status, a Arrival, grace time.Duration) (Verdict, error) {
	v := Verdict{CountTime: a.Given, ClockUnset: a.Stated && a.Given.Before(clockEpoch)}
	if !a.Stated || v.ClockUnset || a.Given.After(a.Received) {
		v.CountTime = a.Received
		v.ClockAhead = a.Given.After(a.Received.Add(ClockTolerance))
	}
	switch s.State {
	case lifecycle.Published:
		return v, nil
	case lifecycle.Closed:
		if !a.Received.After(s.CloseTime) && v.CountTime.Before(s.CloseTime) {
			return v, nil // overtaken by the closing on its way here
		}
		if !v.CountTime.Before(s.CloseTime) {
			return Verdict{}, ErrClosed
		}
		if a.Received.After(s.CloseTime.Add(grace)) {
			return Verdict{}, ErrGracePeriodOver
		}
		v.Late = true
		return v, nil
	case lifecycle.Archived:
		return Verdict{}, ErrArchived
	default:
		return Verdict{}, ErrNotPublished
	}
}
