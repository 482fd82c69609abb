package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"

	"github.com/otklik/otklik/libs/sheet"
)

// Cell is a value of a row: a text, or a number where Numeric.
type Cell struct {
	Text    string
	Number  float64
	Numeric bool
}

// empty tells that nothing was stated.
func (c Cell) empty() bool { return !c.Numeric && c.Text == "" }

// String is the value as a text.
func (c Cell) String() string {
	if c.Numeric {
		return strconv.FormatFloat(c.Number, 'f', -1, 64)
	}
	return c.Text
}

// rows writes rows of a format. What it has written may stay in it until Close.
type rows interface {
	Row(cells []Cell) error
	// Flush brings what was written to where it goes, so that it can be kept.
	Flush() error
	// Close ends the file.
	Close() error
}

// byteOrderMark begins a text by which Excel knows UTF-8.
const byteOrderMark = "\ufeff"

// newRows makes a writer of a format. Where begun tells that a part of the file is kept already, it goes on without a header.
func newRows(w io.Writer, o Order, begun bool) (rows, error) {
	switch o.Format {
	case XLSX:
		return newWorkbook(w, o.Columns)
	case ZIP:
		return newArchive(w, o.Batch.At), nil
	case JSONL:
		return &lines{w: w, names: o.Columns}, nil
	default:
		out := &table{w: csv.NewWriter(w)}
		if begun {
			return out, nil
		}
		if o.Mark {
			if _, err := io.WriteString(w, byteOrderMark); err != nil {
				return nil, err
			}
		}
		return out, out.w.Write(o.Columns)
	}
}

// table writes CSV.
type table struct {
	w   *csv.Writer
	row []string
}

// Row writes a row; texts that a spreadsheet would take for formulas are defused.
func (t *table) Row(cells []Cell) error {
	t.row = t.row[:0]
	for _, c := range cells {
		text := c.String()
		if !c.Numeric {
			text = sheet.Defuse(text)
		}
		t.row = append(t.row, text)
	}
	return t.w.Write(t.row)
}

// Flush writes what is held back.
func (t *table) Flush() error {
	t.w.Flush()
	return t.w.Error()
}

// Close ends the file.
func (t *table) Close() error { return t.Flush() }

// lines writes a JSON object a line: its members in the order of the columns, without those that were not stated.
type lines struct {
	w     io.Writer
	names []string
	b     bytes.Buffer
}

// Row writes a line.
func (l *lines) Row(cells []Cell) error {
	l.b.Reset()
	l.b.WriteByte('{')
	for i, c := range cells {
		if c.empty() {
			continue
		}
		if l.b.Len() > 1 {
			l.b.WriteByte(',')
		}
		name, err := json.Marshal(l.names[i])
		if err != nil {
			return err
		}
		l.b.Write(name)
		l.b.WriteByte(':')
		if c.Numeric {
			l.b.WriteString(c.String())
			continue
		}
		value, err := json.Marshal(c.Text)
		if err != nil {
			return err
		}
		l.b.Write(value)
	}
	l.b.WriteString("}\n")
	_, err := l.w.Write(l.b.Bytes())
	return err
}

// Flush has nothing to write.
func (*lines) Flush() error { return nil }

// Close has nothing to write.
func (*lines) Close() error { return nil }
