package cases_test

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/worktime"
)

// start is a Monday, ten in the morning.
var start = time.Date(2025, 3, 17, 10, 0, 0, 0, time.UTC)

func always(t testing.TB) cases.Calendar {
	t.Helper()
	k, err := worktime.Always().Compile()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func office(t testing.TB) cases.Calendar {
	t.Helper()
	c := worktime.Calendar{Zone: "UTC"}
	for d := time.Monday; d <= time.Friday; d++ {
		c.Week[d] = []worktime.Span{{Start: 9 * 60, End: 17 * 60}}
	}
	k, err := c.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// opened is a case with an owner where one is stated.
func opened(cal cases.Calendar, owner string, sla cases.SLA, steps ...cases.Step) *cases.Case {
	c := &cases.Case{ID: cases.NewID(), Owner: owner, Queue: "first", Severity: cases.Medium, SLA: sla, Steps: steps}
	c.Open("", start, cal)
	return c
}

func move(t *testing.T, c *cases.Case, cal cases.Calendar, to cases.State, at time.Time) {
	t.Helper()
	if _, err := c.Move(to, "key", at, cal); err != nil {
		t.Fatal(err)
	}
}
