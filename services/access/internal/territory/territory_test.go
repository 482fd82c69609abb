package territory

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
)

// asked is a directory that can be away, and counts how often it is asked.
type asked struct {
	mu   sync.Mutex
	says map[string]Territory
	err  error
	// slow are the organisations of which it does not tell in time.
	slow  []string
	times int
	// hangs is closed when the directory goes on; nil lets it answer at once.
	hangs chan struct{}
}

func (a *asked) Inside(ctx context.Context, organization string, regions []string) (Territory, error) {
	a.mu.Lock()
	a.times++
	hangs := a.hangs
	a.mu.Unlock()
	if hangs != nil {
		select {
		case <-hangs:
		case <-ctx.Done():
			return Territory{}, ctx.Err()
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		return Territory{}, a.err
	}
	if slices.Contains(a.slow, organization) {
		return Territory{}, context.DeadlineExceeded
	}
	return a.says[keyOf(organization, regions)], nil
}

func (a *asked) set(err error, says map[string]Territory) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err, a.says = err, says
}

var (
	osh    = Territory{Regions: []string{"alai"}, Locations: []string{"gulcha", "osh"}}
	shrunk = Territory{Regions: []string{"alai"}, Locations: []string{"osh"}}
	errOut = fmt.Errorf("ask: %w", ErrUnavailable)
	north  = Territory{Locations: []string{"talas"}}
)

func newTerritories(t *testing.T) (*Territories, *asked, *testkit.Clock) {
	t.Helper()
	clock := testkit.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	a := &asked{says: map[string]Territory{keyOf("acme", []string{"south"}): osh}}
	return New(a, Options{Now: clock.Now}), a, clock
}

func (a *asked) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.times
}

func TestAnswersAreRememberedForMoments(t *testing.T) {
	t.Parallel()
	known, a, clock := newTerritories(t)
	for range 3 {
		if got := known.Of(t.Context(), "acme", []string{"south", "south"}); !reflect.DeepEqual(got, osh) {
			t.Errorf("south: %v", got)
		}
	}
	if a.count() != 1 {
		t.Errorf("the directory was asked %d times", a.count())
	}
	if got := known.Of(t.Context(), "globex", []string{"south"}); !reflect.DeepEqual(got, Territory{}) {
		t.Errorf("elsewhere: %v", got)
	}
	a.set(nil, map[string]Territory{keyOf("acme", []string{"south"}): shrunk})
	clock.Advance(fresh)
	if got := known.Of(t.Context(), "acme", []string{"south"}); !reflect.DeepEqual(got, shrunk) {
		t.Errorf("after a location moved: %v", got)
	}
}

// While the directory is away callers see what lay in their regions last, for an hour, and otherwise only what states the regions.
func TestTheDirectoryIsAway(t *testing.T) {
	t.Parallel()
	known, a, clock := newTerritories(t)
	known.Of(t.Context(), "acme", []string{"south"})
	a.set(errOut, nil)
	clock.Advance(fresh)
	if got := known.Of(t.Context(), "acme", []string{"south"}); !reflect.DeepEqual(got, osh) {
		t.Errorf("what was known last: %v", got)
	}
	before := a.count()
	if got := known.Of(t.Context(), "acme", []string{"north"}); !reflect.DeepEqual(got, Territory{}) || a.count() != before {
		t.Errorf("what was never known: %v, asked %d times more", got, a.count()-before)
	}
	clock.Advance(kept)
	if got := known.Of(t.Context(), "acme", []string{"south"}); !reflect.DeepEqual(got, Territory{}) {
		t.Errorf("an hour later: %v", got)
	}
	a.set(nil, map[string]Territory{keyOf("acme", []string{"south"}): shrunk})
	clock.Advance(fresh)
	if got := known.Of(t.Context(), "acme", []string{"south"}); !reflect.DeepEqual(got, shrunk) {
		t.Errorf("when it is back: %v", got)
	}
}

// One organisation whose regions cannot be told keeps none of the others from being told theirs, nor from being told what has changed there; it is itself asked
// of at most every two seconds, so that its callers do not wait each time.
func TestTheSlowTreeOfOneOrganisation(t *testing.T) {
	t.Parallel()
	known, a, clock := newTerritories(t)
	known.Of(t.Context(), "acme", []string{"south"})
	a.slow = []string{"globex"}
	for _, lies := range []Territory{shrunk, osh} {
		a.set(nil, map[string]Territory{keyOf("acme", []string{"south"}): lies, keyOf("acme", []string{"north"}): north})
		clock.Advance(fresh)
		before := a.count()
		for range 3 {
			if got := known.Of(t.Context(), "globex", []string{"south"}); !reflect.DeepEqual(got, Territory{}) {
				t.Errorf("of the slow one: %v", got)
			}
		}
		if asked := a.count() - before; asked != 1 {
			t.Errorf("of the slow one the directory was asked %d times", asked)
		}
		if got := known.Of(t.Context(), "acme", []string{"south"}); !reflect.DeepEqual(got, lies) {
			t.Errorf("known before: %v, want %v", got, lies)
		}
		if got := known.Of(t.Context(), "acme", []string{"north"}); !reflect.DeepEqual(got, north) {
			t.Errorf("never asked of before: %v", got)
		}
	}
}

// All who ask at the same time wait for one answer, and who leaves does not end it for the others.
func TestOneQuestionForAll(t *testing.T) {
	t.Parallel()
	known, a, _ := newTerritories(t)
	a.hangs = make(chan struct{})
	leaving, leave := context.WithCancel(t.Context())
	left := make(chan Territory, 1)
	go func() { left <- known.Of(leaving, "acme", []string{"south"}) }()
	testkit.Eventually(t, 10*time.Second, func() error {
		if a.count() == 0 {
			return errors.New("the directory was not asked")
		}
		return nil
	})
	var group sync.WaitGroup
	answers := make([]Territory, 8)
	for i := range answers {
		group.Go(func() { answers[i] = known.Of(t.Context(), "acme", []string{"south"}) })
	}
	leave()
	if got := <-left; !reflect.DeepEqual(got, Territory{}) {
		t.Errorf("who left: %v", got)
	}
	close(a.hangs)
	group.Wait()
	if slices.ContainsFunc(answers, func(x Territory) bool { return !reflect.DeepEqual(x, osh) }) {
		t.Errorf("%v", answers)
	}
}
