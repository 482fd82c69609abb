package relational

import (
	"context"
	"slices"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/light"
)

const sqlAnswersOf = `SELECT ` + answerColumns + ` FROM answers WHERE organization = $1 AND contact IN (`

// recountContacts counts the answers of contacts anew, after they were moved between them or erased: what was counted of them is subtracted, whatever the
// answers say now.
func recountContacts(ctx context.Context, w *writing, organization string, contacts []string) error {
	if len(contacts) == 0 {
		return nil
	}
	contacts = slices.Compact(slices.Sorted(slices.Values(contacts)))
	all, err := countingsOf(ctx, w, organization)
	if err != nil || len(all) == 0 {
		return err
	}
	rows, err := inNames(ctx, w, scanAnswers, sqlAnswersOf, []any{organization}, contacts)
	if err != nil {
		return err
	}
	concerned := make([]*light.Row, len(rows))
	for i := range rows {
		concerned[i] = &rows[i]
	}
	for _, c := range all {
		_, units := concerning(concerned...)
		known := make(map[string]bool, len(contacts))
		for _, id := range contacts {
			known[id] = true
		}
		t, err := tallyOf(ctx, w, c, known, units)
		if err != nil {
			return err
		}
		for _, id := range contacts {
			t.Forget(id)
			// To which company it belongs by answers is known by those that are counted now.
			t.companies[id] = ""
		}
		for _, r := range concerned {
			t.put(r)
		}
		if err := w.writeTally(ctx, t, time.Now()); err != nil {
			return err
		}
	}
	return nil
}
