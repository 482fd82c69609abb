package moment

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// set puts estimates into the sample, and repairs the correlations where that is asked for and needed.
func (s *Sample) set(d Draw, r *mat.SymDense, repair bool) error {
	var eigen mat.EigenSym
	if !eigen.Factorize(r, false) {
		return refusal.New(refusal.NotConverged, nil, "the eigenvalues of the correlations were not found")
	}
	s.LeastEigenvalue = eigen.Values(nil)[0]
	s.Unrepaired = table(r)
	if repair && s.LeastEigenvalue < LeastEigenvalue {
		near, err := Nearest(r, LeastEigenvalue)
		if err != nil {
			return refusal.New(refusal.NotConverged, nil, "the correlations of the pairs contradict each other, and no table near them was found: choose fewer questions or more responses")
		}
		s.Repaired = true
		for i := range s.Questions {
			for j := range i {
				moved := near.At(i, j) - r.At(i, j)
				s.RepairDistance += 2 * moved * moved
				s.GreatestRepair = max(s.GreatestRepair, math.Abs(moved))
			}
		}
		s.RepairDistance = math.Sqrt(s.RepairDistance)
		r = near
	}
	s.Mean, s.SD, s.Correlation = d.Mean, d.SD, table(r)
	s.Covariance = make([][]float64, len(d.SD))
	for i := range s.Covariance {
		s.Covariance[i] = make([]float64, len(d.SD))
		for j := range d.SD {
			s.Covariance[i][j] = s.Correlation[i][j] * d.SD[i] * d.SD[j]
		}
	}
	return nil
}

// everybodyAnswersAll tells whether each response answers every question.
func (s *Sample) everybodyAnswersAll() bool {
	for i := range s.Pairs {
		for _, n := range s.Pairs[i] {
			if n != s.N[0] {
				return false
			}
		}
	}
	return true
}

// Complete tells whether every response that was counted answers every question, so that the classical formulas of a sample of
// independent responses hold with n = Responses.
func (s *Sample) Complete() bool {
	return s.everybodyAnswersAll() && s.Missing != EM
}

// LevelsFromSums estimates means and standard deviations only: for questions that need not have been asked together. Correlation and Covariance
// are not set, and draws hold no correlations. It refuses as FromSums does, but for NeverTogether.
func LevelsFromSums(s Sums) (*Sample, error) {
	out, err := levels(s, Pairwise)
	if err != nil {
		return nil, err
	}
	out.resampled = levelSums{newPairSums(&s, true)}
	return out, nil
}

// levelSums gives means and standard deviations only.
type levelSums struct{ *pairSums }

// draw implements source.
func (l levelSums) draw(times []float64) (Draw, bool) {
	sum := l.total(times)
	d := Draw{Mean: make([]float64, l.k), SD: make([]float64, l.k)}
	for i := range l.k {
		own := sum[at(l.k, i, i)*fields:]
		if !(own[0] > 0) {
			return Draw{}, false
		}
		// A draw in which all answers are the same still has a level.
		x, _ := levelOf(own)
		d.Mean[i], d.SD[i] = x.mean, x.sd
	}
	return d, true
}

// table is a symmetric matrix as rows.
func table(r *mat.SymDense) [][]float64 {
	k := r.SymmetricDim()
	rows := make([][]float64, k)
	for i := range rows {
		rows[i] = make([]float64, k)
		for j := range rows[i] {
			rows[i][j] = r.At(i, j)
		}
	}
	return rows
}

func ones(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
	}
	return x
}
