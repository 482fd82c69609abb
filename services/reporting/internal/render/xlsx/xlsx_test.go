package xlsx_test

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/render/rendertest"
	"github.com/otklik/otklik/services/reporting/internal/render/xlsx"
)

func written(t *testing.T, d document.Document) *excelize.File {
	t.Helper()
	var out bytes.Buffer
	if err := xlsx.Render(&out, d); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// heads are the columns of a sheet by the names in its first row.
func heads(t *testing.T, f *excelize.File, sheet string) map[string]int {
	t.Helper()
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for i, name := range rows[0] {
		out[name] = i + 1
	}
	return out
}

func raw(t *testing.T, f *excelize.File, sheet string, column, row int) string {
	t.Helper()
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		t.Fatal(err)
	}
	v, err := f.GetCellValue(sheet, name, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func shown(t *testing.T, f *excelize.File, sheet string, column, row int) string {
	t.Helper()
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		t.Fatal(err)
	}
	v, err := f.GetCellValue(sheet, name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNumbersHaveColumnsOfTheirOwn(t *testing.T) {
	t.Parallel()
	d := rendertest.Sample("en")
	f := written(t, d)
	at := heads(t, f, "Cases")
	table := d.Sections[8].Blocks[0].Table
	for i, row := range table.Rows {
		x := row[3].Number
		for name, want := range map[string]*float64{"NPS": x.Value, "NPS: low": x.Low, "NPS: high": x.High} {
			got := raw(t, f, "Cases", at[name], i+2)
			if want == nil {
				if got != "" {
					t.Errorf("row %d: %s is %q, though there is none", i, name, got)
				}
				continue
			}
			if v, err := strconv.ParseFloat(got, 64); err != nil || v != *want {
				t.Errorf("row %d: %s is %q, want %v", i, name, got, *want)
			}
		}
		if got := raw(t, f, "Cases", at["NPS: why absent"], i+2); got != x.Absent {
			t.Errorf("row %d: absent because of %q, want %q", i, got, x.Absent)
		}
		if x.N != nil && raw(t, f, "Cases", at["NPS: n"], i+2) != fmt.Sprint(*x.N) {
			t.Errorf("row %d: n is %q, want %d", i, raw(t, f, "Cases", at["NPS: n"], i+2), *x.N)
		}
	}
	if got := shown(t, f, "Cases", at["NPS: level"], 2); got != "95.0%" {
		t.Errorf("the level is %q", got)
	}
	if got := raw(t, f, "Cases", at["NPS: definition"], 2); got != "nps@1" {
		t.Errorf("the definition is %q", got)
	}
}

func TestTimesAreTimes(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{"en": "1 Oct 2026 09:00", "ru": "01.10.2026 09:00"} {
		d := rendertest.Sample(language)
		f := written(t, d)
		sheet := d.Sections[8].Title
		at := heads(t, f, sheet)[d.Sections[8].Blocks[0].Table.Columns[1].Title]
		days, err := strconv.ParseFloat(raw(t, f, sheet, at, 2), 64)
		if err != nil {
			t.Fatal(err)
		}
		got, err := excelize.ExcelDateToTime(days, false)
		if err != nil || math.Abs(got.Sub(time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)).Seconds()) > 1 {
			t.Errorf("%s: %v, %v", language, got, err)
		}
		if text := shown(t, f, sheet, at, 2); text != want {
			t.Errorf("%s: shown as %q, want %q", language, text, want)
		}
	}
}

func TestTextsAreNoFormulas(t *testing.T) {
	t.Parallel()
	d := rendertest.Sample("en")
	d.Title, d.Organization = "=1+1", "@SUM(A1)"
	table := d.Sections[8].Blocks[0].Table
	table.Columns[5].Title = "+cmd|'/C calc'!A0"
	f := written(t, d)
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range rows {
			for c := range row {
				name, err := excelize.CoordinatesToCellName(c+1, r+1)
				if err != nil {
					t.Fatal(err)
				}
				formula, err := f.GetCellFormula(sheet, name)
				if err != nil || formula != "" {
					t.Errorf("%s %s is a formula: %q, %v", sheet, name, formula, err)
				}
				kind, err := f.GetCellType(sheet, name)
				if err != nil {
					t.Fatal(err)
				}
				if strings.ContainsAny(row[c][:min(1, len(row[c]))], "=+@") && kind != excelize.CellTypeSharedString && kind != excelize.CellTypeInlineString {
					t.Errorf("%s %s %q is not typed as text", sheet, name, row[c])
				}
			}
		}
	}
	if got := raw(t, f, "Report", 1, 1); got != "=1+1" {
		t.Errorf("the title became %q", got)
	}
}

func TestEachChartHasItsPictureAndNumbers(t *testing.T) {
	t.Parallel()
	f := written(t, rendertest.Sample("ru"))
	for _, sheet := range []string{"Динамика NPS", "Что исправить сначала", "Почему изменился NPS", "Драйверы", "По часам и дням недели", "Магазины", "Воронка"} {
		cells, err := f.GetPictureCells(sheet)
		if err != nil || len(cells) != 1 {
			t.Fatalf("%s: pictures at %v, %v", sheet, cells, err)
		}
		pictures, err := f.GetPictures(sheet, cells[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(pictures[0].File)); err != nil {
			t.Errorf("%s: %v", sheet, err)
		}
		if pictures[0].Format.AltText != sheet {
			t.Errorf("%s: the picture is told as %q", sheet, pictures[0].Format.AltText)
		}
		panes, err := f.GetPanes(sheet)
		if err != nil || !panes.Freeze || panes.YSplit != 1 {
			t.Errorf("%s: the head is not frozen: %v, %v", sheet, panes, err)
		}
		if rows, err := f.GetRows(sheet); err != nil || len(rows) < 4 {
			t.Errorf("%s has %d rows, %v", sheet, len(rows), err)
		}
	}
}

func TestTheFirstSheetSaysWhatTheReportIs(t *testing.T) {
	t.Parallel()
	f := written(t, rendertest.Sample("ky"))
	rows, err := f.GetRows(f.GetSheetName(0))
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(rows)
	for _, want := range []string{"Дүкөндүн карточкасы", "01.10.2026 – 31.10.2026", "location = osh AND channel = store", "3f1c9a7be2d04d55", "Бул кызматкер жөнүндө 5тен аз жооп", "жашыл", "nps@1"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestNamesOfSheetsAreAllowedAndDiffer(t *testing.T) {
	t.Parallel()
	d := document.Document{Language: "ru"}
	titles := []string{"", "Отчёт", "a/b:c*d?[e]\\f", "'quoted'", strings.Repeat("Очень длинное название ", 5), strings.Repeat("Очень длинное название ", 5), strings.Repeat("👍", 40), "History"}
	for _, title := range titles {
		d.Sections = append(d.Sections, document.Section{Title: title, Blocks: []document.Block{{Table: &document.Table{Columns: []document.Column{{Title: "x"}}}}}})
	}
	if got := written(t, d).GetSheetList(); len(got) != len(titles)+1 {
		t.Errorf("sheets: %q", got)
	}
}
