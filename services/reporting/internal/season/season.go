// Package season tells how a number of locations goes with month, working day, day of the week and hour: least squares with an effect of each location's own,
// so that differences between locations count for nothing, and standard errors by locations as clusters, since the days of one location are alike (Cameron and
// Miller 2015, Journal of Human Resources 50; the correction for few clusters is that of Stata).
package season

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

const (
	// LeastClusters is the number of locations from which clusters are locations; below it clusters are the weeks of locations.
	LeastClusters = 5
	// singular is the part of a column that is left when the columns before it are taken off, below which they tell it.
	singular = 1e-9
)

// Factor is what observations are told apart by.
type Factor struct {
	// Name is `month`, `working_day`, `weekday` or `hour`.
	Name string
	// Levels are the names of its values.
	Levels []string
}

// Observation is one number of a location.
type Observation struct {
	// Place and Week are numbers from 0 on; Week tells weeks of all locations apart, as it is counted in the calendar.
	Place int
	Week  int64
	// Levels are the indices of the levels of each factor.
	Levels []int
	Value  float64
}

// Effect is how much more or less a level has than the reference of its factor.
type Effect struct {
	Level string
	// N counts its observations.
	N int
	// Difference is that from the reference, in units of the value; nothing but 0 for the reference itself. P is the p-value of its being 0, AdjustedP the same
	// corrected over all levels of all factors (Benjamini and Hochberg).
	Difference   estimate.Estimate
	P, AdjustedP *float64
	Reference    bool
}

// Fitted is a factor with its effects.
type Fitted struct {
	Name    string
	Effects []Effect
}

// Fit is what the regression says.
type Fit struct {
	N, Places, Clusters int
	// ByWeek tells that clusters are weeks of locations, for there are fewer than LeastClusters locations.
	ByWeek bool
	// Mean is that of all observations.
	Mean    float64
	Factors []Fitted
	// Within is the share of the variance within locations that the factors explain, 0 to 1.
	Within float64
	// Family is the number of tests that p-values are corrected for.
	Family int
}

// column is a level other than the reference.
type column struct {
	factor, level int
	name          string
}

// Regress fits the effects. The reference of a factor is its level with most observations, the first of those. It refuses (refusal.Singular, by name) levels
// that the others tell, as the working day where no holiday falls on a weekday, (refusal.Constant) a factor of one level or a value that never varies, and
// (refusal.TooFew) no more observations than effects.
func Regress(factors []Factor, observations []Observation, level float64) (Fit, error) {
	counts, err := countLevels(factors, observations)
	if err != nil {
		return Fit{}, err
	}
	columns, references := columnsOf(factors, counts)
	places := placesOf(observations)
	n, k := len(observations), len(columns)
	if n <= k+len(places) {
		return Fit{}, refusal.New(refusal.TooFew, nil, "there are %d observations for %d effects of %d locations: choose a longer period or fewer factors", n, k, len(places))
	}
	x, y, mean := within(observations, columns, places)
	if err := checkColumns(x, columns); err != nil {
		return Fit{}, err
	}
	total := mat.Dot(y, y)
	if total <= float64(n)*singular*singular*mean*mean {
		return Fit{}, refusal.New(refusal.Constant, nil, "the number never varies within a location: there is nothing to explain")
	}
	m, err := solve(x, y)
	if err != nil {
		return Fit{}, err
	}
	out := Fit{N: n, Places: len(places), ByWeek: len(places) < LeastClusters, Mean: mean, Within: max(0, 1-mat.Dot(m.residuals, m.residuals)/total)}
	errors := m.clustered(x, observations, out.ByWeek, len(places))
	out.Clusters = errors.clusters
	return out, out.fill(factors, counts, references, columns, m, errors, level)
}

