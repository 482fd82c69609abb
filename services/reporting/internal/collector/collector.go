// Package collector compares what the organisation collected itself with what others collected: by how much the outcome differs over all, by how much within
// the same location (or another part), and what the mix of parts adds.
//
// Within parts the difference is that of least squares with an effect of each part: Σ w·d / Σ w over the parts with answers of both, where d is the difference of
// the part and w = nᵢ·nₑ / (nᵢ + nₑ). Mix is the difference over all less that. Standard errors are by leaving out one random group of respondents after the
// other (stat.Jackknife), since the same persons may have answered both, and several times.
package collector

import (
	"math"

	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

const (
	// MostParts is the greatest number of parts that are told apart.
	MostParts = 50_000
	// LeastResponses is the number of answers of a collector in a part below which the part's difference has no standard error.
	LeastResponses = 10
)

// Side is who collected an answer.
type Side uint8

// The sides.
const (
	Internal Side = iota
	External
)

// sums are answers added up.
type sums struct {
	n   int64
	sum float64
}

func (s sums) plus(o sums) sums  { return sums{s.n + o.n, s.sum + o.sum} }
func (s sums) minus(o sums) sums { return sums{s.n - o.n, s.sum - o.sum} }

// mean is not a number where there is no answer.
func (s sums) mean() float64 { return s.sum / float64(s.n) }

// pair are the answers of both.
type pair [2]sums

func (p pair) minus(o pair) pair { return pair{p[0].minus(o[0]), p[1].minus(o[1])} }

// difference is that of the means, Internal - External; not a number where one has no answers.
func (p pair) difference() float64 { return p[Internal].mean() - p[External].mean() }

// shared tells whether both have answers.
func (p pair) shared() bool { return p[Internal].n > 0 && p[External].n > 0 }

// weight is what the part's difference counts in that within parts.
func (p pair) weight() float64 {
	if !p.shared() {
		return 0
	}
	a, b := float64(p[Internal].n), float64(p[External].n)
	return a * b / (a + b)
}

// weighted is weight · difference, 0 where the part tells nothing.
func (p pair) weighted() float64 {
	if !p.shared() {
		return 0
	}
	return p.weight() * p.difference()
}

// part is what was answered in a part: all, and by random group.
type part struct {
	all    pair
	groups map[uint16]*pair
}

// Tally adds up answers.
type Tally struct {
	parts map[string]*part
	// groups are those of all parts.
	groups map[uint16]*pair
	all    pair
}

// NewTally is a tally without answers.
func NewTally() *Tally { return &Tally{parts: map[string]*part{}, groups: map[uint16]*pair{}} }

// Add counts an answer of a random group of respondents in a part. It refuses (refusal.TooMany) the part after MostParts: each takes memory.
func (t *Tally) Add(group int, in string, who Side, value float64) error {
	p := t.parts[in]
	if p == nil {
		if len(t.parts) >= MostParts {
			return refusal.New(refusal.TooMany, nil, "there are more than %d values, which is the most within which is compared: choose a coarser key, or filter", MostParts)
		}
		p = &part{groups: map[uint16]*pair{}}
		t.parts[in] = p
	}
	g := uint16(group) //nolint:gosec // there are 200 groups, peers.Groups
	for _, of := range []map[uint16]*pair{p.groups, t.groups} {
		if of[g] == nil {
			of[g] = &pair{}
		}
	}
	one := sums{1, value}
	for _, into := range []*pair{&p.all, p.groups[g], &t.all, t.groups[g]} {
		into[who] = into[who].plus(one)
	}
	return nil
}

// Answers are those of a side.
func (t *Tally) Answers(who Side) int64 { return t.all[who].n }

// whole are the quantities that are told, of all answers or of those without a group; not a number where they are not determined.
type whole struct{ internal, external, difference, within, mix float64 }

func wholeOf(all pair, weighted, weight float64) whole {
	w := whole{internal: all[Internal].mean(), external: all[External].mean(), difference: all.difference(), within: math.NaN()}
	if weight > 0 {
		w.within = weighted / weight
	}
	w.mix = w.difference - w.within
	return w
}
