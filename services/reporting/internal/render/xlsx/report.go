package xlsx

import (
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
)

// report writes the first sheet: what the report is, its headline numbers, and its texts and notes.
func (b *book) report() {
	d := b.document
	s := &sheet{book: b, name: b.file.GetSheetName(0), row: 1}
	s.text(1, or(d.Title, b.Word(notation.Report)), styleTitle)
	s.row++
	if d.Subtitle != "" {
		s.text(1, d.Subtitle, styleMuted)
		s.row++
	}
	for _, line := range append([][2]string{{b.Word(notation.Organization), d.Organization}}, b.Facts(d)...) {
		if line[1] != "" {
			s.text(1, line[0], styleMuted)
			s.text(2, line[1], "")
			s.row++
		}
	}
	s.row++
	s.figures()
	s.texts()
	// Titles and texts run over the cells at their right.
	for len(s.widths) < 2 {
		s.widths = append(s.widths, 9)
	}
	s.widths[0], s.widths[1] = 36, min(max(s.widths[1], 18), 30)
	s.done()
}

// figures writes the headline numbers of all sections as a table.
func (s *sheet) figures() {
	var sections []string
	var figures []document.Figure
	for _, section := range s.document.Sections {
		for _, block := range section.Blocks {
			for _, f := range block.Figures {
				sections, figures = append(sections, section.Title), append(figures, f)
			}
		}
	}
	if len(figures) == 0 {
		return
	}
	s.text(1, s.Word(notation.Figures), styleHeading)
	s.row++
	change := s.Word(notation.Change)
	for i, head := range []string{
		s.Word(notation.Label), s.Word(notation.Value), s.Word(notation.CountN), s.Word(notation.Low), s.Word(notation.High), s.Word(notation.LevelWord), s.Word(notation.Definition), s.Word(notation.Mark),
		change, change + ": " + s.Word(notation.PValue), change + ": " + s.Word(notation.Low), change + ": " + s.Word(notation.High), s.Word(notation.Why), s.Word(notation.SectionWord), s.Word(notation.Notes),
	} {
		s.text(i+1, head, styleHead)
	}
	s.row++
	for i, f := range figures {
		x := f.Number
		s.text(1, f.Label, "")
		s.value(2, x.Value, s.format(x))
		s.count(3, x)
		s.value(4, x.Low, s.format(x))
		s.value(5, x.High, s.format(x))
		s.level(6, x)
		s.text(7, x.Definition, styleMuted)
		s.light(8, f.Mark, f.Uncertain)
		if f.Change != nil {
			s.value(9, f.Change.Value, s.format(*f.Change))
			s.value(10, f.Change.P, "0.000")
			s.value(11, f.Change.Low, s.format(*f.Change))
			s.value(12, f.Change.High, s.format(*f.Change))
		}
		s.text(13, x.Absent, styleMuted)
		s.text(14, sections[i], styleMuted)
		s.text(15, f.Note, "")
		s.row++
	}
	s.row++
}

func (s *sheet) count(column int, x document.Number) {
	if x.N != nil {
		n := float64(*x.N)
		s.value(column, &n, "#,##0")
	}
}

func (s *sheet) level(column int, x document.Number) {
	if notation.Known(x.Low) && notation.Known(x.High) && x.Level > 0 {
		s.value(column, &x.Level, "0.0%")
	}
}

// texts writes what sections say in words, what they lack and why, and the notes.
func (s *sheet) texts() {
	for _, section := range s.document.Sections {
		var lines []string
		for _, block := range section.Blocks {
			if block.Text != "" {
				lines = append(lines, block.Text)
			}
			if block.Absent != "" {
				lines = append(lines, block.Absent)
			}
		}
		s.lines(section.Title, append(lines, section.Notes...))
	}
	s.lines(s.Word(notation.Notes), s.document.Notes)
}

func (s *sheet) lines(heading string, lines []string) {
	if len(lines) == 0 {
		return
	}
	s.text(1, heading, styleHeading)
	s.row++
	for _, line := range lines {
		s.text(1, line, "")
		s.row++
	}
	s.row++
}