// countLevels counts the observations of each level, and refuses factors of one level.
func countLevels(factors []Factor, observations []Observation) ([][]int, error) {
	counts := make([][]int, len(factors))
	for f, factor := range factors {
		counts[f] = make([]int, len(factor.Levels))
		for _, o := range observations {
			counts[f][o.Levels[f]]++
		}
		present := 0
		for _, c := range counts[f] {
			if c > 0 {
				present++
			}
		}
		if present < 2 {
			return nil, refusal.New(refusal.Constant, []string{factor.Name}, "all observations have the same %s: leave this factor out, or choose a longer period", factor.Name)
		}
	}
	return counts, nil
}

// columnsOf are the levels that are present, but the references.
func columnsOf(factors []Factor, counts [][]int) (columns []column, references []int) {
	for f, factor := range factors {
		reference := slices.Index(counts[f], slices.Max(counts[f]))
		references = append(references, reference)
		for l, name := range factor.Levels {
			if l != reference && counts[f][l] > 0 {
				columns = append(columns, column{f, l, factor.Name + "=" + name})
			}
		}
	}
	return columns, references
}

// placesOf counts the observations of each location.
func placesOf(observations []Observation) map[int]float64 {
	out := map[int]float64{}
	for _, o := range observations {
		out[o.Place]++
	}
	return out
}

// within are columns and values less their means at the location, which is what effects of locations take off.
func within(observations []Observation, columns []column, places map[int]float64) (x *mat.Dense, y *mat.VecDense, mean float64) {
	n := len(observations)
	x, y = mat.NewDense(n, max(1, len(columns)), nil), mat.NewVecDense(n, nil)
	means := map[int][]float64{}
	for i, o := range observations {
		at := means[o.Place]
		if at == nil {
			at = make([]float64, len(columns)+1)
			means[o.Place] = at
		}
		for c, col := range columns {
			if o.Levels[col.factor] == col.level {
				x.Set(i, c, 1)
				at[c] += 1 / places[o.Place]
			}
		}
		y.SetVec(i, o.Value)
		at[len(columns)] += o.Value / places[o.Place]
		mean += o.Value / float64(n)
	}
	for i, o := range observations {
		at := means[o.Place]
		for c := range columns {
			x.Set(i, c, x.At(i, c)-at[c])
		}
		y.SetVec(i, y.AtVec(i)-at[len(columns)])
	}
	return x, y, mean
}

// checkColumns refuses a column that those before it tell, with those that do.
func checkColumns(x *mat.Dense, columns []column) error {
	n := x.RawMatrix().Rows
	var basis []*mat.VecDense
	for c, col := range columns {
		v := mat.NewVecDense(n, mat.Col(nil, c, x))
		size := mat.Norm(v, 2)
		// Twice, as once leaves rounding behind.
		for range 2 {
			for _, b := range basis {
				v.AddScaledVec(v, -mat.Dot(v, b), b)
			}
		}
		rest := mat.Norm(v, 2)
		if !(rest > singular*max(size, 1)) {
			items := append(tellers(x, columns, c), col.name)
			return refusal.New(refusal.Singular, items, "%s is told by %v, so that their effects cannot be told apart: leave one of these factors out, or choose a period in which they differ",
				col.name, items[:len(items)-1])
		}
		v.ScaleVec(1/rest, v)
		basis = append(basis, v)
	}
	return nil
}

// tellers are the columns before one that tell it.
func tellers(x *mat.Dense, columns []column, c int) []string {
	var names []string
	if c == 0 {
		return []string{"the location"}
	}
	n := x.RawMatrix().Rows
	var beta mat.VecDense
	if err := beta.SolveVec(x.Slice(0, n, 0, c), x.ColView(c)); err != nil {
		return names
	}
	for i := range c {
		if math.Abs(beta.AtVec(i)) > 1e-6 {
			names = append(names, columns[i].name)
		}
	}
	if names == nil {
		// The column does not vary within any location.
		return []string{"the location"}
	}
	return names
}

// model is a solved regression.
type model struct {
	beta, residuals *mat.VecDense
	inverse         mat.SymDense
}

