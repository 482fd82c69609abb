package cell

import (
	"fmt"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
)

// Unpack adds what chunks change to a delta: the reverse of Pack. wire.ErrCorrupt is in the chain of its error.
func Unpack(d *cube.Delta, chunks ...Chunk) error {
	names := make(map[string]string)
	var changes []cube.Change
	for _, c := range chunks {
		in, err := newDecoder(c.Span, c.Data, names)
		if err != nil {
			return fmt.Errorf("unpack chunk of survey %s: %w", c.Survey, err)
		}
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
		if err := in.err(); err != nil {
			return fmt.Errorf("unpack chunk of survey %s: %w", c.Survey, err)
		}
	}
	return nil
}
