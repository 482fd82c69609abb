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

func fill(c *cube.Cube, survey string, span cell.Span, chunks [][]byte) error {
	var sumErr error
	err := c.Load(func(yield func(cube.Key, histogram.Histogram) bool) {
		var key cube.Key
		going := true
		sumErr = cell.Sum(span, chunks,
			func(k cube.Key) { key, key.Survey = k, survey },
			func(b calendar.Bucket, bins []histogram.Bin) {
				key.Bucket = b
				going = going && yield(key, histogram.FromSorted(bins))
			})
	})
	if err == nil {
		err = sumErr
	}
	if err != nil {
		return fmt.Errorf("survey %s, span %d: %w", survey, span, err)
	}
	return nil
}
