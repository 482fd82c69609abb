// Package reserve computes the hidden reserve: the consultations that would be gained if each location reached the coverage (consultations by visitor) of the
// location at the top quartile. It is what a model says, not what was counted: it takes for granted that the visitors of one location may be consulted as
// those of the other are.
package reserve

import (
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

const (
	// LeastPlaces is the number of locations from which there is a top quartile.
	LeastPlaces = 4
	// quartile is the share of locations that lie at the target or below.
	quartile = 0.75
)

// Place is a location.
type Place struct {
	Name     string
	Visitors int64
	// Coverage is consultations by visitor, with its error.
	Coverage estimate.Estimate
}

// Gain is what a location would gain.
type Gain struct {
	Place
	// Gained is (target - coverage) × visitors, 0 for a location at the target or above. Its interval takes the target as given.
	Gained estimate.Estimate
}

// Reserve is what all would gain.
type Reserve struct {
	// Target is the coverage at the top quartile: the third quartile of the locations' coverages, linear between the two nearest.
	Target float64
	// Gained sums over locations; its interval takes locations as independent and the target as given.
	Gained estimate.Estimate
	// Gains are those of the locations, the greatest first, then by name.
	Gains []Gain
}

// Of computes the reserve. It refuses fewer than LeastPlaces locations (refusal.TooFew).
func Of(places []Place, level float64) (Reserve, error) {
	if len(places) < LeastPlaces {
		return Reserve{}, refusal.New(refusal.TooFew, nil, "there are %d locations with visitors and consultations: a top quartile needs at least %d", len(places), LeastPlaces)
	}
	coverages := make([]float64, len(places))
	for i, p := range places {
		coverages[i] = p.Coverage.Value
	}
	out := Reserve{Target: thirdQuartile(coverages)}
	var sum, variance float64
	known := true
	for _, p := range places {
		g := Gain{Place: p, Gained: gained(p, out.Target)}
		sum += g.Gained.Value
		switch {
		case g.Gained.SE != nil:
			variance += *g.Gained.SE * *g.Gained.SE
		case g.Gained.Value > 0:
			known = false
		}
		out.Gains = append(out.Gains, g)
	}
	out.Gained = estimate.Estimate{Value: sum, Method: estimate.Delta}
	if known && variance > 0 {
		se := math.Sqrt(variance)
		half := stat.CriticalZ(level) * se
		out.Gained.SE, out.Gained.Interval = &se, &stat.Interval{Low: max(0, sum-half), High: sum + half}
	}
	slices.SortStableFunc(out.Gains, func(a, b Gain) int {
		switch {
		case a.Gained.Value > b.Gained.Value:
			return -1
		case a.Gained.Value < b.Gained.Value:
			return 1
		case a.Name < b.Name:
			return -1
		}
		return 1
	})
	return out, nil
}

// gained is what a location would gain.
func gained(p Place, target float64) estimate.Estimate {
	if p.Coverage.Value >= target {
		return estimate.Estimate{Method: estimate.Delta}
	}
	visitors := float64(p.Visitors)
	e := estimate.Estimate{Value: (target - p.Coverage.Value) * visitors, Method: estimate.Delta}
	if p.Coverage.Interval != nil {
		moved := p.Coverage.Interval.Map(-visitors, target*visitors).Clip(0, math.Inf(1))
		se := *p.Coverage.SE * visitors
		e.SE, e.Interval = &se, &moved
	}
	return e
}

// thirdQuartile is linear between the order statistics (definition 7 of Hyndman and Fan 1996).
func thirdQuartile(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := quartile * float64(len(sorted)-1)
	low := int(at)
	if low+1 == len(sorted) {
		return sorted[low]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}
