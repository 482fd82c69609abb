package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/definition"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// TestTakenIdentifiers: nobody is told to update what cannot be updated.
func TestTakenIdentifiers(t *testing.T) {
	t.Parallel()
	for says, err := range map[string]error{
		"or update it":           store.ErrTaken,
		"comes with the product": fmt.Errorf("create: %w: %w", store.ErrTaken, definition.ErrBuiltIn),
		"is retired":             fmt.Errorf("create: %w: %w", store.ErrTaken, store.ErrRetired),
	} {
		got := definitionError(err, "metric_definition_id", "metricDefinitions/nps").Error()
		if !strings.Contains(got, says) || says != "or update it" && strings.Contains(got, "update") {
			t.Errorf("%q, want %q", got, says)
		}
	}
}
