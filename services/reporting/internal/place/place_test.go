package place_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/place"
)

// TestContains: bounds may reach over the antimeridian, which is one line by two numbers.
func TestContains(t *testing.T) {
	t.Parallel()
	pacific, land := place.Bounds{West: 170, South: -20, East: -170, North: 0}, place.Bounds{West: 69, South: 39, East: 81, North: 44}
	for _, c := range []struct {
		name   string
		bounds place.Bounds
		point  place.Point
		want   bool
	}{
		{"within", land, place.Point{Longitude: 74.6, Latitude: 42.9}, true},
		{"to the east", land, place.Point{Longitude: 81.1, Latitude: 42.9}, false},
		{"to the south", land, place.Point{Longitude: 74.6, Latitude: 38.9}, false},
		{"on the edge", land, place.Point{Longitude: 69, Latitude: 39}, true},
		{"west of the antimeridian", pacific, place.Point{Longitude: 178, Latitude: -18}, true},
		{"east of the antimeridian", pacific, place.Point{Longitude: -178, Latitude: -18}, true},
		{"around the other side", pacific, place.Point{Longitude: 0, Latitude: -18}, false},
		{"the antimeridian from the other side", place.Bounds{West: 170, South: -90, East: 180, North: 90}, place.Point{Longitude: -180}, true},
	} {
		if got := c.bounds.Contains(c.point); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

// TestAround: the bounds around points are the smallest, whichever way round the Earth that is.
func TestAround(t *testing.T) {
	t.Parallel()
	if _, ok := place.Around(nil); ok {
		t.Error("nothing has bounds")
	}
	for name, c := range map[string]struct {
		points []place.Point
		want   place.Bounds
	}{
		"one":            {[]place.Point{{Longitude: 5, Latitude: 6}}, place.Bounds{West: 5, South: 6, East: 5, North: 6}},
		"two":            {[]place.Point{{Longitude: 74, Latitude: 43}, {Longitude: 72, Latitude: 40}}, place.Bounds{West: 72, South: 40, East: 74, North: 43}},
		"over the line":  {[]place.Point{{Longitude: 179, Latitude: 1}, {Longitude: -179, Latitude: -1}}, place.Bounds{West: 179, South: -1, East: -179, North: 1}},
		"three and line": {[]place.Point{{Longitude: 150}, {Longitude: -170}, {Longitude: 178}}, place.Bounds{West: 150, East: -170}},
	} {
		if got, ok := place.Around(c.points); !ok || got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestClusters: every point is in one cluster, whatever the zoom; clusters of a zoom lie within those of a lower one; the first zoom of the world has 16 cells;
// poles and the antimeridian have cells.
func TestClusters(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	points := []place.Point{{Latitude: 90}, {Latitude: -90}, {Longitude: 180}, {Longitude: -180}}
	for range 3000 {
		points = append(points, place.Point{Longitude: 360*rng.Float64() - 180, Latitude: 180*rng.Float64() - 90})
	}
	if n := len(place.Clusters(points, 0)); n != 16 {
		t.Errorf("%d cells of the world", n)
	}
	var coarser map[int]int
	for zoom := 0; zoom <= 22; zoom++ {
		of := make(map[int]int)
		for i, c := range place.Clusters(points, zoom) {
			around := make([]place.Point, len(c.Members))
			for j, m := range c.Members {
				if _, twice := of[m]; twice {
					t.Fatalf("zoom %d: point %d is in two clusters", zoom, m)
				}
				of[m], around[j] = i, points[m]
				if zoom > 0 && coarser[m] != coarser[c.Members[0]] {
					t.Fatalf("zoom %d: a cluster lies in two of the zoom before", zoom)
				}
			}
			if b, _ := place.Around(around); len(around) > 1 && (c.Middle.Latitude < b.South-1e-9 || c.Middle.Latitude > b.North+1e-9) && math.Abs(c.Middle.Latitude) < 85 {
				t.Fatalf("zoom %d: the middle %v lies outside of %v", zoom, c.Middle, b)
			}
		}
		if len(of) != len(points) {
			t.Fatalf("zoom %d: %d of %d points", zoom, len(of), len(points))
		}
		coarser = of
	}
}

// TestTally: the score of answers put together is that of all answers, and not the mean of scores; there is none without answers, and no interval that the
// answers do not determine.
func TestTally(t *testing.T) {
	t.Parallel()
	a, b := place.Tally{N: 90, Plus: 90}, place.Tally{N: 10, Minus: 10}
	a.Add(b)
	e, ok := a.Score(place.NPS, 0.95, 0, 10)
	if !ok || e.Value != 80 || e.Interval == nil || e.Method != "ADJUSTED_WALD" || !e.Interval.Contains(80) {
		t.Errorf("%+v", e)
	}
	if e, _ := (place.Tally{N: 4, Plus: 1}).Score(place.Share, 0.95, 0, 5); e.Value != 25 || e.Interval == nil {
		t.Errorf("%+v", e)
	}
	var m place.Tally
	if _, ok := m.Score(place.Mean, 0.95, 1, 5); ok {
		t.Error("a mean of nothing")
	}
	m.Value(5, 1)
	if e, ok := m.Score(place.Mean, 0.95, 1, 5); !ok || e.Value != 5 || e.Interval != nil {
		t.Errorf("%+v", e)
	}
	m.Value(4, 3)
	if e, _ := m.Score(place.Mean, 0.95, 1, 5); e.Value != 4.25 || e.Interval == nil || e.Interval.High > 5 || e.Method != "STUDENT_T" {
		t.Errorf("%+v", e)
	}
}

// BenchmarkClusters puts 20,000 locations together.
func BenchmarkClusters(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	points := slices.Collect(func(yield func(place.Point) bool) {
		for range 20_000 {
			if !yield(place.Point{Longitude: 69 + 11*rng.Float64(), Latitude: 39 + 5*rng.Float64()}) {
				return
			}
		}
	})
	for b.Loop() {
		place.Clusters(points, 6)
	}
}
