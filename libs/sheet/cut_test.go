package sheet_test

import (
	"testing"

	"github.com/otklik/otklik/libs/sheet"
)

// TestCut: a character beyond the first plane counts twice, and none is cut in two.
func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{{"дүкөн", 5, "дүкөн"}, {"дүкөн", 4, "дүкө"}, {"a😀b", 4, "a😀b"}, {"a😀b", 3, "a😀"}, {"a😀b", 2, "a"}, {"", 3, ""}} {
		if got := sheet.Cut(c.text, c.most); got != c.want {
			t.Errorf("%d of %q: %q", c.most, c.text, got)
		}
	}
}
