// Package place puts locations on a map: what lies within bounds, what belongs together at a zoom, and what many locations score together.
package place

import (
	"cmp"
	"math"
	"slices"
)

// Point is a point of the Earth's surface in degrees of WGS 84.
type Point struct{ Longitude, Latitude float64 }

// Bounds reach from west to east, over the antimeridian where West is greater than East.
type Bounds struct{ West, South, East, North float64 }

// World is all of the Earth.
func World() Bounds { return Bounds{West: -180, South: -90, East: 180, North: 90} }

// Contains tells whether a point lies within, its edges included. The antimeridian is 180 and -180.
func (b Bounds) Contains(p Point) bool {
	if p.Latitude < b.South || p.Latitude > b.North {
		return false
	}
	within := func(longitude float64) bool {
		if b.West <= b.East {
			return b.West <= longitude && longitude <= b.East
		}
		return longitude >= b.West || longitude <= b.East
	}
	return within(p.Longitude) || math.Abs(p.Longitude) == 180 && within(-p.Longitude)
}

// Around are the smallest bounds around points, over the antimeridian where that is shorter; false without a point.
func Around(points []Point) (Bounds, bool) {
	if len(points) == 0 {
		return Bounds{}, false
	}
	b := Bounds{South: points[0].Latitude, North: points[0].Latitude}
	longitudes := make([]float64, len(points))
	for i, p := range points {
		longitudes[i] = p.Longitude
		b.South, b.North = min(b.South, p.Latitude), max(b.North, p.Latitude)
	}
	slices.Sort(longitudes)
	// What is left out is the widest gap; at first the one that holds the antimeridian.
	last := len(longitudes) - 1
	b.West, b.East = longitudes[0], longitudes[last]
	widest := longitudes[0] + 360 - longitudes[last]
	for i := range last {
		if gap := longitudes[i+1] - longitudes[i]; gap > widest {
			widest, b.West, b.East = gap, longitudes[i+1], longitudes[i]
		}
	}
	return b, true
}

const (
	// tilePixels is the width of a tile of a web map, cellPixels that of a cell whose locations are put together.
	tilePixels, cellPixels = 256, 64
	// steepest is the latitude at which the square of the Mercator projection ends.
	steepest = 85.05112877980659
)

// project is where a point lies on the square of the web Mercator projection, from 0 to 1, from west to east and from north to south.
func project(p Point) (x, y float64) {
	sin := math.Sin(min(steepest, max(-steepest, p.Latitude)) * math.Pi / 180)
	return (p.Longitude + 180) / 360, 0.5 - math.Log((1+sin)/(1-sin))/(4*math.Pi)
}

// unproject is the point that lies there.
func unproject(x, y float64) Point {
	return Point{Longitude: x*360 - 180, Latitude: math.Atan(math.Sinh(math.Pi*(1-2*y))) * 180 / math.Pi}
}

// Cluster are points of one cell of the map.
type Cluster struct {
	// Column and Row tell which cell it is, from the north-west corner of the map on.
	Column, Row int
	// Middle is where the points lie on average, on the map.
	Middle Point
	// Members are the indices of the points, in their order.
	Members []int
}

// Clusters puts points together that lie in the same cell of the map at a zoom. The cells stand still: they are the same wherever somebody looks. They come from
// north to south and from west to east.
func Clusters(points []Point, zoom int) []Cluster {
	cells := float64(int(1)<<zoom) * tilePixels / cellPixels
	type sum struct {
		x, y    float64
		members []int
	}
	found := make(map[[2]int]*sum)
	for i, p := range points {
		x, y := project(p)
		at := [2]int{cell(y, cells), cell(x, cells)}
		s := found[at]
		if s == nil {
			s = &sum{}
			found[at] = s
		}
		s.x, s.y, s.members = s.x+x, s.y+y, append(s.members, i)
	}
	out := make([]Cluster, 0, len(found))
	for at, s := range found {
		c := Cluster{Row: at[0], Column: at[1], Members: s.members}
		if n := float64(len(s.members)); n > 1 {
			c.Middle = unproject(s.x/n, s.y/n)
		} else {
			c.Middle = points[s.members[0]]
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Cluster) int { return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Column, b.Column)) })
	return out
}

// cell is the number of the cell in which a coordinate lies; the last edge belongs to the last one.
func cell(at, cells float64) int { return int(min(cells-1, max(0, math.Floor(at*cells)))) }
