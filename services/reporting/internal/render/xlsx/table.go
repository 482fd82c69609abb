package xlsx

import (
	"bytes"
	"fmt"
	// The workbook asks how large a picture is.
	_ "image/png"

	"github.com/xuri/excelize/v2"

	"github.com/otklik/otklik/services/reporting/internal/chart"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
)

// field is a column of a sheet: a part of the cells of a column of a table.
type field struct {
	column int
	title  string
	write  func(s *sheet, at int, c document.Cell)
}

// table writes a table as a sheet with a frozen head, or as several where it has more rows than a sheet.
func (b *book) table(title string, t document.Table) {
	for first := 0; first == 0 || first < len(t.Rows); first += rowsMost - 3 {
		part := t
		part.Rows = t.Rows[first:min(first+rowsMost-3, len(t.Rows))]
		s := b.sheet(title)
		s.rows(part)
		if t.Total > len(t.Rows) {
			s.text(1, fmt.Sprintf(b.Word(notation.FirstRows), b.Count(int64(len(t.Rows))), b.Count(int64(t.Total))), styleMuted)
			s.row++
		}
		s.text(1, t.Note, styleMuted)
		s.done()
	}
}

// chart writes the numbers of a chart as a sheet, with the chart beside them as it is drawn everywhere.
func (b *book) chart(title string, c document.Chart) {
	s := b.sheet(title)
	numbers := chart.Numbers(c, b.Notation)
	s.rows(numbers)
	s.text(1, c.Note, styleMuted)
	s.done()
	const scale = 2
	var picture bytes.Buffer
	if err := chart.PNG(&picture, chart.Draw(c, b.Notation), scale); err != nil {
		b.keep(err)
		return
	}
	s.row = 2
	b.keep(b.file.AddPictureFromBytes(s.name, s.at(len(s.widths)+2), &excelize.Picture{
		Extension: ".png", File: picture.Bytes(),
		// A point is four thirds of a pixel of a sheet.
		Format: &excelize.GraphicOptions{AltText: clean(or(c.Title, title)), ScaleX: 4.0 / 3 / scale, ScaleY: 4.0 / 3 / scale, Positioning: "oneCell"},
	}))
}

// rows writes the head and the rows of a table.
func (s *sheet) rows(t document.Table) {
	fields := s.fields(t)
	for i, f := range fields {
		s.text(i+1, f.title, styleHead)
	}
	s.row++
	s.freeze()
	for _, row := range t.Rows {
		for i, f := range fields {
			if f.column < len(row) {
				f.write(s, i+1, row[f.column])
			}
		}
		s.row++
	}
}

// fields are the columns of a sheet for those of a table: for a number its value, and as far as any cell has them n, bounds, level, p, definition and why it is absent.
func (b *book) fields(t document.Table) []field {
	var out []field
	for i, column := range t.Columns {
		switch column.Kind {
		case document.NumberColumn:
			out = append(out, b.numberFields(t, i)...)
		case document.TimeColumn:
			out = append(out, field{i, column.Title, func(s *sheet, at int, c document.Cell) {
				if c.Time != nil {
					s.time(at, *c.Time, c.DayOnly)
				}
			}})
		case document.MarkColumn:
			out = append(out, field{i, column.Title, func(s *sheet, at int, c document.Cell) { s.light(at, c.Mark, c.Uncertain) }})
		default:
			out = append(out, field{i, column.Title, func(s *sheet, at int, c document.Cell) { s.text(at, c.Text, "") }})
		}
	}
	return out
}

func (b *book) numberFields(t document.Table, column int) []field {
	title := t.Columns[column].Title
	number := func(write func(s *sheet, at int, x document.Number)) func(*sheet, int, document.Cell) {
		return func(s *sheet, at int, c document.Cell) {
			if c.Number != nil {
				write(s, at, *c.Number)
			}
		}
	}
	out := []field{{column, title, number(func(s *sheet, at int, x document.Number) { s.value(at, x.Value, s.format(x)) })}}
	add := func(w notation.Word, has func(document.Number) bool, write func(s *sheet, at int, x document.Number)) {
		for _, row := range t.Rows {
			if column < len(row) && row[column].Number != nil && has(*row[column].Number) {
				out = append(out, field{column, title + ": " + b.Word(w), number(write)})
				return
			}
		}
	}
	add(notation.CountN, func(x document.Number) bool { return x.N != nil }, (*sheet).count)
	add(notation.Low, func(x document.Number) bool { return notation.Known(x.Low) }, func(s *sheet, at int, x document.Number) { s.value(at, x.Low, s.format(x)) })
	add(notation.High, func(x document.Number) bool { return notation.Known(x.High) }, func(s *sheet, at int, x document.Number) { s.value(at, x.High, s.format(x)) })
	add(notation.LevelWord, func(x document.Number) bool { return notation.Known(x.Low) && notation.Known(x.High) && x.Level > 0 }, (*sheet).level)
	add(notation.PValue, func(x document.Number) bool { return notation.Known(x.P) }, func(s *sheet, at int, x document.Number) { s.value(at, x.P, "0.000") })
	add(notation.Definition, func(x document.Number) bool { return x.Definition != "" }, func(s *sheet, at int, x document.Number) { s.text(at, x.Definition, styleMuted) })
	add(notation.Why, func(x document.Number) bool { return x.Absent != "" }, func(s *sheet, at int, x document.Number) { s.text(at, x.Absent, styleMuted) })
	return out
}
