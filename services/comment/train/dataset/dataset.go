// Package dataset reads labelled comments and divides them, always the same way, into what is trained from, tuned on and held out.
package dataset

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Part is what a comment is for.
type Part uint8

// The parts.
const (
	Train Part = iota
	Dev        // looked at when choosing
	Held       // never looked at before the figures of the model card
)

// PartOf divides by the text itself, so that the order and number of the others do not matter.
func PartOf(text string) Part {
	h := fnv.New64a()
	_, _ = io.WriteString(h, text)
	switch h.Sum64() % 10 {
	case 0:
		return Held
	case 1:
		return Dev
	default:
		return Train
	}
}

// Row is one labelled comment.
type Row struct {
	Text   string
	Labels []string // the columns after the text
	Part   Part
}

// Label returns a column after the text, or "".
func (r *Row) Label(i int) string {
	if i >= len(r.Labels) {
		return ""
	}
	return r.Labels[i]
}

// Read reads name.tsv.gz or name.tsv of a folder.
func Read(folder, name string) (rows []Row, err error) {
	path := filepath.Join(folder, name+".tsv.gz")
	f, err := os.Open(path) //nolint:gosec // the trainer's own argument
	if errors.Is(err, os.ErrNotExist) {
		f, err = os.Open(strings.TrimSuffix(path, ".gz")) //nolint:gosec // as above
	}
	if err != nil {
		return nil, fmt.Errorf("read labelled comments: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	in := io.Reader(f)
	if strings.HasSuffix(f.Name(), ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("read labelled comments: %w", err)
		}
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		text, labels, ok := strings.Cut(lines.Text(), "\t")
		if !ok || strings.HasPrefix(text, "# ") {
			continue
		}
		rows = append(rows, Row{Text: text, Labels: strings.Split(labels, "\t"), Part: PartOf(text)})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read labelled comments of %s: %w", name, err)
	}
	return rows, nil
}

// ReadAll reads the .tsv files of a folder whose names match a pattern, in the order of their names.
func ReadAll(folder, pattern string) ([]Row, error) {
	files, err := filepath.Glob(filepath.Join(folder, pattern+".tsv"))
	if err != nil {
		return nil, fmt.Errorf("list labelled comments: %w", err)
	}
	var rows []Row
	for _, f := range files {
		more, err := Read(folder, strings.TrimSuffix(filepath.Base(f), ".tsv"))
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}
