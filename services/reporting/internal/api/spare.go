package api

import (
	"errors"
	"fmt"
	"slices"

	"github.com/otklik/otklik/services/reporting/internal/moment"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/refusal"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// without is the request without the items that cannot be analysed, where that is why it was refused and items may be spared; nil without an error. The responses are
// read again for it: what is told is what would be told had the remaining items been named. Otherwise it is refused as before, or, when too few items would be left, with the names of all.
func (r request) without(err error, sums func() moment.Sums) (*request, error) {
	var refused *refusal.Error
	if err == nil || !r.spare || !errors.As(err, &refused) ||
		!slices.Contains([]refusal.Reason{refusal.TooFew, refusal.Constant, refusal.NeverTogether}, refused.Reason) {
		return nil, err
	}
	unfit := moment.FindUnfit(sums(), r.kept, r.levels)
	if len(unfit) == 0 {
		return nil, err
	}
	out := r
	out.notes, out.leftOut = slices.Clone(r.notes), slices.Clone(r.leftOut)
	gone, half := make(map[int]bool), len(r.questions)/2
	var names []string
	for _, u := range unfit {
		q := r.questions[u.Question]
		names = append(names, q.ID)
		out.leftOut = append(out.leftOut, leftOutQuestion(q, string(u.Reason)))
		out.notes = append(out.notes, fmt.Sprintf("left out is question %q: %s", q.ID, u.Why))
		gone[u.Question] = true
		if r.levels {
			// An item and the question for its importance go together.
			gone[(u.Question+half)%(2*half)] = true
		}
	}
	out.questions, out.fields = nil, nil
	for i, q := range r.questions {
		if !gone[i] {
			out.questions, out.fields = append(out.questions, q), append(out.fields, r.fields[i])
		}
	}
	items := len(out.questions) - r.kept
	if r.levels {
		items = len(out.questions) / 2
	}
	if items < r.least {
		return nil, refusal.New(unfit[0].Reason, names, "of the survey's questions %d can be analysed, at least %d are needed; question %s cannot: %s; widen the period or the filter",
			items, r.least, names[0], unfit[0].Why)
	}
	return &out, nil
}

// leftOutQuestion is a question that is left out for a reason.
func leftOutQuestion(q peers.Question, reason string) *reportingv1.AnalysisBasis_LeftOutQuestion {
	return &reportingv1.AnalysisBasis_LeftOutQuestion{Question: q.ID, Text: q.Text, Reason: reason}
}
