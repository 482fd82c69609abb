package cell

import (
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/delta"
)

// Subtraction takes rows out of chunks that hold them. A row that is taken away would be gone from the sum, too, if the chunk that says so were
// kept beside that which holds it; but what was erased must not be kept at all.
type Subtraction struct {
	cells []byte
	// kept are the changes of rows that take nothing away, taken those that do and whose rows have not been found.
	kept  []column.Change
	taken map[uint64][]column.Change
}

// Subtract begins to take the rows out of chunks that a new chunk takes away; nil when it takes none away.
func Subtract(chunk []byte) (*Subtraction, error) {
	cells, rows, err := disassemble(chunk)
	if err != nil {
		return nil, fmt.Errorf("subtract rows: %w", err)
	}
	s := &Subtraction{cells: cells, taken: make(map[uint64][]column.Change)}
	err = column.Unpack(rows, func(c column.Change) error {
		if c.Count > 0 {
			s.kept = append(s.kept, c)
			return nil
		}
		for range -c.Count {
			s.taken[c.Row.ID] = append(s.taken[c.Row.ID], column.Change{Row: c.Row, Count: -1})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("subtract rows: %w", err)
	}
	if s.Done() {
		return nil, nil
	}
	return s, nil
}

// Done tells whether all rows that are taken away were found.
func (s *Subtraction) Done() bool { return len(s.taken) == 0 }

// From takes rows out of a chunk of the same survey and span. It returns what is left of the chunk, nil when nothing is; false when the chunk
// holds none of the rows.
func (s *Subtraction) From(chunk []byte) (rest []byte, changed bool, err error) {
	cells, rows, err := disassemble(chunk)
	if err != nil {
		return nil, false, fmt.Errorf("subtract rows: %w", err)
	}
	var found []column.Change
	err = column.Unpack(rows, func(c column.Change) error {
		for range c.Count {
			if !s.find(&c.Row) {
				return nil
			}
			found = append(found, column.Change{Row: c.Row, Count: -1})
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("subtract rows: %w", err)
	}
	if len(found) == 0 {
		return chunk, false, nil
	}
	if rows, err = column.Merge(rows, column.Pack(found)); err != nil {
		return nil, false, fmt.Errorf("subtract rows: %w", err)
	}
	return assemble(cells, rows), true, nil
}

// find tells whether a row is to be taken away, once for each time that it is.
func (s *Subtraction) find(r *column.Row) bool {
	list := s.taken[r.ID]
	for i := range list {
		if !delta.Equal(&list[i].Row, r) {
			continue
		}
		list[i] = list[len(list)-1]
		if list = list[:len(list)-1]; len(list) == 0 {
			delete(s.taken, r.ID)
		} else {
			s.taken[r.ID] = list
		}
		return true
	}
	return false
}

// Rest is what remains of the new chunk, nil when nothing does: its cells, the rows that it adds, and those to take away that were not found.
func (s *Subtraction) Rest() []byte {
	changes := s.kept
	for _, list := range s.taken {
		changes = append(changes, list...)
	}
	return assemble(s.cells, column.Pack(changes))
}
