// Package moment holds means, standard deviations and correlations of scored questions, estimated so that they are valid when each respondent answered
// only some of the questions, and random draws of them, from which intervals of whatever is computed from them are made.
//
// Respondents are divided into random groups, and sums are kept by group: estimates with some groups counted more often or not at all are those of
// another sample of respondents (bootstrap and jackknife over groups), and all answers of one respondent stay together.
//
// No number that leaves the package is NaN or infinite. Refusals are *refusal.Error and name the questions.
package moment

// Question is a scored question.
type Question struct {
	// ID is its identifier.
	ID string
	// Min and Max are the ends of its scale, Min < Max. Answers to EFFORT scales are flipped already.
	Min, Max float64
}

// Pair is sums over the responses that answered both of two questions: each response counts once or, where Sums are weighted, with its weight.
type Pair struct {
	// Count is the number of responses.
	Count int64
	// Weight and SquaredWeight sum their weights and the squares of those; not used without weights.
	Weight, SquaredWeight float64
	// First and Second are the sums of the scores, FirstSquare and SecondSquare those of squared scores, Product that of products.
	First, Second, FirstSquare, SecondSquare, Product float64
}

// Group is what was counted of one random group of respondents.
type Group struct {
	// Responses is the number of responses, those without an answer to any of the questions included, and Unanswered is the number of those.
	Responses, Unanswered int64
	// Pairs come in the order (0,0), (0,1), …, (1,1), (1,2), …; zero where nobody answered both.
	Pairs []Pair
}

// Sums are the sums of all random groups of respondents.
type Sums struct {
	// Questions are 1 to MostQuestions, all different.
	Questions []Question
	// Groups are the groups; those without responses may be listed or left out.
	Groups []Group
	// Weighted tells that sums are of weighted values. Weights may be of any scale: a factor of all of them, or of those of one question, changes nothing.
	Weighted bool
}

// Missing says how answers that are missing are dealt with.
type Missing int

// The ways.
const (
	// Pairwise takes each correlation from the responses that answer both questions, and repairs the table where they contradict each other. Valid
	// where answers are missing completely at random, as when questions are drawn.
	Pairwise Missing = iota
	// EM takes the maximum-likelihood estimates of a multivariate normal distribution. Valid where what is missing depends on answers given only, too.
	EM
	// Listwise counts only responses that answer all questions: it discards most of the data where questions are drawn.
	Listwise
)

// String is the way's name as conventions are told.
func (m Missing) String() string {
	switch m {
	case EM:
		return "em"
	case Listwise:
		return "listwise"
	default:
		return "pairwise"
	}
}

// The least numbers of answers that moments are estimated from.
const (
	// LeastAnswers is the least number of answers to a question.
	LeastAnswers = 10
	// LeastTogether is the least number of responses that answer both of two questions.
	LeastTogether = 5
	// MostQuestions is the greatest number of questions: scoring tells of so many at a time, and sets of them fit into 64 bits.
	MostQuestions = 60
)

// Sample is what was estimated of the questions' joint distribution.
type Sample struct {
	Questions []Question
	// Missing says how missing answers were dealt with.
	Missing Missing
	// N are the numbers of answers to each question, Pairs those of responses that answer both of two; under Listwise all are the same.
	N     []int64
	Pairs [][]int64
	// Responses are those that were counted: with an answer to any of the questions, under Listwise to all.
	Responses int64
	// EffectiveN is the n that tests of the whole table use: the harmonic mean over all pairs of different questions of Pairs. The variance of a correlation is inverse to that number, so that statistics which add squares of correlations (Bartlett's, R²
	// of unrelated items) have the expectation that a complete sample of this size gives. Without missing answers it is their number.
	// Under EM, which also borrows from other pairs, it is the same and errs on the safe side.
	EffectiveN float64
	// Mean and SD are on the scales of the questions. SD has the divisor n - 1; under EM it is the maximum-likelihood estimate.
	Mean, SD []float64
	// Covariance and Correlation are symmetric and positive semi-definite; Correlation has ones on the diagonal.
	Covariance, Correlation [][]float64
	// Repaired tells that the correlations of the pairs contradicted each other, so that Correlation is the nearest table that is one of correlations.
	Repaired bool
	// Unrepaired are the correlations before the repair, and LeastEigenvalue is their least eigenvalue.
	Unrepaired      [][]float64
	LeastEigenvalue float64
	// RepairDistance is how far the repair moved the table: the root of the sum of squared changes of all its entries (Frobenius norm); GreatestRepair
	// is the greatest change of one correlation. Both are 0 where nothing was repaired.
	RepairDistance, GreatestRepair float64
	// Iterations counts the iterations of EM.
	Iterations int
	// LeftOut counts the responses that were left out: incomplete ones under Listwise, otherwise those that answered none of the questions.
	LeftOut int64
	// Groups is the number of random groups that hold responses; intervals by draws rest on them.
	Groups int
	// DesignEffect is the variance of means between the groups over that of as many independent responses, on average over the questions: about 1 where each
	// response is of a respondent of its own. 0 with fewer than LeastGroups groups.
	DesignEffect float64
	// Clustered tells that the design effect is greater than chance allows: respondents answered several times, and alike. Formulas for independent
	// responses do not hold then, and what is left of them takes Clusters.
	Clustered bool
	// Weighted tells that responses are weighted: N and Pairs are numbers of responses all the same, EffectiveN is of Kish's numbers of each pair, SD is the root
	// of the weighted mean of squared deviations times n / (n - 1), where n is the number of answers, and formulas for responses of equal weight do not hold: what is left of them takes Clusters.
	Weighted bool

	// kish are Kish's effective numbers of responses that answer both of two questions; nil without weights.
	kish [][]float64
	// held are the numbers of groups with a response that answers both of two questions.
	held [][]int
	// resampled gives the moments with each group counted a number of times.
	resampled source
	// ranks are the joint counts of answers; nil where only sums are known.
	ranks *jointCounts
}

// Grouped tells that errors are by groups of respondents, since closed forms do not hold.
func (s *Sample) Grouped() bool { return s.Clustered || s.Weighted }
