package relational

import (
	"context"
	"regexp"
	"slices"
	"testing"

	"github.com/otklik/otklik/libs/relational"
)

// untold are columns that say nothing of a person beyond what an export tells, by tables: what orders rows, how often they were written, and what other columns
// tell already.
var untold = map[string][]string{
	"timeline":       {"kind"}, // numbers: the bodies differ
	"outbox":         {"position"},
	"dead_letters":   {"position", "event"}, // an event of another service, which exports it
	"interviews":     {"score", "version"},  // the body has the score
	"purchases":      {"create_time"},
	"churns":         {"create_time"},
	"contacts":       {"version"},
	"contact_moves":  {"kind", "undone_by"}, // the timeline tells it
	"cases":          {"open", "unresolved", "unit", "rank_late", "rank_due", "rank_worth", "rank_severity", "next_time", "version"},
	"case_entries":   {"seq", "kind", "request"},
	"case_responses": {"stored"},
}

// TestExportTellsEveryColumn holds what an export of a person leaves out to a list: a column that is new is told, or named there.
func TestExportTellsEveryColumn(t *testing.T) {
	t.Parallel()
	s := begin(t)
	for _, table := range personTables() {
		var columns []string
		err := s.db.View(t.Context(), func(ctx context.Context, r relational.Reader) (err error) {
			columns, err = relational.List(ctx, r, relational.Value[string], `SELECT name FROM pragma_table_info($1)`, table.table)
			return err
		})
		if err != nil || len(columns) == 0 {
			t.Fatal(table.table, columns, err)
		}
		told := append([]string{"organization", "contact", "person"}, regexp.MustCompile(`\w+`).FindAllString(
			table.name+" "+table.time+" "+table.content+" "+table.sealed+" "+table.key, -1)...)
		for _, c := range saidOf(table.table) {
			told = append(told, c.column)
		}
		for _, c := range columns {
			if slices.Contains(told, c) == slices.Contains(untold[table.table], c) {
				t.Errorf("%s of %s is told: %v, and to be left out: %v", c, table.table, slices.Contains(told, c), slices.Contains(untold[table.table], c))
			}
		}
	}
}
