package cases_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
)

// Every pair of states is allowed or refused as the API says.
func TestTransitions(t *testing.T) {
	t.Parallel()
	cal := always(t)
	allowed := map[cases.State][]cases.State{
		cases.New:             {cases.InProgress, cases.Closed},
		cases.Assigned:        {cases.InProgress, cases.WaitingCustomer, cases.Resolved, cases.Closed},
		cases.InProgress:      {cases.WaitingCustomer, cases.Resolved},
		cases.WaitingCustomer: {cases.InProgress, cases.Resolved},
		cases.Resolved:        {cases.InProgress, cases.Closed},
		cases.Closed:          {cases.InProgress},
	}
	for from := cases.New; from <= cases.Closed; from++ {
		for to := cases.New; to <= cases.Closed; to++ {
			c := opened(cal, "ann", cases.SLA{})
			c.State = from
			if !from.Unresolved() {
				c.ResolveTime = start
			}
			e, err := c.Move(to, "key", start.Add(time.Hour), cal)
			if want := slices.Contains(allowed[from], to); (err == nil) != want {
				t.Errorf("from %v to %v: %v", from, to, err)
			} else if want && (c.State != to || e.From != from || e.State != to) {
				t.Errorf("from %v to %v: %v, remembered %+v", from, to, c.State, e)
			} else if !want && c.State != from {
				t.Errorf("from %v to %v: refused, and yet %v", from, to, c.State)
			}
		}
	}
}

func kindOf(err error) cases.Kind {
	var refusal *cases.Refusal
	if !errors.As(err, &refusal) {
		return 0
	}
	return refusal.Kind
}

func TestClosingTwiceIsRefused(t *testing.T) {
	t.Parallel()
	cal := always(t)
	c := opened(cal, "ann", cases.SLA{})
	move(t, c, cal, cases.Closed, start.Add(time.Minute))
	if _, err := c.Move(cases.Closed, "key", start.Add(time.Hour), cal); kindOf(err) != cases.AlreadyClosed {
		t.Errorf("got %v", err)
	}
	if !c.CloseTime.Equal(start.Add(time.Minute)) {
		t.Errorf("closed at %v", c.CloseTime)
	}
}

func TestWorkNeedsAnOwner(t *testing.T) {
	t.Parallel()
	cal := always(t)
	c := opened(cal, "", cases.SLA{})
	var refusal *cases.Refusal
	if _, err := c.Move(cases.InProgress, "", start, cal); !errors.As(err, &refusal) || refusal.Field != "owner" {
		t.Errorf("got %v", err)
	}
}

// What is closed at once was responded to by that; what is reopened was not responded to by that.
func TestFirstResponse(t *testing.T) {
	t.Parallel()
	cal := always(t)
	c := opened(cal, "ann", cases.SLA{FirstResponse: time.Hour})
	move(t, c, cal, cases.Closed, start.Add(time.Minute))
	if !c.FirstTime.Equal(start.Add(time.Minute)) || c.FirstWorked != time.Minute {
		t.Errorf("closed: first response at %v, after %v", c.FirstTime, c.FirstWorked)
	}
	move(t, c, cal, cases.InProgress, start.Add(time.Hour))
	if !c.FirstTime.Equal(start.Add(time.Minute)) {
		t.Errorf("reopened: first response at %v", c.FirstTime)
	}
	// As one that was closed before closing was a response.
	c = opened(cal, "ann", cases.SLA{FirstResponse: time.Hour})
	c.State, c.ResolveTime, c.CloseTime = cases.Closed, start.Add(time.Minute), start.Add(time.Minute)
	move(t, c, cal, cases.InProgress, start.Add(2*time.Minute))
	if !c.FirstTime.IsZero() {
		t.Errorf("reopened: first response at %v", c.FirstTime)
	}
	move(t, c, cal, cases.WaitingCustomer, start.Add(3*time.Minute))
	if !c.FirstTime.Equal(start.Add(3 * time.Minute)) {
		t.Errorf("asked: first response at %v", c.FirstTime)
	}
}

