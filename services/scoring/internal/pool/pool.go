// Package pool puts the answers of one respondent to questions of different scales on one footing, so that all of them
// together have a mean whose standard error respects that they are one person's.
//
// What a respondent answered is summed up in two integers, the number of rated answers and the sum of their normalised
// values, and these in one code; a histogram that counts codes merges as exactly as one that counts scores.
package pool

import (
	"fmt"
	"math/bits"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Resolution is the number of units into which a scale is divided. It is a multiple of 100 times the width of every scale
// of up to 10 steps of 1, and of those of width 12, 14, 15, 18, 20, 50 and 100: their values normalise without rounding, in
// hundredths. Other values are off by less than 4e-7 of the scale.
const Resolution = 1_260_000

// codeShift separates count and sum in a code: sums stay below 2^40 for up to 800,000 answers.
const codeShift = 40

// Answers sums up rated answers of one respondent.
type Answers struct {
	// Count is the number of answers.
	Count int64
	// Sum is the sum of the answers normalised to 0..Resolution, where Resolution is best.
	Sum int64
}

// Of sums up the rated answers of a response: every scored kind but importance, EFFORT scales flipped.
func Of(f *fact.Fact) Answers {
	var a Answers
	for i := range f.Answers {
		if x := &f.Answers[i]; x.Present && x.Kind.Rated() {
			a.Count++
			a.Sum += Normalise(x.Value, x.Scale, x.Direction)
		}
	}
	return a
}

// Normalise places a value between the worst (0) and the best (Resolution) of its scale, rounded to the nearest unit.
func Normalise(value question.Centi, scale question.Scale, direction question.Direction) int64 {
	if direction == question.Effort {
		value = scale.Flip(value)
	}
	width := int64(scale.Width())
	return (int64(value-scale.Min)*Resolution*2 + width) / (2 * width)
}

// Add joins the answers of the same respondent in another response.
func (a Answers) Add(other Answers) Answers {
	return Answers{Count: a.Count + other.Count, Sum: a.Sum + other.Sum}
}

// Code is the one integer that stands for a.
func (a Answers) Code() int64 { return a.Count<<codeShift | a.Sum }

// FromCode is the inverse of Code. It fails for integers that are no code.
func FromCode(code int64) (Answers, error) {
	a := Answers{Count: code >> codeShift, Sum: code & (1<<codeShift - 1)}
	if a.Count < 1 || a.Sum > a.Count*Resolution {
		return Answers{}, fmt.Errorf("pooled answers: code %d is %d answers that sum to %d", code, a.Count, a.Sum)
	}
	return a, nil
}

// Mean is the mean of all answers counted by a histogram of codes, with one cluster a respondent, on 0..1. The standard
// error is exactly 0 when all respondents have the same mean. stat.ErrUndefined when there are fewer than two respondents; the
// estimate is then still right unless there is none. It also returns the number of answers.
func Mean(codes histogram.Histogram) (stat.Mean, int64, error) {
	var total Answers
	respondents := make([]Answers, 0, codes.Len())
	clusters := make([]stat.Cluster, 0, codes.Len())
	for b := range codes.Bins() {
		a, err := FromCode(b.Value)
		if err != nil {
			return stat.Mean{}, 0, err
		}
		respondents = append(respondents, a)
		clusters = append(clusters, stat.Cluster{Sum: float64(a.Sum) / Resolution, Size: float64(a.Count), Times: float64(b.Count)})
		total.Count += b.Count * a.Count
		total.Sum += b.Count * a.Sum
	}
	m, err := stat.ClusteredMean(clusters)
	if total.Count > 0 {
		m.Estimate = float64(total.Sum) / Resolution / float64(total.Count)
	}
	if uniform(respondents, total) {
		m.StandardError = 0
	}
	if err != nil {
		return m, total.Count, fmt.Errorf("mean of all answers: %w", err)
	}
	return m, total.Count, nil
}

// uniform tells whether every respondent's mean is that of all, in exact arithmetic.
func uniform(respondents []Answers, total Answers) bool {
	for _, a := range respondents {
		aHi, aLo := bits.Mul64(uint64(a.Sum), uint64(total.Count))
		bHi, bLo := bits.Mul64(uint64(total.Sum), uint64(a.Count))
		if aHi != bHi || aLo != bLo {
			return false
		}
	}
	return true
}
