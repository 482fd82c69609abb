package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// cellStyles reads which styles the cells of a sheet have, row by row: excelize tells the styles of cells only of sheets that are in memory as a whole.
type cellStyles struct {
	part io.Closer
	xml  *xml.Decoder
	// line is the row whose cells were read last, styles are theirs by column.
	line   int
	styles map[int]int
}

// relation is a line of the parts that say where other parts of a workbook are.
type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
}

// relations are those of a part: the whole package's where the part is empty.
func relations(archive *zip.Reader, part string) (out []relation, err error) {
	folder, name := path.Split(part)
	file, err := archive.Open(path.Join(folder, "_rels", name+".rels"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var all struct {
		Relations []relation `xml:"Relationship"`
	}
	err = xml.NewDecoder(io.LimitReader(file, maxInMemory)).Decode(&all)
	for _, r := range all.Relations {
		// Targets are relative to their part, unless they begin with a stroke.
		if !strings.HasPrefix(r.Target, "/") {
			r.Target = path.Join("/", path.Dir("/"+part), r.Target)
		}
		r.Target = strings.TrimPrefix(r.Target, "/")
		out = append(out, r)
	}
	return out, err
}

// openStyles opens the sheet to which the workbook refers by an identifier.
func openStyles(archive *zip.Reader, id string) (*cellStyles, error) {
	whole, err := relations(archive, "")
	if err != nil {
		return nil, err
	}
	for _, book := range whole {
		if !strings.HasSuffix(book.Type, "/officeDocument") {
			continue
		}
		sheets, err := relations(archive, book.Target)
		if err != nil {
			return nil, err
		}
		for _, s := range sheets {
			if s.ID != id {
				continue
			}
			file, err := archive.Open(s.Target)
			if err != nil {
				return nil, err
			}
			return &cellStyles{part: file, xml: xml.NewDecoder(file)}, nil
		}
	}
	return nil, errors.New("the workbook does not say where its sheet is")
}

// of are the styles of the cells of a row, by column. Rows are asked for in ascending order.
func (s *cellStyles) of(line int) (map[int]int, error) {
	for s.line < line {
		if err := s.read(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read the styles of line %d: %w", line, err)
		}
	}
	if s.line != line {
		return nil, nil
	}
	return s.styles, nil
}

// read reads the next row.
func (s *cellStyles) read() error {
	inRow, column := false, 0
	for {
		token, err := s.xml.RawToken()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			if inRow && t.Name.Local == "row" {
				return nil
			}
		case xml.StartElement:
			switch t.Name.Local {
			case "row":
				inRow, s.styles = true, map[int]int{}
				s.line++
				if n, err := strconv.Atoi(attribute(t, "r")); err == nil && n > 0 {
					s.line = n
				}
			case "c":
				column++
				if at, _, err := excelize.CellNameToCoordinates(attribute(t, "r")); err == nil {
					column = at
				}
				if style, err := strconv.Atoi(attribute(t, "s")); err == nil {
					s.styles[column] = style
				}
			}
		}
	}
}

func attribute(of xml.StartElement, name string) string {
	for _, a := range of.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// dates tells cells that hold times from those that hold numbers: both are stored as numbers.
type dates struct {
	file *excelize.File
	// since1904 tells from when days are counted.
	since1904 bool
	known     map[int]bool
}

// text is a cell as a time where its style says that it is one; as it is otherwise.
func (d *dates) text(cell string, style int) string {
	is, known := d.known[style]
	if !known {
		s, err := d.file.GetStyle(style)
		is = err == nil && isDateStyle(s)
		d.known[style] = is
	}
	if !is {
		return cell
	}
	days, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return cell
	}
	at, err := excelize.ExcelDateToTime(days, d.since1904)
	if err != nil {
		return cell
	}
	// Parts of days are kept as fractions, which hardly ever are whole seconds exactly.
	switch at = at.Round(time.Second); {
	case days < 1:
		return at.Format(time.TimeOnly)
	case at.Equal(at.Truncate(24 * time.Hour)):
		return at.Format(time.DateOnly)
	default:
		return at.Format(time.DateTime)
	}
}

// isDateStyle tells whether a style shows times. Its number says so where it is one of those that every program knows, in whatever language; else its pattern
// does.
func isDateStyle(s *excelize.Style) bool {
	if s.CustomNumFmt != nil && *s.CustomNumFmt != "" {
		return isDatePattern(*s.CustomNumFmt)
	}
	n := s.NumFmt
	return n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58 || n >= 71 && n <= 81
}

// isDatePattern tells whether a pattern has a year, month, day, hour or second: a letter that is neither quoted nor in brackets, but for hours and so on that are
// not cut at a day.
func isDatePattern(pattern string) bool {
	// What is behind the first semicolon is for other numbers than those above zero.
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case ';':
			return false
		case '\\', '_', '*':
			i++
		case '"', '[':
			end := byte('"')
			if c == '[' {
				end = ']'
			}
			n := strings.IndexByte(pattern[i+1:], end)
			if n < 0 {
				return false
			}
			if inner := strings.ToLower(pattern[i+1 : i+1+n]); c == '[' && inner != "" && strings.Trim(inner, inner[:1]) == "" && strings.Contains("hms", inner[:1]) {
				return true
			}
			i += n + 1
		case 'G', 'g':
			// General is a pattern for numbers; other letters g are eras of dates.
			if len(pattern) >= i+7 && strings.EqualFold(pattern[i:i+7], "general") {
				i += 6
				continue
			}
			return true
		case 'y', 'Y', 'm', 'M', 'd', 'D', 'h', 'H', 's', 'S':
			return true
		}
	}
	return false
}
