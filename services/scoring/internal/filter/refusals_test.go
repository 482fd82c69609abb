package filter_test

import (
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/filter"
)

func TestWhatRefusalsCanHave(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"location": true, "employee": true, "language": true, "attributes.vip": true, "attributes.theme": true,
		"revision": false, "answers.recommend": false, "sentiment": false, "theme": false, "theme_negative": false, "segment": false, "case": false,
	} {
		if got := filter.OfRefusals(name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
