package cell

import (
	"fmt"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/delta"
)

// Unpack adds what chunks change to a delta: the reverse of Pack. wire.ErrCorrupt is in the chain of its error.
func Unpack(d *delta.Delta, chunks ...Chunk) error {
	names := make(map[string]string)
	for _, c := range chunks {
		err := unpackCells(&d.Cells, c, names)
		if err == nil {
			err = unpackRows(d, c)
		}
		if err != nil {
			return fmt.Errorf("unpack chunk of survey %s: %w", c.Survey, err)
		}
	}
	return nil
}

func unpackCells(d *cube.Delta, c Chunk, names map[string]string) error {
	in, err := newDecoder(c.Span, c.Data, names)
	if err != nil {
		return err
	}
	var changes []cube.Change
	for in.nextSeries() {
		changes = changes[:0]
		for in.nextCell() {
			for _, bin := range in.bins {
				changes = append(changes, cube.Change{Bucket: calendar.Bucket(in.bucket), Value: bin.Value, Count: bin.Count})
			}
		}
		k := in.key
		k.Survey = c.Survey
		d.Add(k, changes...)
	}
	return in.err()
}

func unpackRows(d *delta.Delta, c Chunk) error {
	_, rows, err := disassemble(c.Data)
	if err != nil {
		return err
	}
	return column.Unpack(rows, func(change column.Change) error {
		d.Note(c.Survey, change)
		return nil
	})
}

// Rows are the packed rows of chunks (see column.Merge), without those of chunks that have none.
func Rows(chunks [][]byte) ([][]byte, error) {
	var sections [][]byte
	for _, c := range chunks {
		_, rows, err := disassemble(c)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			sections = append(sections, rows)
		}
	}
	return sections, nil
}
