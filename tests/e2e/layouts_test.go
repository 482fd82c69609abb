package e2e

import (
	"testing"

	"github.com/otklik/otklik/tests/harness"
)

// onEachLayout runs a test on every layout of the suite: as one process on SQLite, and as processes apart on PostgreSQL and Redis, alone or as a
// cluster.
func onEachLayout(t *testing.T, test func(t *testing.T, layout harness.Layout)) {
	t.Helper()
	on(t, test, harness.Layouts()...)
}

// onBothStores runs a test as one process on SQLite and as processes apart, for tests that have nothing to do with how Redis is set up.
func onBothStores(t *testing.T, test func(t *testing.T, layout harness.Layout)) {
	t.Helper()
	on(t, test, harness.AllInOne, harness.Apart)
}

func on(t *testing.T, test func(t *testing.T, layout harness.Layout), layouts ...harness.Layout) {
	t.Helper()
	t.Parallel()
	for _, layout := range layouts {
		t.Run(layout.String(), func(t *testing.T) {
			t.Parallel()
			test(t, layout)
		})
	}
}
