package matrix

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/importance"
	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// Quadrant is the priority of an item, 1 to 4, by its importance and score and the cuts: what equals a cut is high.
func Quadrant(importance, score, importanceCut, scoreCut float64) int {
	switch important, high := importance >= importanceCut, score >= scoreCut; {
	case important && !high:
		return 1
	case !important && !high:
		return 2
	case important:
		return 3
	default:
		return 4
	}
}

// Build makes the matrix of items. outcome and items are different indices in the sample; outcome is not looked at when importance is stated, when stated
// holds the index of each item's importance question. With stated importance the sample may hold levels only.
//
// Scores are means on the items' scale, or on 0 to 100 where their scales differ. Probabilities are shares of draws of random groups of respondents in which
// the item falls into the quadrant; cuts that depend on the items are drawn with them.
//
// It refuses (*refusal.Error) indices and options that cannot be, as arguments, and what importance.Explain refuses.
func Build(ctx context.Context, s *moment.Sample, outcome int, items []int, stated []int, o Options) (*Matrix, error) {
	p, err := newPlan(s, outcome, items, stated, o)
	if err != nil {
		return nil, err
	}
	all, ok := p.place(moment.Draw{Mean: s.Mean, SD: s.SD, Correlation: s.Correlation})
	if !ok {
		return nil, refusal.New(refusal.Singular, nil, "the correlations of the items determine no importance: choose fewer items")
	}
	if p.clusters, err = s.Clusters(ctx); err != nil {
		return nil, err
	}
	drawn, err := p.resample(ctx)
	if err != nil {
		return nil, err
	}
	out := &Matrix{ImportanceCut: all.importanceCut, ScoreCut: all.scoreCut, Normalized: p.normalized, Draws: len(drawn)}
	if o.Importance == Johnson {
		out.R2 = &all.r2
	}
	spreadImportance, spreadScore := spread(all.importance), spread(all.score)
	for a, i := range items {
		x := Item{Item: i, Priority: all.priority(a), N: s.N[i], Importance: p.importance(a, all, drawn), Score: p.score(a, drawn)}
		x.PairN = s.Pairs[i][p.other(a)]
		if p.normalized {
			normalized := all.score[a]
			x.NormalizedScore = &normalized
		}
		for _, d := range drawn {
			x.Probabilities[d.priority(a)-1] += 1 / float64(len(drawn))
		}
		// The shares of whole draws are compared a rounding error below, so that 8 of 10 are 0.8.
		x.Stable = x.Probabilities[x.Priority-1] >= p.stableAt-1e-9
		x.Distance = math.Hypot((all.importance[a]-all.importanceCut)/spreadImportance, (all.score[a]-all.scoreCut)/spreadScore)
		out.Items = append(out.Items, x)
	}
	slices.SortStableFunc(out.Items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Distance, a.Distance))
	})
	return out, nil
}

// places are the items of one sample in the matrix.
type places struct {
	importance, score       []float64
	importanceCut, scoreCut float64
	r2                      float64
	// repaired tells that correlations contradicted each other.
	repaired bool
}

func (p *places) priority(item int) int {
	return Quadrant(p.importance[item], p.score[item], p.importanceCut, p.scoreCut)
}

// place computes them from moments; false where they determine no importance.
func (p *plan) place(d moment.Draw) (*places, bool) {
	out := &places{score: make([]float64, len(p.items)), importance: make([]float64, len(p.items)), repaired: d.Repaired}
	for a, i := range p.items {
		out.score[a] = p.normalize(i, d.Mean[i])
		if p.options.Importance == Stated {
			out.importance[a] = d.Mean[p.stated[a]]
		}
	}
	if p.options.Importance == Johnson {
		w, ok, err := importance.RelativeWeights(d.Correlation, p.outcome, p.items)
		if err != nil || !ok {
			return nil, false
		}
		out.importance, out.r2 = w.Raw, w.R2
	}
	given := p.options.Cut
	out.importanceCut, out.scoreCut = cut(given.Method, out.importance, given.Importance), cut(given.Method, out.score, given.Score)
	if given.Method == CutTarget {
		out.importanceCut = cut(CutMean, out.importance, 0)
	}
	return out, true
}

