package sheet

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/xuri/excelize/v2"
)

const (
	// maxUnpacked bounds what a workbook takes when it is unpacked, so that a small file does not fill the disk.
	maxUnpacked = 2 << 30
	// maxInMemory is up to which size a part of a workbook is unpacked into memory rather than into a temporary file.
	maxInMemory = 16 << 20
	// dayForm makes dates that follow the reader's country look the same everywhere.
	dayForm = "yyyy-mm-dd"
)

// shownDate is a cell that is shown as a date.
var shownDate = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}|\d{2}\.\d{2}\.\d{4})`)

// Workbook reads the rows of the active sheet of an XLSX file. Close it.
type Workbook struct {
	file *excelize.File
	// shown are the rows as people see them, raw as they are stored: numbers are read raw, since what is shown is rounded, and dates as they are shown.
	shown, raw *excelize.Rows
	header     []string
	line       int
	row        int64
}

// OpenWorkbook reads the header of a workbook: the first row of its active sheet. Errors tell what is wrong with the file.
func OpenWorkbook(in io.Reader) (*Workbook, error) {
	file, err := excelize.OpenReader(in, excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxInMemory, ShortDatePattern: dayForm})
	if err != nil {
		return nil, fmt.Errorf("read the workbook: %w", err)
	}
	w := &Workbook{file: file}
	if err := w.open(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *Workbook) open() (err error) {
	name := w.file.GetSheetName(w.file.GetActiveSheetIndex())
	if w.shown, err = w.file.Rows(name); err != nil {
		return fmt.Errorf("read the sheet %q: %w", name, err)
	}
	if w.raw, err = w.file.Rows(name); err != nil {
		return fmt.Errorf("read the sheet %q: %w", name, err)
	}
	cells, err := w.next()
	if errors.Is(err, io.EOF) {
		return errors.New("read the header: the sheet is empty")
	}
	w.header = cells
	return err
}

// Header lists the names of the columns.
func (w *Workbook) Header() []string { return w.header }

// Next returns the next record that has a cell with something in it; io.EOF at the end.
func (w *Workbook) Next() (Record, error) {
	for {
		cells, err := w.next()
		if err != nil {
			return Record{}, err
		}
		if len(cells) == 0 {
			continue
		}
		w.row++
		rec := Record{Line: w.line, Row: w.row}
		if len(cells) > len(w.header) {
			rec.Err = &Problem{Reason: ReasonMalformed, Message: fmt.Sprintf("has %d cells where the header has %d", len(cells), len(w.header))}
			return rec, nil
		}
		rec.Cells = append(cells, make([]string, len(w.header)-len(cells))...)
		return rec, nil
	}
}

// next reads a row, without empty cells at its end.
func (w *Workbook) next() ([]string, error) {
	if !w.shown.Next() || !w.raw.Next() {
		if err := errors.Join(w.shown.Error(), w.raw.Error()); err != nil {
			return nil, fmt.Errorf("read line %d: %w", w.line+1, err)
		}
		return nil, io.EOF
	}
	w.line++
	shown, err := w.shown.Columns()
	if err != nil {
		return nil, fmt.Errorf("read line %d: %w", w.line, err)
	}
	cells, err := w.raw.Columns(excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, fmt.Errorf("read line %d: %w", w.line, err)
	}
	filled := 0
	for i := range cells {
		if i < len(shown) && shownDate.MatchString(shown[i]) {
			cells[i] = shown[i]
		}
		if cells[i] = strings.TrimSpace(cells[i]); cells[i] != "" {
			filled = i + 1
		}
	}
	return cells[:filled], nil
}

// Close removes what was unpacked.
func (w *Workbook) Close() error {
	var errs []error
	for _, rows := range []*excelize.Rows{w.shown, w.raw} {
		if rows != nil {
			errs = append(errs, rows.Close())
		}
	}
	return errors.Join(append(errs, w.file.Close())...)
}
