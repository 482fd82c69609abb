package cell

import (
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/column"
)

// Purge takes all changes of some rows, by their identifiers, out of a chunk: what is left of it, nil when nothing is, and whether it held any.
// What adds up to nothing may be taken out of the chunks that it is spread over. It must be where a record was erased: that a later chunk takes
// its row away does not take it out of the chunk that adds it.
func Purge(chunk []byte, rows map[uint64]bool) (rest []byte, changed bool, err error) {
	cells, section, err := disassemble(chunk)
	if err != nil {
		return nil, false, fmt.Errorf("purge rows: %w", err)
	}
	if held, err := column.Holds(section, rows); err != nil || !held {
		if err != nil {
			err = fmt.Errorf("purge rows: %w", err)
		}
		return chunk, false, err
	}
	var found []column.Change
	err = column.Unpack(section, func(c column.Change) error {
		if rows[c.Row.ID] {
			found = append(found, column.Change{Row: c.Row, Count: -c.Count})
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("purge rows: %w", err)
	}
	if section, err = column.Merge(section, column.Pack(found)); err != nil {
		return nil, false, fmt.Errorf("purge rows: %w", err)
	}
	return assemble(cells, section), true, nil
}
