package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/phrase"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// namedQuestions is how many of the questions that are left out are named.
const namedQuestions = 5

// leftOutQuestions says which questions an analysis left out, by why.
func (r *run) leftOutQuestions(b *reportingv1.AnalysisBasis) []string {
	var out []string
	for _, why := range []struct {
		reason string
		note   phrase.Key
	}{
		{"TOO_FEW_ANSWERS", phrase.NoteItemsFew}, {"ITEM_CONSTANT", phrase.NoteItemsConstant}, {"ITEMS_NEVER_TOGETHER", phrase.NoteItemsApart}, {"OVERALL", phrase.NoteItemsOverall},
	} {
		var names []string
		for _, q := range b.GetLeftOutQuestions() {
			if q.GetReason() == why.reason {
				names = append(names, r.words.Pick(q.GetText().GetTexts(), q.GetQuestion()))
			}
		}
		if len(names) > 0 {
			out = append(out, r.words.Text(why.note, quoted(names)))
		}
	}
	return out
}

// about adds to why there is no section the questions whose fault it is, of which the identifiers come with commas between; others than those of the survey's current
// revision are not named.
func (r *run) about(why, items string) string {
	var names []string
	for id := range strings.SplitSeq(items, ",") {
		if slices.ContainsFunc(r.asked, func(q peers.Question) bool { return q.ID == id }) {
			names = append(names, r.question(id))
		}
	}
	if len(names) == 0 {
		return why
	}
	return strings.TrimSuffix(why, ".") + ": " + quoted(names) + "."
}

// quoted are the first of the names.
func quoted(names []string) string {
	out := "«" + strings.Join(names[:min(len(names), namedQuestions)], "», «") + "»"
	if more := len(names) - namedQuestions; more > 0 {
		out += fmt.Sprintf(" +%d", more)
	}
	return out
}