func TestReopening(t *testing.T) {
	t.Parallel()
	cal := always(t)
	c := opened(cal, "ann", cases.SLA{Resolution: 10 * time.Hour})
	move(t, c, cal, cases.Resolved, start.Add(4*time.Hour))
	if c.ResolveWorked != 4*time.Hour || !c.Due.IsZero() || !c.Next(cal).IsZero() {
		t.Errorf("resolved: %+v", c)
	}
	late := *c
	if _, err := late.Move(cases.InProgress, "", start.Add(cases.ReopenWithin+5*time.Hour), cal); kindOf(err) != cases.Transition {
		t.Errorf("too late: %v", err)
	}
	move(t, c, cal, cases.InProgress, start.Add(24*time.Hour))
	// Six hours are left: the time in which it was resolved does not count.
	if c.Reopenings != 1 || !c.ResolveTime.IsZero() || !c.Due.Equal(start.Add(30*time.Hour)) {
		t.Errorf("reopened: %+v", c)
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	cal := always(t)
	c := opened(cal, "", cases.SLA{})
	if _, news, err := c.Claim("ann", "key", start); err != nil || !news || c.State != cases.Assigned {
		t.Errorf("first: %v %v %v", c.State, news, err)
	}
	if _, news, err := c.Claim("ann", "key", start); err != nil || news {
		t.Errorf("again: %v %v", news, err)
	}
	if _, _, err := c.Claim("bob", "key", start); kindOf(err) != cases.Owned || c.Owner != "ann" {
		t.Errorf("another: %v", err)
	}
}

func TestHandOffs(t *testing.T) {
	t.Parallel()
	cal := always(t)
	c := opened(cal, "ann", cases.SLA{})
	for _, h := range []cases.Handling{
		{Owner: "ann", Queue: "second", Severity: cases.High}, {Owner: "bob", Queue: "second", Severity: cases.High}, {Owner: "bob", Queue: "first", Severity: cases.High},
	} {
		if _, news, err := c.Assign(h, "key", start); err != nil || !news {
			t.Fatal(news, err)
		}
	}
	if c.HandOffs != 2 || c.Owner != "bob" || c.Severity != cases.High {
		t.Errorf("got %+v", c)
	}
	if _, _, err := c.Assign(cases.Handling{Queue: "first", Severity: cases.High}, "key", start); err != nil || c.State != cases.New {
		t.Errorf("released: %v %v", c.State, err)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	cal := always(t)
	a, b := opened(cal, "ann", cases.SLA{Resolution: 10 * time.Hour}), opened(cal, "", cases.SLA{Resolution: 5 * time.Hour})
	b.Severity, b.Value, b.HandOffs, b.Tasks = cases.Critical, 7, 2, []cases.Task{{Text: "call"}}
	now := start.Add(time.Hour)
	here, there, err := a.Merge(b, "key", now, cal)
	if err != nil || here.Case != b.ID || there.Case != a.ID {
		t.Fatal(here, there, err)
	}
	if a.Severity != cases.Critical || a.Value != 7 || a.HandOffs != 2 || len(a.Tasks) != 1 || !a.Due.Equal(start.Add(5*time.Hour)) {
		t.Errorf("target: %+v", a)
	}
	if b.State != cases.Closed || b.MergedInto != a.ID || !b.Next(cal).IsZero() {
		t.Errorf("source: %+v", b)
	}
	other := opened(cal, "", cases.SLA{})
	other.About.Contact = "someone-else"
	for name, pair := range map[string][2]*cases.Case{"itself": {a, a}, "one merged": {a, b}, "into one closed": {b, a}, "another contact's": {a, other}} {
		if _, _, err := pair[0].Merge(pair[1], "", now, cal); kindOf(err) != cases.Unmergeable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.Move(cases.InProgress, "", now, cal); err == nil {
		t.Error("a merged case was reopened")
	}
}

// The stricter of the promises holds after a merge: of the first response, also while the customer is waited for, and with a warning of its own.
func TestMergeKeepsTheStricterPromises(t *testing.T) {
	t.Parallel()
	cal := always(t)
	now := start.Add(time.Hour)
	merge := func(a, b *cases.Case) {
		t.Helper()
		if _, _, err := a.Merge(b, "key", now, cal); err != nil {
			t.Fatal(err)
		}
	}
	a, b := opened(cal, "ann", cases.SLA{}), opened(cal, "", cases.SLA{FirstResponse: 2 * time.Hour})
	merge(a, b)
	if done := a.Tick(start.Add(3*time.Hour), cal); len(done) != 1 || done[0].Kind != cases.Breached || done[0].Promise != cases.FirstResponsePromise || !done[0].Due.Equal(start.Add(2*time.Hour)) {
		t.Errorf("the first response: %+v", done)
	}
	a, b = opened(cal, "ann", cases.SLA{FirstResponse: time.Hour}), opened(cal, "", cases.SLA{FirstResponse: 2 * time.Hour})
	merge(a, b)
	if a.SLA.FirstResponse != time.Hour {
		t.Errorf("the laxer first response was taken: %v", a.SLA)
	}
	a, b = opened(cal, "ann", cases.SLA{Resolution: 50 * time.Hour}), opened(cal, "", cases.SLA{Resolution: 5 * time.Hour})
	move(t, a, cal, cases.WaitingCustomer, start)
	merge(a, b)
	if a.SLA.Resolution != 5*time.Hour || !a.Due.IsZero() {
		t.Errorf("while the customer is waited for: %+v", a)
	}
	if move(t, a, cal, cases.InProgress, start.Add(10*time.Hour)); !a.Due.Equal(start.Add(14 * time.Hour)) {
		t.Errorf("four hours are left, and it is due %v", a.Due)
	}
	a = opened(cal, "ann", cases.SLA{Resolution: 10 * time.Hour})
	now = start.Add(9 * time.Hour)
	if done := a.Tick(now, cal); len(done) != 1 || done[0].Kind != cases.FellDue {
		t.Fatalf("warned: %+v", done)
	}
	b = &cases.Case{ID: cases.NewID(), SLA: cases.SLA{Resolution: 30 * time.Minute}}
	b.Open("", now, cal)
	merge(a, b)
	if done := a.Tick(now.Add(25*time.Minute), cal); len(done) != 1 || done[0].Kind != cases.FellDue || !done[0].Due.Equal(now.Add(30*time.Minute)) {
		t.Errorf("no warning of the sooner promise: %+v", done)
	}
}

// What was closed without an answer, or resolved with little time left, presses no case that it is merged into.
func TestMergeTakesNoPromiseOfWhatIsResolved(t *testing.T) {
	t.Parallel()
	cal := always(t)
	for _, to := range []cases.State{cases.Closed, cases.Resolved} {
		a, b := opened(cal, "ann", cases.SLA{}), opened(cal, "bob", cases.SLA{FirstResponse: time.Hour, Resolution: 2 * time.Hour})
		move(t, b, cal, to, start)
		if _, _, err := a.Merge(b, "key", start.Add(3*time.Hour), cal); err != nil {
			t.Fatal(err)
		}
		if a.SLA != (cases.SLA{}) || !a.FirstDue.IsZero() || !a.Due.IsZero() {
			t.Errorf("one that is %s: %+v", to, a)
		}
	}
}
