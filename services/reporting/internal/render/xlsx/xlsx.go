// Package xlsx writes a report as a workbook to go on working with: numbers and times are numbers and times, and what is to be known of a number (n, interval,
// definition) stands in columns of its own. The first sheet is the report, each table and each chart has a sheet after it. Texts are typed as texts, so that none of
// them is a formula. Equal reports are equal bytes.
package xlsx

import (
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	sheets "github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/notation"
)

// What a sheet holds.
const (
	rowsMost = 1_048_576
	textMost = 32_767
	// headWide is how many characters of a head stand beside each other.
	headWide = 13
)

// Render writes d.
func Render(w io.Writer, d document.Document) error {
	b, err := newBook(d)
	if err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	b.report()
	for _, s := range d.Sections {
		for _, block := range s.Blocks {
			switch {
			case block.Table != nil:
				b.table(or(block.Table.Title, s.Title), *block.Table)
			case block.Chart != nil:
				b.chart(or(block.Chart.Title, s.Title), *block.Chart)
			}
		}
	}
	b.file.SetActiveSheet(0)
	if b.err != nil {
		return fmt.Errorf("write workbook: %w", b.err)
	}
	// The library names the kinds of pictures in the order of a map.
	if types := b.file.ContentTypes; types != nil {
		sort.SliceStable(types.Defaults, func(i, j int) bool { return types.Defaults[i].Extension < types.Defaults[j].Extension })
	}
	if err := b.file.Write(w); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return b.file.Close()
}

// book is a workbook that is being written; it keeps its first error for the end.
type book struct {
	notation.Notation
	document document.Document
	file     *excelize.File
	styles   map[string]int
	names    map[string]bool
	err      error
}

func newBook(d document.Document) (*book, error) {
	b := &book{Notation: notation.For(d.Language), document: d, file: excelize.NewFile(), styles: map[string]int{}, names: map[string]bool{}}
	name := b.name(b.Word(notation.Report))
	if err := b.file.SetSheetName("Sheet1", name); err != nil {
		return nil, err
	}
	made := d.Watermark.UTC()
	if made.IsZero() {
		made = time.Unix(0, 0).UTC()
	}
	stamp := made.Format(time.RFC3339)
	return b, b.file.SetDocProps(&excelize.DocProperties{
		Creator: "Otklik", LastModifiedBy: "Otklik", Created: stamp, Modified: stamp, Title: clean(d.Title), Subject: clean(d.Subtitle), Identifier: clean(d.Fingerprint), Language: b.Language(),
	})
}

func (b *book) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

// name is a name of a sheet that the workbook does not have yet: at most 31 characters, without those that names of sheets may not have.
func (b *book) name(title string) string {
	title = strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\`, r) || r < ' ' {
			return ' '
		}
		return r
	}, clean(title)), "' ")
	if title == "" {
		title = b.Word(notation.Report)
	}
	for i := 1; ; i++ {
		suffix := ""
		if i > 1 {
			suffix = " (" + strconv.Itoa(i) + ")"
		}
		name := strings.TrimRight(sheets.Cut(title, 31-len(suffix)), "' ") + suffix
		if key := strings.ToLower(name); !b.names[key] {
			b.names[key] = true
			return name
		}
	}
}

// clean is text that a workbook can hold; where it is longer than a cell may be, it ends with an ellipsis.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	if utf8.RuneCountInString(text) > textMost/2 {
		if short := sheets.Cut(text, textMost-1); short != text {
			return short + "…"
		}
	}
	return text
}

// sheet is a sheet that is being written, row after row.
type sheet struct {
	*book
	name   string
	row    int
	widths []float64
}

// sheet begins a sheet; the first one is there already.
func (b *book) sheet(title string) *sheet {
	name := b.name(title)
	_, err := b.file.NewSheet(name)
	b.keep(err)
	return &sheet{book: b, name: name, row: 1}
}

func (s *sheet) at(column int) string {
	name, err := excelize.CoordinatesToCellName(column, s.row)
	s.keep(err)
	return name
}

// text writes a text. What begins like a formula is a text all the same: the cell is typed so.
func (s *sheet) text(column int, text, style string) {
	if text == "" {
		return
	}
	text = clean(text)
	s.keep(s.file.SetCellStr(s.name, s.at(column), text))
	s.styled(column, style)
	if style == styleHead {
		// Heads are broken into lines, for which a row makes no room by itself.
		if utf8.RuneCountInString(text) > headWide {
			s.keep(s.file.SetRowHeight(s.name, s.row, 48))
		}
		text = sheets.Cut(text, headWide)
	}
	s.widen(column, text)
}

// value writes a number in a format.
func (s *sheet) value(column int, v *float64, format string) {
	if !notation.Known(v) {
		return
	}
	s.keep(s.file.SetCellFloat(s.name, s.at(column), *v, -1, 64))
	s.styled(column, format)
	s.widen(column, s.Decimal(*v, strings.Count(format, "0")-1)+literal(format))
}

// time writes a time as the clock showed it in the zone of the report.
func (s *sheet) time(column int, at time.Time, dayOnly bool) {
	style := s.dayFormat()
	if dayOnly {
		at = time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	} else {
		style += " hh:mm"
		in := notation.In(at, s.document.Period.Zone)
		at = time.Date(in.Year(), in.Month(), in.Day(), in.Hour(), in.Minute(), in.Second(), 0, time.UTC)
	}
	// Workbooks count from 1900; what was before is a text.
	if at.Year() < 1900 || at.Year() > 9999 {
		s.text(column, at.Format(time.DateTime), "")
		return
	}
	days := at.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24
	s.value(column, &days, style)
	s.widen(column, "00.00.0000 00:00")
}

// literal is what a format writes behind a number.
func literal(format string) string {
	_, text, _ := strings.Cut(format, `"`)
	return text
}

func (b *book) dayFormat() string {
	if b.Language() == "en" {
		return "d mmm yyyy"
	}
	return "dd.mm.yyyy"
}

func (s *sheet) widen(column int, text string) {
	for len(s.widths) < column {
		s.widths = append(s.widths, 9)
	}
	longest := 0
	for line := range strings.SplitSeq(text, "\n") {
		longest = max(longest, utf8.RuneCountInString(line))
	}
	s.widths[column-1] = min(max(s.widths[column-1], float64(longest)+2), 48)
}

// done sets what is known when all rows are written, and that a sheet is printed as wide as a page that is turned.
func (s *sheet) done() {
	fit, landscape, wide, high := true, "landscape", 1, 0
	s.keep(s.file.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: &fit}))
	a4 := 9
	s.keep(s.file.SetPageLayout(s.name, &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &high}))
	for i, width := range s.widths {
		name, err := excelize.ColumnNumberToName(i + 1)
		s.keep(err)
		s.keep(s.file.SetColWidth(s.name, name, name, width))
	}
}

// freeze keeps the rows above the next one in sight.
func (s *sheet) freeze() {
	rows := s.row - 1
	top, err := excelize.CoordinatesToCellName(1, s.row)
	s.keep(err)
	s.keep(s.file.SetPanes(s.name, &excelize.Panes{Freeze: true, YSplit: rows, TopLeftCell: top, ActivePane: "bottomLeft"}))
}

func or(text, other string) string {
	if text != "" {
		return text
	}
	return other
}
