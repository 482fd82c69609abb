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

// Comments reads comments of our own making, text⇥sentiment⇥aspects⇥variety. Those that mix languages have no label, and posts are none
// of customers. The Russian and English ones hold what customers write about: the Kazakh rows of the labelled set are full of reviews that
// borrow the same words, so that without them «кредит» and «приложение» looked Kazakh.
func Comments(tsv string) (rows []Row) {
	for line := range strings.Lines(tsv) {
		c := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(c) < 4 {
			continue
		}
		if l, ok := language.Parse(strings.TrimSuffix(c[3], "_plain")); ok && (l.Coarse() == "ky" || l == language.Ru || l == language.En) {
			rows = append(rows, Row{Text: c[0], Label: l})
		}
	}
	return rows
}
