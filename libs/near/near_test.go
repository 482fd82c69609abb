package near_test

import (
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/near"
)

func TestName(t *testing.T) {
	t.Parallel()
	keys := []string{"touchpoint", "channel", "location", "region", "company", "attributes.vip", "балл"}
	for _, c := range []struct{ name, want string }{
		{"locaton", "location"},
		{"Location", "location"},
		{"chanel", "channel"},
		{"attributes.vp", "attributes.vip"},
		{"бал", "балл"},
		{"LOCATION", "location"},
		{"LOCATON", "location"},
		{"Attributes.VIP", "attributes.vip"},
		{"attributes.цвет", ""},
		{"attributes.gate", ""},
		{"attributes.ivp", "attributes.vip"},
		{"лбал", "балл"},
		{"bax", ""},
		{"weather", ""},
		{"", ""},
		{"ab", ""},
		{strings.Repeat("x", 10_000), ""},
	} {
		if got := near.Name(c.name, keys); got != c.want {
			t.Errorf("nearest to %q is %q, want %q", c.name, got, c.want)
		}
	}
	if got := near.Name("x", nil); got != "" {
		t.Errorf("nearest of none is %q", got)
	}
}
