package query

import (
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/column"
)

func TestRakingIsBounded(t *testing.T) {
	t.Parallel()
	for _, cells := range []int{1, 1000, maxCells} {
		for margins := 1; margins <= column.MaxGroupBy; margins++ {
			n := passes(cells, margins)
			if n < 50 || n > rakingPasses || n*cells*margins > rakingWork {
				t.Errorf("%d passes over %d cells of %d margins", n, cells, margins)
			}
		}
	}
}