// normalize is a mean on 0 to 100 where scales differ.
func (p *plan) normalize(question int, mean float64) float64 {
	if !p.normalized {
		return mean
	}
	q := p.sample.Questions[question]
	return 100 * (mean - q.Min) / (q.Max - q.Min)
}

// cut is where high begins.
func cut(method CutMethod, values []float64, given float64) float64 {
	switch method {
	case CutMedian:
		sorted := slices.Sorted(slices.Values(values))
		n := len(sorted)
		return (sorted[(n-1)/2] + sorted[n/2]) / 2
	case CutFixed, CutTarget:
		return given
	default:
		var sum float64
		for _, x := range values {
			sum += x
		}
		return sum / float64(len(values))
	}
}

// spread is the standard deviation of values, 1 where they are all equal.
func spread(values []float64) float64 {
	mean := cut(CutMean, values, 0)
	var squares float64
	for _, x := range values {
		squares += (x - mean) * (x - mean)
	}
	if !(squares > 0) {
		return 1
	}
	return math.Sqrt(squares / float64(len(values)))
}

// resample places the items by draws of respondents; draws that determine no importance are left out.
func (p *plan) resample(ctx context.Context) ([]*places, error) {
	drawn := make([]*places, p.draws)
	err := p.sample.Resample(ctx, p.draws, p.options.Seed, func(number int, d moment.Draw) {
		if at, ok := p.place(d); ok {
			drawn[number] = at
		}
	})
	return slices.DeleteFunc(drawn, func(d *places) bool { return d == nil }), err
}

// importance is that of an item with its interval.
func (p *plan) importance(item int, all *places, drawn []*places) importance.Estimate {
	if p.options.Importance == Stated {
		return p.level(p.stated[item], func(d *places) float64 { return d.importance[item] }, drawn)
	}
	values := make([]float64, len(drawn))
	repaired := 0
	for i, d := range drawn {
		values[i] = d.importance[item]
		if d.repaired {
			repaired++
		}
	}
	if p.sample.Repaired || !importance.PartsHaveIntervals(repaired, len(drawn)) {
		return importance.Estimate{Value: all.importance[item], Method: importance.GroupBootstrap}
	}
	return importance.Bootstrapped(all.importance[item], values, p.confidence)
}

// score is the mean of an item on its scale with its interval.
func (p *plan) score(item int, drawn []*places) importance.Estimate {
	i := p.items[item]
	back := func(d *places) float64 { return d.score[item] }
	if p.normalized {
		q := p.sample.Questions[i]
		back = func(d *places) float64 { return q.Min + d.score[item]*(q.Max-q.Min)/100 }
	}
	return p.level(i, back, drawn)
}

// level is the mean of a question with its interval: Student's t by its number of answers, or by leaving out groups where
// respondents answer several times; of a mean that EM estimated, by draws.
func (p *plan) level(question int, of func(d *places) float64, drawn []*places) importance.Estimate {
	s := p.sample
	q := s.Questions[question]
	if s.Missing == moment.EM {
		values := make([]float64, len(drawn))
		for i, d := range drawn {
			values[i] = of(d)
		}
		return clip(importance.Bootstrapped(s.Mean[question], values, p.confidence), q)
	}
	e := importance.Estimate{Value: s.Mean[question], Method: importance.StudentT}
	n := float64(s.N[question])
	se, df := s.SD[question]/math.Sqrt(n), n-1
	if p.clusters != nil {
		e.Method = importance.GroupJackknife
		m, ok := p.clusters.Mean(question)
		if !ok {
			return e
		}
		se, df = m.StandardError, m.DF
	}
	half := stat.CriticalT(p.confidence, df) * se
	e.SE, e.Interval = &se, &stat.Interval{Low: e.Value - half, High: e.Value + half}
	return clip(e, q)
}

// clip keeps an interval on the question's scale.
func clip(e importance.Estimate, q moment.Question) importance.Estimate {
	if e.Interval != nil {
		clipped := e.Interval.Clip(q.Min, q.Max)
		e.Interval = &clipped
	}
	return e
}
