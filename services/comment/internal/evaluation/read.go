package evaluation

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxLine bounds a line of a file: a text, its label, and columns that are not looked at.
const maxLine = 1 << 20

// Row is a labelled text of a file.
type Row struct {
	// Line is where it stands, from 1.
	Line int
	// Text and Label are as Parse takes them.
	Text, Label string
	// Case is what Parse makes of them.
	Case Case
}

// Reader reads a file of labelled texts: columns between tabs, text and label first (for PII the language and then the text), further ones are not looked at.
// The file may be compressed by gzip. A first line that names the columns and empty lines are passed over; bytes that are not UTF-8 are
// replaced by U+FFFD.
type Reader struct {
	task  Task
	lines *bufio.Reader
	line  int
}

// NewReader makes a reader of a file for a task.
func NewReader(t Task, r io.Reader) (*Reader, error) {
	in := bufio.NewReader(r)
	var plain io.Reader = in
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("unpack the labelled texts: %w", err)
		}
		plain = unpacked
	}
	return &Reader{task: t, lines: bufio.NewReaderSize(plain, maxLine)}, nil
}

// Next returns the next labelled text; io.EOF at the end. What is wrong with a line is a *FormatError.
func (r *Reader) Next() (Row, error) {
	for {
		line, err := r.next()
		if err != nil {
			return Row{}, err
		}
		if line == "" {
			continue
		}
		columns := strings.SplitN(strings.ToValidUTF8(line, "\ufffd"), "\t", 3)
		if len(columns) < 2 {
			return Row{}, &FormatError{Line: r.line, Column: 2, Description: "is missing: want " + r.task.form()}
		}
		if r.line == 1 && r.task.header(columns) {
			continue
		}
		inText, inLabel := r.task.Columns()
		row := Row{Line: r.line, Text: columns[inText-1], Label: columns[inLabel-1]}
		if row.Case, err = Parse(r.task, row.Text, row.Label); err != nil {
			return Row{}, r.at(err)
		}
		return row, nil
	}
}

// next returns the next line without its end.
func (r *Reader) next() (string, error) {
	raw, err := r.lines.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", &FormatError{Line: r.line + 1, Description: fmt.Sprintf("is longer than %d bytes", maxLine)}
	case errors.Is(err, io.EOF) && len(raw) == 0:
		return "", io.EOF
	case err != nil && !errors.Is(err, io.EOF):
		return "", fmt.Errorf("read the labelled texts behind line %d: %w", r.line, err)
	}
	r.line++
	line := strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
	if r.line == 1 {
		line = strings.TrimPrefix(line, "\ufeff")
	}
	return line, nil
}

// at names the line of an error of Parse.
func (r *Reader) at(err error) error {
	var format *FormatError
	if !errors.As(err, &format) {
		return err
	}
	return &FormatError{Line: r.line, Column: format.Column, Description: format.Description}
}

// form is what a line looks like.
func (t Task) form() string {
	if t == PII {
		return "the language and the text between tabs"
	}
	return "the text and its label between tabs"
}

// headers are names of columns with labels.
var headers = []string{"label", "gold", "lang", "language", "sentiment", "aspects", "mix"}

// header tells whether a line names the columns.
func (t Task) header(columns []string) bool {
	inText, inLabel := t.Columns()
	text, label := strings.ToLower(strings.TrimSpace(columns[inText-1])), strings.ToLower(strings.TrimSpace(columns[inLabel-1]))
	return text == "text" && slices.Contains(headers, label)
}
