package moment

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/otklik/otklik/libs/stat"
)

// clusteredBeyond is the p-value below which the answers of a respondent are taken to go together. Where they are wrongly taken to, intervals rest on the
// groups and hold all the same.
const clusteredBeyond = 0.05

// judgeClusters sets DesignEffect and Clustered: whether means vary more between random groups of respondents than they would if each response were of a
// respondent of its own. Means tell, since their variance is then known whatever the answers are distributed like, and since what respondents have of
// their own shows in them more than in products of answers.
//
// Under independence a ratio of variances is about χ² over its degrees of freedom, which are those of the groups that hold the question, less where groups are
// of different size; the mean over questions has Satterthwaite's, by the correlations of the questions' means.
func (s *Sample) judgeClusters(sums *pairSums, total []float64) {
	if s.Groups < LeastGroups {
		return
	}
	k := len(s.Questions)
	ratios, freedom := 0.0, make([]float64, k)
	var judged []int
	for i := range k {
		ratio, df := sums.designEffect(i, total)
		if df > 0 {
			ratios, freedom[i] = ratios+ratio, df
			judged = append(judged, i)
		}
	}
	if len(judged) == 0 {
		return
	}
	var variance float64
	for _, i := range judged {
		for _, j := range judged {
			pair := total[at(k, i, j)*fields:]
			if r, ok := correlationOf(pair); ok {
				r *= pair[0] / math.Sqrt(float64(s.N[i])*float64(s.N[j]))
				variance += r * r / math.Sqrt(freedom[i]*freedom[j])
			}
		}
	}
	n := float64(len(judged))
	df := n * n / variance
	s.DesignEffect = ratios / n
	s.Clustered = distuv.ChiSquared{K: df}.Survival(s.DesignEffect*df) < clusteredBeyond
}

// designEffect is the variance of a question's mean by groups over that of independent responses, with its degrees of freedom; 0 where there are none.
func (p *pairSums) designEffect(question int, total []float64) (ratio, df float64) {
	column := at(p.k, question, question) * fields
	all, ok := levelOf(total[column:])
	if !ok {
		return 0, 0
	}
	n, x := total[column], total[column+1]
	var without []float64
	var squares float64
	for g := range p.groups() {
		row := p.table.RawRowView(g)[column:]
		if own := row[0]; own > 0 && own < n {
			without = append(without, (x-row[1])/(n-own))
			squares += own * own
		}
	}
	m, err := stat.Jackknife(all.mean, without)
	if err != nil {
		return 0, 0
	}
	return m.StandardError * m.StandardError * n / all.sd / all.sd, max(1, n*n/squares-1)
}

// Left is what is estimated without one group of respondents, NaN where nothing is; correlations are not repaired.
type Left struct {
	Mean        []float64
	Correlation *mat.SymDense
}

// Clusters tells how estimates vary between groups of respondents.
type Clusters struct {
	sample *Sample
	all    Left
	left   []Left
}

// Clusters leaves out one group of respondents after the other; nil unless the sample is Grouped.
func (s *Sample) Clusters(ctx context.Context) (*Clusters, error) {
	if !s.Grouped() || s.resampled == nil {
		return nil, nil //nolint:nilnil // No clusters are a result.
	}
	c := &Clusters{sample: s, all: s.resampled.left(ones(s.Groups)), left: make([]Left, s.Groups)}
	err := parallel(ctx, s.Groups, func(group int) {
		times := ones(s.Groups)
		times[group] = 0
		c.left[group] = s.resampled.left(times)
	})
	return c, err
}

// Mean is the mean of a question with its standard error; false where it has none.
func (c *Clusters) Mean(question int) (stat.Mean, bool) {
	return c.jackknife(c.sample.held[question][question], func(l *Left) float64 { return l.Mean[question] })
}

// Transformed is Fisher's transform artanh r of the correlation of two questions before any repair, with its standard error; false where it has none.
func (c *Clusters) Transformed(i, j int) (stat.Mean, bool) {
	return c.jackknife(c.sample.held[i][j], func(l *Left) float64 { return math.Atanh(l.Correlation.At(i, j)) })
}

// jackknife is over the groups that hold an answer, `held` in number: the others change nothing.
func (c *Clusters) jackknife(held int, of func(l *Left) float64) (stat.Mean, bool) {
	others := make([]float64, len(c.left))
	for g := range c.left {
		others[g] = of(&c.left[g])
	}
	m, err := stat.Jackknife(of(&c.all), others)
	if err != nil || held < 2 || !(m.StandardError > 0) {
		return stat.Mean{}, false
	}
	h, all := float64(held), float64(len(others))
	m.StandardError *= math.Sqrt((h - 1) / h * all / (all - 1))
	m.DF = h - 1
	return m, true
}

// left implements source.
func (p *pairSums) left(times []float64) Left {
	sum := p.total(times)
	out := Left{Mean: make([]float64, p.k), Correlation: mat.NewSymDense(p.k, nil)}
	for i := range p.k {
		own := sum[at(p.k, i, i)*fields:]
		out.Mean[i] = own[1] / own[0]
		for j := i; j < p.k; j++ {
			r, ok := correlationOf(sum[at(p.k, i, j)*fields:])
			if !ok {
				r = math.NaN()
			}
			out.Correlation.SetSym(i, j, r)
		}
	}
	return out
}

// left implements source.
func (f *influences) left(times []float64) Left {
	d, r, ok := f.moments(times)
	if !ok {
		d.Mean, r = make([]float64, len(f.at.mean)), mat.NewSymDense(len(f.at.mean), nil)
		for i := range d.Mean {
			d.Mean[i] = math.NaN()
			for j := range i + 1 {
				r.SetSym(i, j, math.NaN())
			}
		}
	}
	return Left{Mean: d.Mean, Correlation: r}
}
