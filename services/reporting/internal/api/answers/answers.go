// Package answers takes scores apart into the answers that they are made of, so that scores of several slices together come from their answers, and not from
// their scores.
package answers

import (
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/place"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// Tally are the answers of a score of a question, or why they are not told.
func Tally(score *scoringv1.Score, metric place.Metric, q peers.Question) (t place.Tally, withheld string) {
	if score.Suppression != nil {
		return t, SuppressionName(score.GetSuppression())
	}
	c := score.GetCounts()
	if metric != place.Mean {
		return place.Tally{N: float64(c.GetAnswered()), Plus: float64(c.GetPromoters() + c.GetPositive()), Minus: float64(c.GetDetractors())}, ""
	}
	for _, v := range c.GetValues() {
		value := v.GetValue()
		if q.Effort {
			value = q.Scale.GetMin() + q.Scale.GetMax() - value
		}
		t.Value(value, float64(v.GetCount()))
	}
	return t, ""
}

// SuppressionName is why a score is withheld, as definitions write it.
func SuppressionName(s scoringv1.Suppression) string {
	return strings.TrimPrefix(s.String(), "SUPPRESSION_")
}
