package eventlog_test

import (
	"fmt"
	"testing"

	"github.com/otklik/otklik/libs/eventlog"
)

// TestPartitionsStayWhereTheyAre holds the division to what stores and streams were filled by.
func TestPartitionsStayWhereTheyAre(t *testing.T) {
	for key, want := range map[string]int{
		"":                    2,
		"a":                   13,
		"acme/visit/1":        5,
		"acme/visit/2":        11,
		"организация/опрос/1": 13,
	} {
		if got := eventlog.Partition(key, 16); got != want {
			t.Errorf("partition of %q is %d, want %d", key, got, want)
		}
	}
}

func TestPartitionsAreEven(t *testing.T) {
	const keys = 64_000
	for _, count := range []int{1, 2, 3, 16, 17, 64} {
		load := make([]int, count)
		for i := range keys {
			load[eventlog.Partition(fmt.Sprintf("organizations/acme/surveys/visit/invitations/%06d", i), count)]++
		}
		for p, n := range load {
			if want := keys / count; n < want*9/10 || n > want*11/10 {
				t.Errorf("partition %d of %d has %d keys, want about %d", p, count, n, want)
			}
		}
	}
}
