// Package render_test looks at all forms of a report together.
package render_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/chart"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	csvform "github.com/otklik/otklik/services/reporting/internal/render/csv"
	"github.com/otklik/otklik/services/reporting/internal/render/html"
	"github.com/otklik/otklik/services/reporting/internal/render/pdf"
	"github.com/otklik/otklik/services/reporting/internal/render/rendertest"
	"github.com/otklik/otklik/services/reporting/internal/render/xlsx"
)

var forms = map[string]func(io.Writer, document.Document) error{"pdf": pdf.Render, "html": html.Render, "xlsx": xlsx.Render, "csv": csvform.Render}

func TestEqualReportsAreEqualBytes(t *testing.T) {
	t.Parallel()
	for name, render := range forms {
		for _, language := range []string{"ru", "ky", "en"} {
			var first, second bytes.Buffer
			if err := errors.Join(render(&first, rendertest.Sample(language)), render(&second, rendertest.Sample(language))); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Errorf("%s in %s differs from itself", name, language)
			}
		}
	}
}

// TestAnyReportIsRendered draws reports of any texts and numbers: each form takes them, the same way twice, and leaves the report as it was.
func TestAnyReportIsRendered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := rendertest.Any(t)
		for name, render := range forms {
			var first, second bytes.Buffer
			if err := render(&first, d); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			// Pictures take most of the time of a workbook: that it is equal twice is looked at for the sample.
			if name == "xlsx" {
				continue
			}
			if err := render(&second, d); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Fatalf("%s differs from itself", name)
			}
		}
	})
}

// TestAllNumbersAreInCSV reads each number of any report back from its CSV.
func TestAllNumbersAreInCSV(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := rendertest.Any(t)
		var out bytes.Buffer
		if err := csvform.Render(&out, d); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		column := map[string]int{}
		for i, name := range records[0] {
			column[name] = i
		}
		found := map[float64]int{}
		for _, record := range records[1:] {
			for _, name := range []string{"value", "low", "high", "p"} {
				if text := record[column[name]]; text != "" {
					v, err := strconv.ParseFloat(text, 64)
					if err != nil {
						t.Fatal(err)
					}
					found[v]++
				}
			}
		}
		wanted := map[float64]int{}
		for _, x := range numbers(d) {
			for _, v := range []*float64{x.Value, x.Low, x.High, x.P} {
				if notation.Known(v) {
					wanted[*v]++
				}
			}
		}
		for v, count := range wanted {
			if found[v] < count {
				t.Fatalf("%v is there %d times, not %d", v, found[v], count)
			}
		}
	})
}

// numbers are all numbers of a report that a reader may see.
func numbers(d document.Document) []document.Number {
	var out []document.Number
	cells := func(t document.Table) {
		for _, row := range t.Rows {
			for i, c := range row {
				if i < len(t.Columns) && t.Columns[i].Kind == document.NumberColumn && c.Number != nil {
					out = append(out, *c.Number)
				}
			}
		}
	}
	for _, s := range d.Sections {
		for _, b := range s.Blocks {
			switch {
			case b.Text != "":
			case len(b.Figures) > 0:
				for _, f := range b.Figures {
					out = append(out, f.Number)
					if f.Change != nil {
						out = append(out, *f.Change)
					}
				}
			case b.Table != nil:
				cells(*b.Table)
			case b.Chart != nil:
				cells(chart.Numbers(*b.Chart, notation.For("en")))
			}
		}
	}
	return out
}

type broken struct{ left int }

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestAWriterThatFailsIsTold(t *testing.T) {
	t.Parallel()
	for name, render := range forms {
		for _, room := range []int{0, 5000} {
			if err := render(&broken{left: room}, rendertest.Sample("ru")); !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// BenchmarkRender writes the sample report, with seven charts and a table of 60 rows.
func BenchmarkRender(b *testing.B) {
	for _, name := range []string{"pdf", "html", "xlsx", "csv"} {
		b.Run(name, func(b *testing.B) {
			d := rendertest.Sample("ru")
			for b.Loop() {
				if err := forms[name](io.Discard, d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkScorecards writes 1,000 scorecards of three pages: headline numbers, a trend, drivers and a table.
func BenchmarkScorecards(b *testing.B) {
	d := rendertest.Sample("ru")
	d.Sections = []document.Section{d.Sections[0], d.Sections[1], d.Sections[4], d.Sections[8]}
	short := *d.Sections[3].Blocks[0].Table
	short.Rows = short.Rows[:12]
	d.Sections[3].Blocks = []document.Block{{Table: &short}}
	for b.Loop() {
		for range 1000 {
			if err := pdf.Render(io.Discard, d); err != nil {
				b.Fatal(err)
			}
		}
	}
}
