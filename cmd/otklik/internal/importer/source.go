package importer

import (
	"fmt"
	"io"
	"strings"

	"github.com/otklik/otklik/libs/sheet"
)

// Record is one record of a file.
type Record = sheet.Record

// OpenSource reads the header of a CSV file. Errors tell what is wrong with the file or its header.
func OpenSource(in io.Reader, format CSVFormat) (*sheet.Source, error) {
	return sheet.OpenSource(in, format.Format)
}

// columnIndex finds columns by name.
type columnIndex struct {
	names []string
	at    map[string]int
	// twice names columns that occur more than once.
	twice map[string]bool
}

func newColumnIndex(names []string) *columnIndex {
	c := &columnIndex{names: make([]string, len(names)), at: make(map[string]int, len(names)), twice: map[string]bool{}}
	for i, name := range names {
		name = strings.TrimSpace(strings.Clone(name))
		c.names[i] = name
		if _, ok := c.at[name]; ok {
			c.twice[name] = true
			continue
		}
		c.at[name] = i
	}
	return c
}

// find returns the position of a column that check has found to exist.
func (c *columnIndex) find(name string) int {
	i, ok := c.at[name]
	if !ok {
		return -1
	}
	return i
}

// check reports columns that the mapping names and the header lacks or has twice.
func (c *columnIndex) check(names []string) error {
	var missing, twice []string
	for _, name := range names {
		if _, ok := c.at[name]; !ok {
			missing = append(missing, fmt.Sprintf("%q", name))
		} else if c.twice[name] {
			twice = append(twice, fmt.Sprintf("%q", name))
		}
	}
	switch {
	case len(missing) > 0:
		return fmt.Errorf("the header lacks columns that the mapping names: %s", strings.Join(missing, ", "))
	case len(twice) > 0:
		return fmt.Errorf("the header has columns twice that the mapping names: %s", strings.Join(twice, ", "))
	}
	return nil
}
