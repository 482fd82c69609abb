package stat

import "fmt"

// EffectiveN is Kish's effective sample size (Σw)²/Σw², from 1 to the number of positive weights. ErrUndefined when all
// weights are 0.
func EffectiveN(weights []float64) (float64, error) {
	return EffectiveNOf(weights, nil)
}

// EffectiveNOf is EffectiveN where weight i belongs to counts[i] observations; nil counts mean one each.
func EffectiveNOf(weights, counts []float64) (float64, error) {
	if counts != nil && len(counts) != len(weights) {
		return 0, fmt.Errorf("effective n of %d weights and %d counts: %w", len(weights), len(counts), ErrArgument)
	}
	var sum, squares float64
	for i, w := range weights {
		c := 1.0
		if counts != nil {
			c = counts[i]
		}
		if !finite(w, c) || w < 0 || c < 0 {
			return 0, fmt.Errorf("effective n: weight %d: %w", i, ErrArgument)
		}
		sum += c * w
		squares += c * w * w
	}
	if squares == 0 {
		return 0, fmt.Errorf("effective n without weight: %w", ErrUndefined)
	}
	return sum * sum / squares, nil
}

// DesignEffect is Kish's design effect of weighting, n/effective n = n·Σw²/(Σw)² ≥ 1: the factor by which unequal weights
// inflate the variance of a mean.
func DesignEffect(weights []float64) (float64, error) {
	n, err := EffectiveN(weights)
	if err != nil {
		return 0, fmt.Errorf("design effect: %w", err)
	}
	return float64(len(weights)) / n, nil
}

// WeightedMean is Σwx/Σw with its linearised standard error; see ClusteredMean. Observations of weight 0 are left out.
func WeightedMean(values, weights []float64) (Mean, error) {
	if len(values) != len(weights) {
		return Mean{}, fmt.Errorf("weighted mean of %d values and %d weights: %w", len(values), len(weights), ErrArgument)
	}
	clusters := make([]Cluster, 0, len(values))
	for i, w := range weights {
		if w == 0 {
			continue
		}
		clusters = append(clusters, Cluster{Sum: w * values[i], Size: w, Times: 1})
	}
	m, err := ClusteredMean(clusters)
	if err != nil {
		return m, fmt.Errorf("weighted mean: %w", err)
	}
	return m, nil
}
