package pdf_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit/child"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/render/pdf"
	"github.com/otklik/otklik/services/reporting/internal/render/rendertest"
)

// poppler runs a program of Poppler on a report, which reads PDF as the viewers of readers do.
func poppler(t *testing.T, program string, d document.Document, arguments ...string) string {
	t.Helper()
	path, err := child.Find(program, "install poppler-utils")
	child.Must(t, err)
	file := filepath.Join(t.TempDir(), "report.pdf")
	var out bytes.Buffer
	if err := pdf.Render(&out, d); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	arguments = append(arguments, file)
	if program == "pdftotext" {
		arguments = append(arguments, "-")
	}
	written, err := exec.CommandContext(t.Context(), path, arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, written)
	}
	return string(written)
}

// read is the text of a report as it is found and copied, with plain blanks.
func read(t *testing.T, d document.Document) string {
	t.Helper()
	return strings.ReplaceAll(poppler(t, "pdftotext", d, "-layout"), "\u00a0", " ")
}

// joined is text without regard to where its lines break.
func joined(text string) string {
	return strings.Join(strings.Fields(text), " ")
}

func TestTextIsFoundAndCopied(t *testing.T) {
	t.Parallel()
	for language, wanted := range map[string][]string{
		"ru": {"Супермаркеты «Народный»", "Карточка магазина", "01.10.2026 – 31.10.2026", "location = osh AND channel = store", "02.11.2026 09:15 +06", "Контрольный код: 3f1c9a7be2d04d55", "31,2", "95 %: 25,8 … 36,6 · n = 1 204 · nps@1", "12 543 210,5 KGS", "Исправить сейчас", "Стр. 1 из", "Первые строки: 60 из 214"},
		"ky": {"Дүкөндүн карточкасы", "Жашылча-жемиштердин", "Өзгөрүү: +4,2", "Азыр оңдоо", "n = 1 204", "көңүл буруу керек."},
		"en": {"Store scorecard", "1 Oct 2026 – 31 Oct 2026", "95%: 25.8 … 36.6 · n = 1,204 · nps@1", "12,543,210.5 KGS", "Fix now", "Page 1 of", "Fewer than 5 answers about this employee: no number is shown.", "1 d 2 h"},
	} {
		text := joined(read(t, rendertest.Sample(language)))
		for _, want := range wanted {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in the text", language, want)
			}
		}
	}
}

func TestFileSaysWhatItIs(t *testing.T) {
	t.Parallel()
	info := poppler(t, "pdfinfo", rendertest.Sample("ky"))
	for _, want := range []string{"Дүкөндүн карточкасы", "«Народный» супермаркеттери", "Mon Nov  2 03:15:00 2026", "(A4)"} {
		if !strings.Contains(info, want) {
			t.Errorf("%q is not in %s", want, info)
		}
	}
	var out bytes.Buffer
	if err := pdf.Render(&out, rendertest.Sample("ky")); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out.Bytes(), []byte("/Lang (ky)")) {
		t.Error("the language is not stated")
	}
	if out.Len() > 150<<10 {
		t.Errorf("the sample has %d bytes", out.Len())
	}
	fonts := poppler(t, "pdffonts", rendertest.Sample("ky"))
	for line := range strings.SplitSeq(strings.TrimSpace(fonts), "\n") {
		if strings.Contains(line, "liberation") && !strings.Contains(line, "yes no  yes") {
			t.Errorf("a font is not embedded, or its text cannot be copied: %s", line)
		}
	}
}

// wide is a table of so many columns and rows whose cells say where they are.
func wide(columns, rows int) document.Document {
	table := &document.Table{ID: "t", Title: "Table"}
	for c := range columns {
		table.Columns = append(table.Columns, document.Column{ID: fmt.Sprint("c", c), Title: fmt.Sprintf("Head%02d", c)})
	}
	for r := range rows {
		var row []document.Cell
		for c := range columns {
			row = append(row, document.Cell{Text: fmt.Sprintf("r%03dc%02d", r, c)})
		}
		table.Rows = append(table.Rows, row)
	}
	return document.Document{Title: "Wide", Language: "en", Sections: []document.Section{{ID: "s", Title: "Section", Blocks: []document.Block{{Table: table}}}}}
}

