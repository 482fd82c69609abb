package evaluation

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func readAll(task Task, in io.Reader) ([]Row, error) {
	r, err := NewReader(task, in)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		row.Case = Case{}
		rows = append(rows, row)
	}
}

func packed(t *testing.T, text string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestReader(t *testing.T) {
	t.Parallel()
	const file = "\ufefftext\tlabel\ngood\tpositive\tmore\tcolumns\r\n\n\tneutral\n\"quo\xffted\"\tnegative"
	want := []Row{{2, "good", "positive", Case{}}, {4, "", "neutral", Case{}}, {5, "\"quo\ufffdted\"", "negative", Case{}}}
	for name, in := range map[string]io.Reader{
		"plain": strings.NewReader(file), "slow": iotest.OneByteReader(strings.NewReader(file)), "packed": packed(t, file),
	} {
		got, err := readAll(Sentiment, in)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	got, err := readAll(PII, strings.NewReader("lang\ttext\nru\t[[NAME|A]] b\tc\n"))
	if diff := cmp.Diff([]Row{{2, "[[NAME|A]] b", "ru", Case{}}}, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if got, err := readAll(Mix, strings.NewReader("")); err != nil || got != nil {
		t.Errorf("an empty file: %v, %v", got, err)
	}
}

func TestReaderNamesLineAndColumn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		task Task
		file string
		want string
	}{
		"one column":    {Sentiment, "a\tpositive\nb\n", "line 2, column 2: is missing"},
		"unknown label": {Sentiment, "a\tpositive\n\nb\tgood\n", `line 3, column 2: "good"`},
		"marks":         {PII, "ru\tbest\nru\t[[PHONE|1\n", "line 2, column 2: the mark"},
		"long line":     {Mix, "a\tmixed\n" + strings.Repeat("x", maxLine+1), "line 2: is longer"},
		"long text":     {Mix, strings.Repeat("x", MaxText+1) + "\tmixed\n", "line 1, column 1: the text has"},
	} {
		if _, err := readAll(c.task, strings.NewReader(c.file)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestReaderTellsOfBrokenFiles(t *testing.T) {
	t.Parallel()
	cut := packed(t, strings.Repeat("a\tmixed\n", 10000))
	whole, err := io.ReadAll(cut)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(Mix, bytes.NewReader(whole[:len(whole)/2])); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file cut short: %v", err)
	}
	if _, err := readAll(Mix, strings.NewReader("\x1f\x8bno")); err == nil {
		t.Error("a file that is not compressed was unpacked")
	}
	broken := errors.New("disk")
	if _, err := readAll(Mix, io.MultiReader(strings.NewReader("a\tmixed\n"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
