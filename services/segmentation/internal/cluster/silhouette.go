package cluster

import (
	"math"
	"math/rand/v2"
	"slices"
)

// silhouette calculates the silhouette (Rousseeuw 1987) of all rows, or of a sample of them where they are many: b less a by the greater of them, where a
// is how far a row is from the others of its cluster in the mean, and b that to the nearest other cluster. A row that is alone in its cluster counts 0.
func (r *Result) silhouette(points [][]float64, seed uint64) {
	sample := make([]int, len(points))
	for i := range sample {
		sample[i] = i
	}
	if len(sample) > MostSampled {
		random := rand.New(rand.NewPCG(seed, starts)) //nolint:gosec // repeatable on purpose
		for i := range MostSampled {
			j := i + random.IntN(len(sample)-i)
			sample[i], sample[j] = sample[j], sample[i]
		}
		sample = sample[:MostSampled]
		slices.Sort(sample)
	}
	sizes := make([]float64, len(r.Clusters))
	for _, i := range sample {
		sizes[r.Of[i]]++
	}
	sums, total := make([]float64, len(sizes)), 0.0
	apart := make([]float64, len(sizes))
	for _, i := range sample {
		clear(apart)
		for _, j := range sample {
			apart[r.Of[j]] += math.Sqrt(squared(points[i], points[j]))
		}
		own := r.Of[i]
		if sizes[own] < 2 {
			continue
		}
		a, b := apart[own]/(sizes[own]-1), math.Inf(1)
		for c, d := range apart {
			if c != own && sizes[c] > 0 {
				b = min(b, d/sizes[c])
			}
		}
		if math.IsInf(b, 1) || max(a, b) == 0 {
			continue
		}
		s := (b - a) / max(a, b)
		sums[own] += s
		total += s
	}
	for c := range r.Clusters {
		if sizes[c] > 0 {
			r.Clusters[c].Silhouette = sums[c] / sizes[c]
		}
	}
	r.Sampled = len(sample)
	if len(sample) > 0 {
		r.Silhouette = total / float64(len(sample))
	}
}
