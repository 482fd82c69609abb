package experiment

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// balance tests whether responses of variants come in the intended shares, by Pearson's χ². Respondents who answered several times make counts vary more: where the
// variance by groups is greater than chance allows, χ² is divided by the mean design effect of the shares (Rao and Scott 1984, Annals of Statistics 12(1)), which is
// returned; otherwise 1.
func (t *Tally) balance(o Options, out *Result) float64 {
	counts, groups := make([]cell, len(t.Variants)), make([]cell, t.groups)
	var all, intended float64
	for v := range t.Variants {
		counts[v] = sum(t.responses[v])
		out.Responses = append(out.Responses, counts[v].n)
		all += float64(counts[v].n)
		intended += o.Shares[v]
		for g, c := range t.responses[v] {
			groups[g] = groups[g].plus(c, 1)
		}
	}
	df := len(t.Variants) - 1
	out.BalanceDF, out.BalanceP = df, 1
	if all == 0 || df < 1 {
		return 1
	}
	var effect float64
	present := held(groups)
	for v := range t.Variants {
		share := o.Shares[v] / intended
		expected := all * share
		out.Balance += (float64(counts[v].n) - expected) * (float64(counts[v].n) - expected) / expected
		others := make([]float64, len(present))
		for i, g := range present {
			others[i] = float64(counts[v].n-t.responses[v][g].n) / (all - float64(groups[g].n))
		}
		m, err := stat.Jackknife(float64(counts[v].n)/all, others)
		if err != nil {
			effect = math.NaN()
			continue
		}
		effect += all * m.StandardError * m.StandardError / share
	}
	effect /= float64(df)
	correction := 1.0
	if spread := float64(df * (len(present) - 1)); len(present) >= moment.LeastGroups && effect > 1 && (distuv.ChiSquared{K: spread}).Survival(effect*spread) < clusteredBeyond {
		correction = effect
	}
	out.Balance /= correction
	out.BalanceP = distuv.ChiSquared{K: float64(df)}.Survival(out.Balance)
	out.Mismatched = out.BalanceP < mismatch
	return correction
}

// unequal tells whether the parts of variants that answered an outcome differ, by Pearson's χ² over the correction of balance.
func (t *Tally) unequal(outcome int, correction float64) bool {
	var responses, answered float64
	for v := range t.Variants {
		responses += float64(sum(t.responses[v]).n)
		answered += float64(sum(t.answers[v][outcome]).n)
	}
	part := answered / responses
	if responses == 0 || part == 0 || part == 1 {
		return false
	}
	var chi float64
	df := -1.0
	for v := range t.Variants {
		n := float64(sum(t.responses[v]).n)
		if n == 0 {
			continue
		}
		df++
		off := float64(sum(t.answers[v][outcome]).n) - n*part
		chi += off * off / (n * part * (1 - part))
	}
	return df > 0 && distuv.ChiSquared{K: df}.Survival(chi/correction) < mismatch
}

// clustered tells whether means of an outcome vary more between random groups of respondents than if each answer were of a respondent of its own. Under independence the
// ratio of variances of each variant is about χ² over its degrees of freedom, and those of variants are independent of each other.
func (t *Tally) clustered(outcome int) bool {
	var ratios, freedom float64
	for v := range t.Variants {
		cells := t.answers[v][outcome]
		all, groups := sum(cells), held(cells)
		se := all.standardError()
		if len(groups) < moment.LeastGroups || se == 0 {
			continue
		}
		others := make([]float64, len(groups))
		var squares float64
		for i, g := range groups {
			others[i] = without(cells, all, g).mean()
			squares += float64(cells[g].n) * float64(cells[g].n)
		}
		m, err := stat.Jackknife(all.mean(), others)
		if err != nil {
			continue
		}
		df := max(1, float64(all.n)*float64(all.n)/squares-1)
		ratios += df * m.StandardError * m.StandardError / (se * se)
		freedom += df
	}
	return freedom > 0 && distuv.ChiSquared{K: freedom}.Survival(ratios) < clusteredBeyond
}
