package metric

import (
	"errors"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// moments are those of the answers in native values; CESMean flips EFFORT, MeanSingleQuestion does not.
func (e evaluation) moments(h histogram.Histogram) stat.Moments {
	const u = question.Unit
	m := stat.Moments{N: float64(h.N()), Mean: h.Mean() / u, Variance: h.Variance() / (u * u)}
	if e.flips() {
		m.Mean = e.flip(m.Mean)
	}
	return m
}

// flips tells whether the estimate itself is flipped.
func (e evaluation) flips() bool {
	return e.variant.Variant == CESMean && e.question.Direction == question.Effort
}

// flip mirrors a native value on the question's scale.
func (e evaluation) flip(x float64) float64 {
	return e.question.Scale.Min.Float() + e.question.Scale.Max.Float() - x
}

// share places a native value or estimate between the worst (0) and the best (1) of the scale.
func (e evaluation) share(x float64) float64 {
	if e.question.Direction == question.Effort && !e.flips() {
		x = e.flip(x)
	}
	return (x - e.question.Scale.Min.Float()) / e.question.Scale.Width().Float()
}

// scoreMean fills in the mean of one question's answers.
func (e evaluation) scoreMean(score Score, data Data) (Score, error) {
	m := e.moments(data.Answers)
	score.N = data.Answers.N()
	score.Counts.Answered = score.N
	if score.N == 0 {
		return score, nil
	}
	if data.Weighted != nil {
		return e.scoreWeightedMean(score, data)
	}
	score.Estimate = ptr(m.Mean)
	score.Normalized = ptr(100 * e.share(m.Mean))
	if score.N < 2 {
		score.Band = e.diagnose(score)
		return score, nil
	}
	se, err := m.StandardError()
	if err != nil {
		return Score{}, err
	}
	score.StandardError = ptr(se)
	if score.Interval, err = scaled(1)(m.Interval(e.settings.Level)); err != nil {
		return Score{}, err
	}
	if score.Interval != nil {
		*score.Interval = score.Interval.Clip(e.question.Scale.Min.Float(), e.question.Scale.Max.Float())
	}
	score.Band = e.diagnose(score)
	return score, nil
}

// scoreWeightedMean fills in the weighted mean of one question's answers.
func (e evaluation) scoreWeightedMean(score Score, data Data) (Score, error) {
	var total Weight
	for _, b := range data.Weighted.Answers {
		total = total.Add(b.Weight)
	}
	if !(total.Sum > 0) {
		return score, nil
	}
	m, precise := e.weightedMean(data)
	score.Weighting = weighting(score.N, total)
	score.Estimate = ptr(m.Estimate)
	score.Normalized = ptr(100 * e.share(m.Estimate))
	if precise {
		score.StandardError = ptr(m.StandardError)
		var err error
		if score.Interval, err = scaled(1)(m.Interval(e.settings.Level)); err != nil {
			return Score{}, err
		}
		if score.Interval != nil {
			*score.Interval = score.Interval.Clip(e.question.Scale.Min.Float(), e.question.Scale.Max.Float())
		}
	}
	score.Band = e.diagnose(score)
	return score, nil
}

// scoreAllAnswers fills in the mean of all rated answers on 1..10.
func (e evaluation) scoreAllAnswers(score Score, data Data) (Score, error) {
	mean, answers, err := pool.Mean(data.Pooled)
	if err != nil && !errors.Is(err, stat.ErrUndefined) {
		return Score{}, err
	}
	respondents := data.Pooled.N()
	if w := data.Weighted; w != nil {
		answers, respondents = w.Pooled.Answers, w.Pooled.Respondents
	}
	score.N = answers
	score.Counts.Answered = answers
	score.Counts.Respondents = ptr(respondents)
	if answers == 0 {
		return score, nil
	}
	if w := data.Weighted; w != nil {
		if !(w.Pooled.B > 0) {
			return score, nil
		}
		mean = w.Pooled.mean()
		score.Weighting = weighting(respondents, Weight{Sum: w.Pooled.W, Squares: w.Pooled.WW})
	}
	score.Estimate = ptr(onTen(mean.Estimate))
	score.Normalized = ptr(100 * mean.Estimate)
	if mean.DF > 0 {
		score.StandardError = ptr(9 * mean.StandardError)
		if score.Interval, err = scaled(1)(mean.Interval(e.settings.Level)); err != nil {
			return Score{}, err
		}
		if score.Interval != nil {
			*score.Interval = score.Interval.Map(9, 1).Clip(1, 10)
		}
	}
	score.Band = e.diagnose(score)
	return score, nil
}

// diagnose judges a mean by cut points on 1..10, on which estimates of other scales are re-expressed (best = 10). It is
// decided only when the whole interval lies on one side of each cut point; without an interval it is undecided. Importance
// is no judgement of anything, so it gets no diagnosis, and CES has none by definition.
func (e evaluation) diagnose(score Score) Band {
	if e.definition.ID != Mean || e.question.Kind == question.Importance {
		return NoBand
	}
	if score.Interval == nil {
		return Undecided
	}
	a, b := onTen(e.share(score.Interval.Low)), onTen(e.share(score.Interval.High))
	low, high := min(a, b), max(a, b)
	switch t := e.settings.Thresholds; {
	case high <= t.SystemicTo:
		return Systemic
	case low >= t.CaseLevelFrom:
		return CaseLevel
	case low > t.SystemicTo && high < t.CaseLevelFrom:
		return Mixed
	}
	return Undecided
}

// onTen re-expresses a share on 1..10.
func onTen(share float64) float64 { return 1 + 9*share }
