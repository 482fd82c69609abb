package stat

import (
	"fmt"
	"math"
)

// Interval is a closed interval of real numbers.
type Interval struct {
	// Low is the lower bound, High the upper one; Low ≤ High.
	Low, High float64
}

// Contains tells whether x lies within the interval, bounds included.
func (i Interval) Contains(x float64) bool { return i.Low <= x && x <= i.High }

// Width is the length of the interval.
func (i Interval) Width() float64 { return i.High - i.Low }

// Clip moves bounds that lie outside [low, high] to its ends.
func (i Interval) Clip(low, high float64) Interval {
	return Interval{Low: min(max(i.Low, low), high), High: min(max(i.High, low), high)}
}

// Map applies x → scale·x + offset to both bounds; a negative scale exchanges them.
func (i Interval) Map(scale, offset float64) Interval {
	a, b := scale*i.Low+offset, scale*i.High+offset
	return Interval{Low: min(a, b), High: max(a, b)}
}

// around is the interval center ± half.
func around(center, half float64) Interval { return Interval{Low: center - half, High: center + half} }

// checkLevel refuses what is no confidence level.
func checkLevel(level float64) error {
	if !(level > 0 && level < 1) {
		return fmt.Errorf("confidence level %v: %w", level, ErrArgument)
	}
	return nil
}

// finite tells whether all of xs are numbers other than infinities.
func finite(xs ...float64) bool {
	for _, x := range xs {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}
