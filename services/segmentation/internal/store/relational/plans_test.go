package relational

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/light"
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
	lights, after := (&counting{organization: "acme", generation: 1}).which(store.LightQuery{Kind: light.Company}), &store.LightKey{Colour: light.Red, Mean: 2.5}
	lights.and("colour = 1")
	rangesAfter(after, light.Red)[0](lights)
	for index, q := range map[string]struct {
		statement string
		args      []any
	}{
		"lights_by_colour (organization=? AND generation=? AND kind=? AND colour=? AND stake=? AND value=? AND (mean,unit)>(?,?))": {
			`SELECT ` + lightColumns + ` FROM lights WHERE ` + lights.text.String() + lightOrder + ` LIMIT 9`, lights.args,
		},
		"contacts_by_company (organization=? AND company=?)":                {sqlTouchCompany, []any{"acme", "c1", 1, 1}},
		"memberships_by_contact (organization=? AND contact=?)":             {sqlMembershipsIn + `$2, $3)` + membershipsInOrder, []any{"acme", "c1", "c2"}},
		"PRIMARY KEY (organization=? AND contact=?)":                        {sqlTouchedIn + `$2, $3)`, []any{"acme", "c1", "c2"}},
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

// TestPlansOfUnits keeps what callers who are restricted to units ask on the rows of these, in the order of an index.
func TestPlansOfUnits(t *testing.T) {
	t.Parallel()
	s := begin(t)
	for _, p := range slices.Concat(whereContactsAre(), whereContactsWere()) {
		index := map[string]string{"contacts": "contacts_by_", "answers": "answers_by_", "cases": "cases_of_"}[p.table] + p.column
		plan := planOf(t, s, p.contacts("$1", "$2", "$3")+` ORDER BY contact LIMIT 9`, "acme", "c1", "u1")
		if !strings.Contains(plan, index+" (organization=? AND "+p.column+"=? AND contact>?)") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s of %s: %s", p.table, p.column, plan)
		}
	}
	r := reach{store.Units{ofCompany: {"a", "b"}, ofLocation: {"l"}, ofRegion: {"r"}, ofEmployee: {"e"}}}
	where := conditions{}
	where.and("organization = " + where.arg("acme"))
	where.and("company = " + where.arg("a"))
	where.and("company <> ''")
	where.and("merged_into = ''")
	r.seen(&where)
	plan := planOf(t, s, `SELECT contact FROM contacts WHERE `+where.text.String()+` ORDER BY contact LIMIT 9`, where.args...)
	if !strings.Contains(plan, "contacts_by_company (organization=? AND company=?)") || strings.Contains(plan, "PRIMARY KEY") {
		t.Errorf("contacts of a company that are seen: %s", plan)
	}
	for _, p := range whereContactsWere() {
		here := conditions{}
		here.and("organization = " + here.arg("acme"))
		among(&here, "contact", []string{"c1", "c2"})
		here.and(here.oneOf(p.column, []string{"u1", "u2"}))
		plan := planOf(t, s, `SELECT contact FROM `+p.table+` WHERE `+here.text.String(), here.args...)
		if !strings.Contains(plan, "(organization=? AND "+p.column+"=? AND contact=?)") {
			t.Errorf("%s of contacts: %s", p.column, plan)
		}
	}
	employees := r.unitConditions(store.UnitQuery{Organization: "acme", Kind: attribute.Employee})
	plan = planOf(t, s, `SELECT id FROM units WHERE `+employees.text.String()+` ORDER BY id LIMIT 9`, employees.args...)
	if !strings.Contains(plan, "SEARCH units") || strings.Contains(plan, "SCAN") {
		t.Errorf("employees of units: %s", plan)
	}
	c := counting{organization: "acme", generation: 1}
	for dimension, column := range placeColumns {
		where := c.which(store.LightQuery{Kind: light.Contact})
		where.and(where.oneOf(column, []string{"u1"}))
		where.and("colour = " + where.arg(1))
		plan := planOf(t, s, `SELECT `+lightColumns+` FROM lights WHERE `+where.text.String()+lightOrder+` LIMIT 9`, where.args...)
		if !strings.Contains(plan, "lights_by_"+column+" (organization=? AND generation=? AND kind=? AND "+column+"=? AND colour=?)") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("lights of a %s: %s", dimension, plan)
		}
	}
}