func TestTablesBreakOverPages(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{3, 9, 14, 40} {
		d := wide(columns, 120)
		text := read(t, d)
		pages := strings.Split(strings.TrimRight(text, "\f"), "\f")
		for r := range 120 {
			for c := range columns {
				cell := fmt.Sprintf("r%03dc%02d", r, c)
				if count := strings.Count(text, cell); count == 0 || c > 0 && count > 1 {
					t.Fatalf("%d columns: %s is there %d times", columns, cell, count)
				}
			}
		}
		row := regexp.MustCompile(`r\d{3}c(\d{2})`)
		for i, page := range pages {
			if !strings.Contains(page, fmt.Sprintf("Page %d of %d", i+1, len(pages))) {
				t.Errorf("%d columns: page %d has no number", columns, i+1)
			}
			// Each page with rows has the heads of their columns.
			for _, m := range row.FindAllStringSubmatch(page, -1) {
				if !strings.Contains(page, "Head"+m[1]) {
					t.Fatalf("%d columns: page %d has cells of column %s without its head", columns, i+1, m[1])
				}
			}
		}
	}
}

// TestNothingLeavesThePage looks where Poppler finds each word of reports that are hard to set.
func TestNothingLeavesThePage(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Оченьдлинноесловобезпробелов", 30)
	hard := wide(6, 3)
	table := hard.Sections[0].Blocks[0].Table
	table.Rows[0][0].Text, table.Rows[1][3].Text, table.Columns[2].Title = long, strings.Repeat("много слов подряд ", 900), long
	hard.Title, hard.Filter, hard.Organization = long, long, long
	hard.Sections[0].Blocks = append(hard.Sections[0].Blocks,
		document.Block{Absent: long}, document.Block{Text: long},
		document.Block{Figures: []document.Figure{{Label: long, Number: rendertest.Absent(long)}, {Label: "x", Number: rendertest.Number(1e15, 1e14, 1<<40, document.Money)}, {Label: "y", Number: rendertest.Number(1, 1, 1, document.Seconds), Note: strings.Repeat(long, 20)}}},
	)
	box := regexp.MustCompile(`xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">`)
	size := regexp.MustCompile(`<page width="([\d.]+)" height="([\d.]+)">`)
	for _, d := range []document.Document{hard, wide(14, 80), rendertest.Sample("ru"), rendertest.Sample("ky")} {
		var wide, high float64
		words := 0
		for line := range strings.SplitSeq(poppler(t, "pdftotext", d, "-bbox"), "\n") {
			if m := size.FindStringSubmatch(line); m != nil {
				wide, high = parsed(t, m[1]), parsed(t, m[2])
			}
			if m := box.FindStringSubmatch(line); m != nil {
				words++
				if parsed(t, m[1]) < 35 || parsed(t, m[2]) < 15 || parsed(t, m[3]) > wide-35 || parsed(t, m[4]) > high-12 {
					t.Errorf("outside of the margins of %v by %v: %s", wide, high, line)
				}
			}
		}
		if words < 100 {
			t.Errorf("only %d words were found", words)
		}
	}
}

func parsed(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestALongCellIsWrittenWhole has a cell that no page can hold.
func TestALongCellIsWrittenWhole(t *testing.T) {
	t.Parallel()
	d := wide(2, 3)
	var words []string
	for i := range 3000 {
		words = append(words, fmt.Sprintf("w%04d", i))
	}
	d.Sections[0].Blocks[0].Table.Rows[1][1].Text = strings.Join(words, " ")
	text := read(t, d)
	for _, w := range words {
		if strings.Count(text, w) != 1 {
			t.Fatalf("%s is there %d times", w, strings.Count(text, w))
		}
	}
}

func TestCharactersWithoutASignAreToldInTheNotes(t *testing.T) {
	t.Parallel()
	d := rendertest.Sample("ru")
	d.Sections[0].Blocks = append(d.Sections[0].Blocks, document.Block{Text: "Спасибо 👍 за 100 ₽"})
	text := joined(read(t, d))
	for _, want := range []string{"Спасибо [U+1F44D] за 100 RUB", "В шрифте этого документа нет знаков для следующих символов, на их месте стоят их коды: U+1F44D."} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the text", want)
		}
	}
	if d.Notes[len(d.Notes)-1] != rendertest.Sample("ru").Notes[0] || d.Sections[0].Blocks[2].Text != "Спасибо 👍 за 100 ₽" {
		t.Error("the report itself was changed")
	}
}

