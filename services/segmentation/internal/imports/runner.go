package imports

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// DefaultRows is how many rows are applied at a time.
	DefaultRows = 1000
	// Stale is for how long an import waits for its next part.
	Stale = 24 * time.Hour
	// staleAtOnce is how many imports are cancelled in one transaction.
	staleAtOnce = 20
	// noteRows is after how many rows it is noted how far checking has come.
	noteRows = 20_000
	// lease is for how long a process has an import to itself without saying that it is still there.
	lease = time.Minute
	// mostTries is how many times an import is tried that comes no further, because of an error or because the process dies of it: for about an hour.
	mostTries = 15
	// longestPause bounds for how long an import is put off.
	longestPause = 10 * time.Minute
	// mostWaiting is how many refusals wait to be noted.
	mostWaiting = 1000
)

// Runner works on imports.
type Runner struct {
	Store store.Imports
	Kinds map[string]Kind
	// Holder names this process.
	Holder string
	// Rows is how many rows are applied at a time; 0 means DefaultRows.
	Rows int
	Now  func() time.Time
}

// Run works on imports until none waits. One that fails is put off and stops no other one; what failed is told at the end.
func (r *Runner) Run(ctx context.Context) error {
	var errs []error
	for {
		now := r.Now()
		i, err := r.Store.ClaimImport(ctx, r.Holder, now, now.Add(lease))
		if errors.Is(err, store.ErrNotFound) {
			return errors.Join(errs...)
		}
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		if err := r.work(ctx, i); err != nil && !errors.Is(err, store.ErrLost) {
			errs = append(errs, fmt.Errorf("import %s of %s: %w", i.ID, i.Organization, err))
			err = r.Store.PutOffImport(ctx, i.Organization, i.ID, r.Holder, r.Now().Add(pause(i.Tries)))
			if err != nil && !errors.Is(err, store.ErrLost) {
				return errors.Join(append(errs, err)...)
			}
		}
	}
}

// pause is for how long an import is put off that failed so many times.
func pause(tries int) time.Duration {
	return min(time.Second<<min(max(tries-1, 0), 20), longestPause)
}

// Sweep cancels imports whose upload nobody goes on with, so that tables of persons do not lie about.
func (r *Runner) Sweep(ctx context.Context) error {
	for {
		now := r.Now()
		n, err := r.Store.CancelStaleImports(ctx, now.Add(-Stale), now, staleAtOnce)
		if err != nil || n < staleAtOnce {
			return err
		}
	}
}

// work does what is left of an import. Errors: store.ErrLost when it was cancelled, or is another process's by now.
func (r *Runner) work(ctx context.Context, i store.Import) error {
	var err error
	if i.Tries > mostTries {
		err = &FileError{fmt.Sprintf("it failed %d times, and the process that worked on it or its log knows why; what was applied stays: import it again", mostTries)}
	} else {
		err = (&pass{Runner: r, of: i}).both(ctx)
	}
	var file *FileError
	if errors.As(err, &file) {
		_, err = r.Store.EndImport(ctx, i.Organization, i.ID, store.ImportRefused, file.Description, r.Now())
	}
	return err
}

// pass is a pass over the table of an import.
type pass struct {
	*Runner
	of       store.Import
	refusals []store.ImportRefusal
}

// both checks all rows, and applies them.
func (p *pass) both(ctx context.Context) error {
	kind, known := p.Kinds[p.of.Kind]
	if !known {
		return &FileError{"rows of this kind cannot be imported"}
	}
	if p.of.State == store.ImportChecking {
		if err := p.check(ctx, kind); err != nil || p.of.State.Ended() {
			return err
		}
	}
	return p.apply(ctx, kind)
}

