package light_test

import (
	"testing"

	"github.com/otklik/otklik/services/segmentation/internal/light"
)

func TestNames(t *testing.T) {
	for _, k := range light.Kinds() {
		u := light.Unit{Kind: k, ID: "Delta Air Lines, 2"}
		if got, ok := light.ParseName(light.Name(u)); !ok || got != u {
			t.Errorf("%s: %s parses to %v, %v", k, light.Name(u), got, ok)
		}
	}
	for _, bad := range []string{"", "companies/light", "companies//light", "companies/a", "companies/a/b/light", "teams/a/light"} {
		if u, ok := light.ParseName(bad); ok {
			t.Errorf("%q parses to %v", bad, u)
		}
	}
}

func TestNamesOfResponses(t *testing.T) {
	if s, r, ok := light.ParseResponse(light.ResponseName("a", "b")); !ok || s != "a" || r != "b" {
		t.Errorf("got %q, %q, %v", s, r, ok)
	}
	for _, bad := range []string{"", "surveys/a", "surveys/a/refusals/b", "surveys//responses/b", "surveys/a/responses/b/c"} {
		if _, _, ok := light.ParseResponse(bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}
