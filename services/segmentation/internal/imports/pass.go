package imports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// noteRows is after how many rows it is noted at the latest how far checking has come.
	noteRows = 20_000
	// mostWaiting is how many refusals wait to be noted.
	mostWaiting = 1000
	// refusalsAtOnce is how many refusals are read at a time.
	refusalsAtOnce = 1000
)

// pass is a pass over the table of an import.
type pass struct {
	*Runner
	of       store.Import
	refusals []store.ImportRefusal
}

// batch are rows that are rehearsed or applied together.
type batch struct {
	records []any
	rows    []Row
}

func (b *batch) add(record any, row Row) {
	b.records, b.rows = append(b.records, record), append(b.rows, Row{Number: row.Number, Line: row.Line})
}

func (b *batch) clear() { b.records, b.rows = b.records[:0], b.rows[:0] }

// both checks all rows, and applies them.
func (p *pass) both(ctx context.Context) error {
	kind, known := p.Kinds[p.of.Kind]
	if !known {
		return &FileError{"rows of this kind cannot be imported"}
	}
	ctx = store.OfImport(ctx, p.of.ID)
	if p.of.State == store.ImportChecking {
		if err := p.check(ctx, kind); err != nil || p.of.State.Ended() {
			return err
		}
	}
	return p.apply(ctx, kind)
}

// each reads all rows. fn gets the record of a row, or its problems.
func (p *pass) each(ctx context.Context, kind Kind, fn func(reader Reader, row Row, record any, problems []Problem) error) (reader Reader, err error) {
	known, err := kind.Columns(ctx, p.of.Organization)
	if err != nil {
		return nil, err
	}
	t, err := openTable(ctx, p.Store, p.of, known)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	p.of.Ignored = t.layout.Ignored
	reader, err = kind.Start(ctx, p.of.Organization, slices.Sorted(maps.Keys(t.layout.At)))
	if err != nil {
		return nil, err
	}
	for {
		row, problem, err := t.next()
		if errors.Is(err, io.EOF) {
			return reader, nil
		}
		if err != nil {
			return nil, err
		}
		var record any
		var problems []Problem
		if problem != nil {
			problems = []Problem{*problem}
		} else if record, problems, err = reader.Check(ctx, row); err != nil {
			return nil, err
		}
		if err := fn(reader, row, record, problems); err != nil {
			return nil, err
		}
	}
}

// refuse notes why a row is refused.
func (p *pass) refuse(row, line int64, problems ...Problem) {
	p.of.Refused++
	for _, problem := range problems {
		p.refusals = append(p.refusals, store.ImportRefusal{Row: row, Line: line, Field: problem.Field, Reason: problem.Reason, Description: problem.Description})
	}
}

// note stores how far the import has come.
func (p *pass) note(ctx context.Context) error {
	slices.SortStableFunc(p.refusals, func(a, b store.ImportRefusal) int { return cmp.Compare(a.Row, b.Row) })
	err := p.Store.MoveImport(ctx, p.Holder, p.Now().Add(lease), p.of, p.refusals)
	p.refusals = p.refusals[:0]
	return err
}

// check checks all rows, and rehearses those that pass. One that was interrupted reads all again, and goes on with what was not noted.
func (p *pass) check(ctx context.Context, kind Kind) error {
	var b batch
	before, last := p.of.Checked, p.of.Checked
	reader, err := p.each(ctx, kind, func(reader Reader, row Row, record any, problems []Problem) error {
		if row.Number <= before {
			return nil
		}
		last = row.Number
		if len(problems) > 0 {
			p.refuse(row.Number, row.Line, problems...)
		} else {
			b.add(record, row)
		}
		if _, whole := reader.(Whole); whole || len(b.records) < p.rows() && len(p.refusals) < mostWaiting && last-p.of.Checked < noteRows {
			return nil
		}
		if err := p.rehearse(ctx, reader, &b); err != nil {
			return err
		}
		p.of.Checked = last
		return p.note(ctx)
	})
	if err != nil {
		return err
	}
	if err := p.finish(ctx, reader, &b, func(problem RowProblem) { p.refuse(problem.Row, problem.Line, problem.Problem) }); err != nil {
		return err
	}
	if err := p.rehearse(ctx, reader, &b); err != nil {
		return err
	}
	p.of.Checked = last
	return p.decide(ctx)
}

// rows is how many rows are applied at a time.
func (p *pass) rows() int { return cmp.Or(p.Rows, DefaultRows) }

