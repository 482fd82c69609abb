// Package quality tells how two counts of days go together in a place (visitors and units sold: the quality of traffic; visitors and consultations: the
// engagement of sellers; consultations and likes: perceived quality), and which share of visitors is consulted.
//
// Days that follow each other are alike, so that n days tell less than n independent observations. Correlations are therefore tested with the effective number
// of days: n / (1 + 2·Σ(1-k/n)·ρx(k)·ρy(k)) over the lags k up to a fifth of the days (Bayley and Hammersley 1946; Pyper and Peterman 1998, Canadian Journal of
// Fisheries and Aquatic Sciences 55). Shares take weeks as clusters.
package quality

import (
	"errors"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
)

// LeastDays is the number of days below which there is no correlation.
const LeastDays = 10

// Point is a day of a place on which both were counted.
type Point struct {
	// Day is the number of days since 1970-01-01.
	Day  int64
	X, Y float64
}

// Series are the days of a place.
type Series struct {
	Place  string
	Points []Point
}

// Why there is no correlation of a place.
const (
	// TooFewDays: fewer than LeastDays on which both were counted.
	TooFewDays = "TOO_FEW_DAYS"
	// Constant: one of them never varies.
	Constant = "CONSTANT"
)

// Relation is how two counts go together in a place.
type Relation struct {
	Place string
	// Days are those on which both were counted, Effective is the number of independent days that tell as much, from 2 to Days.
	Days      int
	Effective float64
	// R is nil where there is none, which Absent explains.
	R      *estimate.Estimate
	Absent string
	// P is the p-value of r being 0, AdjustedP the same corrected for all places (Benjamini and Hochberg).
	P, AdjustedP *float64
}

// Relations are those of all places.
type Relations struct {
	// Places are in the order asked for.
	Places []Relation
	// Typical is the mean over the places that have one, of Fisher's transforms, with Student's t by places; that of the place itself where there is one; nil
	// where there is none.
	Typical *estimate.Estimate
	// Family is the number of places that p-values are corrected for.
	Family int
}

// Together tells what the correlations within each place say together: differences between places, such as their size, count for nothing.
func Together(places []Relation, level float64) (Relations, error) {
	out := Relations{Places: places}
	var transforms []float64
	var p []*float64
	for _, r := range places {
		p = append(p, r.P)
		if r.R != nil && math.Abs(r.R.Value) < 1 {
			transforms = append(transforms, math.Atanh(r.R.Value))
		}
	}
	adjusted, family, err := estimate.Adjust(p)
	if err != nil {
		return Relations{}, err
	}
	out.Family = family
	for i := range out.Places {
		out.Places[i].AdjustedP = adjusted[i]
		if len(places) == 1 {
			out.Typical = out.Places[i].R
		}
	}
	if len(places) > 1 && len(transforms) > 0 {
		typical := typicalOf(transforms, level)
		out.Typical = &typical
	}
	return out, nil
}

// typicalOf is the mean of transforms, turned back.
func typicalOf(transforms []float64, level float64) estimate.Estimate {
	n, mean, squares := float64(len(transforms)), 0.0, 0.0
	for _, z := range transforms {
		mean += z / n
	}
	for _, z := range transforms {
		squares += (z - mean) * (z - mean)
	}
	e := estimate.Estimate{Value: math.Tanh(mean), Method: estimate.FisherZ}
	if n < 2 || squares == 0 {
		return e
	}
	se := math.Sqrt(squares / (n - 1) / n)
	half := stat.CriticalT(level, n-1) * se
	standard := (1 - e.Value*e.Value) * se
	e.SE, e.Interval = &standard, &stat.Interval{Low: math.Tanh(mean - half), High: math.Tanh(mean + half)}
	return e
}

