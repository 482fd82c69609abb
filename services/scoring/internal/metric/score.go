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
