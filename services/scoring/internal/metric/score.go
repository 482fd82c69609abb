package metric

import (
	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Score is one number with all that is needed to judge it.
type Score struct {
	// Metric, Version and Variant say by what definition it was computed.
	Metric  ID
	Version int
	Variant Variant
	// Scale is the scale that the estimate refers to: the question's, 1-10 for MeanAllAnswers, none for ResponseRate.
	Scale question.Scale
	// N is the denominator of the estimate: answers, or outcomes where the denominator holds refusals.
	N int64
	// Estimate is the number itself; nil when there are no answers.
	Estimate *float64
	// Normalized is a mean on 0 (worst) to 100 (best), with EFFORT flipped; nil for other variants.
	Normalized *float64
	// StandardError is the standard error of Estimate; nil when it cannot be computed. It belongs to the unadjusted estimate,
	// whatever the method of the interval.
	StandardError *float64
	// Interval is the confidence interval, clipped to the range of the variant; nil when there is none.
	Interval *stat.Interval
	// Level and Method say what interval it is, or would be.
	Level  float64
	Method Method
	// Counts are the counts behind it.
	Counts Counts
	// Band is the judgement; empty where there is none.
	Band Band
	// Option is the option whose share it is (ShareOption).
	Option string
	// Weighting says what weights made of n; nil when the score is not weighted.
	Weighting *Weighting
}

// Weighting says what weights made of the number of observations. The standard error of a weighted score is linearised; its interval is made
// from the effective n.
type Weighting struct {
	// N is the number of observations of positive weight: answers, outcomes, or respondents (MeanAllAnswers).
	N int64
	// WeightedN is the sum of their weights.
	WeightedN float64
	// EffectiveN is (Σw)²/Σw², and DesignEffect N/EffectiveN.
	EffectiveN, DesignEffect float64
}

// Counts are what a score was computed from; a caller can compute every policy again from them.
type Counts struct {
	// Answered counts answers to the question (responses for ResponseRate, rated answers for MeanAllAnswers).
	Answered int64
	// Refused, Dismissed and TimedOut count the outcomes that are no response.
	Refused, Dismissed, TimedOut int64
	// Promoters, Passives and Detractors count the answers of an NPS; nil for other metrics.
	Promoters, Passives, Detractors *int64
	// Positive counts satisfied or easy answers, Negative difficult ones; nil where the variant does not count them.
	Positive, Negative *int64
	// Option counts the answers that hold the option asked for, nil for other variants than ShareOption. Like and smile indices count likes and
	// smiles in Positive, dislikes and contacts without a smile in Negative.
	Option *int64
	// Stated is the count that the caller stated; nil for variants without.
	Stated *int64
	// Respondents counts the respondents of MeanAllAnswers; nil for other variants.
	Respondents *int64
}

// Band judges an estimate.
type Band string

// Bands.
const (
	// NoBand is the absence of a judgement.
	NoBand Band = ""
	// Strong is an NPS above the threshold, 50 unless configured.
	Strong Band = "STRONG"
	// Systemic: the mean is so low that processes are at fault.
	Systemic Band = "SYSTEMIC"
	// Mixed: between the cut points.
	Mixed Band = "MIXED"
	// CaseLevel: the mean is so high that what is wrong is wrong with single persons and cases.
	CaseLevel Band = "CASE_LEVEL"
	// Undecided: the interval holds a cut point, or there is no interval.
	Undecided Band = "UNDECIDED"
)

// newScore fills in what every score of a variant has.
func newScore(d Definition, v VariantDefinition, q Question, data Data, s Settings, m Method) Score {
	return Score{
		Metric: d.ID, Version: d.Version, Variant: v.Variant, Scale: q.Scale, Level: s.Level, Method: m,
		Counts: Counts{Refused: data.Outcomes.Refused, Dismissed: data.Outcomes.Dismissed, TimedOut: data.Outcomes.TimedOut},
	}
}

func ptr[T any](v T) *T { return &v }
