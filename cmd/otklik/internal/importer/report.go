package importer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/sheet"
)

// Report writes refused rows and values that were left out to a file, in the order of the rows: CSV, a JSON array (.json) or JSON lines
// (.jsonl). A CSV report is safe to open in a spreadsheet: cells that a spreadsheet would take for a formula begin with an apostrophe.
type Report struct {
	file   *os.File
	format string
	count  int64
	offset int64
}

// reportLine is one line of a report.
type reportLine struct {
	Line    int    `json:"line"`
	Row     int64  `json:"row"`
	Outcome string `json:"outcome"`
	Column  string `json:"column"`
	Target  string `json:"target"`
	Value   string `json:"value"`
	Reason  Reason `json:"reason"`
	Message string `json:"message"`
}

// The values of `outcome` in a report.
const (
	reportRowRefused   = "row_refused"
	reportValueSkipped = "value_skipped"
)

// maxReportedValue bounds a value in a report, in bytes.
const maxReportedValue = 1000

// OpenReport creates the report, or goes on behind its first offset bytes and count lines where an interrupted import left off.
func OpenReport(path string, offset, count int64) (*Report, error) {
	r := &Report{format: strings.ToLower(filepath.Ext(path)), offset: offset, count: count}
	switch r.format {
	case ".csv", ".json", ".jsonl":
	default:
		return nil, fmt.Errorf("open report: %s must end in .csv, .json or .jsonl", path)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open report: %w", err)
	}
	r.file = file
	if info, err := file.Stat(); err != nil || info.Size() < offset {
		r.offset, r.count = 0, 0
	}
	if err := file.Truncate(r.offset); err != nil {
		return nil, closing(file, fmt.Errorf("truncate report: %w", err))
	}
	if _, err := file.Seek(r.offset, io.SeekStart); err != nil {
		return nil, closing(file, fmt.Errorf("find the end of the report: %w", err))
	}
	if r.offset == 0 {
		if err := r.begin(); err != nil {
			return nil, closing(file, err)
		}
	}
	return r, nil
}

func closing(file *os.File, err error) error {
	_ = file.Close()
	return err
}

func (r *Report) begin() error {
	switch r.format {
	case ".csv":
		return r.write("line,row,outcome,column,target,value,reason,message\n")
	case ".json":
		return r.write("[")
	}
	return nil
}

func (r *Report) write(s string) error {
	n, err := r.file.WriteString(s)
	r.offset += int64(n)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// Add writes the problems of rows in their order.
func (r *Report) Add(rows []*Row) error {
	var out strings.Builder
	for _, row := range rows {
		for _, p := range row.Problems {
			r.count++
			r.render(&out, reportLineOf(row, p))
		}
	}
	if out.Len() == 0 {
		return nil
	}
	return r.write(out.String())
}

func reportLineOf(row *Row, p RowProblem) reportLine {
	line := reportLine{
		Line: row.Line, Row: row.Row, Outcome: reportRowRefused, Column: p.Column, Target: p.Target,
		Value: strings.ToValidUTF8(p.Value, "\uFFFD"), Reason: p.Reason, Message: p.Message,
	}
	if len(line.Value) > maxReportedValue {
		line.Value = strings.ToValidUTF8(line.Value[:maxReportedValue], "") + "…"
	}
	if p.Skipped {
		line.Outcome = reportValueSkipped
	}
	return line
}

func (r *Report) render(out *strings.Builder, line reportLine) {
	if r.format == ".csv" {
		w := csv.NewWriter(out)
		// A strings.Builder takes everything.
		_ = w.Write([]string{
			strconv.Itoa(line.Line), strconv.FormatInt(line.Row, 10), line.Outcome, sheet.Defuse(line.Column), line.Target,
			sheet.Defuse(line.Value), string(line.Reason), sheet.Defuse(line.Message),
		})
		w.Flush()
		return
	}
	text := encodeLine(line)
	switch {
	case r.format == ".jsonl":
		out.Write(text)
		out.WriteByte('\n')
		return
	case r.count == 1:
		out.WriteString("\n")
	default:
		out.WriteString(",\n")
	}
	out.Write(text)
}

// encodeLine writes a line as JSON without escaping <, > and &, which are common in comments.
func encodeLine(line reportLine) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	// Neither the buffer nor a struct of strings and numbers can fail.
	_ = encoder.Encode(line)
	return bytes.TrimRight(b.Bytes(), "\n")
}

// Position is where the report ends, without what closes a JSON array, and how many lines it has: what OpenReport needs to go on.
func (r *Report) Position() (offset, count int64) { return r.offset, r.count }

// Sync makes durable what was written.
func (r *Report) Sync() error {
	if err := r.file.Sync(); err != nil {
		return fmt.Errorf("sync report: %w", err)
	}
	return nil
}

// Close ends the report.
func (r *Report) Close() error {
	if r.format == ".json" {
		if _, err := r.file.WriteString("\n]\n"); err != nil {
			return closing(r.file, fmt.Errorf("end report: %w", err))
		}
	}
	if err := r.file.Close(); err != nil {
		return fmt.Errorf("close report: %w", err)
	}
	return nil
}
