package factor

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// criterion is what an extraction minimises, as a function of the uniquenesses alone: for given ones the best loadings follow from eigenvectors.
//
// Maximum likelihood: with γ the eigenvalues of Ψ^-½RΨ^-½ it is Σ(γ - log γ - 1) over those beyond the factors, as a function of log ψ (Jöreskog 1967).
// Minres: with γ the eigenvalues of R - Ψ it is ½Σγ² over those beyond, as a function of ψ (Harman and Jones 1966; Jöreskog's ULS).
// Both have the gradient and curvature below, by perturbation of the eigenvalues and eigenvectors ω:
//
//	likelihood: gᵢ = Σ(1-γₘ)ωᵢₘ², Hᵢⱼ = AᵢⱼBᵢⱼ + ΣΣ (1-γₘ)(γₙ+γₘ)/(γₙ-γₘ)·ωᵢₘωⱼₘωᵢₙωⱼₙ
//	minres:     gᵢ = -Σγₘωᵢₘ²,    Hᵢⱼ = Aᵢⱼ²   - ΣΣ 2γₘ/(γₙ-γₘ)·ωᵢₘωⱼₘωᵢₙωⱼₙ
//
// where m runs over the eigenvalues beyond the factors, n over those of the factors, Aᵢⱼ = Σωᵢₘωⱼₘ and Bᵢⱼ = Σγₘωᵢₘωⱼₘ.
type criterion struct {
	table      *mat.SymDense
	factors    int
	likelihood bool

	// What was computed last.
	unique, gammas []float64
	omegas         *mat.Dense
	value          float64
	gradient       []float64
}

// bounds are those of the variables: of uniquenesses from Bound to 1, or their logarithms.
func (c *criterion) bounds() (low, high float64) {
	if c.likelihood {
		return math.Log(Bound), 0
	}
	return Bound, 1
}

// at computes the value and the gradient at x, which are log ψ or ψ.
func (c *criterion) at(x []float64) error {
	p := len(x)
	c.unique, c.gradient, c.value = make([]float64, p), make([]float64, p), 0
	for i, v := range x {
		if c.unique[i] = v; c.likelihood {
			c.unique[i] = math.Exp(v)
		}
	}
	var err error
	if c.gammas, c.omegas, err = eigen(c.reduced()); err != nil {
		return err
	}
	for m := c.factors; m < p; m++ {
		gamma := c.gammas[m]
		by := -gamma
		if c.likelihood {
			// Rounding must not make the logarithm of what is positive undefined.
			gamma = max(gamma, 1e-300)
			c.value += gamma - math.Log(gamma) - 1
			by = 1 - gamma
		} else {
			c.value += gamma * gamma / 2
		}
		for i := range p {
			c.gradient[i] += by * c.omegas.At(i, m) * c.omegas.At(i, m)
		}
	}
	return nil
}

// reduced is the table whose eigenvalues are taken.
func (c *criterion) reduced() *mat.SymDense {
	p := len(c.unique)
	out := mat.NewSymDense(p, nil)
	for i := range p {
		for j := range i + 1 {
			v := c.table.At(i, j)
			switch {
			case c.likelihood:
				v /= math.Sqrt(c.unique[i] * c.unique[j])
			case i == j:
				v -= c.unique[i]
			}
			out.SetSym(i, j, v)
		}
	}
	return out
}

// curvature is the table of second derivatives where the criterion was computed last.
func (c *criterion) curvature() *mat.Dense {
	p := len(c.unique)
	head, tail := c.omegas.Slice(0, p, 0, c.factors), c.omegas.Slice(0, p, c.factors, p)
	var a, b, weighed mat.Dense
	a.Mul(tail, tail.T())
	weighed.Apply(func(_, m int, v float64) float64 {
		if c.likelihood {
			return v * c.gammas[c.factors+m]
		}
		return v
	}, tail)
	b.Mul(&weighed, tail.T())
	a.MulElem(&a, &b)
	var of, products, scaled mat.Dense
	for m := c.factors; m < p; m++ {
		gamma := c.gammas[m]
		scaled.Apply(func(_, n int, v float64) float64 {
			// Where eigenvalues on both sides meet there is no second derivative; the search then steps by the others.
			distance := max(c.gammas[n]-gamma, 1e-9)
			if c.likelihood {
				return v * (1 - gamma) * (c.gammas[n] + gamma) / distance
			}
			return -v * 2 * gamma / distance
		}, head)
		of.Mul(&scaled, head.T())
		column := c.omegas.ColView(m)
		products.Outer(1, column, column)
		of.MulElem(&of, &products)
		a.Add(&a, &of)
	}
	return &a
}

// loadings are those that go with the uniquenesses.
func (c *criterion) loadings() *mat.Dense {
	p := len(c.unique)
	out := mat.NewDense(p, c.factors, nil)
	for f := range c.factors {
		for i := range p {
			if c.likelihood {
				out.Set(i, f, math.Sqrt(c.unique[i]*max(0, c.gammas[f]-1))*c.omegas.At(i, f))
			} else {
				out.Set(i, f, math.Sqrt(max(0, c.gammas[f]))*c.omegas.At(i, f))
			}
		}
	}
	return out
}
