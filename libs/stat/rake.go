package stat

import (
	"errors"
	"fmt"
	"math"
)

// ErrNotConverged reports that raking did not reproduce the margins; the result that comes with it says how far off it is.
var ErrNotConverged = errors.New("raking did not converge")

// Defaults of RakeOptions.
const (
	rakeCap        = 5
	rakeTolerance  = 1e-12
	rakeIterations = 10_000
)

// Margin is the known distribution of one classification of the population.
type Margin struct {
	// Class gives the class of every unit, an index into Target.
	Class []int
	// Target gives the size of every class in the population, ≥ 0, in any unit: only proportions matter.
	Target []float64
}

// RakeOptions bound raking. The zero value means the defaults.
type RakeOptions struct {
	// Cap is the greatest weight, relative to the mean weight 1; default 5; +Inf for none. At least 1.
	Cap float64
	// Tolerance is the greatest difference accepted between a class's share and its target; default 1e-12.
	Tolerance float64
	// MaxIterations bounds the passes over all margins; default 10,000.
	MaxIterations int
}

// Raking is the outcome of Rake.
type Raking struct {
	// Weights are the weights of one observation of each unit; their mean over all observations is 1.
	Weights []float64
	// EffectiveN and DesignEffect describe the precision left by the weights.
	EffectiveN, DesignEffect float64
	// Deviation is the greatest difference left between a class's share and its target.
	Deviation float64
	// Capped counts the units whose weight is at the cap.
	Capped int
	// Iterations counts the passes made.
	Iterations int
}

// Rake finds weights that reproduce every margin (iterative proportional fitting, Deming and Stephan 1940) and do not
// exceed the cap. Units are groups of observations that share a class in every margin; counts[i] ≥ 0 says how many
// observations unit i holds (1 for a single respondent).
//
// ErrArgument for inconsistent margins, ErrUndefined when a class with a target has no observations, ErrNotConverged
// (together with the result) when the margins cannot be met within the cap.
func Rake(counts []float64, margins []Margin, options RakeOptions) (Raking, error) {
	o, err := options.withDefaults()
	if err != nil {
		return Raking{}, fmt.Errorf("rake: %w", err)
	}
	targets, err := rakeTargets(counts, margins)
	if err != nil {
		return Raking{}, fmt.Errorf("rake: %w", err)
	}
	var n float64
	for _, c := range counts {
		n += c
	}
	r := Raking{Weights: make([]float64, len(counts))}
	for i := range r.Weights {
		r.Weights[i] = 1
	}
	for r.Iterations < o.MaxIterations {
		r.Iterations++
		for k, m := range margins {
			fitMargin(r.Weights, counts, m.Class, targets[k], n)
		}
		r.Capped = trim(r.Weights, o.Cap)
		r.Deviation = deviation(r.Weights, counts, margins, targets, n)
		if r.Deviation <= o.Tolerance {
			break
		}
	}
	if r.EffectiveN, err = EffectiveNOf(r.Weights, counts); err != nil {
		return Raking{}, fmt.Errorf("rake: %w", err)
	}
	r.DesignEffect = n / r.EffectiveN
	if r.Deviation > o.Tolerance {
		return r, fmt.Errorf("rake: a share is off by %.3g after %d passes with %d units at the cap %v: %w",
			r.Deviation, r.Iterations, r.Capped, o.Cap, ErrNotConverged)
	}
	return r, nil
}

func (o RakeOptions) withDefaults() (RakeOptions, error) {
	if o.Cap == 0 {
		o.Cap = rakeCap
	}
	if o.Tolerance == 0 {
		o.Tolerance = rakeTolerance
	}
	if o.MaxIterations == 0 {
		o.MaxIterations = rakeIterations
	}
	if !(o.Cap >= 1) || !(o.Tolerance > 0) || o.MaxIterations < 0 {
		return o, fmt.Errorf("options %+v: %w", o, ErrArgument)
	}
	return o, nil
}

// rakeTargets checks the arguments and returns each margin's targets as shares.
func rakeTargets(counts []float64, margins []Margin) ([][]float64, error) {
	var n float64
	for i, c := range counts {
		if !finite(c) || c < 0 {
			return nil, fmt.Errorf("count %d is %v: %w", i, c, ErrArgument)
		}
		n += c
	}
	if n == 0 {
		return nil, fmt.Errorf("no observations: %w", ErrUndefined)
	}
	targets := make([][]float64, len(margins))
	for k, m := range margins {
		if len(m.Class) != len(counts) {
			return nil, fmt.Errorf("margin %d classifies %d of %d units: %w", k, len(m.Class), len(counts), ErrArgument)
		}
		observed := make([]float64, len(m.Target))
		for i, class := range m.Class {
			if class < 0 || class >= len(m.Target) {
				return nil, fmt.Errorf("margin %d: unit %d has class %d of %d: %w", k, i, class, len(m.Target), ErrArgument)
			}
			observed[class] += counts[i]
		}
		var greatest float64
		for class, t := range m.Target {
			if !finite(t) || t < 0 {
				return nil, fmt.Errorf("margin %d: target %d is %v: %w", k, class, t, ErrArgument)
			}
			if t > 0 && observed[class] == 0 {
				return nil, fmt.Errorf("margin %d: nobody in class %d: %w", k, class, ErrUndefined)
			}
			greatest = max(greatest, t)
		}
		if greatest == 0 {
			return nil, fmt.Errorf("margin %d has no target: %w", k, ErrArgument)
		}
		// In units of the greatest one: the sum of targets as they are stated may be more than a number can hold.
		var total float64
		for _, t := range m.Target {
			total += t / greatest
		}
		targets[k] = make([]float64, len(m.Target))
		for class, t := range m.Target {
			targets[k][class] = t / greatest / total
		}
	}
	return targets, nil
}

// fitMargin scales the weights of each class so that its share equals the target.
func fitMargin(weights, counts []float64, class []int, target []float64, n float64) {
	sums := classSums(weights, counts, class, len(target))
	for i, c := range class {
		switch {
		case target[c] == 0:
			weights[i] = 0
		case sums[c] > 0:
			weights[i] *= target[c] * n / sums[c]
		}
	}
}

// trim lowers weights above the cap to it and returns how many were.
func trim(weights []float64, limit float64) int {
	capped := 0
	for i, w := range weights {
		// A weight that raking brings back to the cap in every pass differs from it by rounding only.
		if w > limit*(1-1e-12) {
			weights[i] = min(w, limit)
			capped++
		}
	}
	return capped
}

// deviation is the greatest difference between a class's share and its target.
func deviation(weights, counts []float64, margins []Margin, targets [][]float64, n float64) float64 {
	var worst float64
	for k, m := range margins {
		for c, s := range classSums(weights, counts, m.Class, len(targets[k])) {
			worst = max(worst, math.Abs(s/n-targets[k][c]))
		}
	}
	return worst
}

// classSums is the weighted number of observations of each class.
func classSums(weights, counts []float64, class []int, classes int) []float64 {
	sums := make([]float64, classes)
	for i, c := range class {
		sums[c] += weights[i] * counts[i]
	}
	return sums
}
