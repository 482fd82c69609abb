package importance

import (
	"math"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// pair is two questions that are correlated.
type pair struct {
	sample *moment.Sample
	// clusters is nil where responses are independent.
	clusters      *moment.Clusters
	first, second int
}

// pearson is the correlation before any repair, with Fisher's interval: tanh(artanh r ± z/√(n-3)), n being the number of responses that answer both
// (Fisher 1921). The standard error is (1-r²)/√(n-3). There is no interval where |r| = 1 or n ≤ 3. The test is of no correlation:
// t = r·√((n-2)/(1-r²)) with n - 2 degrees of freedom.
//
// Where respondents answer several times, the standard error of artanh r is that of leaving out groups of respondents, the interval and the test are by
// Student's t with as many degrees of freedom as groups answer both, less one.
func (p pair) pearson(level float64) (Estimate, *float64) {
	r, n := p.sample.Unrepaired[p.first][p.second], float64(p.sample.Pairs[p.first][p.second])
	if p.clusters == nil {
		return fisher(r, n, 1, level), correlationP(r, n)
	}
	m, ok := p.clusters.Transformed(p.first, p.second)
	if !ok {
		return Estimate{Value: r, Method: GroupJackknife}, nil
	}
	return transformed(r, precision{m.StandardError, m.DF, GroupJackknife}, level)
}

// spearman is the correlation of ranks with the interval of Bonett and Wright (2000, Psychometrika 65), whose transform has the variance (1+ρ²/2)/(n-3),
// and the p-value by Student's t as for Pearson's; nil where it is not known.
//
// Ranks are not counted by group. Where respondents answer several times, the variance grows as that of Pearson's correlation does, and never shrinks.
func (p pair) spearman(level float64) (*Estimate, *float64) {
	rho, count, ok := p.sample.Spearman(p.first, p.second)
	if !ok {
		return nil, nil
	}
	n, inflation := float64(count), 1+rho*rho/2
	if p.clusters == nil {
		e := fisher(rho, n, inflation, level)
		return &e, correlationP(rho, n)
	}
	m, ok := p.clusters.Transformed(p.first, p.second)
	if !ok || !(n > 3) {
		return &Estimate{Value: rho, Method: GroupJackknife}, nil
	}
	e, test := transformed(rho, precision{math.Sqrt(inflation) * max(m.StandardError, 1/math.Sqrt(n-3)), m.DF, GroupJackknife}, level)
	return &e, test
}

// fisher is a correlation with its interval; inflation is that of the variance of its transform.
func fisher(r, n, inflation, level float64) Estimate {
	e := Estimate{Value: r, Method: FisherZ}
	if !(math.Abs(r) < 1) || !(n > 3) {
		return e
	}
	se := math.Sqrt(inflation / (n - 3))
	return around(e, se, stat.CriticalZ(level)*se)
}

// around sets the interval of a correlation that reaches half to both sides of its transform, whose standard error is se.
func around(e Estimate, se, half float64) Estimate {
	standard, z := (1-e.Value*e.Value)*se, math.Atanh(e.Value)
	e.SE, e.Interval = &standard, &stat.Interval{Low: math.Tanh(z - half), High: math.Tanh(z + half)}
	return e
}

// transformed is a correlation with its interval, and the p-value of its being 0, by the precision of its transform.
func transformed(r float64, p precision, level float64) (Estimate, *float64) {
	e := Estimate{Value: r, Method: p.method}
	if !(math.Abs(r) < 1) {
		return e, nil
	}
	test := stat.PValueT(math.Atanh(r)/p.se, p.df)
	return around(e, p.se, stat.CriticalT(level, p.df)*p.se), &test
}

func correlationP(r, n float64) *float64 {
	if !(n > 2) {
		return nil
	}
	// A perfect correlation has an infinite t.
	p := 0.0
	if math.Abs(r) < 1 {
		p = stat.PValueT(r*math.Sqrt((n-2)/(1-r*r)), n-2)
	}
	return &p
}
