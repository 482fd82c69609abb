// Package stat holds the statistics that numbers in this project rest on: intervals, tests, weighting and relative
// weights, as pure functions.
//
// Shares are fractions from 0 to 1 and differences of shares run from -1 to 1; a caller that shows percent multiplies.
// Confidence levels lie strictly between 0 and 1. Functions that cannot give a result return an error that wraps
// ErrArgument (the call is wrong) or ErrUndefined (the call is right and the data do not determine an answer, for example
// an interval of the mean of one value); they never return a made-up number.
package stat

import "errors"

var (
	// ErrArgument reports an argument outside its range: a level that is no probability, a negative count, slices of
	// different length.
	ErrArgument = errors.New("argument out of range")
	// ErrUndefined reports that the data do not determine the quantity asked for: too few observations, or no variance.
	ErrUndefined = errors.New("not determined by the data")
)
