package moment

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// fields is the number of sums of a pair that draws need; with weights they are weighted, but for the last, which is always the count.
const fields = 7

// pairSums gives pairwise moments: a row for each group with responses, in which each pair has its sums.
type pairSums struct {
	k     int
	table *mat.Dense
	// whole tells that every response answers everything, so that the correlations cannot contradict each other.
	whole bool
}

// at is the index of the pair i, j in the order (0,0), (0,1), …, (1,1), …
func at(k, i, j int) int {
	if i > j {
		i, j = j, i
	}
	return i*k - i*(i-1)/2 + j - i
}

// newPairSums lays the sums of groups out for draws.
func newPairSums(s *Sums, whole bool) *pairSums {
	k := len(s.Questions)
	width := k * (k + 1) / 2 * fields
	var rows []float64
	for g := range s.Groups {
		if s.Groups[g].Responses == 0 {
			continue
		}
		row := make([]float64, width)
		for p := range s.Groups[g].Pairs {
			x := &s.Groups[g].Pairs[p]
			n := float64(x.Count)
			if s.Weighted {
				n = x.Weight
			}
			copy(row[p*fields:], []float64{n, x.First, x.Second, x.FirstSquare, x.SecondSquare, x.Product, float64(x.Count)})
		}
		rows = append(rows, row...)
	}
	if len(rows) == 0 {
		return &pairSums{k: k, whole: whole}
	}
	return &pairSums{k: k, table: mat.NewDense(len(rows)/width, width, rows), whole: whole}
}

// total are the sums with each group counted a number of times.
func (p *pairSums) total(times []float64) []float64 {
	rows, width := p.table.Dims()
	sum := blas64.Vector{N: width, Inc: 1, Data: make([]float64, width)}
	blas64.Gemv(blas.Trans, 1, p.table.RawMatrix(), blas64.Vector{N: rows, Inc: 1, Data: times}, 0, sum)
	return sum.Data
}

func (p *pairSums) groups() int {
	if p.table == nil {
		return 0
	}
	rows, _ := p.table.Dims()
	return rows
}

// draw implements source.
func (p *pairSums) draw(times []float64) (Draw, bool) {
	d, r, ok := p.estimate(p.total(times))
	if !ok {
		return Draw{}, false
	}
	return d, d.set(r, !p.whole)
}

// estimate computes moments from sums; false where a question or a pair has none.
func (p *pairSums) estimate(sum []float64) (Draw, *mat.SymDense, bool) {
	d := Draw{Mean: make([]float64, p.k), SD: make([]float64, p.k)}
	r := mat.NewSymDense(p.k, nil)
	for i := range p.k {
		level, ok := levelOf(sum[at(p.k, i, i)*fields:])
		if !ok {
			return Draw{}, nil, false
		}
		d.Mean[i], d.SD[i] = level.mean, level.sd
		r.SetSym(i, i, 1)
		for j := i + 1; j < p.k; j++ {
			c, ok := correlationOf(sum[at(p.k, i, j)*fields:])
			if !ok {
				return Draw{}, nil, false
			}
			r.SetSym(i, j, c)
		}
	}
	return d, r, true
}

type level struct{ mean, sd float64 }

// levelOf is the mean and the standard deviation from the sums of a question with itself; false where it has no variance. With weights w of n answers the
// variance is Σw(x - m)²/Σw · n/(n - 1), which no factor of the weights changes, and which equal weights make the one without weights.
func levelOf(sum []float64) (level, bool) {
	weight, x, xx, n := sum[0], sum[1], sum[3], sum[6]
	if !(weight > 0) {
		return level{}, false
	}
	square := xx - x*x/weight
	if !(square > negligible*xx) || !(n > 1) {
		return level{mean: x / weight}, false
	}
	return level{x / weight, math.Sqrt(square / (weight - weight/n))}, true
}

// negligible is the part of a sum of squares that rounding can leave of no variance at all.
const negligible = 1e-12

// correlationOf is the correlation of a pair from its sums; false where one of the two has no variance.
func correlationOf(sum []float64) (float64, bool) {
	n, x, y, xx, yy, xy := sum[0], sum[1], sum[2], sum[3], sum[4], sum[5]
	if !(n > 0) {
		return 0, false
	}
	vx, vy := xx-x*x/n, yy-y*y/n
	if !(vx > negligible*xx) || !(vy > negligible*yy) {
		return 0, false
	}
	return min(1, max(-1, (xy-x*y/n)/math.Sqrt(vx*vy))), true
}

// set puts correlations into the draw, repaired where that is asked for and needed; false when there is no repair.
func (d *Draw) set(r *mat.SymDense, repair bool) bool {
	d.Correlation = table(r)
	if !repair || definite(r, LeastEigenvalue) {
		return true
	}
	near, err := Nearest(r, LeastEigenvalue)
	if err != nil {
		return false
	}
	d.Correlation, d.Repaired = table(near), true
	return true
}

// FromSums estimates the moments of each pair from the responses that answer both, and repairs the correlations where they contradict each other.
//
// It refuses a question with fewer than LeastAnswers answers (refusal.TooFew), one whose answers are all the same (refusal.Constant), and two that
// fewer than LeastTogether responses answer both (refusal.NeverTogether).
func FromSums(s Sums) (*Sample, error) { return fromSums(s, Pairwise) }

