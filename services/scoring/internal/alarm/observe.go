package alarm

import (
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// hundred is one hundred in hundredths: what one promoter adds to a sum of points.
const hundred = 100 * question.Unit

// kind is how a variant is the mean of single observations.
type kind uint8

const (
	// unwatched: it is not, or needs counts that nobody states.
	unwatched kind = iota
	// values: what was answered.
	values
	// shares: one hundred for some, nothing for the others.
	shares
	// points: one hundred for some, less one hundred for others, nothing for the rest.
	points
)

// kindOf tells how a variant is watched.
func kindOf(v metric.Variant) kind {
	switch v {
	case metric.MeanSingleQuestion, metric.CESMean:
		return values
	case metric.CSATShare, metric.CESTopBox, metric.ResponseRateOutcomes, metric.LikeIndexLikes, metric.SmileIndexBuyer, metric.SmileIndexSeller:
		return shares
	case metric.NPSAnswered, metric.NPSContacted, metric.NPSRefusedAsDetractor, metric.LoyaltyIndexContacted, metric.CESNetEasy:
		return points
	}
	return unwatched
}

// scaleOf bounds the observations of a variant.
func scaleOf(v metric.Variant, s question.Scale) alert.Scale {
	switch kindOf(v) {
	case points:
		return alert.Scale{Min: -100, Max: 100}
	case shares:
		return alert.Scale{Max: 100}
	}
	return alert.Scale{Min: s.Min.Float(), Max: s.Max.Float()}
}

// observations are those of which the score of a row is the mean, in hundredths of its unit.
func observations(r query.Row, q metric.Question) (histogram.Histogram, error) {
	c := r.Score.Counts
	switch kindOf(r.Score.Variant) {
	case points:
		plus, minus := count(c.Promoters)+count(c.Positive), count(c.Detractors)+count(c.Negative)
		if r.Score.Variant == metric.NPSRefusedAsDetractor {
			minus += c.Refused + c.Dismissed + c.TimedOut
		}
		return bins(histogram.Bin{Value: hundred, Count: plus}, histogram.Bin{Value: -hundred, Count: minus}, histogram.Bin{Count: r.Score.N - plus - minus})
	case shares:
		hits := count(c.Positive)
		if r.Score.Variant == metric.ResponseRateOutcomes {
			hits = c.Answered
		}
		return bins(histogram.Bin{Value: hundred, Count: hits}, histogram.Bin{Count: r.Score.N - hits})
	case values:
		if r.Score.Variant != metric.CESMean || q.Direction != question.Effort {
			return r.Answers, nil
		}
		var flipped []histogram.Bin
		for b := range r.Answers.Bins() {
			flipped = append(flipped, histogram.Bin{Value: int64(q.Scale.Flip(question.Centi(b.Value))), Count: b.Count}) //nolint:gosec // on the scale
		}
		return bins(flipped...)
	}
	return histogram.Histogram{}, fmt.Errorf("observe %s: it is not the mean of single observations", r.Score.Variant)
}

func count(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func bins(b ...histogram.Bin) (histogram.Histogram, error) {
	h, err := histogram.FromBins(b...)
	if err != nil {
		return histogram.Histogram{}, fmt.Errorf("count observations: %w", err)
	}
	return h, nil
}
