package moment

import (
	"fmt"

	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// Unfit is a question for which FromSums refuses.
type Unfit struct {
	// Question is its index.
	Question int
	// Reason is that of the refusal: refusal.TooFew, refusal.Constant or refusal.NeverTogether.
	Reason refusal.Reason
	// Why says it in a sentence for people, in English.
	Why string
}

// FindUnfit are the questions without which FromSums does not refuse, in the order in which they were found: those with fewer than LeastAnswers answers or
// with answers that are all the same, and then, one at a time, the one of which most pairs with what is left cannot be correlated, of several the one with the
// fewest answers. The first `kept` questions are never among them: where one of those is unfit by itself, it is for the refusal to say so. With levels, questions need
// not have been answered together (LevelsFromSums).
func FindUnfit(s Sums, kept int, levels bool) []Unfit {
	k := len(s.Questions)
	counts := make([]int64, k*(k+1)/2)
	for _, g := range s.Groups {
		for p := range g.Pairs {
			counts[p] += g.Pairs[p].Count
		}
	}
	sums := newPairSums(&s, false)
	if sums.groups() == 0 {
		return nil
	}
	total := sums.total(ones(sums.groups()))
	var out []Unfit
	gone := make([]bool, k)
	leave := func(i int, reason refusal.Reason, format string, args ...any) {
		gone[i] = true
		if i >= kept {
			out = append(out, Unfit{i, reason, fmt.Sprintf(format, args...)})
		}
	}
	for i := range k {
		if n := counts[at(k, i, i)]; n < LeastAnswers {
			leave(i, refusal.TooFew, "it has %d answers, at least %d are needed", n, LeastAnswers)
		} else if _, ok := levelOf(total[at(k, i, i)*fields:]); !ok {
			leave(i, refusal.Constant, "all answers to it are the same")
		}
	}
	if levels {
		return out
	}
	for {
		worst, most, with := -1, 0, 0
		for i := kept; i < k; i++ {
			apart, first := 0, -1
			for j := range k {
				if i == j || gone[i] || gone[j] || together(counts, total, k, i, j) {
					continue
				}
				if apart++; first < 0 {
					first = j
				}
				if j < kept {
					// What is kept stays, so that the other one goes.
					apart += k
				}
			}
			if apart > most || apart > 0 && apart == most && counts[at(k, i, i)] < counts[at(k, worst, worst)] {
				worst, most, with = i, apart, first
			}
		}
		if worst < 0 {
			return out
		}
		if n := counts[at(k, worst, with)]; n < LeastTogether {
			leave(worst, refusal.NeverTogether, "%d responses answer both it and %s, at least %d are needed", n, s.Questions[with].ID, LeastTogether)
		} else {
			leave(worst, refusal.Constant, "among those who answered both it and %s one never varies", s.Questions[with].ID)
		}
	}
}

// together tells whether two questions can be correlated.
func together(counts []int64, total []float64, k, i, j int) bool {
	if counts[at(k, i, j)] < LeastTogether {
		return false
	}
	_, ok := correlationOf(total[at(k, i, j)*fields:])
	return ok
}
