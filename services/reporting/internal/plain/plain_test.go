package plain_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/plain"
)

func TestTerms(t *testing.T) {
	for filter, want := range map[string][]plain.Term{
		"":                 nil,
		`location = "osh"`: {{"location", "osh"}},
		` location="osh AND more"  AND channel = app `:          {{"location", "osh AND more"}, {"channel", "app"}},
		`attributes.format = 'a "b"' AND answers.recommend = 9`: {{"attributes.format", `a "b"`}, {"answers.recommend", "9"}},
		`location = "a\"b\\\*" AND region:north`:                {{"location", `a"b\*`}, {"region", "north"}},
		`company = ""`:                                          {{"company", ""}},
	} {
		if got, err := plain.Terms(filter); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, %v", filter, got, err)
		}
	}
	for filter, position := range map[string]int{
		`location`: 1, `NOT location = "a"`: 1, `location = "a" OR location = "b"`: 16, `location = "ош" AND answers.nps <= 6`: 21,
		`location = "super*"`: 1, `(location = "a")`: 1, `location = "a" AND`: 16, `location = a*`: 1, `location != "a"`: 1, `location = "a`: 1,
	} {
		var refused *plain.Error
		if got, err := plain.Terms(filter); !errors.As(err, &refused) || refused.Position != position {
			t.Errorf("%q: %q, %v", filter, got, err)
		}
	}
}
