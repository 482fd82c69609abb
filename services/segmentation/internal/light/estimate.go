package light

import (
	"math"
	"math/big"

	"github.com/otklik/otklik/libs/stat"
)

// precise is the standard error of the mean of the answers of groups, as a share of the scale, as stat.ClusteredMean has it: from the exact numerator
// N²·ΣS² - 2·N·S·ΣSn + S²·Σn². Zero where all groups have the same mean.
func (c Clusters) precise(all Answers) stat.Mean {
	m := stat.Mean{Estimate: float64(all.Sum) / Resolution / float64(all.Count)}
	if c.N < 2 {
		return m
	}
	m.DF = float64(c.N - 1)
	n, s := big.NewInt(all.Count), big.NewInt(all.Sum)
	squares := c.SumSquares.big()
	squares.Mul(squares, n).Mul(squares, n)
	cross := c.SumSizes.big()
	cross.Mul(cross, n).Mul(cross, s).Lsh(cross, 1)
	sizes := c.Sizes.big()
	sizes.Mul(sizes, s).Mul(sizes, s)
	squares.Sub(squares, cross).Add(squares, sizes)
	if squares.Sign() <= 0 {
		return m
	}
	f, _ := new(big.Float).SetInt(squares).Float64()
	size := float64(all.Count)
	m.StandardError = math.Sqrt(float64(c.N)/m.DF*f) / size / size / Resolution
	return m
}

// ofContacts is the mean of the means of contacts, as a share of the scale.
func (s *Sums) ofContacts() stat.Mean {
	const whole = Resolution * meanUnit
	n := float64(s.Contacts.N)
	m := stat.Mean{Estimate: float64(s.Means) / n / whole}
	if s.Contacts.N < 2 {
		return m
	}
	m.DF = n - 1
	// n·Σm² - (Σm)², exactly.
	squares := s.MeanSquares.big()
	squares.Mul(squares, big.NewInt(s.Contacts.N))
	sum := big.NewInt(s.Means)
	squares.Sub(squares, sum.Mul(sum, sum))
	if squares.Sign() <= 0 {
		return m
	}
	f, _ := new(big.Float).SetInt(squares).Float64()
	m.StandardError = math.Sqrt(f/m.DF) / n / whole
	return m
}

// estimate is the mean that a policy means, on 1..10. There is one unless nothing is counted.
func (p Policy) estimate(kind Kind, s *Sums) stat.Mean {
	var m stat.Mean
	switch {
	case kind != Contact && p.CompanyScore == OfContacts:
		m = s.ofContacts()
	case kind != Contact && p.Mode == AllAnswers:
		m = s.Contacts.precise(s.Answers)
	default:
		// Of one contact there are its responses, which are different occasions; to one question there is one answer in each.
		m = s.Responses.precise(s.Answers)
	}
	return stat.Mean{Estimate: onTen(m.Estimate), StandardError: 9 * m.StandardError, DF: m.DF}
}
