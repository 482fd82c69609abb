package aspect

import (
	"math"
	"math/rand/v2"
)

// matrix is a parameter of a network with its state under Adam, over the memory of the weights themselves.
type matrix struct {
	value              [][]float32
	grad, mean, square [][]float64
}

// over makes a matrix of rows of weights, drawn at random around zero.
func over(rows [][]float32, spread float64, random *rand.Rand) *matrix {
	m := &matrix{value: rows}
	m.grad, m.mean, m.square = zeros(rows), zeros(rows), zeros(rows)
	for _, r := range rows {
		for j := range r {
			r[j] = float32(spread * random.NormFloat64())
		}
	}
	return m
}

func zeros(like [][]float32) [][]float64 {
	out := make([][]float64, 0, len(like))
	for _, r := range like {
		out = append(out, make([]float64, len(r)))
	}
	return out
}

func (m *matrix) step(rate, decay float64, t int) {
	one, two := 1-math.Pow(0.9, float64(t)), 1-math.Pow(0.999, float64(t))
	for i := range m.value {
		for j, g := range m.grad[i] {
			m.mean[i][j] = float64(0.9*m.mean[i][j]) + float64(0.1*g)
			m.square[i][j] = float64(0.999*m.square[i][j]) + float64(0.001*float64(g*g))
			update := float64(m.mean[i][j]/one) / (math.Sqrt(m.square[i][j]/two) + 1e-8)
			m.value[i][j] -= float32(rate * (update + float64(decay*float64(m.value[i][j]))))
			m.grad[i][j] = 0
		}
	}
}

// course says how to learn a network.
type course struct {
	epochs, batch int
	rate, decay   float64
	seed          uint64
}

// run visits points in batches of a random order.
func (c *course) run(points int, matrices []*matrix, random *rand.Rand, learn func(i int, share float64)) {
	order := make([]int, points)
	for i := range order {
		order[i] = i
	}
	t := 0
	for epoch := range c.epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		rate := float64(c.rate * (1 - float64(0.95*float64(epoch)/float64(c.epochs))))
		for from := 0; from < len(order); from += c.batch {
			part := order[from:min(from+c.batch, len(order))]
			for _, i := range part {
				learn(i, 1/float64(len(part)))
			}
			t++
			for _, m := range matrices {
				m.step(rate, c.decay, t)
			}
		}
	}
}
