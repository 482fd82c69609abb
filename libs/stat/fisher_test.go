package stat_test

import (
	"math"
	"testing"

	"github.com/otklik/otklik/libs/stat"
)

func TestFisherExactAgainstPublishedTables(t *testing.T) {
	// Fisher's (1935) lady tasting tea: one table of 70, sixteen and its mirror image are as likely or less.
	near(t, "tea", stat.FisherExact(3, 1, 1, 3), 34.0/70)
	near(t, "all right", stat.FisherExact(4, 0, 0, 4), 2.0/70)
	// fisher.test(matrix(c(1, 11, 9, 3), 2)) of R 4.2.
	nearTo(t, "diet", stat.FisherExact(1, 9, 11, 3), 0.00275945618522008, 1e-12)
	near(t, "nothing to see", stat.FisherExact(0, 5, 0, 7), 1)
	near(t, "empty", stat.FisherExact(0, 0, 0, 0), 1)
	if p := stat.FisherExact(1, -1, 2, 3); !math.IsNaN(p) {
		t.Errorf("p of a negative count is %v", p)
	}
}
