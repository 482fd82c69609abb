// Package delta says by how much records change what is counted of a ledger: the cells of a cube, and the rows of tables, from which anything
// is counted that a cube does not hold.
package delta

import (
	"maps"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// Delta is changes of cells and of rows. The zero value changes nothing. Adding and removing commute, and what is added and removed again
// leaves no trace. A delta must not be copied once it is in use.
type Delta struct {
	// Cells are the changes of cells.
	Cells cube.Delta
	rows  map[string]*rows
}

// rows are the changed rows of one survey.
type rows struct {
	changes []column.Change
	// taken tells that some are taken away, tidy that the changes are added up.
	taken, tidy bool
}

// AddFact counts a response and its answers. The fact must pass fact.Check.
func (d *Delta) AddFact(f *fact.Fact) {
	d.Cells.AddFact(f)
	d.Note(f.Survey, column.Change{Row: RowOf(f), Count: 1})
}

// RemoveFact takes back what AddFact counted for an equal fact.
func (d *Delta) RemoveFact(f *fact.Fact) {
	d.Cells.RemoveFact(f)
	d.Note(f.Survey, column.Change{Row: RowOf(f), Count: -1})
}

// AddRefusal counts a refusal that counts (fact.Outcome.Counted).
func (d *Delta) AddRefusal(r *fact.Refusal) {
	d.Cells.AddRefusal(r)
	d.Note(r.Survey, column.Change{Row: RowOfRefusal(r), Count: 1})
}

// RemoveRefusal takes back what AddRefusal counted for an equal refusal.
func (d *Delta) RemoveRefusal(r *fact.Refusal) {
	d.Cells.RemoveRefusal(r)
	d.Note(r.Survey, column.Change{Row: RowOfRefusal(r), Count: -1})
}

// Replace moves from the refusal that counted for an invitation to the one that counts now; either may be nil.
func (d *Delta) Replace(before, after *fact.Refusal) {
	if before == after {
		return
	}
	if before != nil {
		d.RemoveRefusal(before)
	}
	if after != nil {
		d.AddRefusal(after)
	}
}

// Note notes changes of the rows of a survey.
func (d *Delta) Note(survey string, changes ...column.Change) {
	if len(changes) == 0 {
		return
	}
	r := d.rows[survey]
	if r == nil {
		if d.rows == nil {
			d.rows = make(map[string]*rows, 1)
		}
		r = &rows{}
		d.rows[survey] = r
	}
	for i := range changes {
		r.taken = r.taken || changes[i].Count < 0
	}
	r.changes, r.tidy = append(r.changes, changes...), false
}

// Merge adds the changes of other.
func (d *Delta) Merge(other *Delta) {
	d.Cells.Merge(&other.Cells)
	for survey, r := range other.rows {
		d.Note(survey, r.changes...)
	}
}

// Rows are the changed rows of a survey, in no order. They must not be modified.
func (d *Delta) Rows(survey string) []column.Change {
	r := d.rows[survey]
	if r == nil {
		return nil
	}
	if r.taken && !r.tidy {
		// Where nothing is taken away, nothing cancels out.
		r.changes, r.tidy = reduce(r.changes), true
	}
	return r.changes
}

// IsEmpty tells whether nothing changes.
func (d *Delta) IsEmpty() bool { return d.Cells.IsEmpty() && len(d.rowSurveys()) == 0 }

// Surveys lists the surveys of which something changes, in order.
func (d *Delta) Surveys() []string {
	list := append(d.Cells.Surveys(), d.rowSurveys()...)
	slices.Sort(list)
	return slices.Compact(list)
}

// rowSurveys lists the surveys of which rows change.
func (d *Delta) rowSurveys() []string {
	var list []string
	for _, survey := range slices.Sorted(maps.Keys(d.rows)) {
		if len(d.Rows(survey)) > 0 {
			list = append(list, survey)
		}
	}
	return list
}

// reduce adds up changes of equal rows.
func reduce(changes []column.Change) []column.Change {
	byID := make(map[uint64][]int, len(changes))
	out := make([]column.Change, 0, len(changes))
search:
	for _, c := range changes {
		for _, i := range byID[c.Row.ID] {
			if equal(&out[i].Row, &c.Row) {
				out[i].Count += c.Count
				continue search
			}
		}
		byID[c.Row.ID] = append(byID[c.Row.ID], len(out))
		out = append(out, c)
	}
	return slices.DeleteFunc(out, func(c column.Change) bool { return c.Count == 0 })
}
