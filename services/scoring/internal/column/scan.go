package column

import (
	"cmp"
	"slices"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// RowView is a row that Scan has found. It is valid until the function that got it returns.
type RowView struct {
	scan *scanner
	row  int
	step int
	// weight by the query.
	weight float64
}

// scanner is what the views of one block have in common.
type scanner struct {
	*plan
	block *block
	// parsed are the fields that were asked for, by index.
	parsed []*parsedColumn
}

// Scan calls fn for each row that the query counts, until fn fails; the error of fn comes back as it is. Of the query, GroupBy, Questions,
// Choices, Pooled and Limit mean nothing here. Rows come by and large in the order of time. The rows are those at the time of the call, whatever
// is applied meanwhile. The coverage is of the rows that were gone through.
func (t *Table) Scan(q Query, fn func(RowView) error) (Coverage, error) {
	q.GroupBy, q.Questions, q.Choices, q.Pooled, q.Limit = nil, nil, nil, false, 0
	s := t.seen.Load()
	p, err := t.plan(&q, s)
	if err != nil {
		return Coverage{}, err
	}
	blocks := slices.SortedStableFunc(slices.Values(s.blocks), func(a, b *block) int { return cmp.Compare(a.least, b.least) })
	w := newWorker(p)
	defer w.leave()
	scan := &scanner{plan: p, parsed: make([]*parsedColumn, len(s.fields))}
	for _, b := range blocks {
		if !w.choose(b) {
			if err := w.check(); err != nil {
				return w.coverage, err
			}
			continue
		}
		w.group(b)
		scan.block = b
		for i, r := range w.rows {
			v := RowView{scan: scan, row: int(r), step: int(w.slots[i]), weight: 1}
			if !q.Weights.None() {
				v.weight = w.weights[i]
			}
			if err := fn(v); err != nil {
				return w.coverage, err
			}
		}
	}
	return w.coverage, w.check()
}

// entry is what a row has of a field: the parsed column and the index; false when the row lacks it.
func (v RowView) entry(field int) (*parsedColumn, uint32, bool) {
	if field < 0 {
		return nil, 0, false
	}
	code := v.scan.block.column(field).at(v.row)
	if code == 0 {
		return nil, 0, false
	}
	c := v.scan.parsed[field]
	if c == nil {
		f := &v.scan.state.fields[field]
		parsed := parse(f.kind, f.name, f.entries)
		c = &parsed
		v.scan.parsed[field] = c
	}
	return c, code - 1, true
}

// Row is a copy of the whole row, but for values and options, which must not be changed.
func (v RowView) Row() Row {
	h := v.scan.block.head(v.row)
	r := Row{
		ID: h.id, Bucket: h.bucket, Received: h.received, Respondent: h.respondent, Weight: h.weight,
		Population: v.scan.Population, Outcome: v.Outcome(),
	}
	for field := range v.scan.state.fields {
		if c, i, ok := v.entry(field); ok {
			c.put(&r, i)
		}
	}
	r.sort()
	return r
}

// ID is the row's identifier.
func (v RowView) ID() uint64 { return v.scan.block.ids[v.row] }

// Respondent is the respondent's; 0 when nobody is named.
func (v RowView) Respondent() uint64 { return v.scan.block.respondent(v.row) }

// Outcome says what the row is.
func (v RowView) Outcome() Outcome { return Outcome(v.scan.block.who[v.row] & 3) }

// Bucket is when the row counts.
func (v RowView) Bucket() calendar.Bucket { return calendar.Bucket(v.scan.block.buckets.at(v.row)) }

// Step is the index of the step of the query that the row falls into.
func (v RowView) Step() int { return v.step }

// Weight is the row's weight by the query's weighting; 1 without one.
func (v RowView) Weight() float64 { return v.weight }

// RandomGroup is the random group of the row's respondent, of as many as the query has replicates; 0 without.
func (v RowView) RandomGroup() int {
	if v.scan.Replicates == 0 {
		return 0
	}
	return RandomGroup(v.Respondent(), v.ID(), v.scan.Replicates)
}

// Values are the values of a key; nil when the row has none. They must not be changed.
func (v RowView) Values(key string) []string {
	if c, i, ok := v.entry(v.scan.state.field(keyColumn, key)); ok {
		return c.values[i]
	}
	return nil
}

// Answer is the answer to a question; false when there is none. Its options must not be changed.
func (v RowView) Answer(id string) (Answer, bool) {
	if c, i, ok := v.entry(v.scan.state.field(answerColumn, id)); ok {
		return c.answers[i], true
	}
	return Answer{}, false
}

// Score is the answer to a scored question; false when there is none.
func (v RowView) Score(id string) (value question.Centi, scale string, ok bool) {
	a, ok := v.Answer(id)
	if !ok || a.Kind == question.Choice {
		return 0, "", false
	}
	return a.Value, a.Scale, true
}
