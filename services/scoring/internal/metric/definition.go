package metric

import (
	"fmt"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/question"
)

// ID identifies a metric.
type ID string

// Metrics.
const (
	NPS          ID = "nps"
	CSAT         ID = "csat"
	CES          ID = "ces"
	Mean         ID = "mean"
	ResponseRate ID = "response_rate"
)

// Variant is one way to compute a metric. Its name begins with the metric's.
type Variant string

// Variants.
const (
	// NPSAnswered is 100·(P-D)/N.
	NPSAnswered Variant = "NPS_ANSWERED"
	// NPSContacted is 100·(P-D)/(N+R): those who refused count as neutral.
	NPSContacted Variant = "NPS_CONTACTED"
	// NPSRefusedAsDetractor is 100·(P-D-R)/(N+R).
	NPSRefusedAsDetractor Variant = "NPS_REFUSED_AS_DETRACTOR"
	// CSATShare is 100·satisfied/answered.
	CSATShare Variant = "CSAT_SHARE"
	// CESMean is the mean on the native scale, EFFORT flipped.
	CESMean Variant = "CES_MEAN"
	// CESTopBox is 100·easy/answered.
	CESTopBox Variant = "CES_TOP_BOX"
	// CESNetEasy is 100·(easy-difficult)/answered, by cut points of its own.
	CESNetEasy Variant = "CES_NET_EASY"
	// MeanSingleQuestion is the mean of one question's answers on their native scale, as answered.
	MeanSingleQuestion Variant = "MEAN_SINGLE_QUESTION"
	// MeanAllAnswers is the mean of the answers to all rated questions on 1..10, clustered by respondent.
	MeanAllAnswers Variant = "MEAN_ALL_ANSWERS"
	// ResponseRateOutcomes is 100·N/(N+R).
	ResponseRateOutcomes Variant = "RESPONSE_RATE_OUTCOMES"
)

// Unit is what an estimate is measured in.
type Unit string

// Units.
const (
	// Points run from -100 to 100: a difference of two percentages.
	Points Unit = "points"
	// Percent runs from 0 to 100.
	Percent Unit = "percent"
	// Native is the scale of the question (1..10 for MeanAllAnswers).
	Native Unit = "scale"
)

// Method is how an interval is made.
type Method string

// Methods.
const (
	AdjustedWald Method = "ADJUSTED_WALD"
	Wald         Method = "WALD"
	TrinomialT   Method = "TRINOMIAL_T"
	Wilson       Method = "WILSON"
	StudentT     Method = "STUDENT_T"
	ClusteredT   Method = "CLUSTERED_T"
)

// Text is a text for people in the three languages of the product.
type Text struct {
	EN, RU, KY string
}

// Range is the span of the values an estimate can take.
type Range struct {
	Min, Max float64
}

// Definition says what a metric means. A change of meaning is a new version.
type Definition struct {
	// ID and Version identify the definition; every score carries them.
	ID      ID
	Version int
	// Title is what managers call the metric, Description what it measures and how.
	Title, Description Text
	// Kinds are the kinds of questions it is computed from; empty when it needs none.
	Kinds []question.Kind
	// Variants are the ways to compute it.
	Variants []VariantDefinition
}

// VariantDefinition says how one variant is computed.
type VariantDefinition struct {
	// Variant names it.
	Variant Variant
	// Default tells whether it is computed when none is named; BesideRefusals, whether it is then computed as well wherever
	// refusals are recorded.
	Default, BesideRefusals bool
	// Formula is the estimate in the symbols of the counts: N answers, R refusals, P promoters, D detractors.
	Formula string
	// Unit is the unit of the estimate.
	Unit Unit
	// Range is the range of the estimate; nil where the scale of the question sets it.
	Range *Range
	// Methods are the methods by which an interval can be made, the default first.
	Methods []Method
}

// Supports tells whether the metric can be computed from a question of the kind.
func (d Definition) Supports(kind question.Kind) bool {
	return len(d.Kinds) == 0 || slices.Contains(d.Kinds, kind)
}

// Defaults are the variants computed when none is named.
func (d Definition) Defaults(refusalsRecorded bool) []Variant {
	var vs []Variant
	for _, v := range d.Variants {
		if v.Default || v.BesideRefusals && refusalsRecorded {
			vs = append(vs, v.Variant)
		}
	}
	return vs
}

// IDs lists the metrics in the order of their definitions.
func IDs() []ID { return []ID{NPS, CSAT, CES, Mean, ResponseRate} }

// Find returns the definition of a metric, whose lists must not be changed; ErrUnknown when there is none.
func Find(id ID) (Definition, error) {
	for _, d := range compiled {
		if d.ID == id {
			return d, nil
		}
	}
	return Definition{}, fmt.Errorf("metric %q: %w", id, ErrUnknown)
}

// FindVariant returns the definition of a variant and of its metric, whose lists must not be changed; ErrUnknown when there is none.
func FindVariant(v Variant) (Definition, VariantDefinition, error) {
	for _, d := range compiled {
		for _, vd := range d.Variants {
			if vd.Variant == v {
				return d, vd, nil
			}
		}
	}
	return Definition{}, VariantDefinition{}, fmt.Errorf("variant %q: %w", v, ErrUnknown)
}

// method returns the method to use: the one asked for where the variant has it, the default where none is.
func (v VariantDefinition) method(asked Method) (Method, error) {
	if asked == "" {
		return v.Methods[0], nil
	}
	if !slices.Contains(v.Methods, asked) {
		return "", fmt.Errorf("%s for %s: %w", asked, v.Variant, ErrMethod)
	}
	return asked, nil
}
