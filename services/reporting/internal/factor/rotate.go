package factor

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

const (
	// promaxPower is the power of varimax loadings that promax aims at.
	promaxPower = 4
	// rotations is the greatest number of steps of varimax, and settled the gain of its criterion, relative, at which it ends.
	rotations, settled = 2000, 1e-15
)

// rotate turns loadings (items × factors), in the conventions of the package; the second result is the correlation of factors, nil where they have none.
func rotate(loadings *mat.Dense, how Rotation) (*mat.Dense, *mat.Dense, error) {
	_, k := loadings.Dims()
	if how == None || k < 2 {
		return convention(loadings), nil, nil
	}
	turned, err := varimax(loadings)
	if err != nil {
		return nil, nil, err
	}
	turned = convention(turned)
	if how == Varimax {
		return turned, nil, nil
	}
	return promax(turned)
}

// convention turns factors so that their loadings sum to 0 or more, and orders them by the variance they explain.
func convention(loadings *mat.Dense) *mat.Dense {
	p, k := loadings.Dims()
	columns := make([][]float64, k)
	squares := func(c []float64) float64 { return mat.Dot(mat.NewVecDense(p, c), mat.NewVecDense(p, c)) }
	for f := range columns {
		columns[f] = mat.Col(nil, f, loadings)
		if mat.Sum(mat.NewVecDense(p, columns[f])) < 0 {
			for i := range columns[f] {
				columns[f][i] = -columns[f][i]
			}
		}
	}
	slices.SortStableFunc(columns, func(a, b []float64) int {
		switch sa, sb := squares(a), squares(b); {
		case sa > sb:
			return -1
		case sa < sb:
			return 1
		}
		return 0
	})
	out := mat.NewDense(p, k, nil)
	for f, c := range columns {
		out.SetCol(f, c)
	}
	return out
}

// varimax maximises the variance of the squared loadings of each factor (Kaiser 1958), of items scaled to communality 1 (Kaiser's normalisation), by singular
// value decompositions of the gradient (Sherin 1966).
func varimax(loadings *mat.Dense) (*mat.Dense, error) {
	p, k := loadings.Dims()
	scaled := mat.DenseCopyOf(loadings)
	for i := range p {
		row := scaled.RawRowView(i)
		if length := mat.Norm(mat.NewVecDense(k, row), 2); length > 0 {
			for f := range row {
				row[f] /= length
			}
		}
	}
	turn := mat.NewDense(k, k, nil)
	for f := range k {
		turn.Set(f, f, 1)
	}
	var turned, gradient, u, v mat.Dense
	var svd mat.SVD
	for before, step := 0.0, 0; step < rotations; step++ {
		turned.Mul(scaled, turn)
		means := make([]float64, k)
		for i := range p {
			for f, x := range turned.RawRowView(i) {
				means[f] += x * x / float64(p)
			}
		}
		turned.Apply(func(_, f int, x float64) float64 { return x * (x*x - means[f]) }, &turned)
		gradient.Mul(scaled.T(), &turned)
		if !svd.Factorize(&gradient, mat.SVDFull) {
			return nil, refusal.New(refusal.NotConverged, nil, "the rotation was not found: ask for fewer factors, or for none")
		}
		svd.UTo(&u)
		svd.VTo(&v)
		turn.Mul(&u, v.T())
		var now float64
		for _, s := range svd.Values(nil) {
			now += s
		}
		if now <= before*(1+settled) {
			break
		}
		before = now
	}
	var out mat.Dense
	out.Mul(loadings, turn)
	return &out, nil
}

// promax fits the varimax loadings to their own power by least squares and scales the factors to variance 1 (Hendrickson and White 1964).
func promax(loadings *mat.Dense) (*mat.Dense, *mat.Dense, error) {
	_, k := loadings.Dims()
	var target, square, product, turn mat.Dense
	target.Apply(func(_, _ int, x float64) float64 { return x * math.Pow(math.Abs(x), promaxPower-1) }, loadings)
	square.Mul(loadings.T(), loadings)
	product.Mul(loadings.T(), &target)
	unsolved := refusal.New(refusal.NotConverged, nil, "the factors cannot be rotated obliquely, since one explains nothing: ask for fewer factors, or for varimax")
	if err := turn.Solve(&square, &product); err != nil {
		return nil, nil, unsolved
	}
	var inverse, pattern, back, phi mat.Dense
	square.Mul(turn.T(), &turn)
	if err := inverse.Inverse(&square); err != nil {
		return nil, nil, unsolved
	}
	for f := range k {
		scale := math.Sqrt(inverse.At(f, f))
		for g := range k {
			turn.Set(g, f, turn.At(g, f)*scale)
		}
	}
	pattern.Mul(loadings, &turn)
	if err := back.Inverse(&turn); err != nil {
		return nil, nil, unsolved
	}
	phi.Mul(&back, back.T())
	return &pattern, &phi, nil
}
