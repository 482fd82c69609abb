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
	// singular is the part of the square of a column that is left when the columns before it are taken off, below which they tell it.
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

// Regress fits the effects of some of the factors, by their indices. The reference of a factor is its level with most observations, the first of those. It refuses
// (refusal.Singular, by name) levels that the others tell, as the working day where no holiday falls on a weekday, (refusal.Constant) a factor of one level or a
// value that never varies, and (refusal.TooFew) no more observations than effects.
func (s *Sums) Regress(use []int, level float64) (Fit, error) {
	factors, counts, err := s.countLevels(use)
	if err != nil {
		return Fit{}, err
	}
	columns, references := columnsOf(factors, counts)
	n, k := s.n, len(columns)
	if n <= k+len(s.places) {
		return Fit{}, refusal.New(refusal.TooFew, nil, "there are %d observations for %d effects of %d locations: choose a longer period or fewer factors", n, k, len(s.places))
	}
	at := make([]int, k)
	for c, col := range columns {
		at[c] = s.first[use[col.factor]] + col.level
	}
	m := s.model(at)
	if err := checkColumns(m.square, columns); err != nil {
		return Fit{}, err
	}
	mean := s.total / float64(n)
	if m.total <= float64(n)*singular*singular*mean*mean {
		return Fit{}, refusal.New(refusal.Constant, nil, "the number never varies within a location: there is nothing to explain")
	}
	if err := m.solve(); err != nil {
		return Fit{}, err
	}
	out := Fit{N: n, Places: len(s.places), ByWeek: len(s.places) < LeastClusters, Mean: mean, Within: min(1, max(0, mat.Dot(m.beta, m.right)/m.total))}
	errors := s.clustered(m, at, out.ByWeek)
	out.Clusters = errors.clusters
	return out, out.fill(factors, counts, references, columns, m, errors, level)
}

// countLevels counts the observations of each level of the factors, and refuses factors of one level.
func (s *Sums) countLevels(use []int) (factors []Factor, counts [][]int, err error) {
	for _, f := range use {
		factor := s.factors[f]
		of, present := make([]int, len(factor.Levels)), 0
		for l := range of {
			if of[l] = s.N(f, l); of[l] > 0 {
				present++
			}
		}
		if present < 2 {
			return nil, nil, refusal.New(refusal.Constant, []string{factor.Name}, "all observations have the same %s: leave this factor out, or choose a longer period", factor.Name)
		}
		factors, counts = append(factors, factor), append(counts, of)
	}
	return factors, counts, nil
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

// checkColumns refuses a column that those before it tell, with those that do. square are the products of columns less the means of their locations.
func checkColumns(square *mat.SymDense, columns []column) error {
	k := len(columns)
	// The factor of Cholesky, row by row.
	l := mat.NewDense(max(1, k), max(1, k), nil)
	for c, col := range columns {
		rest := square.At(c, c)
		for j := range c {
			v := square.At(c, j)
			for i := range j {
				v -= l.At(c, i) * l.At(j, i)
			}
			v /= l.At(j, j)
			l.Set(c, j, v)
			rest -= v * v
		}
		if !(rest > singular*max(square.At(c, c), 1)) {
			items := append(tellers(square, columns, c), col.name)
			return refusal.New(refusal.Singular, items, "%s is told by %v, so that their effects cannot be told apart: leave one of these factors out, or choose a period in which they differ",
				col.name, items[:len(items)-1])
		}
		l.Set(c, c, math.Sqrt(rest))
	}
	return nil
}

// tellers are the columns before one that tell it.
func tellers(square *mat.SymDense, columns []column, c int) []string {
	if c == 0 || square.At(c, c) < singular {
		// The column does not vary within any location.
		return []string{"the location"}
	}
	before, right := mat.NewSymDense(c, nil), mat.NewVecDense(c, nil)
	for i := range c {
		right.SetVec(i, square.At(i, c))
		for j := range i + 1 {
			before.SetSym(i, j, square.At(i, j))
		}
	}
	var names []string
	var beta mat.VecDense
	if err := beta.SolveVec(before, right); err != nil {
		return names
	}
	for i := range c {
		if math.Abs(beta.AtVec(i)) > 1e-6 {
			names = append(names, columns[i].name)
		}
	}
	return names
}

// model is a regression: the products of columns, those with the value, and the sum of its squares, all less the means of locations.
type model struct {
	square      *mat.SymDense
	right, beta *mat.VecDense
	total       float64
	inverse     mat.SymDense
}

// model adds up what is regressed.
func (s *Sums) model(at []int) *model {
	k := max(1, len(at))
	m := &model{square: mat.NewSymDense(k, nil), right: mat.NewVecDense(k, nil), beta: mat.NewVecDense(k, nil)}
	for _, p := range s.places {
		products, right := s.of(p, p, at)
		m.total += p.yy - p.y*p.y/p.n
		for a := range at {
			m.right.SetVec(a, m.right.AtVec(a)+right[a])
			for b := range a + 1 {
				m.square.SetSym(a, b, m.square.At(a, b)+products[a][b])
			}
		}
	}
	return m
}

// solve finds the coefficients.
func (m *model) solve() error {
	var chol mat.Cholesky
	if !chol.Factorize(m.square) || chol.InverseTo(&m.inverse) != nil {
		return refusal.New(refusal.Singular, nil, "the factors tell each other: leave one of them out")
	}
	if err := chol.SolveVecTo(m.beta, m.right); err != nil {
		return fmt.Errorf("solve the regression: %w", err)
	}
	return nil
}

// precision are the standard errors of coefficients.
type precision struct {
	se       []float64
	clusters int
}

// clustered are standard errors by clusters: (X′X)⁻¹ Σ Xg′ee′Xg (X′X)⁻¹ times G/(G-1)·(n-1)/(n-k), where k counts the effects of locations, too.
func (s *Sums) clustered(m *model, at []int, byWeek bool) precision {
	clusters := s.places
	if byWeek {
		clusters = nil
		for _, w := range s.order {
			clusters = append(clusters, s.weeks[w])
		}
	}
	n, k, g := float64(s.n), len(at), float64(len(clusters))
	out := precision{se: make([]float64, k), clusters: len(clusters)}
	if g < 2 {
		return out
	}
	meat, score := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil)
	for _, c := range clusters {
		products, right := s.of(c, s.places[c.place], at)
		for a := range k {
			v := right[a]
			for b := range k {
				v -= products[a][b] * m.beta.AtVec(b)
			}
			score.SetVec(a, v)
		}
		meat.SymRankOne(meat, 1, score)
	}
	var half, sandwich mat.Dense
	half.Mul(&m.inverse, meat)
	sandwich.Mul(&half, &m.inverse)
	correction := g / (g - 1) * (n - 1) / (n - float64(k) - float64(len(s.places)))
	for c := range k {
		out.se[c] = math.Sqrt(max(0, correction*sandwich.At(c, c)))
	}
	return out
}

// fill tells the effects of each level.
func (f *Fit) fill(factors []Factor, counts [][]int, references []int, columns []column, m *model, errors precision, level float64) error {
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
