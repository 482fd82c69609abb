package imports

import (
	"hash/maphash"
	"strconv"
)

// mostRows bounds the rows of one table: by what each is told apart is held in memory, at some 25 bytes a row.
const mostRows = 10_000_000

// seen remembers by what the rows of a table are told apart. It keeps no more of it than what tells it apart from ten million others for certain enough: two
// texts are taken for the same once in ten thousand billion tables.
type seen struct {
	seeds [2]maphash.Seed
	lines map[mark]uint32
}

// mark stands for a text.
type mark [3]uint32

func newSeen() *seen {
	return &seen{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, lines: map[mark]uint32{}}
}

// of is the mark of a text.
func (s *seen) of(text string) mark {
	a, b := maphash.String(s.seeds[0], text), maphash.String(s.seeds[1], text)
	return mark{uint32(a), uint32(a >> 32), uint32(b)} //nolint:gosec // the parts of a hash
}

// twice refuses a row that has in a field what another row before it has. The rows that have passed are remembered. Errors: *FileError.
func (s *seen) twice(row Row, field, text string) ([]Problem, error) {
	m := s.of(text)
	if line, twice := s.lines[m]; twice && int64(line) != row.Line {
		return []Problem{{field, "ROW_DUPLICATE", "line " + strconv.FormatUint(uint64(line), 10) + " of the table says the same: leave one of them out"}}, nil
	}
	if len(s.lines) >= mostRows {
		return nil, &FileError{"the table has more than 10,000,000 rows: divide it"}
	}
	s.lines[m] = uint32(row.Line) //nolint:gosec // a file of 4 GiB has no more lines
	return nil, nil
}
