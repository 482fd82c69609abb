package aspect

import (
	"math"

	"github.com/otklik/otklik/services/comment/internal/sentiment"
)

// Sizes of the networks.
const (
	Hidden      = 12 // between what is weighed of a comment and the aspects
	JudgeHidden = 10
	Polarities  = 3
)

// Detector weighs what was gathered of a comment: a layer between, and straight ways from what concerns an aspect to that aspect.
type Detector struct {
	First  [Inputs][Hidden]float32
	Bias   [Hidden]float32
	Second [Hidden][Fixed]float32
	Own    [4][Fixed]float32               // from the four numbers of an aspect
	Common [Inputs - common][Fixed]float32 // from what is common
}

// Weigh returns the logits of the aspects.
func (n *Detector) Weigh(g *Gathered) (z [Fixed]float32) {
	h := n.Bias
	for i, x := range g {
		if x == 0 {
			continue
		}
		w := &n.First[i]
		for k := range h {
			h[k] += float32(x * w[k])
		}
	}
	for f := range n.Own {
		w := &n.Own[f]
		x := (*[Fixed]float32)(g[f*Fixed:])
		for a := range z {
			z[a] += float32(x[a] * w[a])
		}
	}
	for i, x := range g[common:] {
		if x == 0 {
			continue
		}
		w := &n.Common[i]
		for a := range z {
			z[a] += float32(x * w[a])
		}
	}
	for k, x := range h {
		if x <= 0 {
			continue
		}
		w := &n.Second[k]
		for a := range z {
			z[a] += float32(x * w[a])
		}
	}
	return z
}

// Judge weighs how an aspect is meant.
type Judge struct {
	First  [Judged][JudgeHidden]float32
	Second [JudgeHidden][Polarities]float32
	Direct [Judged][Polarities]float32
}

// Weigh returns the probabilities of negative, neutral and positive.
func (n *Judge) Weigh(j *Judgement) (p [Polarities]float32) {
	var h [JudgeHidden]float32
	for i, x := range j {
		if x == 0 {
			continue
		}
		w, v := &n.First[i], &n.Direct[i]
		for k := range h {
			h[k] += float32(x * w[k])
		}
		for c := range p {
			p[c] += float32(x * v[c])
		}
	}
	for k, x := range h {
		if x <= 0 {
			continue
		}
		for c := range p {
			p[c] += float32(x * n.Second[k][c])
		}
	}
	top := max(p[0], p[1], p[2])
	var sum float32
	for c := range p {
		p[c] = float32(math.Exp(float64(p[c] - top)))
		sum += p[c]
	}
	for c := range p {
		p[c] /= sum
	}
	return p
}

func polarity(p *[Polarities]float32) sentiment.Class {
	best := sentiment.Negative
	for c := sentiment.Neutral; c <= sentiment.Positive; c++ {
		if p[c] > p[best] {
			best = c
		}
	}
	return best
}
