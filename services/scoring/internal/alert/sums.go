package alert

import (
	"math"

	"github.com/otklik/otklik/libs/stat"
)

const (
	// cells is into how many states a sum is divided.
	cells = 240
	// settled is the change of a probability from one period to the next from which on the distribution is taken for that of all later periods.
	settled = 1e-10
	// mostPeriods is how many periods are looked at until then.
	mostPeriods = 400
)

// sums are the distributions of a one-sided cumulative sum of standard normal values after 1, 2, … periods, begun at 0: a Markov chain over states of equal
// width (Brook and Evans 1972, Biometrika 59).
type sums struct {
	width float64
	// survivals[t][i] is the probability that the sum is in state i or above after t+1 periods.
	survivals [][]float64
}

// bounds are those of sums in a family.
type bounds struct {
	// surely is the sum with which a unit is outside, whatever the others of its family do. The tail of a sum falls as exp(-2k·c).
	surely float64
	// most bounds sums, so that a change that is over is soon seen to be over.
	most float64
}

// headroom is by how much sums may be greater than what surely tells of a change.
const headroom = 3

func boundsOf(p Params, family int) bounds {
	surely := max(p.Limit, math.Log(2*float64(max(family, 1))/p.Q)/(2*p.Reference))
	return bounds{surely: surely, most: surely + headroom}
}

// newSums follows the chain for a number of periods, or until it has settled.
func newSums(reference, most float64, periods int) *sums {
	s := &sums{width: most / (cells - 1)}
	// move[d+cells] is the probability to move by d states; fall[j] and rise[j] are those to end at or below 0 and at or above the bound, from state j.
	move, fall, rise := make([]float64, 2*cells), make([]float64, cells), make([]float64, cells)
	cdf := func(states float64) float64 { return stat.NormalCDF(states*s.width + reference) }
	for d := range move {
		x := float64(d - cells)
		move[d] = cdf(x+0.5) - cdf(x-0.5)
	}
	for j := range cells {
		fall[j] = cdf(0.5 - float64(j))
		rise[j] = stat.NormalCDF(-((float64(cells-1-j)-0.5)*s.width + reference))
	}
	at := make([]float64, cells)
	at[0] = 1
	for range min(periods, mostPeriods) {
		next := make([]float64, cells)
		for j, p := range at {
			if p == 0 {
				continue
			}
			next[0] += p * fall[j]
			next[cells-1] += p * rise[j]
			for i := 1; i < cells-1; i++ {
				next[i] += p * move[i-j+cells]
			}
		}
		change := 0.0
		for i := range next {
			change = max(change, math.Abs(next[i]-at[i]))
		}
		at = next
		survival := make([]float64, cells)
		total := 0.0
		for i := cells - 1; i >= 0; i-- {
			total += next[i]
			survival[i] = total
		}
		s.survivals = append(s.survivals, survival)
		if change < settled {
			break
		}
	}
	return s
}

// survival is the probability that the sum is at least c after t periods.
func (s *sums) survival(t int, c float64) float64 {
	if c <= 0 || t < 1 {
		return 1
	}
	row := s.survivals[min(t, len(s.survivals))-1]
	// A state stands for the values half a width around it.
	place := c/s.width + 0.5
	i := min(int(place), cells-1)
	if i == cells-1 {
		return row[i]
	}
	part := place - float64(i)
	return math.Exp((1-part)*math.Log(row[i]) + part*math.Log(row[i+1]))
}
