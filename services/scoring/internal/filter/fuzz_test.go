package filter_test

import (
	"errors"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/filter"
)

// FuzzParse looks for texts that make the parser fail otherwise than by a refusal that can be shown, and for filters whose normal form means something else.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		``, `location = "north"`, `answers.nps >= 8.5 AND (theme:delivery OR attributes.vip:*)`, `NOT -region = 'a\*b'`, `revision != 3 language = "*y"`,
		`answers.reason != "price"`, `location = "" OR location = "*"`, `((((`, `"a"."b c" = x`, `location = "ош" , x`, `answers.`, `-`, `NOT`, `a:b:c`, `location = "\`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := filter.Parse(text, schema())
		if err != nil {
			var e *filter.Error
			if !errors.As(err, &e) || e.Problem == "" || e.Position < 1 || e.Position > max(len([]rune(text)), filter.MaxLength)+1 {
				t.Fatalf("%q: %#v is no refusal that can be shown", text, err)
			}
			return
		}
		canonical := parsed.String()
		again, err := filter.Parse(canonical, schema())
		if err != nil {
			if e := (*filter.Error)(nil); errors.As(err, &e) && e.Reason == filter.TooComplex {
				// A normal form may be longer than what was written.
				return
			}
			t.Fatalf("%q is %q, which is refused: %v", text, canonical, err)
		}
		if again.String() != canonical {
			t.Fatalf("%q is %q, which is %q", text, canonical, again)
		}
		if selected(parsed) != selected(again) {
			t.Fatalf("%q selects rows %q, its normal form %q those of %q", text, selected(parsed), canonical, selected(again))
		}
	})
}
