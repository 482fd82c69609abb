package export

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"
	"time"
)

// An archive has each file once and whole, however it was divided, and files of one name apart.
func TestArchivesHoldAFileForEachRow(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	of := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	a := newArchive(&b, of)
	want := map[string]string{"osh.pdf": "%PDF", "osh-2.pdf": "%PDF again", "osh-2-2.pdf": "%PDF of osh-2", "ош.csv": "section,kind\r\n"}
	for _, row := range [][]Cell{{{Text: "osh.pdf"}, {Text: "%PDF"}}, {{Text: "osh.pdf"}, {Text: "%PDF again"}}, {{Text: "osh-2.pdf"}, {Text: "%PDF of osh-2"}}, {{Text: "ош.csv"}, {Text: "section,kind\r\n"}}} {
		if err := a.Row(row); err != nil {
			t.Fatal(err)
		}
		if err := a.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil || want[f.Name] != string(content) || !f.Modified.Equal(of) {
			t.Errorf("%s holds %q of %s: %v", f.Name, content, f.Modified, err)
		}
		delete(want, f.Name)
	}
	if len(want) > 0 {
		t.Errorf("the archive lacks %v", want)
	}
}
