package metric_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/metric"
)

func TestDefinitions(t *testing.T) {
	seen := map[metric.Variant]bool{}
	for _, id := range metric.AllIDs() {
		d, err := metric.Find(id)
		if err != nil || d.ID != id || d.Version < 1 {
			t.Errorf("definition %+v has no identity", d)
		}
		for _, text := range []metric.Text{d.Title, d.Description} {
			if text.EN == "" || text.RU == "" || text.KY == "" {
				t.Errorf("%s: a text is missing", d.ID)
			}
		}
		// Nothing tells whose smile is meant.
		if len(d.Defaults(false)) == 0 && d.ID != metric.SmileIndex {
			t.Errorf("%s has no default", d.ID)
		}
		for _, v := range d.Variants {
			if seen[v.Variant] || len(v.Methods) == 0 || v.Formula == "" || !strings.HasPrefix(string(v.Variant), strings.ToUpper(string(d.ID))) {
				t.Errorf("%s: variant %+v", d.ID, v)
			}
			seen[v.Variant] = true
		}
	}
	d, err := metric.Find(metric.NPS)
	if err != nil || !slices.Equal(d.Defaults(false), []metric.Variant{metric.NPSAnswered}) ||
		!slices.Equal(d.Defaults(true), []metric.Variant{metric.NPSAnswered, metric.NPSContacted}) {
		t.Errorf("defaults of NPS: %v and %v, %v", d.Defaults(false), d.Defaults(true), err)
	}
	if _, err := metric.Find("magic"); !errors.Is(err, metric.ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
}
