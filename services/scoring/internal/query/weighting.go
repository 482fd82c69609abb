package query

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/filter"
)

// Weighting says what responses weigh: by the weights that are stated with them, or by raking to margins.
type Weighting struct {
	// Margins are the known distributions of keys in the population; without any, weights are those stated with responses.
	Margins []Margin
	// Cap is the greatest weight that raking gives, relative to the mean weight 1; 0 means 5.
	Cap float64
}

// Margin is the known distribution of a key in the population.
type Margin struct {
	Key     string
	Targets []Target
}

// Target is the share of one value of a key, in any unit: only proportions matter.
type Target struct {
	// Value is the value; empty for what does not state the key.
	Value string
	Share float64
}

const (
	// maxCells bounds the combinations of margins' values.
	maxCells = 200_000
	// rakingTolerance is how far a share may stay from its target.
	rakingTolerance = 1e-9
	// rakingPasses is how many passes over the cells are made at most, rakingWork bounds the cells looked at in all of them, for each margin: margins that cannot
	// be met are found out within a second or two. Margins that can are met in some tens of passes.
	rakingPasses, rakingWork = 2000, 200_000_000
	// leastShare and greatestShare bound shares: weights far beyond them, and their squares, could not be told from 0.
	leastShare, greatestShare = 1e-6, 1e12
)

// check refuses margins that mean nothing.
func (w *Weighting) check(schema filter.Schema) error {
	if len(w.Margins) > column.MaxGroupBy {
		return refuse(WeightingInvalid, "weighting.raking.margins", "there may be %d margins", column.MaxGroupBy)
	}
	if math.IsNaN(w.Cap) || w.Cap != 0 && w.Cap < 1 {
		return refuse(WeightingInvalid, "weighting.raking.cap", "the cap is relative to the mean weight, 1, and cannot be less")
	}
	for i, m := range w.Margins {
		field := fmt.Sprintf("weighting.raking.margins[%d]", i)
		if known, nearest := schema.Key(m.Key); !known {
			return unknownKey(field+".key", m.Key, nearest)
		}
		switch {
		case filter.ManyValued(m.Key):
			return refuse(WeightingInvalid, field+".key", "a response may have several values of %s: a margin is a key of which each has one", m.Key)
		case slices.ContainsFunc(w.Margins[:i], func(other Margin) bool { return other.Key == m.Key }):
			return refuse(WeightingInvalid, field+".key", "%s is a margin already", m.Key)
		case len(m.Targets) == 0:
			return refuse(WeightingInvalid, field+".targets", "a margin needs the share of at least one value")
		}
		seen := make(map[string]bool, len(m.Targets))
		for j, t := range m.Targets {
			at := fmt.Sprintf("%s.targets[%d]", field, j)
			if !(t.Share > 0) {
				return refuse(WeightingInvalid, at+".share", "a share is more than 0: leave out values that nobody of the population has")
			}
			if t.Share < leastShare || t.Share > greatestShare {
				return refuse(WeightingInvalid, at+".share", "a share is from %g to %g: only proportions matter, so choose another unit", leastShare, greatestShare)
			}
			if seen[t.Value] {
				return refuse(WeightingInvalid, at+".value", "the value %q has a share already", t.Value)
			}
			seen[t.Value] = true
		}
	}
	return nil
}

// raking is the weights of the combinations of margins' values.
type raking struct {
	keys    []string
	classes []map[string]int
	factors map[string]float64
}

// cellKey is one string for the values of a cell.
func cellKey(values []string) string { return strings.Join(values, "\x00") }

// factor is the weight of a cell; 0 for one without a class.
func (r *raking) factor(values []string) float64 {
	if f, ok := r.factors[cellKey(values)]; ok {
		return f
	}
	if r.classed(values) {
		// It occurs since the cells were counted.
		return 1
	}
	return 0
}

// classed tells whether values are classes of their margins.
func (r *raking) classed(values []string) bool {
	for k, v := range values {
		if _, ok := r.classes[k][v]; !ok {
			return false
		}
	}
	return true
}

// rake finds the weights of a query's rows: over all that it counts, whatever it groups by.
func (w *Weighting) rake(t *column.Table, q column.Query) (*raking, error) {
	r := &raking{factors: make(map[string]float64)}
	for _, m := range w.Margins {
		classes := make(map[string]int, len(m.Targets))
		for i, target := range m.Targets {
			classes[target.Value] = i
		}
		r.keys, r.classes = append(r.keys, m.Key), append(r.classes, classes)
	}
	q.GroupBy, q.Limit = r.keys, maxCells
	counted, err := t.Query(q)
	if errors.Is(err, column.ErrTooMany) {
		return nil, refuse(WeightingInvalid, "weighting.raking.margins",
			"the margins' values make more than %d combinations: use fewer or coarser ones", maxCells)
	}
	if err != nil {
		return nil, fmt.Errorf("count cells of margins: %w", err)
	}
	cells := slices.DeleteFunc(counted.Groups, func(g column.Group) bool { return !r.classed(g.Values) })
	if len(cells) == 0 {
		return r, nil
	}
	return r, r.solve(w, cells)
}

// passes is how many passes are made over cells.
func passes(cells, margins int) int { return min(rakingPasses, max(1, rakingWork/(cells*margins))) }

// solve finds the factors of cells.
func (r *raking) solve(w *Weighting, cells []column.Group) error {
	counts := make([]float64, len(cells))
	margins := make([]stat.Margin, len(w.Margins))
	for k, m := range w.Margins {
		margins[k].Class = make([]int, len(cells))
		for _, t := range m.Targets {
			margins[k].Target = append(margins[k].Target, t.Share)
		}
		observed := make([]int64, len(m.Targets))
		for i := range cells {
			class := r.classes[k][cells[i].Values[k]]
			margins[k].Class[i], counts[i] = class, float64(cells[i].Outcomes.Responses)
			observed[class] += cells[i].Outcomes.Responses
		}
		if i := slices.Index(observed, 0); i >= 0 {
			return state(WeightingInvalid, fmt.Sprintf("weighting.raking.margins[%d].targets[%d]", k, i), fmt.Sprintf(
				"no response that is counted has %s %q: weights cannot make up for nobody, leave the value out or count more", m.Key, m.Targets[i].Value))
		}
	}
	raked, err := stat.Rake(counts, margins, stat.RakeOptions{Cap: w.Cap, Tolerance: rakingTolerance, MaxIterations: passes(len(cells), len(margins))})
	if errors.Is(err, stat.ErrNotConverged) {
		return state(WeightingInvalid, "weighting.raking", fmt.Sprintf(
			"no weights up to the cap meet all margins: a share stays off by %.2g; raise the cap, join values, or leave a margin out", raked.Deviation))
	}
	if err != nil {
		return fmt.Errorf("rake: %w", err)
	}
	for i := range cells {
		r.factors[cellKey(cells[i].Values)] = raked.Weights[i]
	}
	return nil
}
