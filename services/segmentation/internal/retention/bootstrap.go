package retention

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/otklik/otklik/libs/stat"
)

const (
	// resamples is how many samples the bootstrap draws.
	resamples = 2000
	// mostDraws bounds the work: samples that are greater have means that are normal enough for Student's t.
	mostDraws = 20_000_000
)

// bootstrap is the bias-corrected and accelerated interval of a mean (Efron 1987, Better bootstrap confidence intervals, JASA 82, §6; Efron and Tibshirani
// 1993, ch. 14). False where there are fewer than two values, all are one, or they are too many.
func bootstrap(values []float64, level float64, seed uint64) (stat.Interval, bool) {
	n := len(values)
	if n < 2 || n*resamples > mostDraws || isSame(values) {
		return stat.Interval{}, false
	}
	random := rand.New(rand.NewPCG(seed, uint64(n))) //nolint:gosec // repeatable on purpose
	mean := momentsOf(values).Mean
	means := make([]float64, resamples)
	less := 0.0
	for i := range means {
		var sum float64
		for range n {
			sum += values[random.IntN(n)]
		}
		means[i] = sum / float64(n)
		switch {
		case means[i] < mean:
			less++
		case means[i] == mean: // ties count half
			less += 0.5
		}
	}
	slices.Sort(means)
	// The bias is within what so many samples can tell.
	bias := stat.NormalQuantile(min(max(less/resamples, 0.5/resamples), 1-0.5/resamples))
	acceleration := acceleration(values, mean)
	at := func(p float64) float64 {
		z := bias + stat.NormalQuantile(p)
		return quantile(means, stat.NormalCDF(bias+z/(1-acceleration*z)))
	}
	return stat.Interval{Low: at((1 - level) / 2), High: at((1 + level) / 2)}, true
}

// acceleration is by how much the standard error of a mean changes with the mean: a sixth of the skewness of the jackknife's values, which for a mean is that
// of the values over the root of their number.
func acceleration(values []float64, mean float64) float64 {
	var squares, cubes float64
	for _, v := range values {
		d := v - mean
		squares += d * d
		cubes += d * d * d
	}
	return cubes / (6 * math.Pow(squares, 1.5))
}

// quantile is the value below which a share p of sorted values lies, between the two that are nearest.
func quantile(sorted []float64, p float64) float64 {
	at := p*float64(len(sorted)) - 0.5
	low := int(math.Floor(at))
	switch {
	case low < 0:
		return sorted[0]
	case low >= len(sorted)-1:
		return sorted[len(sorted)-1]
	}
	part := at - float64(low)
	return sorted[low]*(1-part) + sorted[low+1]*part
}
