package erasure_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/erasure/erasuretest"
	"github.com/otklik/otklik/services/access/internal/store/sqlite"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// place is a database that outlives processes.
type place string

func newPlace(t *testing.T) place {
	t.Helper()
	return place(filepath.Join(t.TempDir(), "access.db"))
}

// process is a process that works on erasures.
type process struct {
	store *sqlite.Store
	stop  func()
}

// start starts a process; stop ends it as a restart does.
func (p place) start(t *testing.T, change func(*erasure.RunnerOptions), holders ...erasure.Holder) process {
	t.Helper()
	s, err := sqlite.Open(t.Context(), string(p))
	if err != nil {
		t.Fatal(err)
	}
	o := erasure.RunnerOptions{Queue: s, Holders: holders, Owner: fmt.Sprintf("%p", s), Logger: slog.New(slog.DiscardHandler), Now: time.Now}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	runner := erasure.NewRunner(o)
	group.Go(func() { runner.Run(ctx) })
	stop := sync.OnceFunc(func() {
		cancel()
		group.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return process{s, stop}
}

// begin asks for an erasure.
func (p process) begin(t *testing.T, id, person string) erasure.Erasure {
	t.Helper()
	now := time.Now()
	e := erasure.Erasure{Organization: "acme", ID: id, State: erasure.Running, CreateTime: now, Due: now, Progress: erasure.Progress{Person: person}}
	if _, _, err := p.store.CreateErasure(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	return e
}

func (p process) get(t *testing.T, id string) erasure.Erasure {
	t.Helper()
	e, err := p.store.GetErasure(t.Context(), "acme", id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// await waits until an erasure is as wanted.
func (p process) await(t *testing.T, id, what string, wanted func(erasure.Erasure) bool) erasure.Erasure {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if e := p.get(t, id); wanted(e) {
			return e
		}
	}
	t.Fatalf("the erasure is not %s: %+v", what, p.get(t, id))
	return erasure.Erasure{}
}

func (p process) done(t *testing.T, id string) erasure.Erasure {
	t.Helper()
	return p.await(t, id, "done", func(e erasure.Erasure) bool { return e.State == erasure.Succeeded })
}

func lines(e erasure.Erasure) string {
	var out []string
	for _, r := range e.Removals {
		out = append(out, fmt.Sprintf("%s %s %d", r.Service, r.Kind, r.Count))
	}
	return strings.Join(out, ", ")
}

func TestErasesEverywhere(t *testing.T) {
	at := newPlace(t)
	survey, scoring := erasuretest.NewHolder("survey"), erasuretest.NewHolder("scoring")
	survey.Put("acme", "ann", 3)
	scoring.Put("acme", "ann", 2)
	survey.Put("acme", "bob", 1)
	p := at.start(t, nil, survey, scoring)
	p.begin(t, "e1", "ann")
	e := p.done(t, "e1")
	if got := lines(e); got != "survey things 3, scoring things 2" {
		t.Errorf("receipt: %s", got)
	}
	if survey.Count("acme", "ann")+scoring.Count("acme", "ann") != 0 || survey.Count("acme", "bob") != 1 {
		t.Error("more or less than ann was removed")
	}
	if calls := scoring.Calls(); len(calls) != 1 || calls[0].Position != 3 || calls[0].Erasure != "erasures/e1" {
		t.Errorf("scoring was asked %+v, want once with the position of the survey service", calls)
	}
	if e.EndTime.IsZero() || e.WaitingFor != "" {
		t.Errorf("the end: %+v", e)
	}
}

// TestGoesOnAfterRestart: what was done is not done again, and what was not is, by the next process.
func TestGoesOnAfterRestart(t *testing.T) {
	at := newPlace(t)
	survey, scoring := erasuretest.NewHolder("survey"), erasuretest.NewHolder("scoring")
	survey.Put("acme", "ann", 3)
	scoring.Put("acme", "ann", 2)
	scoring.Away(true)
	first := at.start(t, nil, survey, scoring)
	first.begin(t, "e1", "ann")
	e := first.await(t, "e1", "waiting for scoring", func(e erasure.Erasure) bool { return strings.HasPrefix(e.WaitingFor, "scoring") })
	if e.State != erasure.Running || lines(e) != "survey things 3" {
		t.Errorf("while scoring is away: %+v", e)
	}
	first.stop()
	scoring.Away(false)
	second := at.start(t, nil, survey, scoring)
	if e := second.done(t, "e1"); lines(e) != "survey things 3, scoring things 2" || e.WaitingFor != "" {
		t.Errorf("after the restart: %+v", e)
	}
	if calls := survey.Calls(); len(calls) != 1 {
		t.Errorf("survey was asked %d times", len(calls))
	}
}

// TestStoppedWithinAStep: a process that stops while a service works on it gives the erasure up, and the step is repeated by the next one at once.
func TestStoppedWithinAStep(t *testing.T) {
	at := newPlace(t)
	survey := erasuretest.NewHolder("survey")
	survey.Put("acme", "ann", 3)
	asked, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	survey.Before(func() {
		once.Do(func() { close(asked) })
		<-release
	})
	first := at.start(t, nil, survey)
	first.begin(t, "e1", "ann")
	<-asked
	go func() {
		time.Sleep(50 * time.Millisecond)
		close(release)
	}()
	first.stop()
	began := time.Now()
	second := at.start(t, nil, survey)
	if e := second.done(t, "e1"); lines(e) != "survey things 3" {
		t.Errorf("after the restart: %+v", e)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it went on after %v: the claim was not given up", took)
	}
}

// TestKilledBeforeSaving: the service has removed, the process dies before it notes so: the receipt is the same as if it had not.
func TestKilledBeforeSaving(t *testing.T) {
	at := newPlace(t)
	survey := erasuretest.NewHolder("survey")
	survey.Put("acme", "ann", 3)
	first := at.start(t, func(o *erasure.RunnerOptions) { o.Queue = unsaved{o.Queue} }, survey)
	first.begin(t, "e1", "ann")
	for end := time.Now().Add(patience); len(survey.Calls()) == 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	first.stop()
	// The claim ends by itself.
	later := func() time.Time { return time.Now().Add(time.Minute) }
	second := at.start(t, func(o *erasure.RunnerOptions) { o.Now = later }, survey)
	if e := second.done(t, "e1"); lines(e) != "survey things 3" {
		t.Errorf("receipt: %+v", e)
	}
}

// unsaved is a queue of a process that dies before it saves.
type unsaved struct{ erasure.Queue }

func (unsaved) SaveErasure(context.Context, erasure.Erasure, string, bool) (bool, error) {
	return false, errors.New("killed")
}

// TestServiceAway: it goes on by itself when the service is back, and says meanwhile what it waits for.
func TestServiceAway(t *testing.T) {
	survey := erasuretest.NewHolder("survey")
	survey.Put("acme", "ann", 1)
	survey.Away(true)
	p := newPlace(t).start(t, nil, survey)
	p.begin(t, "e1", "ann")
	p.await(t, "e1", "waiting twice", func(e erasure.Erasure) bool {
		return e.Attempts >= 2 && e.WaitingFor == "survey: the service does not answer"
	})
	survey.Away(false)
	if e := p.done(t, "e1"); lines(e) != "survey things 1" || e.Attempts != 0 {
		t.Errorf("%+v", e)
	}
}

// TestTwoAtOnceForOnePerson: in two processes, with others at the same time: each ends, each thing is counted once, and no erasure is at work in both.
func TestTwoAtOnceForOnePerson(t *testing.T) {
	at := newPlace(t)
	survey := erasuretest.NewHolder("survey")
	survey.Put("acme", "ann", 3)
	first, second := at.start(t, nil, survey), at.start(t, nil, survey)
	const n = 6
	for i := range n {
		[]process{first, second}[i%2].begin(t, fmt.Sprint("e", i), "ann")
	}
	var counted int64
	for i := range n {
		e := second.done(t, fmt.Sprint("e", i))
		for _, r := range e.Removals {
			counted += r.Count
		}
	}
	if counted != 3 || survey.Count("acme", "ann") != 0 {
		t.Errorf("%d things were counted, want 3; %d are left", counted, survey.Count("acme", "ann"))
	}
	calls := map[string]int{}
	for _, c := range survey.Calls() {
		calls[c.Erasure]++
	}
	for name, times := range calls {
		if times != 1 {
			t.Errorf("%s was worked on %d times", name, times)
		}
	}
}

// TestErasedIsTold: whoever wants to know is told before the erasure counts as done, and again when it could not take it.
func TestErasedIsTold(t *testing.T) {
	survey := erasuretest.NewHolder("survey")
	var told atomic.Int32
	p := newPlace(t).start(t, func(o *erasure.RunnerOptions) {
		o.Erased = func(_ context.Context, organization, name string) error {
			if organization != "acme" || name != "erasures/e1" {
				t.Errorf("told of %s of %s", name, organization)
			}
			if told.Add(1) == 1 {
				return errors.New("full")
			}
			return nil
		}
	}, survey)
	p.begin(t, "e1", "ann")
	p.await(t, "e1", "waiting for webhooks", func(e erasure.Erasure) bool {
		return strings.Contains(e.WaitingFor, "webhooks") && e.State == erasure.Running
	})
	p.done(t, "e1")
	if told.Load() != 2 {
		t.Errorf("told %d times", told.Load())
	}
}

// TestErasesUnderEverythingKnown: what is kept under each of the pseudonyms goes, by whichever the person was named, and the receipt adds up.
func TestErasesUnderEverythingKnown(t *testing.T) {
	survey, directory := erasuretest.NewHolder("survey"), erasuretest.NewHolder("segmentation")
	p := newPlace(t).start(t, func(o *erasure.RunnerOptions) { o.Directory = directory }, survey, directory)
	for i, named := range []string{"app", "ann", "card"} {
		directory.Join("acme", "ann", "card", "app")
		for n, person := range []string{"ann", "card", "app"} {
			survey.Put("acme", person, n+1)
		}
		directory.Put("acme", "ann", 4)
		id := fmt.Sprint("e", i)
		p.begin(t, id, named)
		if e := p.done(t, id); lines(e) != "survey things 6, segmentation things 4" || len(e.Persons) != 3 || e.Persons[0] != named {
			t.Errorf("by %s: %s, known as %v", named, lines(e), e.Persons)
		}
		for _, person := range []string{"ann", "card", "app"} {
			if n := survey.Count("acme", person); n != 0 {
				t.Errorf("by %s: %d things of %s are left", named, n, person)
			}
		}
	}
}

// TestKnownPseudonymsOutliveTheDirectory: once anything is removed, what the directory knew is stored, whatever becomes of the process.
func TestKnownPseudonymsOutliveTheDirectory(t *testing.T) {
	at := newPlace(t)
	survey, directory, last := erasuretest.NewHolder("survey"), erasuretest.NewHolder("segmentation"), erasuretest.NewHolder("access")
	asking := func(o *erasure.RunnerOptions) { o.Directory = directory }
	directory.Join("acme", "ann", "card")
	survey.Put("acme", "card", 2)
	last.Put("acme", "card", 3)
	directory.Away(true)
	last.Away(true)
	first := at.start(t, asking, survey, directory, last)
	first.begin(t, "e1", "ann")
	first.await(t, "e1", "waiting for the directory", func(e erasure.Erasure) bool { return strings.HasPrefix(e.WaitingFor, "the directory") })
	if survey.Count("acme", "card") != 2 || len(survey.Calls()) != 0 {
		t.Error("something was removed before the directory was asked")
	}
	directory.Away(false)
	first.await(t, "e1", "waiting for access", func(e erasure.Erasure) bool { return strings.HasPrefix(e.WaitingFor, "access") })
	first.stop()
	// The directory has forgotten the person, and is away.
	directory.Join("acme", "ann")
	directory.Join("acme", "card")
	directory.Away(true)
	last.Away(false)
	second := at.start(t, asking, survey, directory, last)
	if e := second.done(t, "e1"); lines(e) != "survey things 2, segmentation things 0, access things 3" {
		t.Errorf("receipt: %s", lines(e))
	}
}

// TestMergedMeanwhile: who is merged with the person while it is being erased is erased with it, and nothing is counted twice.
func TestMergedMeanwhile(t *testing.T) {
	survey, directory := erasuretest.NewHolder("survey"), erasuretest.NewHolder("segmentation")
	survey.Put("acme", "ann", 1)
	survey.Put("acme", "card", 2)
	directory.Put("acme", "ann", 1)
	var once sync.Once
	directory.Before(func() { once.Do(func() { directory.Join("acme", "ann", "card") }) })
	p := newPlace(t).start(t, func(o *erasure.RunnerOptions) { o.Directory = directory }, survey, directory)
	p.begin(t, "e1", "ann")
	if e := p.done(t, "e1"); lines(e) != "survey things 3, segmentation things 1" {
		t.Errorf("receipt: %s", lines(e))
	}
	if survey.Count("acme", "card") != 0 {
		t.Error("what was merged is left")
	}
}

// TestExportOfEverythingKnown: what is kept under each pseudonym is told, and what a holder tells under several once.
func TestExportOfEverythingKnown(t *testing.T) {
	survey, directory := erasuretest.NewHolder("survey"), erasuretest.NewHolder("segmentation")
	directory.Join("acme", "ann", "card")
	survey.Put("acme", "ann", 1)
	survey.Put("acme", "card", 2)
	counts := map[string]int{}
	count := func(r erasure.Record) error {
		counts[r.Service]++
		return nil
	}
	if err := erasure.Export(t.Context(), []erasure.Holder{survey, alike{directory}}, directory, "acme", "card", count); err != nil {
		t.Fatal(err)
	}
	if counts["survey"] != 3 || counts["segmentation"] != 2 {
		t.Errorf("told %v, want 3 of the survey service, and both of what the directory tells under each", counts)
	}
}

// alike is a holder that tells the same two things, which are alike, under each pseudonym.
type alike struct{ erasure.Holder }

func (a alike) Export(_ context.Context, _, _ string, fn func(erasure.Record) error) error {
	r := erasure.Record{Service: a.Name(), Kind: "contacts", Name: "contacts/ann"}
	return errors.Join(fn(r), fn(r))
}

func TestExport(t *testing.T) {
	survey, scoring := erasuretest.NewHolder("survey"), erasuretest.NewHolder("scoring")
	survey.Put("acme", "ann", 2)
	scoring.Put("acme", "ann", 1)
	scoring.Put("globex", "ann", 1)
	holders := []erasure.Holder{survey, scoring}
	var got []string
	collect := func(r erasure.Record) error {
		got = append(got, r.Service+" "+r.Name)
		return nil
	}
	if err := erasure.Export(t.Context(), holders, nil, "acme", "ann", collect); err != nil || strings.Join(got, ", ") != "survey things/0, survey things/1, scoring things/0" {
		t.Errorf("%v, %v", got, err)
	}
	scoring.Away(true)
	if err := erasure.Export(t.Context(), holders, nil, "acme", "ann", collect); !errors.Is(err, erasure.ErrAway) || !strings.Contains(err.Error(), "scoring") {
		t.Errorf("while scoring is away: %v", err)
	}
}

func TestHolderInMemory(t *testing.T) {
	erasuretest.RunHolder(t, func(testing.TB) erasuretest.Fixture {
		h := erasuretest.NewHolder("memory")
		return erasuretest.Fixture{Holder: h, Kind: "things", Put: func(_ testing.TB, organization, respondent string, n int) { h.Put(organization, respondent, n) }}
	})
}
