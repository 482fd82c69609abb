package sheet

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// workbook makes a workbook of rows; dates get the form of the reader's country.
func workbook(t testing.TB, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	day, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		t.Fatal(err)
	}
	thousands, err := f.NewStyle(&excelize.Style{NumFmt: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		for j, v := range row {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			err = f.SetCellValue("Sheet1", cell, v)
			switch v.(type) {
			case time.Time:
				err = errors.Join(err, f.SetCellStyle("Sheet1", cell, cell, day))
			case float64:
				err = errors.Join(err, f.SetCellStyle("Sheet1", cell, cell, thousands))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readWorkbook(t *testing.T, data []byte) (records []string, lines []int) {
	t.Helper()
	w, err := OpenWorkbook(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	records = []string{strings.Join(w.Header(), "|")}
	for {
		rec, err := w.Next()
		if errors.Is(err, io.EOF) {
			return records, lines
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, rec.Line)
		if rec.Err != nil {
			records = append(records, rec.Err.Reason)
			continue
		}
		records = append(records, strings.Join(rec.Cells, "|"))
	}
}

// Cells whose style shows times are times in one form, however they are shown; others are what is stored.
func TestWorkbookDates(t *testing.T) {
	t.Parallel()
	const noon = 46112.5 // 2026-03-31 12:00
	for form, want := range map[string]string{
		"d/m/yy": "2026-03-31 12:00:00", "mm/dd/yyyy": "2026-03-31 12:00:00", "[$-419]d mmm yyyy;@": "2026-03-31 12:00:00", "[h]:mm": "2026-03-31 12:00:00",
		`"day "0`: "46112.5", "0.00": "46112.5", `#,##0 "сом"`: "46112.5", "[Red]0;[Blue]-0": "46112.5", "General": "46112.5", `0\d`: "46112.5", `"open`: "46112.5",
	} {
		f := excelize.NewFile()
		style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &form})
		for cell, v := range map[string]any{"A1": "at", "A2": noon, "A3": "31.03.2026"} {
			err = errors.Join(err, f.SetCellValue("Sheet1", cell, v))
		}
		err = errors.Join(err, f.SetCellStyle("Sheet1", "A2", "A3", style))
		var b bytes.Buffer
		if err = errors.Join(err, f.Write(&b)); err != nil {
			t.Fatal(err)
		}
		if records, _ := readWorkbook(t, b.Bytes()); !slices.Equal(records, []string{"at", want, "31.03.2026"}) {
			t.Errorf("%s: %q, want %s", form, records, want)
		}
	}
}

// Numbers are what is stored, whatever is shown of them; dates have one form.
func TestWorkbook(t *testing.T) {
	t.Parallel()
	records, lines := readWorkbook(t, workbook(t,
		[]any{" id ", "since", "value", "vip"},
		[]any{"c-1", time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC), 1250.5, true},
		nil,
		[]any{"c-2", "01.02.2025"},
		[]any{"c-3", nil, nil, nil, "beyond"},
	))
	if want := []string{"id|since|value|vip", "c-1|2026-03-31|1250.5|1", "c-2|01.02.2025||", ReasonMalformed}; !slices.Equal(records, want) {
		t.Errorf("got %q, want %q", records, want)
	}
	if want := []int{2, 4, 5}; !slices.Equal(lines, want) {
		t.Errorf("lines %v, want %v", lines, want)
	}
}

func TestWorkbookThatIsNone(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{"text": []byte("id,name\n1,a\n"), "nothing": nil, "empty": workbook(t), "cut off": workbook(t, []any{"id"})[:500]} {
		if w, err := OpenWorkbook(bytes.NewReader(data)); err == nil {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
}

func FuzzWorkbook(f *testing.F) {
	f.Add(workbook(f, []any{"id", "value"}, []any{"a", 1.5}))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		w, err := OpenWorkbook(bytes.NewReader(data))
		if err != nil {
			return
		}
		for range 100 {
			if _, err := w.Next(); err != nil {
				break
			}
		}
		_ = w.Close()
	})
}