func fromSums(s Sums, missing Missing) (*Sample, error) {
	out, err := levels(s, missing)
	if err != nil {
		return nil, err
	}
	if err := out.checkTogether(); err != nil {
		return nil, err
	}
	sums := newPairSums(&s, out.everybodyAnswersAll())
	total := sums.total(ones(sums.groups()))
	d, r, ok := sums.estimate(total)
	if !ok {
		return nil, constantTogether(s.Questions, total)
	}
	out.resampled = sums
	return out, out.set(d, r, !sums.whole)
}

// levels are the counts, means and standard deviations of the questions.
func levels(s Sums, missing Missing) (*Sample, error) {
	k := len(s.Questions)
	if k == 0 || k > MostQuestions {
		e := refusal.New(refusal.TooMany, nil, "moments are of 1 to %d questions, not %d: choose fewer", MostQuestions, k)
		e.Argument = true
		return nil, e
	}
	out := &Sample{Questions: s.Questions, Missing: missing, N: make([]int64, k), Pairs: make([][]int64, k), Mean: make([]float64, k), SD: make([]float64, k)}
	out.held = make([][]int, k)
	for i := range k {
		out.Pairs[i], out.held[i] = make([]int64, k), make([]int, k)
	}
	for g := range s.Groups {
		group := &s.Groups[g]
		if group.Responses > 0 {
			out.Groups++
		}
		out.Responses += group.Responses - group.Unanswered
		out.LeftOut += group.Unanswered
		for i := range k {
			for j := i; j < k && len(group.Pairs) > 0; j++ {
				if n := group.Pairs[at(k, i, j)].Count; n > 0 {
					out.Pairs[i][j] += n
					out.held[i][j]++
				}
			}
		}
	}
	for i := range k {
		out.N[i] = out.Pairs[i][i]
		for j := range i {
			out.Pairs[i][j], out.held[i][j] = out.Pairs[j][i], out.held[j][i]
		}
	}
	for i, q := range s.Questions {
		if out.N[i] < LeastAnswers {
			return nil, refusal.New(refusal.TooFew, []string{q.ID}, "question %s has %d answers, at least %d are needed: widen the period or the filter, or leave it out",
				q.ID, out.N[i], LeastAnswers)
		}
	}
	sums := newPairSums(&s, false)
	total := sums.total(ones(sums.groups()))
	for i, q := range s.Questions {
		l, ok := levelOf(total[at(k, i, i)*fields:])
		if !ok {
			return nil, refusal.New(refusal.Constant, []string{q.ID}, "all answers to question %s are the same: leave it out", q.ID)
		}
		out.Mean[i], out.SD[i] = l.mean, l.sd
	}
	if out.Weighted = s.Weighted; s.Weighted {
		out.kish = kishOf(&s)
	}
	out.EffectiveN = out.effective()
	if !s.Weighted {
		out.judgeClusters(sums, total)
	}
	return out, nil
}

// checkTogether refuses two questions that hardly anybody answered both.
func (s *Sample) checkTogether() error {
	for i := range s.Questions {
		for j := range i {
			if s.Pairs[i][j] < LeastTogether {
				a, b := s.Questions[j].ID, s.Questions[i].ID
				return refusal.New(refusal.NeverTogether, []string{a, b},
					"%d responses answer both %s and %s, at least %d are needed: ask them together, or leave one of them out", s.Pairs[i][j], a, b, LeastTogether)
			}
		}
	}
	return nil
}

// constantTogether is the refusal for two questions one of which never varies where both are answered.
func constantTogether(questions []Question, total []float64) error {
	k := len(questions)
	for i := range k {
		for j := i + 1; j < k; j++ {
			if _, ok := correlationOf(total[at(k, i, j)*fields:]); !ok {
				a, b := questions[i].ID, questions[j].ID
				return refusal.New(refusal.Constant, []string{a, b}, "among those who answered both %s and %s one never varies: leave one of them out", a, b)
			}
		}
	}
	return refusal.New(refusal.NoData, nil, "there are no answers")
}

// effective is the harmonic mean of the numbers of responses that answer both of two questions; 0 where there are two that nobody answers both.
func (s *Sample) effective() float64 {
	var inverse, pairs float64
	for i := range s.Pairs {
		for j, n := range s.Pairs[i] {
			switch {
			case n == 0:
				return 0
			case i != j || len(s.Pairs) == 1:
				together := float64(n)
				if s.kish != nil {
					together = s.kish[i][j]
				}
				inverse += 1 / together
				pairs++
			}
		}
	}
	return pairs / inverse
}

// kishOf are (Σw)²/Σw² of the responses that answer both of two questions; 0 where there are none.
func kishOf(s *Sums) [][]float64 {
	k := len(s.Questions)
	out := make([][]float64, k)
	for i := range out {
		out[i] = make([]float64, k)
	}
	for i := range k {
		for j := i; j < k; j++ {
			var weight, squares float64
			for _, g := range s.Groups {
				p := &g.Pairs[at(k, i, j)]
				weight, squares = weight+p.Weight, squares+p.SquaredWeight
			}
			if squares > 0 {
				out[i][j] = weight * weight / squares
				out[j][i] = out[i][j]
			}
		}
	}
	return out
}
