// Package fit learns the weights of linear models and small networks, the same weights from the same examples on every machine: one thread,
// fixed seeds, no fused multiplication and addition.
package fit

import (
	"math"
	"math/rand/v2"
)

// Lanes is how many classes a hashed model tells apart.
const Lanes = 4

// Example is a text as a hashed model learns from it.
type Example struct {
	Hashes []uint32
	Class  int
	Weight float32
	Masked [Lanes]bool // classes that its source does not tell from the others
}

// Hashed says how to learn a model of hashed features.
type Hashed struct {
	Bits   int
	Epochs int
	Rate   float32
	Decay  float32 // pulls weights towards nothing
	Smooth float32 // added to the number of features before its root divides
	Seen   int     // features of fewer texts are left out
	Seed   uint64
}

// Fit learns weights, row by row, and returns them with the offsets of the classes.
func (h *Hashed) Fit(examples []Example) []float32 {
	rows := 1 << h.Bits
	shift := uint32(32 - h.Bits) //nolint:gosec // below 32
	w := make([]float32, rows*Lanes)
	square := make([]float32, rows)
	kept := h.kept(examples, shift)
	var bias, biasSquare [Lanes]float32
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	random := rand.New(rand.NewPCG(h.Seed, 0x6F746B6C696B)) //nolint:gosec // an order, not a secret
	for epoch := range h.Epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		rate := h.Rate * float32(1-0.8*float64(epoch)/float64(h.Epochs))
		for _, i := range order {
			e := &examples[i]
			if e.Weight == 0 || len(e.Hashes) == 0 {
				continue
			}
			x := float32(1 / math.Sqrt(float64(len(e.Hashes))+float64(h.Smooth)))
			var z [Lanes]float32
			for _, f := range e.Hashes {
				row := w[int(f>>shift)*Lanes : int(f>>shift)*Lanes+Lanes : int(f>>shift)*Lanes+Lanes]
				z[0] += row[0]
				z[1] += row[1]
				z[2] += row[2]
				z[3] += row[3]
			}
			for c := range z {
				z[c] = float32(z[c]*x) + bias[c]
			}
			g := gradient(z, e)
			var norm float32
			for c := range g {
				norm += float32(g[c] * g[c])
			}
			if norm < 1e-8 {
				continue
			}
			for c := range bias {
				biasSquare[c] += float32(g[c] * g[c])
				bias[c] -= float32(0.1 * rate * g[c] / float32(math.Sqrt(float64(biasSquare[c])+1)))
			}
			for c := range g {
				g[c] *= x
			}
			norm *= float32(x * x)
			for _, f := range e.Hashes {
				at := int(f >> shift)
				if !kept[at] {
					continue
				}
				square[at] += norm
				step := rate / float32(math.Sqrt(float64(square[at])+1e-4))
				shrink := 1 - float32(step*h.Decay)
				row := w[at*Lanes : at*Lanes+Lanes : at*Lanes+Lanes]
				row[0] = float32(row[0]*shrink) - float32(step*g[0])
				row[1] = float32(row[1]*shrink) - float32(step*g[1])
				row[2] = float32(row[2]*shrink) - float32(step*g[2])
				row[3] = float32(row[3]*shrink) - float32(step*g[3])
			}
		}
	}
	return w
}

// kept tells the rows that enough texts have.
func (h *Hashed) kept(examples []Example, shift uint32) []bool {
	count := make([]uint8, 1<<h.Bits)
	last := make([]int32, 1<<h.Bits)
	for i := range examples {
		for _, f := range examples[i].Hashes {
			at := f >> shift
			if last[at] != int32(i+1) && count[at] < 255 { //nolint:gosec // thousands of examples
				last[at] = int32(i + 1) //nolint:gosec // as above
				count[at]++
			}
		}
	}
	kept := make([]bool, len(count))
	for i, n := range count {
		kept[i] = int(n) >= h.Seen
	}
	return kept
}

// gradient of the logarithm of the probability that the model gives to the right class.
func gradient(z [Lanes]float32, e *Example) (g [Lanes]float32) {
	top := float32(math.Inf(-1))
	for c := range z {
		if !e.Masked[c] {
			top = max(top, z[c])
		}
	}
	var sum float32
	for c := range z {
		if !e.Masked[c] {
			g[c] = float32(math.Exp(float64(z[c] - top)))
			sum += g[c]
		}
	}
	for c := range g {
		g[c] /= sum
		if c == e.Class {
			g[c]--
		}
		g[c] *= e.Weight
	}
	return g
}

// Quantise rounds weights to eight bits; scale is what one of them is worth.
func Quantise(w []float32, sigmas float64) (out []int8, scale float32) {
	var sum float64
	n := 0
	for _, x := range w {
		if x != 0 {
			sum += float64(x) * float64(x)
			n++
		}
	}
	if n == 0 {
		return make([]int8, len(w)), 1
	}
	most := sigmas * math.Sqrt(sum/float64(n))
	scale = float32(most / 127)
	out = make([]int8, len(w))
	for i, x := range w {
		out[i] = int8(math.Round(min(max(float64(x)/float64(scale), -127), 127)))
	}
	return out, scale
}
