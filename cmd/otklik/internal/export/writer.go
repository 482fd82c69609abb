package export

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protojson"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Format is the form of an export.
type Format string

// The formats.
const (
	CSV   Format = "csv"
	JSONL Format = "jsonl"
)

// Writer writes responses one by one.
type Writer interface {
	// Write writes a response. It may be kept back until Flush.
	Write(*surveyv1.StreamResponsesResponse) error
	// Flush passes on everything written.
	Flush() error
}

// NewCSV writes CSV; withHeader is false when going on behind rows that are there.
func NewCSV(w io.Writer, columns *Columns, raw, withHeader bool) (Writer, error) {
	out := &csvWriter{csv: csv.NewWriter(w), columns: columns, raw: raw}
	if withHeader {
		if err := out.csv.Write(columns.Names()); err != nil {
			return nil, fmt.Errorf("write the header: %w", err)
		}
	}
	return out, nil
}

type csvWriter struct {
	csv     *csv.Writer
	columns *Columns
	raw     bool
}

func (w *csvWriter) Write(m *surveyv1.StreamResponsesResponse) error {
	cells, err := w.columns.cells(m.GetResponse(), m.GetPosition(), w.raw)
	if err != nil {
		return err
	}
	if err := w.csv.Write(cells); err != nil {
		return fmt.Errorf("write a row: %w", err)
	}
	return nil
}

func (w *csvWriter) Flush() error {
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	return nil
}

// NewJSONL writes each message of the stream as the REST API does, one a line.
func NewJSONL(w io.Writer) Writer {
	return &jsonWriter{out: bufio.NewWriterSize(w, 64<<10)}
}

type jsonWriter struct {
	out  *bufio.Writer
	line bytes.Buffer
}

func (w *jsonWriter) Write(m *surveyv1.StreamResponsesResponse) error {
	raw, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode a response: %w", err)
	}
	w.line.Reset()
	// protojson varies its blanks on purpose.
	if err := json.Compact(&w.line, raw); err != nil {
		return fmt.Errorf("compact a response: %w", err)
	}
	w.line.WriteByte('\n')
	if _, err := w.out.Write(w.line.Bytes()); err != nil {
		return fmt.Errorf("write a line: %w", err)
	}
	return nil
}

func (w *jsonWriter) Flush() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write lines: %w", err)
	}
	return nil
}

// ErrOtherColumns tells that a file has other columns than the export would have.
var ErrOtherColumns = errors.New("the file has other columns than the survey has now; start a new file")

// LastCSV finds the position of the last whole row of a CSV export and the offset behind it. An empty file gives zeros. The error is
// ErrOtherColumns when its header is another.
func LastCSV(in io.ReaderAt, size int64, columns *Columns) (position, offset int64, err error) {
	r := csv.NewReader(io.NewSectionReader(in, 0, size))
	r.ReuseRecord = true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read the header: %w", err)
	}
	if !slices.Equal(header, columns.Names()) {
		return 0, 0, ErrOtherColumns
	}
	for offset = r.InputOffset(); ; {
		row, err := r.Read()
		if err != nil {
			// The end, or a row that was cut off: it is written again.
			return position, offset, nil //nolint:nilerr // See above.
		}
		p, err := strconv.ParseInt(row[0], 10, 64)
		if err != nil || p <= position {
			return position, offset, nil //nolint:nilerr // What is not a row of an export is written over.
		}
		// A row that was cut off within its last cell looks whole, but for its end.
		var end [1]byte
		if _, err := in.ReadAt(end[:], r.InputOffset()-1); err != nil || end[0] != '\n' {
			return position, offset, nil //nolint:nilerr // As above.
		}
		position, offset = p, r.InputOffset()
	}
}

// LastJSONL finds the position of the last whole line of an export of JSON lines and the offset behind it.
func LastJSONL(in io.Reader) (position, offset int64, err error) {
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := r.ReadBytes('\n')
		var m surveyv1.StreamResponsesResponse
		// A line that was cut off, or is not one of an export, is written over.
		whole := err == nil && (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(line, &m) == nil
		if !whole || m.GetPosition() <= position {
			return position, offset, nil
		}
		position = m.GetPosition()
		offset += int64(len(line))
	}
}
