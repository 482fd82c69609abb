// Package importance says how much each item matters for an outcome: correlations, regression, Johnson's relative weights and Shapley values, all computed
// from moments, so that they are valid when each respondent answered only some of the items.
//
// Correlations have closed-form intervals by the number of responses that answer both questions. What is computed from the whole table of correlations
// has intervals by random groups of respondents, since under planned missing answers no single n describes it; only where every response answers
// everything are those of the regression the classical ones. Where respondents answer several times all intervals are by groups.
package importance

import (
	"github.com/otklik/otklik/libs/stat"
)

// The methods of intervals.
const (
	// FisherZ is by Fisher's transformation, whose standard error is 1/√(n-3) (for Spearman √(1+ρ²/2)/√(n-3), Bonett and Wright 2000).
	FisherZ = "FISHER_Z"
	// StudentT is Student's t: of a regression on complete data, and of means, of independent responses.
	StudentT = "STUDENT_T"
	// GroupBootstrap is by random draws of groups of respondents.
	GroupBootstrap = "GROUP_BOOTSTRAP"
	// GroupJackknife is by leaving out one group of respondents after the other.
	GroupJackknife = "GROUP_JACKKNIFE"
)

// Estimate is a number with its precision.
type Estimate struct {
	Value float64
	// SE is the standard error and Interval the interval; nil where the data determine none.
	SE       *float64
	Interval *stat.Interval
	// Method says how the interval was made: FisherZ, StudentT, GroupBootstrap or GroupJackknife.
	Method string
}

// Driver is an item with what it means for the outcome.
type Driver struct {
	// Item is its index in the sample.
	Item int
	// N counts the answers to the item, PairN the responses that answer it and the outcome.
	N, PairN int64
	// Pearson is the correlation with the outcome, from -1 to 1, before any repair; its p-value is by Student's t with PairN - 2 degrees of freedom, or by the
	// transform's standard error where respondents answer several times. Adjusted p-values are Benjamini and Hochberg's over all items.
	Pearson                    Estimate
	PearsonP, PearsonAdjustedP *float64
	// Spearman is the correlation of ranks among those that answer both; nil without single answers.
	Spearman                     *Estimate
	SpearmanP, SpearmanAdjustedP *float64
	// Coefficient is that of the least-squares regression on all items, in units of the outcome for one unit of the item; Standardized is in
	// standard deviations of both. VIF is the variance inflation factor, at least 1.
	Coefficient, Standardized               *Estimate
	CoefficientP, CoefficientAdjustedP, VIF *float64
	// Johnson and Shapley have no intervals where correlations, or most of those drawn, had to be repaired.
	//
	// Johnson is the raw relative weight, ≥ 0: the part of R² that the item contributes; JohnsonShare is the same as a share of R², 0 to 1. Sign is that of
	// the correlation.
	Johnson, JohnsonShare *Estimate
	Sign                  int
	// Shapley is the mean gain of R² over all orders in which items enter (LMG), ≥ 0, and ShapleyShare its share of R²; nil unless asked for, and with more
	// than MostShapley items.
	Shapley, ShapleyShare *Estimate
}

// Drivers explain an outcome by items.
type Drivers struct {
	// Drivers are in the order of the items asked for.
	Drivers []Driver
	// R2 is the share of the outcome's variance that all items explain together, 0 to 1; AdjustedR2 takes off what unrelated items would explain by
	// chance, by the sample's effective n; nil where there are not more answers than items.
	R2         float64
	AdjustedR2 *float64
	// R2Interval is nil where correlations, or more than one in twenty of those drawn, had to be repaired: that moves R² towards 1.
	R2Interval *stat.Interval
	// Intercept is that of the regression, in units of the outcome.
	Intercept float64
	// Draws is the number of draws behind the bootstrap intervals, those without a result left out.
	Draws int
	// Family is the number of items that p-values are corrected for.
	Family int
	// Notes say in English what a reader must know of how the numbers were made; what holds for the whole sample, such as a repair, the sample tells.
	Notes []string
}

// MostShapley is the greatest number of items that Shapley values are computed for: there are 2ⁿ models.
const MostShapley = 15

// DefaultDraws is the number of draws behind the bootstrap intervals.
const DefaultDraws = 200

// Options of an analysis. The zero value means the defaults.
type Options struct {
	// Level is that of the intervals; 0 means 0.95.
	Level float64
	// Draws is the number of bootstrap draws; 0 means DefaultDraws.
	Draws int
	// Seed makes draws repeatable; 0 is a seed like any other.
	Seed uint64
	// Shapley and Spearman ask for these.
	Shapley, Spearman bool
}

// Correlation is that of two questions.
type Correlation struct {
	// First and Second are indices in the sample.
	First, Second int
	// PairN counts the responses that answer both.
	PairN int64
	// Pearson is the correlation before any repair, as in Driver; adjusted p-values are over all pairs.
	Pearson      Estimate
	P, AdjustedP *float64
	// Spearman is nil without single answers.
	Spearman                     *Estimate
	SpearmanP, SpearmanAdjustedP *float64
}
