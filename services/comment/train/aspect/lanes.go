package aspect

import (
	"math"
	"math/rand/v2"

	"github.com/otklik/otklik/services/comment/internal/aspect"
)

// example is a comment as the first stage learns from it: a target of each lane, or none.
type example struct {
	hashes []uint32
	target [aspect.Lanes]float32 // below 0: none
	weight float32
}

// stage says how to learn the first stage.
type stage struct {
	bits   int
	epochs int
	rate   float32
	decay  float32
	seen   int
	seed   uint64
}

// fit learns the lanes at once, each a logistic regression.
func (s *stage) fit(examples []example) []float32 {
	const lanes = aspect.Lanes
	shift := uint32(32 - s.bits) //nolint:gosec // below 32
	w := make([]float32, lanes<<s.bits)
	square := make([]float32, 1<<s.bits)
	kept := s.kept(examples, shift)
	pace := s.pace(examples, shift)
	var bias, biasSquare [lanes]float32
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	random := rand.New(rand.NewPCG(s.seed, 0x617370656374)) //nolint:gosec // an order, not a secret
	for epoch := range s.epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		rate := s.rate * float32(1-0.85*float64(epoch)/float64(s.epochs))
		for _, i := range order {
			e := &examples[i]
			if len(e.hashes) == 0 {
				continue
			}
			x := float32(1 / math.Sqrt(float64(len(e.hashes))+24))
			var z, g [lanes]float32
			for _, f := range e.hashes {
				row := (*[lanes]float32)(w[int(f>>shift)*lanes:])
				for c, v := range row {
					z[c] += v
				}
			}
			var norm float32
			for c := range z {
				if e.target[c] < 0 {
					continue
				}
				p := float32(1 / (1 + math.Exp(-float64(float32(z[c]*x)+bias[c]))))
				g[c] = float32((p - e.target[c]) * e.weight)
				norm += float32(g[c] * g[c])
				biasSquare[c] += float32(g[c] * g[c])
				bias[c] -= float32(0.1 * rate * g[c] / float32(math.Sqrt(float64(biasSquare[c])+1)))
			}
			if norm < 1e-6 {
				continue
			}
			norm *= float32(x * x)
			for c := range g {
				g[c] *= x
			}
			for _, f := range e.hashes {
				at := int(f >> shift)
				if !kept[at] {
					continue
				}
				square[at] += norm
				step := rate / float32(math.Sqrt(float64(square[at])+1e-4))
				shrink := 1 - float32(step*s.decay)
				row := (*[lanes]float32)(w[at*lanes:])
				of := (*[lanes]float32)(pace[at*lanes:])
				for c := range row {
					row[c] = float32(row[c]*shrink) - float32(step*float32(g[c]*of[c]))
				}
			}
		}
	}
	return w
}

// pace says how fast each weight is learnt: the more, the more often the feature goes with the lane, or the less often, than by chance. What tells
// nothing stays small, as in the classifiers that combine naive Bayes with regression.
func (s *stage) pace(examples []example, shift uint32) []float32 {
	const lanes = aspect.Lanes
	with, without := make([]float32, lanes<<s.bits), make([]float32, lanes<<s.bits)
	var all, none [lanes]float64
	for i := range examples {
		e := &examples[i]
		for c, t := range e.target {
			switch {
			case t > 0:
				all[c] += float64(e.weight)
			case t == 0:
				none[c] += float64(e.weight)
			}
		}
		for _, f := range e.hashes {
			at := int(f>>shift) * lanes
			for c, t := range e.target {
				if t > 0 {
					with[at+c] += e.weight
				} else if t == 0 {
					without[at+c] += e.weight
				}
			}
		}
	}
	for i := range with {
		c := i % lanes
		a := (float64(with[i]) + 0.5) / (all[c] + 1)
		b := (float64(without[i]) + 0.5) / (none[c] + 1)
		with[i] = float32(math.Abs(math.Log(a/b)) * paceScale)
	}
	return with
}

// paceScale brings the usual pace to one.
const paceScale = 0.7

// kept tells the rows of weights that enough comments have.
func (s *stage) kept(examples []example, shift uint32) []bool {
	count, last := make([]uint8, 1<<s.bits), make([]int, 1<<s.bits)
	for i := range examples {
		for _, f := range examples[i].hashes {
			if at := f >> shift; last[at] != i+1 && count[at] < 255 {
				last[at] = i + 1
				count[at]++
			}
		}
	}
	kept := make([]bool, len(count))
	for i, n := range count {
		kept[i] = int(n) >= s.seen
	}
	return kept
}
