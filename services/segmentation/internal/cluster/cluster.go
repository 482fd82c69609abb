// Package cluster finds groups of contacts that are alike in chosen numbers: k-means over standardised values, seeded, so that it comes to the same again, with
// the silhouette by which one sees whether there are groups at all.
package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// Limits.
const (
	// MostClusters and MostAttributes bound what is asked for.
	MostClusters   = 12
	MostAttributes = 10
	// MostSampled is of how many rows at most the silhouette is calculated: of each the distances to all others.
	MostSampled = 2000
	// starts is how often k-means begins anew, from other centres; the best one counts.
	starts = 8
	// rounds bounds how often centres move.
	rounds = 100
	// mostAuto is up to how many clusters are tried when their number is not stated.
	mostAuto = 8
)

// Why there are no clusters.
var (
	// ErrTooFew: there are fewer rows that differ than clusters.
	ErrTooFew = errors.New("there are fewer different contacts than clusters")
	// ErrConstant: an attribute is the same for all.
	ErrConstant = errors.New("the attribute is the same for all")
)

// Options say how rows are clustered.
type Options struct {
	// Clusters is how many clusters are made, from 2; 0: as many, from 2 to 8, as give the greatest silhouette.
	Clusters int
	// Seed decides where k-means begins, and of which rows the silhouette is.
	Seed uint64
}

// Result are clusters, the greatest first.
type Result struct {
	// Mean and Deviation are those by which the attributes were standardised.
	Mean, Deviation []float64
	Clusters        []Cluster
	// Of is the cluster of each row.
	Of []int
	// Silhouette is the mean of how much nearer rows are to their own cluster than to the next one, from -1 to 1, and Sampled of how many rows it is.
	Silhouette float64
	Sampled    int
	// Inertia is the sum of the squared distances to the centres, of standardised values.
	Inertia float64
}

// Cluster is a group of rows.
type Cluster struct {
	// Centre is the mean of its rows, in the attributes' own units.
	Centre []float64
	Size   int
	// Silhouette is the mean of that of its rows that were sampled.
	Silhouette float64
	// centre is the centre of standardised values.
	centre []float64
}

// ConstantError tells which attribute is the same for all. It wraps ErrConstant.
type ConstantError struct{ Attribute int }

// Error says so.
func (e *ConstantError) Error() string {
	return fmt.Sprintf("attribute %d: %v", e.Attribute, ErrConstant)
}

// Unwrap is ErrConstant.
func (e *ConstantError) Unwrap() error { return ErrConstant }

// Find finds clusters of rows: columns[a][i] is attribute a of row i, and all are known. Errors: ErrTooFew, *ConstantError.
func Find(columns [][]float64, o Options) (*Result, error) {
	base := &Result{}
	n := len(columns[0])
	points := make([][]float64, n)
	flat := make([]float64, n*len(columns))
	for i := range points {
		points[i] = flat[i*len(columns) : (i+1)*len(columns)]
	}
	for a, column := range columns {
		mean, deviation := stat.PopMeanStdDev(column, nil)
		if n == 0 || deviation == 0 {
			return nil, &ConstantError{Attribute: a}
		}
		base.Mean, base.Deviation = append(base.Mean, mean), append(base.Deviation, deviation)
		for i, v := range column {
			points[i][a] = (v - mean) / deviation
		}
	}
	if o.Clusters != 0 {
		return base.of(points, o.Clusters, o.Seed)
	}
	var best *Result
	for k := 2; k <= mostAuto; k++ {
		r, err := base.of(points, k, o.Seed)
		if errors.Is(err, ErrTooFew) && best != nil {
			break
		}
		if err != nil {
			return nil, err
		}
		if best == nil || r.Silhouette > best.Silhouette {
			best = r
		}
	}
	return best, nil
}

