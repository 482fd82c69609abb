package xlsx

import (
	"strings"

	"github.com/xuri/excelize/v2"

	sheets "github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
)

// The styles that are no formats of numbers.
const (
	styleTitle   = "#title"
	styleHeading = "#heading"
	styleHead    = "#head"
	styleMuted   = "#muted"
	styleRed     = "#red"
	styleAmber   = "#amber"
	styleGreen   = "#green"
)

// styled gives a cell a style, which is made when it is first asked for.
func (s *sheet) styled(column int, style string) {
	if style == "" {
		return
	}
	id, ok := s.styles[style]
	if !ok {
		var err error
		id, err = s.file.NewStyle(look(style))
		s.keep(err)
		s.styles[style] = id
	}
	s.keep(s.file.SetCellStyle(s.name, s.at(column), s.at(column), id))
}

func look(style string) *excelize.Style {
	fill := func(colour string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
	}
	switch style {
	case styleTitle:
		return &excelize.Style{Font: font(16, true, "")}
	case styleHeading:
		return &excelize.Style{Font: font(12, true, "")}
	case styleHead:
		return &excelize.Style{Font: font(11, true, ""), Fill: fill("E7ECEA"), Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}}
	case styleMuted:
		return &excelize.Style{Font: font(11, false, "566365")}
	case styleRed:
		return &excelize.Style{Font: font(11, false, "FFFFFF"), Fill: fill("C0392B")}
	case styleAmber:
		return &excelize.Style{Fill: fill("E0A100")}
	case styleGreen:
		return &excelize.Style{Font: font(11, false, "FFFFFF"), Fill: fill("2E8B57")}
	default:
		return &excelize.Style{CustomNumFmt: &style}
	}
}

func font(size float64, bold bool, colour string) *excelize.Font {
	return &excelize.Font{Family: "Calibri", Size: size, Bold: bold, Color: colour}
}

// format is how the numbers of a unit are shown; their values stay what they are, a percent from 0 to 100.
func (b *book) format(x document.Number) string {
	format := "#,##0"
	if x.Digits > 0 {
		format += "." + strings.Repeat("0", min(x.Digits, 12))
	}
	switch x.Unit {
	case document.Percent:
		return format + `"%"`
	case document.Money:
		if x.Currency != "" {
			return format + ` "` + strings.NewReplacer(`"`, "", `\`, "").Replace(sheets.Cut(clean(x.Currency), 8)) + `"`
		}
	case document.Seconds:
		return "#,##0" + ` "` + b.Word(notation.Secs) + `"`
	}
	return format
}

func (s *sheet) light(column int, m document.Mark, uncertain bool) {
	name := s.Light(m)
	if name == "" {
		return
	}
	if uncertain {
		name += " (" + s.Word(notation.Uncertain) + ")"
	}
	s.text(column, name, [...]string{document.Red: styleRed, document.Amber: styleAmber, document.Green: styleGreen}[m])
}
