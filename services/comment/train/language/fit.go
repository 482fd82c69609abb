package language

import (
	"math"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// Row is a text with its label.
type Row struct {
	Text  string
	Label language.Label
}

const classes = language.Labels - 1

// weights are the model while it is trained, classes of a bucket side by side.
type weights struct {
	w, g []float32
}

// Options of a training.
type Options struct {
	Epochs    int
	Rate      float32
	Fragments int // short stretches of a row to train on besides it, each epoch
}

// Fit finds weights for rows.
func Fit(rows []Row, o Options) []float32 {
	m := weights{w: make([]float32, language.Buckets*classes), g: make([]float32, language.Buckets*classes)}
	var d text.Document
	var grams []uint32
	var starts []int
	seed := random(1)
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	for e := range o.Epochs {
		rate := o.Rate * float32(o.Epochs-e) / float32(o.Epochs)
		for i := len(order) - 1; i > 0; i-- {
			j := seed.below(i + 1)
			order[i], order[j] = order[j], order[i]
		}
		for _, i := range order {
			d.Read(rows[i].Text)
			grams, starts = grams[:0], starts[:0]
			for t := range d.Tokens {
				if d.Tokens[t].Kind == text.Word {
					starts = append(starts, len(grams))
					grams = language.Grams(&d, t, grams)
				}
			}
			n := len(starts)
			if n == 0 {
				continue
			}
			starts = append(starts, len(grams))
			m.step(grams, int(rows[i].Label)-1, rate)
			if n > 3 {
				for range o.Fragments {
					k := 1 + seed.below(4)
					a := seed.below(n - k + 1)
					m.step(grams[starts[a]:starts[a+k]], int(rows[i].Label)-1, rate)
				}
			}
		}
	}
	return m.w
}

// step moves the weights of one text's features toward its class.
func (m *weights) step(grams []uint32, class int, rate float32) {
	var z [classes]float32
	for _, k := range grams {
		b := int(k)
		w := m.w[b*classes : b*classes+classes : b*classes+classes]
		for c := range z {
			z[c] += w[c]
		}
	}
	p := softmax(z)
	p[class]--
	worst := float32(0)
	for _, v := range p {
		worst = max(worst, float32(math.Abs(float64(v))))
	}
	if worst < 0.005 {
		return
	}
	for _, k := range grams {
		b := int(k)
		w := m.w[b*classes : b*classes+classes : b*classes+classes]
		g := m.g[b*classes : b*classes+classes : b*classes+classes]
		for c := range z {
			g[c] += float32(p[c] * p[c])
			w[c] -= float32(float32(rate*p[c]) / float32(math.Sqrt(float64(g[c]+1e-2))))
		}
	}
}

func softmax(z [classes]float32) (p [classes]float32) {
	top := z[0]
	for _, v := range z {
		top = max(top, v)
	}
	sum := float32(0)
	for c, v := range z {
		p[c] = float32(math.Exp(float64(v - top)))
		sum += p[c]
	}
	for c := range p {
		p[c] /= sum
	}
	return p
}

// random is a generator of numbers that are the same each time (splitmix64).
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *random) below(n int) int { return int(r.next() % uint64(n)) }
