package fit

import (
	"math"
	"math/rand/v2"
)

// Point is what the second stage learns from.
type Point struct {
	Input  []float32
	Class  int
	Weight float32
	Masked [Lanes]bool
}

// Dense says how to learn a network of one layer between, with a straight way besides it.
type Dense struct {
	Inputs, Hidden int
	Epochs, Batch  int
	Rate, Decay    float64
	Seed           uint64
}

// Network is what was learnt.
type Network struct {
	First  [][]float64 // inputs × hidden
	Second [][]float64 // hidden × classes
	Direct [][]float64 // inputs × classes
}

// adam is the state of one parameter matrix.
type adam struct{ value, grad, mean, square [][]float64 }

func newAdam(rows, columns int, spread float64, random *rand.Rand) *adam {
	a := &adam{}
	for _, m := range []*[][]float64{&a.value, &a.grad, &a.mean, &a.square} {
		*m = make([][]float64, rows)
		for i := range *m {
			(*m)[i] = make([]float64, columns)
		}
	}
	for i := range a.value {
		for j := range a.value[i] {
			a.value[i][j] = float64(spread * random.NormFloat64())
		}
	}
	return a
}

func (a *adam) step(rate, decay float64, t int) {
	one, two := 1-math.Pow(0.9, float64(t)), 1-math.Pow(0.999, float64(t))
	for i := range a.value {
		for j, g := range a.grad[i] {
			a.mean[i][j] = float64(0.9*a.mean[i][j]) + float64(0.1*g)
			a.square[i][j] = float64(0.999*a.square[i][j]) + float64(0.001*float64(g*g))
			update := float64(a.mean[i][j]/one) / (math.Sqrt(a.square[i][j]/two) + 1e-8)
			a.value[i][j] -= float64(rate * (update + float64(decay*a.value[i][j])))
			a.grad[i][j] = 0
		}
	}
}

// Fit learns the network.
func (d *Dense) Fit(points []Point) *Network {
	random := rand.New(rand.NewPCG(d.Seed, 0x64656E7365)) //nolint:gosec // an order, not a secret
	first := newAdam(d.Inputs, d.Hidden, math.Sqrt(1/float64(d.Inputs)), random)
	second := newAdam(d.Hidden, Lanes, math.Sqrt(1/float64(d.Hidden)), random)
	direct := newAdam(d.Inputs, Lanes, 0, random)
	order := make([]int, len(points))
	for i := range order {
		order[i] = i
	}
	h, back := make([]float64, d.Hidden), make([]float64, d.Hidden)
	t := 0
	for epoch := range d.Epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		rate := float64(d.Rate * (1 - float64(0.95*float64(epoch)/float64(d.Epochs))))
		for from := 0; from < len(order); from += d.Batch {
			part := order[from:min(from+d.Batch, len(order))]
			for _, i := range part {
				d.learn(&points[i], first, second, direct, h, back, 1/float64(len(part)))
			}
			t++
			first.step(rate, d.Decay, t)
			second.step(rate, d.Decay, t)
			direct.step(rate, d.Decay, t)
		}
	}
	return &Network{First: first.value, Second: second.value, Direct: direct.value}
}

func (d *Dense) learn(p *Point, first, second, direct *adam, h, back []float64, share float64) {
	if p.Weight == 0 {
		return
	}
	for k := range h {
		h[k] = 0
	}
	var z [Lanes]float32
	var zz [Lanes]float64
	for i, x := range p.Input {
		if x == 0 {
			continue
		}
		for k, w := range first.value[i] {
			h[k] += float64(float64(x) * w)
		}
		for c, w := range direct.value[i] {
			zz[c] += float64(float64(x) * w)
		}
	}
	for k := range h {
		if h[k] = max(h[k], 0); h[k] > 0 {
			for c, w := range second.value[k] {
				zz[c] += float64(h[k] * w)
			}
		}
	}
	for c := range z {
		z[c] = float32(zz[c])
	}
	g := gradient(z, &Example{Class: p.Class, Weight: p.Weight, Masked: p.Masked})
	for k := range h {
		back[k] = 0
		if h[k] <= 0 {
			continue
		}
		for c := range g {
			gc := float64(float64(g[c]) * share)
			back[k] += float64(gc * second.value[k][c])
			second.grad[k][c] += float64(gc * h[k])
		}
	}
	for i, x := range p.Input {
		if x == 0 {
			continue
		}
		for k, b := range back {
			first.grad[i][k] += float64(b * float64(x))
		}
		for c := range g {
			direct.grad[i][c] += float64(float64(float64(g[c])*share) * float64(x))
		}
	}
}
