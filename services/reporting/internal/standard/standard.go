// Package standard judges mystery visits: how far standards are complied with, Σ weight·passed / Σ weight·applicable, and which of their criteria go together
// with what locations sell.
package standard

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
)

const (
	// LeastPlaces is the number of locations below which a criterion is not related to anything.
	LeastPlaces = 5
	// significant is the corrected p-value from which on a criterion relates to nothing that could be told.
	significant = 0.05
	// power is the chance with which a correlation of the size Detectable would have been found.
	power = 0.8
)

// Result is what a visitor found of a criterion that applied.
type Result struct {
	Criterion string
	// Weight is what it counts, > 0.
	Weight float64
	Passed bool
}

// Visit is a mystery visit of a location; criteria that did not apply are not among its results.
type Visit struct {
	Place   string
	Results []Result
}

// Compliance is how far standards are complied with.
type Compliance struct {
	Visits int
	// Applicable and Passed are sums of weights.
	Applicable, Passed float64
	// Share is Passed/Applicable, 0 to 1; nil where nothing applied. Its error is by locations as clusters, by visits where there is one location.
	Share *estimate.Estimate
}

// Comply sums up visits.
func Comply(visits []Visit, level float64) (Compliance, error) {
	out := Compliance{Visits: len(visits)}
	places := map[string]stat.Cluster{}
	var order []string
	var single []stat.Cluster
	for _, v := range visits {
		c := stat.Cluster{Times: 1}
		for _, r := range v.Results {
			c.Size += r.Weight
			if r.Passed {
				c.Sum += r.Weight
			}
		}
		if c.Size == 0 {
			continue
		}
		out.Applicable, out.Passed = out.Applicable+c.Size, out.Passed+c.Sum
		single = append(single, c)
		p, ok := places[v.Place]
		if !ok {
			order = append(order, v.Place)
		}
		places[v.Place] = stat.Cluster{Sum: p.Sum + c.Sum, Size: p.Size + c.Size, Times: 1}
	}
	if len(single) == 0 {
		return out, nil
	}
	clusters := single
	if len(order) > 1 {
		clusters = clusters[:0:0]
		for _, place := range order {
			clusters = append(clusters, places[place])
		}
	}
	m, err := stat.ClusteredMean(clusters)
	if err != nil && !errors.Is(err, stat.ErrUndefined) {
		return Compliance{}, err
	}
	share := estimate.Of(m, level, estimate.Clustered).Clip(0, 1)
	out.Share = &share
	return out, nil
}

// Verdict is whether a criterion goes together with sales.
type Verdict uint8

// The verdicts.
const (
	// Untested: too few locations, or all pass, or all sell the same.
	Untested Verdict = iota
	// Related: the corrected p-value is below 5 %.
	Related
	// Unrelated: it is not. A correlation below Detectable may have been missed.
	Unrelated
)

// Criterion is a criterion with what it means for sales.
type Criterion struct {
	Criterion string
	Compliance
	// Places are the locations where it applied at some visit and sales are known; R is the correlation over them of the share of visits that passed with
	// sales, with Fisher's interval.
	Places       int
	R            *estimate.Estimate
	P, AdjustedP *float64
	Verdict      Verdict
	// Detectable is the size of a correlation that so many locations would have shown with a chance of 80 %, before any correction; nil where it was not
	// tested.
	Detectable *float64
}

// Relate tells of each criterion whether it goes together with sales, which are known by location. Criteria are in the order of how strongly they do, those
// not tested last; family is the number of tests that p-values are corrected for.
func Relate(visits []Visit, sales map[string]float64, level float64) (criteria []Criterion, family int, err error) {
	byCriterion := map[string][]Visit{}
	for _, v := range visits {
		for _, r := range v.Results {
			byCriterion[r.Criterion] = append(byCriterion[r.Criterion], Visit{Place: v.Place, Results: []Result{r}})
		}
	}
	for name, found := range byCriterion {
		c := Criterion{Criterion: name}
		if c.Compliance, err = Comply(found, level); err != nil {
			return nil, 0, err
		}
		c.correlate(found, sales, level)
		criteria = append(criteria, c)
	}
	slices.SortFunc(criteria, func(a, b Criterion) int {
		return cmp.Or(cmp.Compare(b.strength(), a.strength()), cmp.Compare(a.Criterion, b.Criterion))
	})
	p := make([]*float64, len(criteria))
	for i, c := range criteria {
		p[i] = c.P
	}
	adjusted, family, err := estimate.Adjust(p)
	if err != nil {
		return nil, 0, err
	}
	for i := range criteria {
		criteria[i].judge(adjusted[i])
	}
	return criteria, family, nil
}

// correlate fills in how the criterion goes together with sales.
func (c *Criterion) correlate(visits []Visit, sales map[string]float64, level float64) {
	passed, applied := map[string]float64{}, map[string]float64{}
	for _, v := range visits {
		applied[v.Place]++
		if v.Results[0].Passed {
			passed[v.Place]++
		}
	}
	var places []string
	for place := range applied {
		if _, ok := sales[place]; ok {
			places = append(places, place)
		}
	}
	// Sums of floating-point numbers depend on their order.
	slices.Sort(places)
	c.Places = len(places)
	if c.Places < LeastPlaces {
		return
	}
	x, y := make([]float64, c.Places), make([]float64, c.Places)
	for i, place := range places {
		x[i], y[i] = passed[place]/applied[place], sales[place]
	}
	r, ok := estimate.Pearson(x, y)
	if !ok {
		return
	}
	n := float64(c.Places)
	e, p := estimate.Correlation(r, n, level)
	detectable := math.Tanh((stat.CriticalZ(1-significant) + stat.NormalQuantile(power)) / math.Sqrt(n-3))
	c.R, c.P, c.Detectable = &e, p, &detectable
}

func (c *Criterion) judge(adjusted *float64) {
	c.AdjustedP = adjusted
	switch {
	case adjusted == nil:
	case *adjusted < significant:
		c.Verdict = Related
	default:
		c.Verdict = Unrelated
	}
}

// strength orders criteria: those without a correlation come last.
func (c *Criterion) strength() float64 {
	if c.R == nil {
		return -1
	}
	return math.Abs(c.R.Value)
}
