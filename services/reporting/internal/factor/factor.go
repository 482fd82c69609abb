// Package factor finds the few factors behind many items, from a table of their correlations: how many there are (eigenvalues, Kaiser's rule, parallel
// analysis), the loadings by maximum likelihood or minimum residuals, rotated by varimax or promax, and whether the table is fit for it (KMO, Bartlett's test)
// and the items make a scale (Cronbach's alpha).
//
// Conventions: factors are extracted from correlations, not covariances. The loadings of each factor sum to 0 or more. Factors are in falling order of the
// variance they explain; those of promax in the order of the varimax solution that they come from. Varimax weighs items by Kaiser's normalisation.
package factor

import (
	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// Extraction is how loadings are estimated.
type Extraction uint8

// The extractions.
const (
	// MaximumLikelihood maximises the likelihood of normally distributed answers (Jöreskog 1967); there is a test of fit.
	MaximumLikelihood Extraction = iota
	// Minres minimises the squares of what is left of the correlations (Harman and Jones 1966).
	Minres
)

// Rotation is how factors are turned to be easier to read.
type Rotation uint8

// The rotations.
const (
	// Varimax keeps factors uncorrelated (Kaiser 1958).
	Varimax Rotation = iota
	// Promax lets them correlate: the varimax loadings to the power of 4, signs kept, are what it aims at (Hendrickson and White 1964).
	Promax
	// None leaves them as they are extracted.
	None
)

// Alpha is which of Cronbach's coefficients is given.
type Alpha uint8

// The coefficients.
const (
	// Raw is by covariances: items count by their variances.
	Raw Alpha = iota
	// Standardized is by correlations: items count the same.
	Standardized
)

// Limits of what is analysed.
const (
	// LeastItems is the smallest number of items.
	LeastItems = 3
	// MostItems is the greatest number of items.
	MostItems = moment.MostQuestions
	// Simulations is the default number of random tables of the parallel analysis.
	Simulations = 100
	// MostSimulations is the greatest number of them.
	MostSimulations = 10_000
	// Bound is the smallest uniqueness: an item at it is a Heywood case.
	Bound = 0.005
)

// Input is the table to analyse.
type Input struct {
	// Items name the items, in the order of both tables.
	Items []string
	// Correlation is that of items, with ones on the diagonal; Covariance is in units of the answers. Both are symmetric, and of rank Items.
	Correlation, Covariance [][]float64
	// N is the number of responses that tests and the parallel analysis count with, more than the number of items. Under planned missing answers it is the
	// caller's choice, and the tests are approximate.
	N float64
}

// Options say how.
type Options struct {
	// Factors is how many are extracted; 0 as many as the parallel analysis finds.
	Factors    int
	Extraction Extraction
	Rotation   Rotation
	Alpha      Alpha
	// Level is the confidence level of intervals; 0 is 0.95.
	Level float64
	// Seed and Simulations determine the random tables of the parallel analysis; equal ones give equal results. 0 simulations are the default.
	Seed        uint64
	Simulations int
}

// Test is a chi-square test.
type Test struct {
	Statistic        float64
	DegreesOfFreedom int
	P                float64
}

// Result is a factor analysis.
type Result struct {
	// Eigenvalues are those of the correlations, the greatest first; they sum to the number of items. ParallelEigenvalues are the 95th percentiles of those of
	// random tables of as many independent items and responses.
	Eigenvalues, ParallelEigenvalues []float64
	// KaiserFactors counts the eigenvalues above 1, ParallelFactors the leading ones above their ParallelEigenvalues (Horn 1965, at the 95th percentile).
	// Factors is how many were extracted; 0 when there is none beyond chance: then there are no loadings.
	KaiserFactors, ParallelFactors, Factors int
	// Loadings are those of each item on each factor (promax: the pattern, which may pass 1).
	Loadings [][]float64
	// FactorCorrelations are those of factors with each other; nil unless promax.
	FactorCorrelations [][]float64
	// Communalities are the parts of each item's variance that the factors explain, Uniquenesses the rest, 0 to 1; they sum to 1 but for Heywood cases.
	Communalities, Uniquenesses []float64
	// Variance is the share of all variance that each factor explains.
	Variance []float64
	// KMO is the Kaiser-Meyer-Olkin measure of sampling adequacy, 0 to 1 (below 0.5 is unfit), KMOItems that of each item.
	KMO      float64
	KMOItems []float64
	// Bartlett tests whether items correlate at all.
	Bartlett Test
	// Fit tests whether as many factors suffice, by Bartlett's corrected likelihood ratio; nil for minres, and where no degree of freedom is left.
	Fit *Test
	// Alpha is Cronbach's, raw or standardised as asked, at most 1; AlphaInterval is Feldt's (1965). Nothing is turned round for it.
	Alpha         *float64
	AlphaInterval *stat.Interval
	// AlphaIfDropped is alpha without each item; nil where the others have no variance in sum.
	AlphaIfDropped []*float64
	// ReversedItems are indices of the items that correlate negatively with the sum of the others: worded the other way round, perhaps.
	ReversedItems []int
	// HeywoodItems are indices of the items whose uniqueness ended at Bound: the solution is improper, too many factors or too few responses.
	HeywoodItems []int
	// Iterations counts those of the extraction.
	Iterations int
	// Conventions name what the numbers rest on, for machines: "kaiser_normalization", "alpha_raw".
	Conventions []string
}
