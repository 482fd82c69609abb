package cases

import (
	"testing"

	"go.yaml.in/yaml/v3"
)

func read(t *testing.T, text string) any {
	t.Helper()
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(text), &node); err != nil {
		t.Fatal(err)
	}
	v, err := document(*node.Content[0], map[string]string{"token": "abc"})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDocumentExpandsCopiesAndVariables(t *testing.T) {
	t.Parallel()
	got := read(t, `{a: !times {of: xy, count: 3}, b: !join [!times {of: {id: "r-#"}, count: 2}, [{id: "${token}"}]], c: 2026-03-01T10:00:00Z}`)
	want := read(t, `{a: xyxyxy, b: [{id: r-1}, {id: r-2}, {id: abc}], c: "2026-03-01T10:00:00Z"}`)
	if err := fits(want, got, "document"); err != nil {
		t.Fatal(err)
	}
}

func TestFits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, got string
		ok        bool
	}{
		{`{a: 1}`, `{a: 1, b: 2}`, true},
		{`{a: 1}`, `{b: 2}`, false},
		{`{a: $absent}`, `{b: 2}`, true},
		{`{a: $absent}`, `{a: 2}`, false},
		{`{a: $present}`, `{a: 2}`, true},
		{`{a: $present}`, `{b: 2}`, false},
		{`{a: 1}`, `{a: "1"}`, true},
		{`{a: 1}`, `{a: 1.0000000001}`, true},
		{`{a: 1}`, `{a: 1.00000001}`, false},
		{`{a: "1"}`, `{a: 1}`, false},
		{`{a: false}`, `{a: true}`, false},
		{`[{a: 1}, {a: 2}]`, `[{a: 1, b: 1}, {a: 2}]`, true},
		{`[{a: 1}]`, `[{a: 1}, {a: 2}]`, false},
		{`{a: $contains mid}`, `{a: amidst}`, true},
		{`{a: {b: x}}`, `{a: x}`, false},
	} {
		if err := fits(read(t, c.want), read(t, c.got), "v"); (err == nil) != c.ok {
			t.Errorf("want %s, got %s: %v", c.want, c.got, err)
		}
	}
}

func TestFieldsMayStateTheirReason(t *testing.T) {
	t.Parallel()
	full, bare := []string{"a.b_c R1", "d R2"}, []string{"a.b_c", "d"}
	for _, c := range []struct {
		want []string
		ok   bool
	}{
		{[]string{"d", "a.b_c"}, true},
		{[]string{"d R2", "a.b_c"}, true},
		{[]string{"d R1", "a.b_c"}, false},
		{[]string{"d"}, false},
	} {
		if err := checkFields(GRPC, c.want, full, bare); (err == nil) != c.ok {
			t.Errorf("want %q: %v", c.want, err)
		}
	}
	if err := checkFields(REST, []string{"a.b_c R1", "d"}, []string{"a.bC R1", "d R2"}, []string{"a.bC", "d"}); err != nil {
		t.Error(err)
	}
}