// of makes k clusters.
func (base *Result) of(points [][]float64, k int, seed uint64) (*Result, error) {
	var best *partition
	for start := range uint64(starts) {
		p, err := divide(points, k, rand.New(rand.NewPCG(seed, start))) //nolint:gosec // repeatable on purpose
		if err != nil {
			return nil, err
		}
		if best == nil || p.inertia < best.inertia {
			best = p
		}
	}
	best.order()
	r := &Result{Mean: base.Mean, Deviation: base.Deviation, Of: best.of, Inertia: best.inertia, Clusters: make([]Cluster, k)}
	for j := range r.Clusters {
		c := &r.Clusters[j]
		c.centre, c.Size, c.Centre = best.centres[j], best.sizes[j], make([]float64, len(base.Mean))
		for a, v := range c.centre {
			c.Centre[a] = base.Mean[a] + v*base.Deviation[a]
		}
	}
	r.silhouette(points, seed)
	return r, nil
}

// partition is how points are divided.
type partition struct {
	centres [][]float64
	of      []int
	sizes   []int
	inertia float64
}

// divide divides points by Lloyd's algorithm from centres that k-means++ chooses (Arthur and Vassilvitskii 2007).
func divide(points [][]float64, k int, random *rand.Rand) (*partition, error) {
	p := &partition{of: make([]int, len(points)), sizes: make([]int, k)}
	apart := make([]float64, len(points))
	for i := range apart {
		apart[i] = math.Inf(1)
	}
	next := random.IntN(len(points))
	for {
		p.centres = append(p.centres, slices.Clone(points[next]))
		if len(p.centres) == k {
			break
		}
		for i, x := range points {
			apart[i] = min(apart[i], squared(x, points[next]))
		}
		sum := floats.Sum(apart)
		if sum == 0 {
			return nil, ErrTooFew
		}
		next = choose(apart, random.Float64()*sum)
	}
	for range rounds {
		if !p.assign(points) {
			break
		}
		p.move(points)
	}
	return p, nil
}

// choose is the place at which the sum of weights passes a mark; it has a weight.
func choose(weights []float64, mark float64) int {
	last := 0
	for i, w := range weights {
		if w == 0 {
			continue
		}
		last = i
		if mark -= w; mark < 0 {
			break
		}
	}
	return last
}

// assign gives each point to the nearest centre, the first of several, and tells whether any has changed.
func (p *partition) assign(points [][]float64) bool {
	changed := false
	clear(p.sizes)
	p.inertia = 0
	for i, x := range points {
		best, least := 0, math.Inf(1)
		for j, c := range p.centres {
			if d := squared(x, c); d < least {
				best, least = j, d
			}
		}
		changed = changed || p.of[i] != best
		p.of[i] = best
		p.sizes[best]++
		p.inertia += least
	}
	return changed || slices.Contains(p.sizes, 0)
}

// move puts each centre into the mean of its points; one that has none goes to the point that is farthest from its own.
func (p *partition) move(points [][]float64) {
	before := p.centres
	p.centres = make([][]float64, len(before))
	for j := range p.centres {
		p.centres[j] = make([]float64, len(points[0]))
	}
	for i, x := range points {
		floats.Add(p.centres[p.of[i]], x)
	}
	for j, c := range p.centres {
		if p.sizes[j] > 0 {
			floats.Scale(1/float64(p.sizes[j]), c)
			continue
		}
		farthest, most := 0, -1.0
		for i, x := range points {
			if d := squared(x, before[p.of[i]]); d > most {
				farthest, most = i, d
			}
		}
		copy(c, points[farthest])
	}
}

// order puts the greatest cluster first; of equal ones that whose centre is least.
func (p *partition) order() {
	places := make([]int, len(p.centres))
	for j := range places {
		places[j] = j
	}
	slices.SortFunc(places, func(a, b int) int {
		return cmp.Or(cmp.Compare(p.sizes[b], p.sizes[a]), slices.Compare(p.centres[a], p.centres[b]))
	})
	centres, sizes, to := make([][]float64, len(places)), make([]int, len(places)), make([]int, len(places))
	for place, j := range places {
		centres[place], sizes[place], to[j] = p.centres[j], p.sizes[j], place
	}
	for i, j := range p.of {
		p.of[i] = to[j]
	}
	p.centres, p.sizes = centres, sizes
}

func squared(a, b []float64) float64 {
	var sum float64
	for i, v := range a {
		d := v - b[i]
		sum += d * d
	}
	return sum
}
