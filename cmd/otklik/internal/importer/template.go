package importer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Template makes a text from the cells of a row, for example `2017-05-{INTDATE}` or `sfo-{RESPNUM}`. Between braces stands the name of a
// column, or `@row` for the number of the data row (the first is 1). Behind a bar may follow filters, applied from left to right: `lower`,
// `upper`, `slug` (ASCII letters in lower case and digits, everything else a hyphen), `pad2` to `pad9` (zeros in front up to that width).
// `{{` and `}}` stand for braces.
type Template struct {
	text  string
	parts []part
}

// part is literal text, a column, or the row number, with filters.
type part struct {
	literal string
	column  string
	row     bool
	filters []filter
}

type filter func(string) string

// rowNumberName is the name that stands for the number of the row where a column's name could stand.
const rowNumberName = "@row"

// ParseTemplate reads a template. Errors say what is wrong and where (in characters, from 1).
func ParseTemplate(text string) (*Template, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("the template is not valid UTF-8")
	}
	t := &Template{text: text}
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			t.parts = append(t.parts, part{literal: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		if (c == '{' || c == '}') && i+1 < len(text) && text[i+1] == c {
			literal.WriteByte(c)
			i++
			continue
		}
		switch c {
		case '{':
			end := strings.IndexAny(text[i+1:], "{}")
			if end < 0 || text[i+1+end] != '}' {
				return nil, fmt.Errorf("the brace opened at character %d is not closed", position(text, i))
			}
			p, err := parsePlaceholder(text[i+1 : i+1+end])
			if err != nil {
				return nil, fmt.Errorf("the placeholder at character %d: %w", position(text, i), err)
			}
			flush()
			t.parts = append(t.parts, p)
			i += end + 1
		case '}':
			return nil, fmt.Errorf("the brace closed at character %d was not opened; write }} for a brace", position(text, i))
		default:
			literal.WriteByte(c)
		}
	}
	flush()
	return t, nil
}

func position(text string, i int) int { return utf8.RuneCountInString(text[:i]) + 1 }

func parsePlaceholder(s string) (part, error) {
	pieces := strings.Split(s, "|")
	p := part{column: strings.TrimSpace(pieces[0])}
	switch {
	case p.column == "":
		return part{}, errors.New("it names no column")
	case p.column == rowNumberName:
		p = part{row: true}
	case strings.HasPrefix(p.column, "@"):
		return part{}, fmt.Errorf("%q is not known; there is %s", p.column, rowNumberName)
	}
	for _, name := range pieces[1:] {
		f, err := parseFilter(strings.TrimSpace(name))
		if err != nil {
			return part{}, err
		}
		p.filters = append(p.filters, f)
	}
	return p, nil
}

func parseFilter(name string) (filter, error) {
	switch name {
	case "lower":
		return strings.ToLower, nil
	case "upper":
		return strings.ToUpper, nil
	case "slug":
		return slug, nil
	}
	if digits, ok := strings.CutPrefix(name, "pad"); ok {
		if width, err := strconv.Atoi(digits); err == nil && len(digits) == 1 && width >= 2 {
			return func(s string) string {
				if n := width - utf8.RuneCountInString(s); n > 0 {
					return strings.Repeat("0", n) + s
				}
				return s
			}, nil
		}
	}
	return nil, fmt.Errorf("the filter %q is not known; there are lower, upper, slug and pad2 to pad9", name)
}

// slug keeps ASCII letters, in lower case, and digits; runs of anything else become one hyphen, none at the ends.
func slug(s string) string {
	var b strings.Builder
	gap := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('-')
			gap = false
		}
		b.WriteByte(c)
	}
	return b.String()
}

// String is the template as it was written.
func (t *Template) String() string { return t.text }

// Columns lists the columns that the template reads, in the order of their first use.
func (t *Template) Columns() []string {
	var names []string
	seen := map[string]bool{}
	for _, p := range t.parts {
		if p.column != "" && !seen[p.column] {
			seen[p.column] = true
			names = append(names, p.column)
		}
	}
	return names
}

// firstColumn names the column to blame for what the template makes; "" when it reads none.
func (t *Template) firstColumn() string {
	for _, p := range t.parts {
		if p.column != "" {
			return p.column
		}
	}
	return ""
}

// Constant tells whether the template gives the same text for every row.
func (t *Template) Constant() bool {
	for _, p := range t.parts {
		if p.column != "" || p.row {
			return false
		}
	}
	return true
}

// boundTemplate is a template whose columns are positions in a row.
type boundTemplate struct {
	parts   []part
	indexes []int
}

// bind resolves the columns by the header.
func (t *Template) bind(columns *columnIndex) boundTemplate {
	b := boundTemplate{parts: t.parts, indexes: make([]int, len(t.parts))}
	for i, p := range t.parts {
		b.indexes[i] = -1
		if p.column != "" {
			b.indexes[i] = columns.find(p.column)
		}
	}
	return b
}

// expand makes the text for a row. A template of one column without filters returns the cell itself.
func (b boundTemplate) expand(cells []string, row int64) string {
	if len(b.parts) == 1 && b.indexes[0] >= 0 && len(b.parts[0].filters) == 0 {
		return cells[b.indexes[0]]
	}
	var out strings.Builder
	for i, p := range b.parts {
		var s string
		switch {
		case b.indexes[i] >= 0:
			s = cells[b.indexes[i]]
		case p.row:
			s = strconv.FormatInt(row, 10)
		default:
			s = p.literal
		}
		for _, f := range p.filters {
			s = f(s)
		}
		out.WriteString(s)
	}
	return out.String()
}
