package column

import "github.com/otklik/otklik/services/scoring/internal/question"

// RowView is a row that Scan has found. It is valid until the function that got it returns.
type RowView struct {
	row    *Row
	step   int
	weight float64
	group  int
}

// Scan calls fn for each row that the query counts, until fn fails; the error of fn comes back as it is. Of the query, GroupBy, Questions,
// Choices, Pooled and Limit mean nothing here. Rows come by and large in the order of time. The rows are those at the time of the call, whatever
// is applied meanwhile.
func (t *Table) Scan(q Query, fn func(RowView) error) error {
	t.mu.RLock()
	rows := t.rows
	t.mu.RUnlock()
	if err := q.check(); err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		step, why := place(r, &q)
		if why != counts {
			continue
		}
		v := RowView{row: r, step: step, weight: weigh(r, &q)}
		if q.Replicates > 0 {
			v.group = RandomGroup(r.Respondent, r.ID, q.Replicates)
		}
		if err := fn(v); err != nil {
			return err
		}
	}
	return nil
}

// Row is a copy of the whole row.
func (v RowView) Row() Row { return *v.row }

// Outcome says what the row is.
func (v RowView) Outcome() Outcome { return v.row.Outcome }

// Step is the index of the step of the query that the row falls into.
func (v RowView) Step() int { return v.step }

// Weight is the row's weight by the query's weighting; 1 without one.
func (v RowView) Weight() float64 { return v.weight }

// RandomGroup is the random group of the row's respondent, of as many as the query has replicates; 0 without.
func (v RowView) RandomGroup() int { return v.group }

// Values are the values of a key; nil when the row has none. They must not be changed.
func (v RowView) Values(key string) []string {
	for i := range v.row.Keys {
		if v.row.Keys[i].Name == key {
			return v.row.Keys[i].Values
		}
	}
	return nil
}

// Score is the answer to a scored question; false when there is none.
func (v RowView) Score(id string) (value question.Centi, scale string, ok bool) {
	for i := range v.row.Answers {
		if a := &v.row.Answers[i]; a.Question == id && a.Kind.Scored() {
			return a.Value, a.Scale, true
		}
	}
	return 0, "", false
}