// each reads all rows. fn gets the record of a row, or its problems.
func (p *pass) each(ctx context.Context, kind Kind, fn func(reader Reader, row Row, record any, problems []Problem) error) (reader Reader, err error) {
	columns, err := kind.Columns(ctx, p.of.Organization)
	if err != nil {
		return nil, err
	}
	t, err := openTable(ctx, p.Store, p.of, columns)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	reader, err = kind.Start(ctx, p.of.Organization, slices.Sorted(maps.Keys(t.at)))
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
	err := p.Store.MoveImport(ctx, p.Holder, p.Now().Add(lease), p.of, p.refusals)
	p.refusals = p.refusals[:0]
	return err
}

// check checks all rows. One that was interrupted reads all again, and goes on with what was not noted.
func (p *pass) check(ctx context.Context, kind Kind) error {
	before := p.of.Checked
	reader, err := p.each(ctx, kind, func(_ Reader, row Row, _ any, problems []Problem) error {
		if row.Number <= before {
			return nil
		}
		p.of.Checked = row.Number
		if len(problems) > 0 {
			p.refuse(row.Number, row.Line, problems...)
		}
		if row.Number%noteRows != 0 && len(p.refusals) < mostWaiting {
			return nil
		}
		return p.note(ctx)
	})
	if err != nil {
		return err
	}
	if whole, ok := reader.(Whole); ok {
		problems, err := whole.Finish(ctx)
		if err != nil {
			return err
		}
		for _, problem := range problems {
			p.refuse(problem.Row, problem.Line, problem.Problem)
		}
	}
	return p.decide(ctx)
}

// decide ends an import that has nothing to be applied, or lets it be applied.
func (p *pass) decide(ctx context.Context) error {
	if err := p.note(ctx); err != nil {
		return err
	}
	var end store.ImportState
	refusal := ""
	switch {
	case p.of.Checked == 0:
		end, refusal = store.ImportRefused, "the file has no rows"
	case float64(p.of.Refused) > p.of.MostRefused*float64(p.of.Checked):
		end = store.ImportRefused
		refusal = fmt.Sprintf("%d of %d rows are refused, more than the share of %g that may be: nothing was changed", p.of.Refused, p.of.Checked, p.of.MostRefused)
	case p.of.DryRun:
		end = store.ImportDone
	default:
		p.of.State = store.ImportApplying
		return p.note(ctx)
	}
	p.of.State = end
	_, err := p.Store.EndImport(ctx, p.of.Organization, p.of.ID, end, refusal, p.Now())
	return err
}

// batch are rows that are applied together.
type batch struct {
	records []any
	rows    []Row
}

// apply applies the rows that were not refused, and were not applied before.
func (p *pass) apply(ctx context.Context, kind Kind) error {
	var b batch
	before := p.of.Applied
	reader, err := p.each(ctx, kind, func(reader Reader, row Row, record any, problems []Problem) error {
		if row.Number <= before {
			return nil
		}
		if len(problems) == 0 {
			b.records, b.rows = append(b.records, record), append(b.rows, Row{Number: row.Number, Line: row.Line})
		}
		if _, whole := reader.(Whole); whole || len(b.records) < cmp.Or(p.Rows, DefaultRows) {
			return nil
		}
		return p.put(ctx, reader, &b, row.Number)
	})
	if err == nil {
		err = p.put(ctx, reader, &b, p.of.Checked)
	}
	if settler, ok := reader.(Settler); ok && err == nil {
		err = settler.Settle(ctx)
	}
	if err != nil {
		return err
	}
	_, err = p.Store.EndImport(ctx, p.of.Organization, p.of.ID, store.ImportDone, "", p.Now())
	return err
}

// put applies a batch that ends with a row.
func (p *pass) put(ctx context.Context, reader Reader, b *batch, upTo int64) error {
	if len(b.records) > 0 {
		outcomes, err := reader.Apply(ctx, b.records)
		if err != nil {
			return err
		}
		for i, o := range outcomes {
			switch {
			case o.Problem != nil:
				p.refuse(b.rows[i].Number, b.rows[i].Line, *o.Problem)
			case o.Created:
				p.of.Created++
			case o.Changed:
				p.of.Updated++
			}
		}
	}
	b.records, b.rows = b.records[:0], b.rows[:0]
	p.of.Applied = upTo
	return p.note(ctx)
}
