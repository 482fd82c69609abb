// Package sheet reads the rows of tables that people keep in files: CSV, plain or packed, in whatever encoding, and XLSX.
package sheet

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// maxRecordBytes bounds one record, so that a quote that is never closed does not swallow a file of any size.
const maxRecordBytes = 8 << 20

// Encodings lists the encodings of text that files may have.
func Encodings() []string {
	return []string{"utf-8", "utf-16", "windows-1251", "windows-1252", "koi8-r", "iso-8859-1"}
}

func decoding(name string) encoding.Encoding {
	switch name {
	case "utf-16":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case "windows-1251":
		return charmap.Windows1251
	case "windows-1252":
		return charmap.Windows1252
	case "koi8-r":
		return charmap.KOI8R
	case "iso-8859-1":
		return charmap.ISO8859_1
	default:
		return nil
	}
}

// Format is the form of a CSV file.
type Format struct {
	// Delimiter separates cells; 0 means that it is found by looking at the header.
	Delimiter rune
	// Encoding is one of Encodings; empty means UTF-8, and UTF-16 where the file begins with its byte order mark.
	Encoding string
	// LazyQuotes accepts quotes inside of cells that are not quoted.
	LazyQuotes bool
	// KeepBlanks keeps blanks around cells; they are cut otherwise.
	KeepBlanks bool
}

// Source reads the records of a CSV file, plain or gzip, one by one.
type Source struct {
	header  []string
	records *csv.Reader
	budget  *budgetReader
	format  Format
	row     int64
}

// Record is one record of the file. Cells are valid until the next call of Next.
type Record struct {
	// Line is the line of the file in which the record begins, counted from 1; records may span lines.
	Line int
	// Row counts the records behind the header from 1.
	Row int64
	// Cells has as many cells as the header, unless Err is set.
	Cells []string
	// Err says why the record cannot be read; the file goes on behind it.
	Err *Problem
}

// Problem is why a record cannot be read.
type Problem struct {
	// Column is the column at fault; empty when the row is.
	Column string
	// Reason is for machines: ReasonMalformed or ReasonInvalidUTF8.
	Reason string
	// Message is for people.
	Message string
}

// The reasons of problems.
const (
	// ReasonMalformed: the record is not well formed, or has more or fewer cells than the header.
	ReasonMalformed = "ROW_MALFORMED"
	// ReasonInvalidUTF8: a cell is not valid UTF-8.
	ReasonInvalidUTF8 = "INVALID_UTF8"
)

// ErrRecordTooLong tells that a record has no end within reason, most likely because a quote is not closed; nothing behind it can be read.
var ErrRecordTooLong = errors.New("a record is longer than 8 MiB: is a quote not closed?")

// OpenSource reads the header of a file. gzip is recognised by its first bytes, byte order marks are dropped. Errors tell what is wrong with
// the file or its header.
func OpenSource(in io.Reader, format Format) (*Source, error) {
	text, err := decode(in, format.Encoding)
	if err != nil {
		return nil, err
	}
	budget := &budgetReader{r: text}
	budget.refill()
	buffered := bufio.NewReaderSize(budget, 64<<10)
	if format.Delimiter == 0 {
		head, _ := buffered.Peek(32 << 10)
		format.Delimiter = detectDelimiter(head)
	}
	s := &Source{records: csv.NewReader(buffered), budget: budget, format: format}
	s.records.Comma = format.Delimiter
	s.records.LazyQuotes = format.LazyQuotes
	s.records.FieldsPerRecord = -1
	s.records.ReuseRecord = true
	names, err := s.records.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("read the header: the file is empty")
	case err != nil:
		return nil, fmt.Errorf("read the header: %w", err)
	}
	s.header = make([]string, len(names))
	for i, name := range names {
		s.header[i] = strings.TrimSpace(strings.Clone(name))
	}
	return s, nil
}

// decode unpacks gzip, drops a byte order mark and converts to UTF-8.
func decode(in io.Reader, encodingName string) (io.Reader, error) {
	buffered := bufio.NewReaderSize(in, 64<<10)
	if magic, _ := buffered.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fmt.Errorf("read the gzip header: %w", err)
		}
		buffered = bufio.NewReaderSize(unzipped, 64<<10)
	}
	mark, _ := buffered.Peek(3)
	switch {
	case len(mark) == 3 && mark[0] == 0xEF && mark[1] == 0xBB && mark[2] == 0xBF:
		if _, err := buffered.Discard(3); err != nil {
			return nil, fmt.Errorf("read the byte order mark: %w", err)
		}
	case encodingName == "" && len(mark) >= 2 && (mark[0] == 0xFF && mark[1] == 0xFE || mark[0] == 0xFE && mark[1] == 0xFF):
		encodingName = "utf-16"
	}
	if e := decoding(encodingName); e != nil {
		return transform.NewReader(buffered, e.NewDecoder()), nil
	}
	return buffered, nil
}

// detectDelimiter returns the likeliest delimiter of a header: the one that occurs most often outside of quotes.
func detectDelimiter(head []byte) rune {
	counts := map[byte]int{}
	inQuotes := false
scan:
	for _, c := range head {
		switch c {
		case '"':
			inQuotes = !inQuotes
		case '\n', '\r':
			if !inQuotes {
				break scan
			}
		case ',', ';', '\t', '|':
			if !inQuotes {
				counts[c]++
			}
		}
	}
	best := byte(',')
	for _, c := range []byte{';', '\t', '|'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return rune(best)
}

// Next returns the next record; io.EOF at the end. A record that cannot be read is returned with Err set. Other errors (a damaged gzip file,
// a record without an end) leave nothing to read.
func (s *Source) Next() (Record, error) {
	s.budget.refill()
	cells, err := s.records.Read()
	if errors.Is(err, io.EOF) {
		return Record{}, io.EOF
	}
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		s.row++
		return Record{Line: parse.StartLine, Row: s.row, Err: &Problem{
			Reason: ReasonMalformed, Message: fmt.Sprintf("line %d, byte %d: %v", parse.Line, parse.Column, parse.Err),
		}}, nil
	case err != nil:
		return Record{}, fmt.Errorf("read row %d: %w", s.row+1, err)
	}
	s.row++
	line, _ := s.records.FieldPos(0)
	rec := Record{Line: line, Row: s.row, Cells: cells}
	if len(cells) != len(s.header) {
		rec.Cells, rec.Err = nil, &Problem{
			Reason: ReasonMalformed, Message: fmt.Sprintf("has %d cells where the header has %d", len(cells), len(s.header)),
		}
		return rec, nil
	}
	for i, cell := range cells {
		if !s.format.KeepBlanks {
			cells[i] = strings.TrimSpace(cell)
		}
		if !utf8.ValidString(cell) {
			rec.Cells, rec.Err = nil, &Problem{
				Column: s.header[i], Reason: ReasonInvalidUTF8, Message: "is not valid UTF-8; state the encoding when the file has another one",
			}
			return rec, nil
		}
	}
	return rec, nil
}

// Header lists the names of the columns.
func (s *Source) Header() []string { return s.header }

// budgetReader fails when more than maxRecordBytes are read between two refills.
type budgetReader struct {
	r    io.Reader
	left int
}

func (b *budgetReader) refill() { b.left = maxRecordBytes }

func (b *budgetReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrRecordTooLong
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}
