package season

import "math"

// Sums are observations added up, so that they need not be kept: of each location how often each level came, alone and with each other one, and what the values
// were. They take memory by location, not by observation.
type Sums struct {
	factors []Factor
	// first is the index of the first level of each factor among the levels of all, levels how many there are.
	first  []int
	levels int
	n      int
	// total is the sum of all values.
	total float64
	// places are the locations, in the order in which they came; weeks their weeks, as long as there are few locations.
	places []*cell
	weeks  map[week]*cell
	// order is that in which weeks came.
	order []week
	at    int
}

// week is a week of a location.
type week struct {
	place int
	week  int64
}

// cell is what the observations of a location, or of a week of it, add up to. Values are counted from that of the location's first observation, so that squares
// of great numbers leave no rounding behind.
type cell struct {
	place int
	base  float64
	n     float64
	y, yy float64
	// counts and values are by level; pairs by two levels i < j.
	counts []uint16
	values []float64
	pairs  []uint16
}

// mostOfPlace is how many observations a location has at most, so that they can be counted in 16 bits.
const mostOfPlace = math.MaxUint16

// NewSums adds up observations that are told apart by factors.
func NewSums(factors []Factor) *Sums {
	s := &Sums{factors: factors, weeks: map[week]*cell{}, at: -1}
	for _, f := range factors {
		s.first = append(s.first, s.levels)
		s.levels += len(f.Levels)
	}
	return s
}

func (s *Sums) cell(place int, base float64) *cell {
	return &cell{
		place: place, base: base, counts: make([]uint16, s.levels), values: make([]float64, s.levels), pairs: make([]uint16, s.levels*(s.levels-1)/2),
	}
}

// pair is the index of two levels i < j.
func (s *Sums) pair(i, j int) int { return i*s.levels - i*(i+1)/2 + j - i - 1 }

// Add adds an observation. Those of a location follow each other; a location has 65,535 at most, and what is beyond is left out.
func (s *Sums) Add(o Observation) {
	if s.at != o.Place {
		s.at = o.Place
		s.places = append(s.places, s.cell(len(s.places), o.Value))
	}
	of := s.places[len(s.places)-1]
	if of.n == mostOfPlace {
		return
	}
	s.n++
	s.total += o.Value
	s.add(of, o)
	switch {
	case len(s.places) > LeastClusters:
	case len(s.places) == LeastClusters:
		// Locations are clusters from here on.
		s.weeks, s.order = nil, nil
	default:
		w := week{of.place, o.Week}
		if s.weeks[w] == nil {
			s.weeks[w] = s.cell(of.place, of.base)
			s.order = append(s.order, w)
		}
		s.add(s.weeks[w], o)
	}
}

func (s *Sums) add(c *cell, o Observation) {
	y := o.Value - c.base
	c.n++
	c.y += y
	c.yy += y * y
	for f, l := range o.Levels {
		i := s.first[f] + l
		c.counts[i]++
		c.values[i] += y
		for g := f + 1; g < len(o.Levels); g++ {
			c.pairs[s.pair(i, s.first[g]+o.Levels[g])]++
		}
	}
}

// N counts the observations of a level of a factor.
func (s *Sums) N(factor, level int) (n int) {
	for _, p := range s.places {
		n += int(p.counts[s.first[factor]+level])
	}
	return n
}

// together is how often two levels came at once.
func (s *Sums) together(c *cell, i, j int) float64 {
	switch {
	case i == j:
		return float64(c.counts[i])
	case i > j:
		i, j = j, i
	}
	return float64(c.pairs[s.pair(i, j)])
}

// of are the sums of a cell for the levels that are told of, less the means of its location: of products of two, and of products with the value.
func (s *Sums) of(c, place *cell, columns []int) (products [][]float64, right []float64) {
	mean := func(i int) float64 { return float64(place.counts[i]) / place.n }
	middle := place.y / place.n
	products, right = make([][]float64, len(columns)), make([]float64, len(columns))
	for a, i := range columns {
		products[a] = make([]float64, len(columns))
		right[a] = c.values[i] - middle*float64(c.counts[i]) - mean(i)*(c.y-middle*c.n)
		for b, j := range columns[:a+1] {
			v := s.together(c, i, j) - mean(j)*float64(c.counts[i]) - mean(i)*float64(c.counts[j]) + mean(i)*mean(j)*c.n
			products[a][b], products[b][a] = v, v
		}
	}
	return products, right
}
