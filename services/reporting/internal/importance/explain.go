package importance

import (
	"context"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// Explain says how much each item matters for the outcome. outcome and items are different indices in the sample.
//
// It refuses (*refusal.Error): indices and options that cannot be, as arguments; not more effective responses than items and one (refusal.TooFew); and
// items that tell each other (refusal.Singular).
func Explain(ctx context.Context, s *moment.Sample, outcome int, items []int, o Options) (*Drivers, error) {
	level, err := o.level()
	if err != nil {
		return nil, err
	}
	draws, err := o.draws()
	if err != nil {
		return nil, err
	}
	if err := CheckDrivers(s, outcome, items); err != nil {
		return nil, err
	}
	clusters, err := s.Clusters(ctx)
	if err != nil {
		return nil, err
	}
	out := &Drivers{Drivers: make([]Driver, len(items)), Family: len(items)}
	for a, i := range items {
		d := &out.Drivers[a]
		p := pair{sample: s, clusters: clusters, first: i, second: outcome}
		*d = Driver{Item: i, N: s.N[i], PairN: s.Pairs[i][outcome]}
		d.Pearson, d.PearsonP = p.pearson(level)
		if o.Spearman {
			d.Spearman, d.SpearmanP = p.spearman(level)
		}
	}
	if err := adjust(len(items), func(a int) (*float64, **float64) { return out.Drivers[a].PearsonP, &out.Drivers[a].PearsonAdjustedP }); err != nil {
		return nil, err
	}
	if err := adjust(len(items), func(a int) (*float64, **float64) { return out.Drivers[a].SpearmanP, &out.Drivers[a].SpearmanAdjustedP }); err != nil {
		return nil, err
	}
	if err := regressionOf(ctx, s, outcome, items, level, out); err != nil {
		return nil, err
	}
	return out, out.divide(ctx, s, outcome, items, o.Shapley, draws, o.Seed, level)
}

// RelativeWeights are Johnson's of the items for the outcome, from a table of correlations; false where the table does not determine them.
func RelativeWeights(correlation [][]float64, outcome int, items []int) (stat.RelativeWeights, bool, error) {
	r, y := make([][]float64, len(items)), make([]float64, len(items))
	for a, i := range items {
		y[a] = correlation[i][outcome]
		r[a] = make([]float64, len(items))
		for b, j := range items {
			r[a][b] = correlation[i][j]
		}
	}
	w, err := stat.JohnsonWeights(y, r)
	if errors.Is(err, stat.ErrUndefined) {
		return w, false, nil
	}
	if err != nil {
		return w, false, fmt.Errorf("weigh items: %w", err)
	}
	return w, true, nil
}

// parts are R² divided among the items.
type parts struct {
	r2               float64
	johnson, shapley []float64
	// repaired tells that they are those of correlations that contradicted each other.
	repaired bool
}

func divide(correlation [][]float64, outcome int, items []int, withShapley bool) (*parts, error) {
	w, ok, err := RelativeWeights(correlation, outcome, items)
	if err != nil || !ok {
		return nil, err
	}
	p := &parts{r2: w.R2, johnson: w.Raw}
	if withShapley {
		p.shapley = shapley(correlation, outcome, items)
	}
	return p, nil
}

// divide fills in what each item contributes to R², with intervals by draws.
func (out *Drivers) divide(ctx context.Context, s *moment.Sample, outcome int, items []int, withShapley bool, draws int, seed uint64, level float64) error {
	if withShapley && len(items) > MostShapley {
		withShapley = false
		out.Notes = append(out.Notes, fmt.Sprintf("Shapley values are left out: there are more than %d items", MostShapley))
	}
	all, err := divide(s.Correlation, outcome, items, withShapley)
	if err != nil {
		return err
	}
	if all == nil {
		return refusal.New(refusal.Singular, nil, "the correlations of the items are singular: choose fewer items")
	}
	drawn := make([]*parts, draws)
	err = s.Resample(ctx, draws, seed, func(number int, d moment.Draw) {
		// A table that determines no weights leaves its draw out.
		if p, err := divide(d.Correlation, outcome, items, withShapley); err == nil && p != nil {
			p.repaired = d.Repaired
			drawn[number] = p
		}
	})
	if err != nil {
		return err
	}
	b := newBootstrap(drawn, s.Repaired, level)
	out.Draws = len(b.drawn)
	out.Notes = append(out.Notes, b.notes...)
	b.fill(out, all, s, outcome)
	return nil
}
