package column

import "fmt"

// Holds tells whether a section changes any of some rows, by their identifiers, without unpacking the rows. wire.ErrCorrupt when the section
// was not written by Pack or Merge.
func Holds(section []byte, ids map[uint64]bool) (bool, error) {
	if len(section) == 0 || len(ids) == 0 {
		return false, nil
	}
	var f frame
	if err := f.decode(section); err != nil {
		return false, fmt.Errorf("look for rows: %w", err)
	}
	for _, id := range f.ids {
		if ids[id] {
			return true, nil
		}
	}
	return false, nil
}