// RelatePlace correlates within a place. The p-value is not corrected yet.
func RelatePlace(s Series, level float64) Relation {
	points := slices.Clone(s.Points)
	slices.SortFunc(points, func(a, b Point) int { return int(a.Day - b.Day) })
	out := Relation{Place: s.Place, Days: len(points)}
	if len(points) < LeastDays {
		out.Absent = TooFewDays
		return out
	}
	x, y := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		x[i], y[i] = p.X, p.Y
	}
	r, ok := estimate.Pearson(x, y)
	if !ok {
		out.Absent = Constant
		return out
	}
	out.Effective = effective(points)
	e, p := estimate.Correlation(r, out.Effective, level)
	out.R, out.P = &e, p
	return out
}

// effective is the number of independent days that tell as much of the correlation; gaps between days are kept as such.
func effective(points []Point) float64 {
	n := float64(len(points))
	var mx, my float64
	for _, p := range points {
		mx, my = mx+p.X/n, my+p.Y/n
	}
	at := make(map[int64]Point, len(points))
	var xx, yy float64
	for _, p := range points {
		p.X, p.Y = p.X-mx, p.Y-my
		at[p.Day] = p
		xx, yy = xx+p.X*p.X/n, yy+p.Y*p.Y/n
	}
	var sum float64
	for lag := int64(1); lag <= int64(len(points))/5; lag++ {
		var cx, cy, pairs float64
		for _, p := range points {
			a := at[p.Day]
			if b, ok := at[p.Day+lag]; ok {
				cx, cy, pairs = cx+a.X*b.X, cy+a.Y*b.Y, pairs+1
			}
		}
		if pairs > 1 {
			sum += (1 - float64(lag)/n) * (cx / pairs / xx) * (cy / pairs / yy)
		}
	}
	inflation := 1 + 2*sum
	if inflation <= 1 {
		return n
	}
	return max(2, n/inflation)
}

// Part is a day of a place: Hits of Of.
type Part struct {
	Day      int64
	Hits, Of float64
}

// Share is Σhits/Σof of a place, with its error by weeks as clusters; false where there is nothing to divide by. Hits may be more than Of, as when persons are
// consulted twice.
func Share(parts []Part, level float64) (estimate.Estimate, bool, error) {
	weeks := map[int64]stat.Cluster{}
	for _, p := range parts {
		// Day 0 was a Thursday; weeks begin on Mondays.
		week := int64(math.Floor(float64(p.Day+3) / 7))
		c := weeks[week]
		weeks[week] = stat.Cluster{Sum: c.Sum + p.Hits, Size: c.Size + p.Of, Times: 1}
	}
	order := make([]int64, 0, len(weeks))
	for week := range weeks {
		order = append(order, week)
	}
	slices.Sort(order)
	clusters := make([]stat.Cluster, len(order))
	for i, week := range order {
		clusters[i] = weeks[week]
	}
	return ratio(clusters, level)
}

// ShareOfPlaces is that of several places, with its error by places as clusters; of one place it is Share.
func ShareOfPlaces(places [][]Part, level float64) (estimate.Estimate, bool, error) {
	if len(places) == 1 {
		return Share(places[0], level)
	}
	clusters := make([]stat.Cluster, len(places))
	for i, parts := range places {
		clusters[i].Times = 1
		for _, p := range parts {
			clusters[i].Sum, clusters[i].Size = clusters[i].Sum+p.Hits, clusters[i].Size+p.Of
		}
	}
	return ratio(clusters, level)
}

func ratio(clusters []stat.Cluster, level float64) (estimate.Estimate, bool, error) {
	clusters = slices.DeleteFunc(clusters, func(c stat.Cluster) bool { return c.Size == 0 && c.Sum == 0 })
	if i := slices.IndexFunc(clusters, func(c stat.Cluster) bool { return c.Size == 0 }); i >= 0 {
		// Consultations of a week without a visitor have no share; they would be counted against nothing.
		return estimate.Estimate{}, false, nil
	}
	if len(clusters) == 0 {
		return estimate.Estimate{}, false, nil
	}
	m, err := stat.ClusteredMean(clusters)
	if err != nil && !errors.Is(err, stat.ErrUndefined) {
		return estimate.Estimate{}, false, err
	}
	return estimate.Of(m, level, estimate.Clustered).Clip(0, math.Inf(1)), true, nil
}
