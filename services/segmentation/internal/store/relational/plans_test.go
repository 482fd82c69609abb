package relational

import (
	"errors"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// planOf is how SQLite looks for what a statement asks.
func planOf(t *testing.T, s *Store, statement string, args ...any) string {
	t.Helper()
	rows, err := s.db.Query(t.Context(), `EXPLAIN QUERY PLAN `+statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var line string
		if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// TestPlans keeps statements that run while all writers wait, and those that pages run, on their indexes.
func TestPlans(t *testing.T) {
	t.Parallel()
	s := begin(t)
	ofContact := caseConditions(caseQuery{CaseQuery: store.CaseQuery{Organization: "acme", Contact: "c1"}}, false)
	for index, q := range map[string]struct {
		statement string
		args      []any
	}{
		"contacts_by_company (organization=? AND company=?)":                {sqlTouchCompany, []any{"acme", "c1", 1, 1}},
		"recoveries_by_response (organization=? AND response=?)":            {sqlUnanswer, []any{"acme", "r1"}},
		"cases_by_time (next_time>? AND next_time<?)":                       {sqlDueOf, []any{1}},
		"cases_by_time_of (organization=? AND next_time>? AND next_time<?)": {sqlDueCases, []any{"acme", 1, 1}},
		"cases_by_contact (organization=? AND contact=? AND open=?)": {
			`SELECT ` + caseColumns + ` FROM cases WHERE ` + ofContact.text.String() + ` ORDER BY ` + caseOrder + ` LIMIT 9`, ofContact.args,
		},
	} {
		if plan := planOf(t, s, q.statement, q.args...); !strings.Contains(plan, index) {
			t.Errorf("does not use %s: %s", index, plan)
		}
	}
}
