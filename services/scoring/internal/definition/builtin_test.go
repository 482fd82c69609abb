package definition_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/definition"
)

// TestModelsKeepTheIdentifiersOfTheirQuestions: surveys that ask them rely on what docs/metrics.md says.
func TestModelsKeepTheIdentifiersOfTheirQuestions(t *testing.T) {
	t.Parallel()
	numbered := func(n int, prefixes ...string) (ids []string) {
		for i := 1; i <= n; i++ {
			for _, p := range prefixes {
				ids = append(ids, fmt.Sprint(p, i))
			}
		}
		return ids
	}
	want := map[string][]string{
		"csi": {"csi_overall", "csi_expectations", "csi_ideal"}, "servqual": numbered(22, "e", "p"), "servperf": numbered(22, "p"), "rsqs": numbered(28, "p"),
	}
	for _, d := range definition.BuiltIn() {
		if d.Metric != nil {
			continue
		}
		if got := d.Spec.Questions(); !slices.Equal(got, want[d.ID]) {
			t.Errorf("%s is made of %v, want %v", d.ID, got, want[d.ID])
		}
		delete(want, d.ID)
	}
	if len(want) > 0 {
		t.Errorf("not built in: %v", want)
	}
}
