package imports

import (
	"context"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// parts reads what was uploaded of an import, one part after the other.
type parts struct {
	ctx    context.Context //nolint:containedctx // io.Reader has none
	store  store.Imports
	of     store.Import
	next   int
	data   []byte
	failed error
}

// Read implements io.Reader.
func (p *parts) Read(into []byte) (int, error) {
	for len(p.data) == 0 {
		if p.next == p.of.Parts {
			return 0, io.EOF
		}
		data, err := p.store.Part(p.ctx, p.of.Organization, p.of.ID, p.next)
		if err != nil {
			p.failed = err
			return 0, err
		}
		p.data, p.next = data, p.next+1
	}
	n := copy(into, p.data)
	p.data = p.data[n:]
	return n, nil
}

// table is the table of an import.
type table struct {
	records interface {
		Header() []string
		Next() (sheet.Record, error)
	}
	close  func() error
	parts  *parts
	layout sheet.Layout
}

// openTable opens the table of an import at its first row. Errors: *FileError; the store's.
func openTable(ctx context.Context, db store.Imports, i store.Import, known []sheet.Column) (*table, error) {
	t := &table{parts: &parts{ctx: ctx, store: db, of: i}, close: func() error { return nil }}
	var err error
	if i.Workbook {
		var book *sheet.Workbook
		if book, err = sheet.OpenWorkbook(t.parts); err == nil {
			t.records, t.close = book, book.Close
		}
	} else {
		delimiter, _ := utf8.DecodeRuneInString(i.Delimiter)
		if i.Delimiter == "" {
			delimiter = 0
		}
		t.records, err = sheet.OpenSource(t.parts, sheet.Format{Delimiter: delimiter, Encoding: i.Encoding})
	}
	if err != nil {
		return nil, t.explain(err)
	}
	if t.layout, err = sheet.Fields(t.records.Header(), known, i.Mapping, i.IgnoreUnknown); err != nil {
		return nil, errors.Join(&FileError{err.Error()}, t.close())
	}
	return t, nil
}

// explain tells errors of the file from those of the store.
func (t *table) explain(err error) error {
	if t.parts.failed != nil {
		return t.parts.failed
	}
	return &FileError{err.Error()}
}

// next is the next row; io.EOF at the end. A row that cannot be read has a problem.
func (t *table) next() (Row, *Problem, error) {
	rec, err := t.records.Next()
	if errors.Is(err, io.EOF) {
		return Row{}, nil, io.EOF
	}
	if err != nil {
		return Row{}, nil, t.explain(err)
	}
	row := Row{Number: rec.Row, Line: int64(rec.Line), cells: rec.Cells, at: t.layout.At}
	if rec.Err != nil {
		return row, &Problem{Field: rec.Err.Column, Reason: rec.Err.Reason, Description: rec.Err.Message}, nil
	}
	return row, nil, nil
}