// darkest is the darkest pixel of a strip of each page, 515 points wide from 40 points on.
func darkest(t *testing.T, d document.Document, top, high int) []byte {
	t.Helper()
	folder := t.TempDir()
	// At 72 points an inch a pixel is a point.
	path, err := child.Find("pdftoppm", "install poppler-utils")
	child.Must(t, err)
	var out bytes.Buffer
	if err := pdf.Render(&out, d); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "report.pdf")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := []string{"-r", "72", "-gray", "-x", "40", "-y", strconv.Itoa(top), "-W", "515", "-H", strconv.Itoa(high), file, filepath.Join(folder, "strip")}
	if written, err := exec.CommandContext(t.Context(), path, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, written)
	}
	strips, err := filepath.Glob(filepath.Join(folder, "strip*.pgm"))
	if err != nil {
		t.Fatal(err)
	}
	var found []byte
	for _, strip := range strips {
		raw, err := os.ReadFile(strip)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, slices.Min(raw[len(raw)-515*high:]))
	}
	return found
}

// TestFeetCanBeSeen looks for ink at the foot of each page, whatever colour was used last on it and on the last page.
func TestFeetCanBeSeen(t *testing.T) {
	t.Parallel()
	d := rendertest.Sample("ru")
	d.Notes = nil
	d.Sections = append(d.Sections, document.Section{Blocks: []document.Block{{Absent: "Nothing"}}})
	feet := darkest(t, d, 805, 20)
	if len(feet) < 5 {
		t.Fatalf("feet: %v", feet)
	}
	for i, foot := range feet {
		if foot > 170 {
			t.Errorf("page %d: the darkest pixel is %d", i+1, foot)
		}
	}
}

// Notes that follow a chart are as dark as others, whatever colour its last shape had.
func TestNotesBehindAChartCanBeSeen(t *testing.T) {
	t.Parallel()
	value := func(v float64) document.Number { return document.Number{Value: &v} }
	d := document.Document{Language: "en", Sections: []document.Section{{
		Blocks: []document.Block{
			{Figures: []document.Figure{{Label: "Revenue", Number: value(3)}}},
			{Chart: &document.Chart{Bridge: &document.BridgeChart{Before: value(1), After: value(3), Parts: []document.BridgePart{{Label: "Visitors", Effect: value(2)}}}}},
		},
		Notes: []string{"Remarkable"},
	}}}
	place := regexp.MustCompile(`yMin="([0-9.]+)"[^>]*>Remarkable<`).FindStringSubmatch(poppler(t, "pdftotext", d, "-bbox"))
	if place == nil {
		t.Fatal("there is no note")
	}
	if ink := darkest(t, d, int(parsed(t, place[1])), 10); len(ink) != 1 || ink[0] > 170 {
		t.Errorf("the darkest pixel of the note is %d", ink)
	}
}

func TestAReportWithoutAWatermarkIsNotDatedByTheClock(t *testing.T) {
	t.Parallel()
	d := rendertest.Sample("en")
	d.Watermark = time.Time{}
	if info := poppler(t, "pdfinfo", d); !strings.Contains(info, "1970") {
		t.Errorf("dated by the clock: %s", info)
	}
}

// TestReportsAreWrittenSideBySide shares the font between renderers; the race detector looks on.
func TestReportsAreWrittenSideBySide(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	if err := pdf.Render(&want, rendertest.Sample("ky")); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			var got bytes.Buffer
			if err := pdf.Render(&got, rendertest.Sample("ky")); err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Errorf("another report: %v", err)
			}
		})
	}
	group.Wait()
}