func solve(x *mat.Dense, y *mat.VecDense) (model, error) {
	k := x.RawMatrix().Cols
	square := mat.NewSymDense(k, nil)
	square.SymOuterK(1, x.T())
	var chol mat.Cholesky
	m := model{beta: mat.NewVecDense(k, nil), residuals: mat.NewVecDense(y.Len(), nil)}
	if !chol.Factorize(square) || chol.InverseTo(&m.inverse) != nil {
		return m, refusal.New(refusal.Singular, nil, "the factors tell each other: leave one of them out")
	}
	var right mat.VecDense
	right.MulVec(x.T(), y)
	if err := chol.SolveVecTo(m.beta, &right); err != nil {
		return m, fmt.Errorf("solve the regression: %w", err)
	}
	m.residuals.MulVec(x, m.beta)
	m.residuals.SubVec(y, m.residuals)
	return m, nil
}

// precision are the standard errors of coefficients.
type precision struct {
	se       []float64
	clusters int
}

// clustered are standard errors by clusters: (X′X)⁻¹ Σ Xg′ee′Xg (X′X)⁻¹ times G/(G-1)·(n-1)/(n-k), where k counts the effects of locations, too.
func (m model) clustered(x *mat.Dense, observations []Observation, byWeek bool, places int) precision {
	n, k := x.Dims()
	type cluster struct {
		place int
		week  int64
	}
	scores := map[cluster]*mat.VecDense{}
	// Sums of floating-point numbers depend on their order.
	var order []cluster
	for i, o := range observations {
		g := cluster{place: o.Place}
		if byWeek {
			g.week = o.Week
		}
		if scores[g] == nil {
			scores[g] = mat.NewVecDense(k, nil)
			order = append(order, g)
		}
		scores[g].AddScaledVec(scores[g], m.residuals.AtVec(i), x.RowView(i))
	}
	g := float64(len(order))
	out := precision{se: make([]float64, k), clusters: len(order)}
	if g < 2 {
		return out
	}
	meat := mat.NewSymDense(k, nil)
	for _, key := range order {
		meat.SymRankOne(meat, 1, scores[key])
	}
	var half, sandwich mat.Dense
	half.Mul(&m.inverse, meat)
	sandwich.Mul(&half, &m.inverse)
	correction := g / (g - 1) * float64(n-1) / float64(n-k-places)
	for c := range k {
		out.se[c] = math.Sqrt(max(0, correction*sandwich.At(c, c)))
	}
	return out
}

// fill tells the effects of each level.
func (f *Fit) fill(factors []Factor, counts [][]int, references []int, columns []column, m model, errors precision, level float64) error {
	at := map[[2]int]int{}
	for c, col := range columns {
		at[[2]int{col.factor, col.level}] = c
	}
	var tested []*Effect
	for i, factor := range factors {
		fitted := Fitted{Name: factor.Name}
		for l, name := range factor.Levels {
			if counts[i][l] == 0 {
				continue
			}
			e := Effect{Level: name, N: counts[i][l], Reference: l == references[i], Difference: estimate.Estimate{Method: estimate.Clustered}}
			if !e.Reference {
				c := at[[2]int{i, l}]
				se, df := errors.se[c], float64(errors.clusters-1)
				e.Difference = estimate.Of(stat.Mean{Estimate: m.beta.AtVec(c), StandardError: se, DF: df}, level, estimate.Clustered)
				if se > 0 {
					p := stat.PValueT(m.beta.AtVec(c)/se, df)
					e.P = &p
				}
			}
			fitted.Effects = append(fitted.Effects, e)
		}
		f.Factors = append(f.Factors, fitted)
	}
	for i := range f.Factors {
		for j := range f.Factors[i].Effects {
			tested = append(tested, &f.Factors[i].Effects[j])
		}
	}
	p := make([]*float64, len(tested))
	for i, e := range tested {
		p[i] = e.P
	}
	adjusted, family, err := estimate.Adjust(p)
	if err != nil {
		return err
	}
	f.Family = family
	for i, e := range tested {
		e.AdjustedP = adjusted[i]
	}
	return nil
}
