package sheet

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func zipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// readAll reads every record, with cells joined by bars; records that cannot be read appear as their reason.
func readAll(t testing.TB, in string, format Format) (header []string, records []string, lines []int) {
	t.Helper()
	s, err := OpenSource(strings.NewReader(in), format)
	if err != nil {
		t.Fatal(err)
	}
	for {
		rec, err := s.Next()
		if errors.Is(err, io.EOF) {
			return s.Header(), records, lines
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.Row != int64(len(records)+1) {
			t.Errorf("record %d says that it is row %d", len(records)+1, rec.Row)
		}
		lines = append(lines, rec.Line)
		if rec.Err != nil {
			records = append(records, rec.Err.Reason)
			continue
		}
		records = append(records, strings.Join(rec.Cells, "|"))
	}
}

func TestSourceForms(t *testing.T) {
	plain := "a,b\n1,x\n2,ү\n"
	encode := func(s string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	cyrillic := "дата;оценка\n1;отлично\n"
	for name, c := range map[string]struct {
		in     string
		format Format
		want   []string
	}{
		"plain":             {plain, Format{}, []string{"a|b", "1|x", "2|ү"}},
		"byte order mark":   {"\xef\xbb\xbf" + plain, Format{}, []string{"a|b", "1|x", "2|ү"}},
		"carriage returns":  {strings.ReplaceAll(plain, "\n", "\r\n"), Format{}, []string{"a|b", "1|x", "2|ү"}},
		"no last line feed": {"a,b\n1,x", Format{}, []string{"a|b", "1|x"}},
		"gzip":              {zipped(t, "\xef\xbb\xbf"+plain), Format{}, []string{"a|b", "1|x", "2|ү"}},
		"two gzip members":  {zipped(t, "a,b\n1,x\n") + zipped(t, "2,y\n"), Format{}, []string{"a|b", "1|x", "2|y"}},
		"semicolons found":  {"a;b\n1;x,y\n", Format{}, []string{"a|b", "1|x,y"}},
		"tabs found":        {"a\tb\n1\tx y\n", Format{}, []string{"a|b", "1|x y"}},
		"quoted header":     {"\"a;;;;\",b\n1,x\n", Format{}, []string{"a;;;;|b", "1|x"}},
		"stated delimiter":  {"a|b,c\n1|x\n", Format{Delimiter: '|'}, []string{"a|b,c", "1|x"}},
		"blanks":            {" a ,b\n 1 ,\tx y \u00a0\n", Format{}, []string{"a|b", "1|x y"}},
		"kept blanks":       {"a,b\n 1 ,x \n", Format{KeepBlanks: true}, []string{"a|b", " 1 |x "}},
		"cells over lines":  {"a,b\n1,\"x\ny\"\n2,z\n", Format{}, []string{"a|b", "1|x\ny", "2|z"}},
		"windows-1251":      {encode(charmap.Windows1251.NewEncoder().String(cyrillic)), Format{Encoding: "windows-1251"}, []string{"дата|оценка", "1|отлично"}},
		"utf-16 with mark":  {encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(cyrillic)), Format{}, []string{"дата|оценка", "1|отлично"}},
		"big-endian utf-16": {encode(unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(cyrillic)), Format{}, []string{"дата|оценка", "1|отлично"}},
		"empty lines":       {"a,b\n\n1,x\n\n\n2,y\n", Format{}, []string{"a|b", "1|x", "2|y"}},
		"no rows":           {"a,b\n", Format{}, []string{"a|b"}},
	} {
		t.Run(name, func(t *testing.T) {
			header, records, _ := readAll(t, c.in, c.format)
			if got := append([]string{strings.Join(header, "|")}, records...); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A record that cannot be read spoils nothing behind it, and lines are those of the file.
func TestSourceBadRecords(t *testing.T) {
	in := "a,b\n1,\"x\ny\"\n2\n3,x,y\n4,bare\"quote\n5,\xff\n6,z\n"
	_, records, lines := readAll(t, in, Format{})
	want := []string{"1|x\ny", "ROW_MALFORMED", "ROW_MALFORMED", "ROW_MALFORMED", "INVALID_UTF8", "6|z"}
	if !slices.Equal(records, want) {
		t.Errorf("got %q, want %q", records, want)
	}
	if !slices.Equal(lines, []int{2, 4, 5, 6, 7, 8}) {
		t.Errorf("lines %v", lines)
	}
	_, records, _ = readAll(t, "a,b\n4,bare\"quote\n", Format{LazyQuotes: true})
	if !slices.Equal(records, []string{`4|bare"quote`}) {
		t.Errorf("lazy quotes: %q", records)
	}
}

func TestSourceErrors(t *testing.T) {
	if _, err := OpenSource(strings.NewReader(""), Format{}); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("empty file: %v", err)
	}
	if _, err := OpenSource(strings.NewReader("\x1f\x8bnot gzip"), Format{}); err == nil || !strings.Contains(err.Error(), "gzip") {
		t.Errorf("bad gzip: %v", err)
	}
	whole := zipped(t, "a,b\n"+strings.Repeat("1,x\n", 100_000))
	s, err := OpenSource(strings.NewReader(whole[:len(whole)/2]), Format{})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = s.Next()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut gzip: %v", err)
	}
}

// A quote that is never closed does not swallow the file into memory.
func TestSourceUnclosedQuote(t *testing.T) {
	s, err := OpenSource(io.MultiReader(strings.NewReader("a,b\n1,\"x\n"), &endless{}), Format{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(); !errors.Is(err, ErrRecordTooLong) {
		t.Errorf("error %v, want %v", err, ErrRecordTooLong)
	}
}

type endless struct{}

func (*endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
