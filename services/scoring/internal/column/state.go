package column

import "maps"

// state is what readers see of a table. It never changes: a writer puts another one in its place.
type state struct {
	// fields are the columns that keys and answers are in; positions are for good.
	fields []field
	names  map[columnName]int
	blocks []*block
	// runs are the first blocks, some together.
	runs []*run
}

// field is a column of the table with its dictionary. The code of an entry is its index + 1; 0 means that a row lacks the column.
type field struct {
	columnName
	entries []string
}

// field is the index of a column; -1 when no row ever had it.
func (s *state) field(kind columnKind, name string) int {
	if i, ok := s.names[columnName{kind, name}]; ok {
		return i
	}
	return -1
}

// dictionary is a field as the writer has it.
type dictionary struct {
	field
	index map[string]uint32
}

// dictionaries are all fields as the writer has them. What they have learned stays, even if what it was for failed.
type dictionaries struct {
	list  []*dictionary
	names map[columnName]int
	// changed tells that there is more than readers have been shown.
	changed bool
}

func newDictionaries() *dictionaries { return &dictionaries{names: make(map[columnName]int)} }

// field is the index of a column, which is made known where it is not.
func (d *dictionaries) field(kind columnKind, name string) int {
	key := columnName{kind, name}
	i, ok := d.names[key]
	if !ok {
		i = len(d.list)
		d.list = append(d.list, &dictionary{field: field{columnName: key}, index: make(map[string]uint32)})
		// Readers have the map of before.
		d.names = maps.Clone(d.names)
		d.names[key] = i
		d.changed = true
	}
	return i
}

// code is the code of an entry, which is made known where it is not.
func (d *dictionaries) code(field int, entry string) uint32 {
	x := d.list[field]
	code, ok := x.index[entry]
	if !ok {
		x.entries = append(x.entries, entry)
		code = uint32(len(x.entries))
		x.index[entry] = code
		d.changed = true
	}
	return code
}

// fields are the fields as readers may see them; before are those that they saw last.
func (d *dictionaries) fields(before []field) []field {
	if !d.changed {
		return before
	}
	d.changed = false
	fields := make([]field, len(d.list))
	for i, x := range d.list {
		fields[i] = field{columnName: x.columnName, entries: x.entries[:len(x.entries):len(x.entries)]}
	}
	return fields
}
