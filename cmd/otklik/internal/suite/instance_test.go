package suite

import (
	"strings"
	"testing"
)

func TestProcessesHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	first, err := instanceName("")
	if err != nil || !soundInstance.MatchString(first) {
		t.Errorf("%q, %v", first, err)
	}
	if second, err := instanceName(""); err != nil || first == second {
		t.Errorf("%q twice, %v", second, err)
	}
	if given, err := instanceName("pod-7.a"); err != nil || given != "pod-7.a" {
		t.Errorf("%q, %v", given, err)
	}
	for _, unsound := range []string{"a b", "a:b", "{a}", strings.Repeat("a", 200)} {
		if _, err := instanceName(unsound); err == nil || !strings.Contains(err.Error(), "instance") {
			t.Errorf("%q: %v", unsound, err)
		}
	}
}
