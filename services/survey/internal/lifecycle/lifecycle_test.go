package lifecycle

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestPublish(t *testing.T) {
	for _, c := range []struct {
		name    string
		from    Status
		same    bool
		want    Status
		changed bool
		err     error
	}{
		{"first", Status{State: Draft}, false, Status{State: Published, Revision: 1}, true, nil},
		{"open, draft changed", Status{State: Published, Revision: 1}, false, Status{State: Published, Revision: 2}, true, nil},
		{"open, draft as published", Status{State: Published, Revision: 1}, true, Status{State: Published, Revision: 1}, false, nil},
		{"closed, draft as published", Status{State: Closed, Revision: 3, CloseTime: now}, true, Status{State: Published, Revision: 3}, true, nil},
		{"closed, draft changed", Status{State: Closed, Revision: 3, CloseTime: now}, false, Status{State: Published, Revision: 4}, true, nil},
		{"archived", Status{State: Archived, Revision: 1}, false, Status{State: Archived, Revision: 1}, false, ErrArchived},
	} {
		got, changed, err := c.from.Publish(c.same)
		if got != c.want || changed != c.changed || !errors.Is(err, c.err) {
			t.Errorf("%s: got %+v, %v, %v", c.name, got, changed, err)
		}
	}
}

func TestClose(t *testing.T) {
	for _, c := range []struct {
		from    Status
		want    Status
		changed bool
		err     error
	}{
		{Status{State: Draft}, Status{State: Draft}, false, ErrNotPublished},
		{Status{State: Published, Revision: 2}, Status{State: Closed, Revision: 2, CloseTime: now}, true, nil},
		{Status{State: Closed, Revision: 2, CloseTime: now.Add(-1)}, Status{State: Closed, Revision: 2, CloseTime: now.Add(-1)}, false, nil},
		{Status{State: Archived, Revision: 2}, Status{State: Archived, Revision: 2}, false, ErrArchived},
	} {
		got, changed, err := c.from.Close(now)
		if got != c.want || changed != c.changed || !errors.Is(err, c.err) {
			t.Errorf("%+v: got %+v, %v, %v", c.from, got, changed, err)
		}
	}
}

// TestLives walks random lives: what was published stays undeletable, revisions only grow, and an archived survey stays archived.
func TestLives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Status{State: Draft}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			before := s
			switch rapid.SampledFrom([]string{"publish", "close", "archive"}).Draw(t, "step") {
			case "publish":
				s, _, _ = s.Publish(rapid.Bool().Draw(t, "same"))
			case "close":
				s, _, _ = s.Close(now)
			case "archive":
				s, _ = s.Archive()
			}
			if s.Revision < before.Revision || before.State == Archived && s != before {
				t.Fatalf("%+v became %+v", before, s)
			}
			if (s.Delete() == nil) != (s.Revision == 0) || (s.Edit() == nil) != (s.State != Archived) {
				t.Fatalf("%+v: delete %v, edit %v", s, s.Delete(), s.Edit())
			}
			if s.State == Published && !s.CloseTime.IsZero() || s.State == Closed && s.CloseTime.IsZero() {
				t.Fatalf("%+v: time of closing", s)
			}
		}
	})
}
