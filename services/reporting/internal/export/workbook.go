package export

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/otklik/otklik/libs/sheet"
)

const (
	// mostRows and mostText are what a sheet and a cell take.
	mostRows = 1_048_576
	mostText = 32_767

	spreadsheetML = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	relationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	prolog        = xml.Header
	// styles are the plain one, and one (1) that marks a text to stay a text when it is edited.
	styles = prolog + `<styleSheet xmlns="` + spreadsheetML + `"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf xfId="0"/><xf xfId="0" quotePrefix="1"/></cellXfs></styleSheet>`
)

// workbook writes XLSX as rows come: its sheets lie one after another in the archive, so that nothing but the names of the columns is held.
type workbook struct {
	archive *zip.Writer
	sheet   *bufio.Writer
	header  []Cell
	// names are those of the columns: A, B, ….
	names  []string
	sheets int
	// row is the number of the last row of the sheet.
	row int
}

func newWorkbook(w io.Writer, columns []string) (*workbook, error) {
	b := &workbook{archive: zip.NewWriter(w), header: make([]Cell, len(columns)), names: make([]string, len(columns))}
	for i, name := range columns {
		b.header[i] = Cell{Text: name}
		var err error
		if b.names[i], err = excelize.ColumnNumberToName(i + 1); err != nil {
			return nil, err
		}
	}
	return b, b.begin()
}

// begin begins a sheet with the header.
func (b *workbook) begin() error {
	b.sheets++
	b.row = 0
	part, err := b.archive.Create("xl/worksheets/sheet" + strconv.Itoa(b.sheets) + ".xml")
	if err != nil {
		return err
	}
	b.sheet = bufio.NewWriterSize(part, 64<<10)
	b.put(prolog + `<worksheet xmlns="` + spreadsheetML + `"><sheetData>`)
	return b.write(b.header)
}

// end ends a sheet.
func (b *workbook) end() error {
	b.put(`</sheetData></worksheet>`)
	return b.sheet.Flush()
}

// Row writes a row, on a further sheet when one is full.
func (b *workbook) Row(cells []Cell) error {
	if b.row == mostRows {
		if err := b.end(); err != nil {
			return err
		}
		if err := b.begin(); err != nil {
			return err
		}
	}
	return b.write(cells)
}

// put writes a text. An error stays with the writer: the end of the row, and of the sheet, tell it.
func (b *workbook) put(text string) { _, _ = b.sheet.WriteString(text) }

// write writes a row.
func (b *workbook) write(cells []Cell) error {
	b.row++
	b.put(`<row r="` + strconv.Itoa(b.row) + `">`)
	for i, c := range cells {
		if c.empty() {
			continue
		}
		at := b.names[i] + strconv.Itoa(b.row)
		if c.Numeric {
			b.put(`<c r="` + at + `"><v>` + c.String() + `</v></c>`)
			continue
		}
		style := ""
		if sheet.Defuse(c.Text) != c.Text {
			style = ` s="1"`
		}
		b.put(`<c r="` + at + `"` + style + ` t="inlineStr"><is><t xml:space="preserve">`)
		if err := xml.EscapeText(b.sheet, []byte(sheet.Cut(c.Text, mostText))); err != nil {
			return err
		}
		b.put(`</t></is></c>`)
	}
	_, err := b.sheet.WriteString("</row>")
	return err
}

// Flush does nothing: a workbook is whole, or begun anew.
func (*workbook) Flush() error { return nil }

// Close ends the workbook with what says which sheets it has.
func (b *workbook) Close() error {
	if err := b.end(); err != nil {
		return err
	}
	var list, refs, types strings.Builder
	for i := 1; i <= b.sheets; i++ {
		fmt.Fprintf(&list, `<sheet name="Responses %d" sheetId="%d" r:id="rId%d"/>`, i, i, i)
		fmt.Fprintf(&refs, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i, relationships, i)
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, i)
	}
	const packageRelationships = "http://schemas.openxmlformats.org/package/2006/relationships"
	for _, part := range []struct{ name, body string }{
		{"xl/styles.xml", styles},
		{"xl/workbook.xml", prolog + `<workbook xmlns="` + spreadsheetML + `" xmlns:r="` + relationships + `"><sheets>` + list.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", prolog + `<Relationships xmlns="` + packageRelationships + `">` + refs.String() +
			`<Relationship Id="rIdStyles" Type="` + relationships + `/styles" Target="styles.xml"/></Relationships>`},
		{"_rels/.rels", prolog + `<Relationships xmlns="` + packageRelationships + `"><Relationship Id="rId1" Type="` + relationships + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"[Content_Types].xml", prolog + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` + types.String() + `</Types>`},
	} {
		w, err := b.archive.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, part.body); err != nil {
			return err
		}
	}
	return b.archive.Close()
}
