package composite_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func TestModels(t *testing.T) {
	t.Parallel()
	type shape struct{ dimensions, items, subdimensions, questions int }
	shapes := map[string]shape{"csi": {0, 0, 0, 3}, "servqual": {5, 22, 0, 44}, "servperf": {5, 22, 0, 22}, "rsqs": {5, 28, 6, 28}}
	for _, m := range composite.Models() {
		if err := m.Spec.Check(); err != nil || m.Version < 1 || m.Reference == "" {
			t.Errorf("%s version %d: %v", m.ID, m.Version, err)
		}
		scale, err := question.ParseScale(m.Scale)
		if err != nil {
			t.Errorf("%s: %v", m.ID, err)
		}
		texts := []metric.Text{m.Title, m.Description}
		got := shape{questions: len(m.Questions)}
		if m.Spec.Gap != nil {
			got.dimensions = len(m.Spec.Gap.Dimensions)
			for _, d := range m.Spec.Gap.Dimensions {
				got.items += len(d.Items)
				got.subdimensions += len(d.Subdimensions)
				texts = append(texts, d.Title)
				for _, i := range d.Items {
					texts = append(texts, i.Title)
				}
			}
		}
		if want := shapes[m.ID]; got != want {
			t.Errorf("%s has %+v, want %+v", m.ID, got, want)
		}
		var s survey
		seen := make(map[string]bool)
		for _, q := range m.Questions {
			if seen[q.Text.EN] || seen[q.Text.RU] || seen[q.Text.KY] {
				t.Errorf("%s: %q is asked twice", m.ID, q.Text.EN)
			}
			seen[q.Text.EN], seen[q.Text.RU], seen[q.Text.KY] = true, true, true
			texts = append(texts, q.Text)
			s = append(s, metric.Question{ID: q.ID, Kind: question.Rating, Scale: scale})
		}
		checkTexts(t, m.ID, texts)
		// A survey that asks the questions of the model binds, and each is needed.
		needs, err := bind(t, m.Spec, s).Needs(s)
		if err != nil || len(needs.Questions) != len(s) {
			t.Errorf("%s needs %v, %v", m.ID, needs, err)
		}
	}
}

var (
	latin    = regexp.MustCompile(`[A-Za-z]`)
	cyrillic = regexp.MustCompile(`[\p{Cyrillic}]`)
	abbrs    = regexp.MustCompile(`SERVQUAL|SERVPERF|RSQS|CSI`)
)

// checkTexts refuses texts that lack a language or are in the wrong alphabet.
func checkTexts(t *testing.T, of string, texts []metric.Text) {
	t.Helper()
	for _, x := range texts {
		if x.EN == "" || x.RU == "" || x.KY == "" || x.RU == x.KY {
			t.Errorf("%s: %+v lacks a language", of, x)
		}
		if cyrillic.MatchString(x.EN) || latin.MatchString(abbrs.ReplaceAllString(x.RU, "")) || latin.MatchString(abbrs.ReplaceAllString(x.KY, "")) ||
			strings.ContainsAny(x.RU, "өүңӨҮҢ") {
			t.Errorf("%s: %+v is in the wrong alphabet", of, x)
		}
	}
}

// TestServqualItems: the numbers of items in each dimension are those of the model.
func TestServqualItems(t *testing.T) {
	t.Parallel()
	want := map[string][2]string{
		"tangibles": {"item_1", "item_4"}, "reliability": {"item_5", "item_9"}, "responsiveness": {"item_10", "item_13"},
		"assurance": {"item_14", "item_17"}, "empathy": {"item_18", "item_22"},
	}
	for _, m := range composite.Models() {
		if m.ID != "servqual" && m.ID != "servperf" {
			continue
		}
		for _, d := range m.Spec.Gap.Dimensions {
			if first, last := d.Items[0], d.Items[len(d.Items)-1]; first.ID != want[d.ID][0] || last.ID != want[d.ID][1] {
				t.Errorf("%s %s runs from %s to %s", m.ID, d.ID, first.ID, last.ID)
			}
		}
	}
}
