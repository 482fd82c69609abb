package live

import (
	"context"
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
)

// Source lists packed cells; store.Store is one.
type Source interface {
	Cells(ctx context.Context, fn func(organization, survey string, span cell.Span, chunks [][]byte) error) error
}

// Load makes the cubes of all organisations from packed cells.
func Load(ctx context.Context, source Source) (map[string]*cube.Cube, error) {
	cubes := make(map[string]*cube.Cube)
	err := source.Cells(ctx, func(organization, survey string, span cell.Span, chunks [][]byte) error {
		c := cubes[organization]
		if c == nil {
			c = cube.New()
			cubes[organization] = c
		}
		return fill(c, survey, span, chunks)
	})
	if err != nil {
		return nil, fmt.Errorf("load cells: %w", err)
	}
	return cubes, nil
}

// fill adds up the chunks of one span.
func fill(c *cube.Cube, survey string, span cell.Span, chunks [][]byte) error {
	var (
		key     cube.Key
		changes []cube.Change
		loadErr error
	)
	flush := func() {
		if len(changes) > 0 && loadErr == nil {
			loadErr = c.LoadSeries(key, changes)
		}
		changes = changes[:0]
	}
	err := cell.Sum(span, chunks,
		func(k cube.Key) {
			flush()
			key, key.Survey = k, survey
		},
		func(b calendar.Bucket, bins []histogram.Bin) {
			for _, bin := range bins {
				changes = append(changes, cube.Change{Bucket: b, Value: bin.Value, Count: bin.Count})
			}
		})
	flush()
	if err == nil {
		err = loadErr
	}
	if err != nil {
		return fmt.Errorf("survey %s, span %d: %w", survey, span, err)
	}
	return nil
}
