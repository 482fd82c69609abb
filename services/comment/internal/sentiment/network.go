package sentiment

import "math"

// Hidden is how many units the second stage has between its inputs and its classes.
const Hidden = 48

// network is the second stage: one layer between, and a straight way besides it.
type network struct {
	first  [Inputs][Hidden]float32
	second [Hidden][Classes]float32
	direct [Inputs][Classes]float32
}

// weigh returns the logits of the classes.
func (n *network) weigh(e *Evidence) (z [Classes]float32) {
	var h [Hidden]float32
	for i, x := range e {
		if x == 0 {
			continue
		}
		w := &n.first[i]
		for k := range h {
			h[k] += float32(x * w[k])
		}
		v := &n.direct[i]
		for c := range z {
			z[c] += float32(x * v[c])
		}
	}
	for k, x := range h {
		if x <= 0 {
			continue
		}
		w := &n.second[k]
		for c := range z {
			z[c] += float32(x * w[c])
		}
	}
	return z
}

// softmax turns logits into probabilities.
func softmax(z [Classes]float32) (p [Classes]float32) {
	top := max(z[0], z[1], z[2], z[3])
	var sum float32
	for c := range z {
		p[c] = float32(math.Exp(float64(z[c] - top)))
		sum += p[c]
	}
	for c := range p {
		p[c] /= sum
	}
	return p
}
