package language

import (
	"fmt"
	"strings"

	"github.com/otklik/otklik/services/comment/internal/language"
)

// Read reads rows of text⇥label.
func Read(tsv string) (rows []Row, err error) {
	for n, line := range strings.Split(strings.TrimRight(tsv, "\n"), "\n") {
		words, name, _ := strings.Cut(line, "\t")
		l, ok := language.Parse(name)
		if !ok {
			return nil, fmt.Errorf("read line %d: no label %q", n+1, name)
		}
		rows = append(rows, Row{Text: words, Label: l})
	}
	return rows, nil
}

// Comments reads rows of comments of our own making, text⇥sentiment⇥aspects⇥variety, except those that mix languages.
func Comments(tsv string) (rows []Row) {
	for line := range strings.Lines(tsv) {
		c := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(c) < 4 {
			continue
		}
		variety := strings.TrimSuffix(strings.TrimSuffix(c[3], "_plain"), "_tweet")
		if l, ok := language.Parse(variety); ok {
			rows = append(rows, Row{Text: c[0], Label: l})
		}
	}
	return rows
}
