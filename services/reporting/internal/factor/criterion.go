package factor

import (
	"math"
	"slices"

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
//
// Uniquenesses are kept between Bound and 1 by a logistic function, of which the search is free: ψ = Bound + (1-Bound)/(1+e^-x).
type criterion struct {
	table      *mat.SymDense
	factors    int
	likelihood bool

	// What was computed last, and where.
	x, unique, gammas []float64
	omegas            *mat.Dense
	value             float64
	gradient          []float64
	// inner are the derivatives by log ψ or ψ, first and second those of log ψ or ψ by x.
	inner, first, second []float64
	failed               bool
}

// logit is the inverse of the logistic function.
func logit(u float64) float64 {
	s := (u - Bound) / (1 - Bound)
	return math.Log(s / (1 - s))
}

// at computes the value and the gradient; the search asks for them one after the other at the same place.
func (c *criterion) at(x []float64) {
	if c.x != nil && slices.Equal(c.x, x) {
		return
	}
	p := len(x)
	c.x = slices.Clone(x)
	c.unique, c.inner, c.first, c.second, c.gradient = make([]float64, p), make([]float64, p), make([]float64, p), make([]float64, p), make([]float64, p)
	for i, v := range x {
		s := 1 / (1 + math.Exp(-v))
		u := Bound + (1-Bound)*s
		// By x; of the logarithm they are those of ψ divided.
		first, second := (1-Bound)*s*(1-s), (1-Bound)*s*(1-s)*(1-2*s)
		if c.likelihood {
			first, second = first/u, second/u-first/u*(first/u)
		}
		c.unique[i], c.first[i], c.second[i] = u, first, second
	}
	var err error
	if c.gammas, c.omegas, err = eigen(c.reduced()); err != nil {
		c.failed, c.value = true, math.Inf(1)
		return
	}
	c.value = 0
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
			c.inner[i] += by * c.omegas.At(i, m) * c.omegas.At(i, m)
		}
	}
	for i := range p {
		c.gradient[i] = c.inner[i] * c.first[i]
	}
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

// curvature fills in the second derivatives where the criterion was computed last.
func (c *criterion) curvature(hessian *mat.SymDense) {
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
	for i := range p {
		for j := range i + 1 {
			v := a.At(i, j) * c.first[i] * c.first[j]
			if i == j {
				v += c.inner[i] * c.second[i]
			}
			hessian.SetSym(i, j, v)
		}
	}
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
