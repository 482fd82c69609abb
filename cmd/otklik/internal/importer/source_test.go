package importer

import (
	"strings"
	"testing"
)

func TestHeaderCheck(t *testing.T) {
	c := newColumnIndex([]string{"a", "b", "a", "c"})
	if err := c.check([]string{"b", "c"}); err != nil {
		t.Error(err)
	}
	if err := c.check([]string{"b", "x", "y"}); err == nil || !strings.Contains(err.Error(), `lacks columns that the mapping names: "x", "y"`) {
		t.Error(err)
	}
	if err := c.check([]string{"a"}); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Error(err)
	}
}
