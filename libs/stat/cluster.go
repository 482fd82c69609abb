package stat

import (
	"fmt"
	"math"
)

// Cluster is a group of observations that are not independent of each other, such as the answers of one person.
type Cluster struct {
	// Sum is the (weighted) sum of the observations.
	Sum float64
	// Size is the number of observations or the sum of their weights, > 0.
	Size float64
	// Times says how many clusters like this there are, ≥ 1; an integer.
	Times float64
}

// Mean is an estimated mean with the precision of the estimate.
type Mean struct {
	// Estimate is the mean.
	Estimate float64
	// StandardError is its standard error, ≥ 0.
	StandardError float64
	// DF is the degrees of freedom of the standard error.
	DF float64
}

// Interval is estimate ± t·standard error. ErrUndefined when the standard error is 0.
func (m Mean) Interval(level float64) (Interval, error) {
	if err := checkLevel(level); err != nil {
		return Interval{}, fmt.Errorf("interval of the mean: %w", err)
	}
	if m.StandardError == 0 || !(m.DF > 0) {
		return Interval{}, fmt.Errorf("interval of the mean without variance: %w", ErrUndefined)
	}
	return around(m.Estimate, CriticalT(level, m.DF)*m.StandardError), nil
}

// ClusteredMean is the ratio estimator Σsum/Σsize with its linearised (Taylor series) standard error: with C clusters and
// residuals e = sum - mean·size, sqrt(C/(C-1)·Σe²)/Σsize, and C-1 degrees of freedom (Cochran 1977, §6; Särndal et al.
// 1992, §5.6). With clusters of one observation it is the ordinary mean and standard error. A weighted mean of
// independent observations is the case sum = weight·value, size = weight.
//
// ErrUndefined when there are fewer than two clusters; the mean of one cluster is still returned, with DF 0.
func ClusteredMean(clusters []Cluster) (Mean, error) {
	var count, sum, size float64
	for i, c := range clusters {
		if !finite(c.Sum, c.Size, c.Times) || c.Size <= 0 || c.Times < 1 {
			return Mean{}, fmt.Errorf("clustered mean: cluster %d: %w", i, ErrArgument)
		}
		count += c.Times
		sum += c.Times * c.Sum
		size += c.Times * c.Size
	}
	if count == 0 {
		return Mean{}, fmt.Errorf("clustered mean of no clusters: %w", ErrUndefined)
	}
	mean := sum / size
	if count < 2 {
		return Mean{Estimate: mean}, fmt.Errorf("clustered mean of one cluster: %w", ErrUndefined)
	}
	var squares float64
	for _, c := range clusters {
		e := c.Sum - mean*c.Size
		squares += c.Times * e * e
	}
	se := math.Sqrt(count/(count-1)*squares) / size
	return Mean{Estimate: mean, StandardError: se, DF: count - 1}, nil
}
