package metric

import (
	"fmt"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/fact"
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
	Share        ID = "share"
	ENPS         ID = "enps"
	LoyaltyIndex ID = "loyalty_index"
	LikeIndex    ID = "like_index"
	SmileIndex   ID = "smile_index"
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
	// ResponseRateInvited is 100·N/invitations, of which the caller states the number.
	ResponseRateInvited Variant = "RESPONSE_RATE_INVITED"
	// ShareOption is 100 times the share of the answers that hold one option, or one value of a scale.
	ShareOption Variant = "SHARE_OPTION"
	// ENPSAnswered, ENPSContacted and ENPSRefusedAsDetractor are the variants of NPS over employees.
	ENPSAnswered           Variant = "ENPS_ANSWERED"
	ENPSContacted          Variant = "ENPS_CONTACTED"
	ENPSRefusedAsDetractor Variant = "ENPS_REFUSED_AS_DETRACTOR"
	// LoyaltyIndexContacted is NPSContacted under the name by which managers know it.
	LoyaltyIndexContacted Variant = "LOYALTY_INDEX_CONTACTED"
	// LikeIndexLikes is 100·likes/(likes+dislikes).
	LikeIndexLikes Variant = "LIKE_INDEX_LIKES"
	// LikeIndexConsultations is 100·likes/consultations, of which the caller states the number.
	LikeIndexConsultations Variant = "LIKE_INDEX_CONSULTATIONS"
	// LikeIndexPresses is 100·(likes+dislikes)/visitors, of which the caller states the number.
	LikeIndexPresses Variant = "LIKE_INDEX_PRESSES"
	// SmileIndexBuyer and SmileIndexSeller are 100·smiles/observed contacts, of buyers and of sellers.
	SmileIndexBuyer  Variant = "SMILE_INDEX_BUYER"
	SmileIndexSeller Variant = "SMILE_INDEX_SELLER"
)

// Count is a number that only the caller knows, since scoring holds no facts of it.
type Count string

// Counts that callers state.
const (
	// Invitations is the number of invitations sent.
	Invitations Count = "invitations"
	// Consultations is the number of consultations held.
	Consultations Count = "consultations"
	// Visitors is the number of visitors counted at the door.
	Visitors Count = "visitors"
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
	// JackknifeT is that of composites: random groups of respondents are left out one at a time.
	JackknifeT Method = "JACKKNIFE_T"
)

// Text is a text for people in the three languages of the product.
type Text struct {
	EN string `json:"en,omitempty"`
	RU string `json:"ru,omitempty"`
	KY string `json:"ky,omitempty"`
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
	// Reference names the publications that the metric and its intervals follow; empty where there are none.
	Reference string
	// Kinds are the kinds of questions it is computed from; empty when it needs none.
	Kinds []question.Kind
	// Variants are the ways to compute it.
	Variants []VariantDefinition
	// Population is the only one that it is defined for; PopulationUnspecified when it is defined for all.
	Population fact.Population
	// OnRequest tells that it is computed only when asked for by name.
	OnRequest bool
	// Named tells that its question must be named: of several that it could be computed from none comes first.
	Named bool
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
	// Requires is the count that the caller must state; empty when there is none.
	Requires Count
	// form is how it is computed, policy the variant of NPS that it is, if it is one.
	form   form
	policy Variant
}

// form is a way to compute.
type form uint8

const (
	difference form = iota + 1
	proportion
	mean
	pooled
)

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

// IsDefinedFor tells whether the metric is defined for a population.
func (d Definition) IsDefinedFor(p fact.Population) bool {
	return d.Population == fact.PopulationUnspecified || d.Population == p
}

// OfSurvey tells whether the variant is computed of the survey as a whole rather than of one of its questions.
func (v VariantDefinition) OfSurvey() bool {
	return v.Variant == ResponseRateOutcomes || v.Variant == ResponseRateInvited || v.Variant == MeanAllAnswers
}

// CountsRefusals tells whether refusals enter the estimate.
func (v VariantDefinition) CountsRefusals() bool {
	return v.policy == NPSContacted || v.policy == NPSRefusedAsDetractor || v.Variant == ResponseRateOutcomes
}

// AllIDs lists all metrics in the order of their definitions.
func AllIDs() []ID {
	ids := make([]ID, len(compiled))
	for i := range compiled {
		ids[i] = compiled[i].ID
	}
	return ids
}

// Variants lists the variants of all metrics in the order of their definitions.
func Variants() []Variant {
	var all []Variant
	for _, d := range compiled {
		for _, v := range d.Variants {
			all = append(all, v.Variant)
		}
	}
	return all
}

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