// finish takes out of a batch what is refused when all rows are known.
func (p *pass) finish(ctx context.Context, reader Reader, b *batch, refused func(RowProblem)) error {
	whole, ok := reader.(Whole)
	if !ok {
		return nil
	}
	problems, err := whole.Finish(ctx)
	if err != nil {
		return err
	}
	var left batch
	rows := map[int64]bool{}
	for _, problem := range problems {
		rows[problem.Row] = true
		refused(problem)
	}
	for i, row := range b.rows {
		if !rows[row.Number] {
			left.add(b.records[i], row)
		}
	}
	*b = left
	return nil
}

// rehearse finds out what would become of a batch, so that nothing is refused only when other rows were applied.
func (p *pass) rehearse(ctx context.Context, reader Reader, b *batch) error {
	return p.put(store.Rehearse(ctx), reader, b, func(o Outcome) {
		if p.of.DryRun {
			p.count(o)
		}
	})
}

// put gives a batch to a reader. What is refused of it is noted, done is told of the rest.
func (p *pass) put(ctx context.Context, reader Reader, b *batch, done func(Outcome)) error {
	if len(b.records) == 0 {
		return nil
	}
	outcomes, err := reader.Apply(ctx, b.records)
	if err != nil {
		return err
	}
	for i, o := range outcomes {
		if o.Problem != nil {
			p.refuse(b.rows[i].Number, b.rows[i].Line, *o.Problem)
			continue
		}
		done(o)
	}
	b.clear()
	return nil
}

// count counts what would become of a row. What becomes of rows that are applied the store counts.
func (p *pass) count(o Outcome) {
	switch {
	case o.Created:
		p.of.Created++
	case o.Changed:
		p.of.Updated++
	}
}

// decide ends an import that has nothing to be applied, or lets it be applied.
func (p *pass) decide(ctx context.Context) error {
	next, refusal := store.ImportApplying, ""
	switch {
	case p.of.Checked == 0:
		next, refusal = store.ImportRefused, "the file has no rows"
	case float64(p.of.Refused) > p.of.MostRefused*float64(p.of.Checked):
		next = store.ImportRefused
		refusal = fmt.Sprintf("%d of %d rows are refused, more than the share of %g that may be: nothing was changed", p.of.Refused, p.of.Checked, p.of.MostRefused)
	case p.of.DryRun:
		next = store.ImportDone
	}
	if next == store.ImportRefused {
		// Nor would anything be.
		p.of.Created, p.of.Updated = 0, 0
	}
	if err := p.note(ctx); err != nil {
		return err
	}
	p.of.State = next
	if next == store.ImportApplying {
		return p.note(ctx)
	}
	_, err := p.Store.EndImport(ctx, p.of.Organization, p.of.ID, next, refusal, p.Now())
	return err
}

// apply applies the rows that were not refused, and were not applied before.
func (p *pass) apply(ctx context.Context, kind Kind) error {
	refused, err := p.refused(ctx)
	if err != nil {
		return err
	}
	var b batch
	before := p.of.Position
	reader, err := p.each(ctx, kind, func(reader Reader, row Row, record any, problems []Problem) error {
		if row.Number <= before {
			return nil
		}
		if len(problems) == 0 && !refused[row.Number] {
			b.add(record, row)
		}
		if _, whole := reader.(Whole); whole || len(b.records) < p.rows() {
			return nil
		}
		return p.applied(ctx, reader, &b, row.Number)
	})
	if err != nil {
		return err
	}
	if err := p.finish(ctx, reader, &b, func(RowProblem) {}); err != nil {
		return err
	}
	if err := p.applied(ctx, reader, &b, p.of.Checked); err != nil {
		return err
	}
	if settler, ok := reader.(Settler); ok {
		if err := settler.Settle(ctx); err != nil {
			return err
		}
	}
	_, err = p.Store.EndImport(ctx, p.of.Organization, p.of.ID, store.ImportDone, "", p.Now())
	return err
}

// applied applies a batch that ends with a row.
func (p *pass) applied(ctx context.Context, reader Reader, b *batch, upTo int64) error {
	if err := p.put(ctx, reader, b, func(Outcome) { p.of.Applied++ }); err != nil {
		return err
	}
	// A row is refused or applied. Of very many that were refused it is not kept which they were, so that they are refused, and were counted, again.
	p.of.Position, p.of.Refused = upTo, min(p.of.Refused, p.of.Checked-p.of.Applied)
	if upTo == p.of.Checked {
		p.of.Refused = p.of.Checked - p.of.Applied
	}
	return p.note(ctx)
}

// refused are the rows of which it is kept that they were refused.
func (p *pass) refused(ctx context.Context) (map[int64]bool, error) {
	out := map[int64]bool{}
	for after := int64(0); ; {
		list, err := p.Store.ListImportRefusals(ctx, p.of.Organization, p.of.ID, after, refusalsAtOnce)
		if err != nil || len(list) == 0 {
			return out, err
		}
		for _, r := range list {
			out[r.Row], after = true, r.No
		}
	}
}
