package aspect

import (
	"math"
	"math/rand/v2"

	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
)

func rows[T any](n int, of func(i int) []T) [][]T {
	out := make([][]T, n)
	for i := range out {
		out[i] = of(i)
	}
	return out
}

// detector learns which aspects a comment speaks of from what was gathered of it.
func (c *course) detector(points []*row, kind int, n *aspect.Detector) {
	random := rand.New(rand.NewPCG(c.seed, 1)) //nolint:gosec // an order, not a secret
	first := over(rows(aspect.Inputs, func(i int) []float32 { return n.First[i][:] }), 0.15, random)
	bias := over([][]float32{n.Bias[:]}, 0, random)
	second := over(rows(aspect.Hidden, func(i int) []float32 { return n.Second[i][:] }), 0.15, random)
	straight := over(rows(len(n.Own), func(i int) []float32 { return n.Own[i][:] }), 0, random)
	shared := over(rows(len(n.Common), func(i int) []float32 { return n.Common[i][:] }), 0, random)
	for a := range n.Own[0] {
		n.Own[0][a] = 1
	}
	offset := aspect.Inputs - len(n.Common)
	learn := func(i int, share float64) {
		p := points[i]
		g := &p.gathered
		var h [aspect.Hidden]float64
		for k := range h {
			h[k] = float64(n.Bias[k])
		}
		for i, x := range g {
			if x != 0 {
				for k := range h {
					h[k] += float64(float64(x) * float64(n.First[i][k]))
				}
			}
		}
		z := n.Weigh(g)
		var d [aspect.Fixed]float64
		for a, s := range p.aspects {
			if s == unknown {
				continue
			}
			target := 0.0
			if s != absent {
				target = 1
			}
			d[a] = float64((1/(1+math.Exp(-float64(z[a]))) - target) * float64(float64(p.counts(kind))*share))
		}
		var back [aspect.Hidden]float64
		for k, x := range h {
			if x <= 0 {
				continue
			}
			for a, v := range d {
				second.grad[k][a] += float64(v * x)
				back[k] += float64(v * float64(n.Second[k][a]))
			}
			bias.grad[0][k] += back[k]
		}
		for i, x := range g {
			if x == 0 {
				continue
			}
			for k, b := range back {
				first.grad[i][k] += float64(b * float64(x))
			}
		}
		for f := range n.Own {
			for a, v := range d {
				straight.grad[f][a] += float64(v * float64(g[f*aspect.Fixed+a]))
			}
		}
		for i := range n.Common {
			if x := g[offset+i]; x != 0 {
				for a, v := range d {
					shared.grad[i][a] += float64(v * float64(x))
				}
			}
		}
	}
	c.run(len(points), []*matrix{first, bias, second, straight, shared}, random, learn)
}

// counts is what a comment counts for the network of a kind: those of other kinds count, too, for there are few.
func (r *row) counts(kind int) float32 {
	switch own := r.kind(); {
	case own == kind:
		return r.weight
	case own == aspect.Reviewed:
		return 0.15
	case kind == aspect.Reviewed:
		return 0.05
	}
	return r.weight * 0.3
}

// kind is the kind that a comment belongs to.
func (r *row) kind() int {
	head, _ := sentiment.HeadOf(r.label)
	switch {
	case r.source == reviews:
		return aspect.Reviewed
	case head == sentiment.Kyrgyz:
		return aspect.ToldKyrgyz
	}
	return aspect.Told
}

// judge learns how an aspect is meant.
func (c *course) judge(points []judgement, weights []float32, n *aspect.Judge) {
	random := rand.New(rand.NewPCG(c.seed, 2)) //nolint:gosec // an order, not a secret
	first := over(rows(aspect.Judged, func(i int) []float32 { return n.First[i][:] }), 0.2, random)
	second := over(rows(aspect.JudgeHidden, func(i int) []float32 { return n.Second[i][:] }), 0.2, random)
	direct := over(rows(aspect.Judged, func(i int) []float32 { return n.Direct[i][:] }), 0, random)
	learn := func(i int, share float64) {
		p := &points[i]
		var h [aspect.JudgeHidden]float64
		for i, x := range p.input {
			if x != 0 {
				for k := range h {
					h[k] += float64(float64(x) * float64(n.First[i][k]))
				}
			}
		}
		probable := n.Weigh(&p.input)
		var d [aspect.Polarities]float64
		for c := range d {
			d[c] = float64(probable[c])
			if c == int(p.class) {
				d[c]--
			}
			d[c] *= float64(float64(weights[i]) * share)
		}
		var back [aspect.JudgeHidden]float64
		for k, x := range h {
			if x <= 0 {
				continue
			}
			for c, v := range d {
				second.grad[k][c] += float64(v * x)
				back[k] += float64(v * float64(n.Second[k][c]))
			}
		}
		for i, x := range p.input {
			if x == 0 {
				continue
			}
			for k, b := range back {
				first.grad[i][k] += float64(b * float64(x))
			}
			for c, v := range d {
				direct.grad[i][c] += float64(v * float64(x))
			}
		}
	}
	c.run(len(points), []*matrix{first, second, direct}, random, learn)
}
