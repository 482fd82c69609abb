package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

const (
	// maxUnpacked bounds what a workbook takes when it is unpacked, so that a small file does not fill the disk.
	maxUnpacked = 2 << 30
	// maxInMemory is up to which size a part of a workbook is unpacked into memory rather than into a temporary file.
	maxInMemory = 16 << 20
)

// Workbook reads the rows of the active sheet of an XLSX file. Close it.
type Workbook struct {
	file *excelize.File
	// rows are read as they are stored: what is shown of numbers is rounded, and of times it is whatever their author liked. styles tell which are times.
	rows   *excelize.Rows
	styles *cellStyles
	dates  dates
	header []string
	line   int
	row    int64
}

// OpenWorkbook reads the header of a workbook: the first row of its active sheet. Errors tell what is wrong with the file.
func OpenWorkbook(in io.Reader) (*Workbook, error) {
	packed, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("read the workbook: %w", err)
	}
	file, err := excelize.OpenReader(bytes.NewReader(packed), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxInMemory})
	if err != nil {
		return nil, fmt.Errorf("read the workbook: %w", err)
	}
	w := &Workbook{file: file}
	if err := w.open(packed); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *Workbook) open(packed []byte) (err error) {
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return fmt.Errorf("read the workbook: %w", err)
	}
	props, err := w.file.GetWorkbookProps()
	if err != nil {
		return fmt.Errorf("read the workbook: %w", err)
	}
	w.dates = dates{file: w.file, since1904: props.Date1904 != nil && *props.Date1904, known: map[int]bool{}}
	name := w.file.GetSheetName(w.file.GetActiveSheetIndex())
	if w.rows, err = w.file.Rows(name); err != nil {
		return fmt.Errorf("read the sheet %q: %w", name, err)
	}
	for _, s := range w.file.WorkBook.Sheets.Sheet {
		if s.Name != name {
			continue
		}
		if w.styles, err = openStyles(archive, s.ID); err != nil {
			return fmt.Errorf("read the sheet %q: %w", name, err)
		}
	}
	if w.styles == nil {
		return fmt.Errorf("read the sheet %q: there is none", name)
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
	if !w.rows.Next() {
		if err := w.rows.Error(); err != nil {
			return nil, fmt.Errorf("read line %d: %w", w.line+1, err)
		}
		return nil, io.EOF
	}
	w.line++
	cells, err := w.rows.Columns(excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, fmt.Errorf("read line %d: %w", w.line, err)
	}
	styles, err := w.styles.of(w.line)
	if err != nil {
		return nil, err
	}
	filled := 0
	for i := range cells {
		if style, has := styles[i+1]; has {
			cells[i] = w.dates.text(cells[i], style)
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
	if w.rows != nil {
		errs = append(errs, w.rows.Close())
	}
	if w.styles != nil {
		errs = append(errs, w.styles.part.Close())
	}
	return errors.Join(append(errs, w.file.Close())...)
}
