package erasure_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/erasure/erasuretest"
	"github.com/otklik/otklik/services/access/internal/store/sqlite"
	"github.com/otklik/otklik/services/access/internal/vault"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// place is a database that outlives processes.
type place struct {
	path string
	ring *seal.Ring
}

func newPlace(t *testing.T) place {
	t.Helper()
	ring, err := seal.NewRing(seal.Key{ID: "one", Secret: make([]byte, seal.KeyBytes)})
	if err != nil {
		t.Fatal(err)
	}
	return place{filepath.Join(t.TempDir(), "access.db"), ring}
}

// process is a process that works on erasures.
type process struct {
	store *sqlite.Store
	vault *vault.Vault
	stop  func()
}

// start starts a process; stop ends it as a restart does.
func (p place) start(t *testing.T, change func(*erasure.RunnerOptions), holders ...erasure.Holder) process {
	t.Helper()
	s, err := sqlite.Open(t.Context(), p.path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), s, p.ring, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	o := erasure.RunnerOptions{Queue: s, Vault: v, Holders: holders, Owner: fmt.Sprintf("%p", s), Logger: slog.New(slog.DiscardHandler), Now: time.Now}
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
	return process{s, v, stop}
}

// begin asks for an erasure.
func (p process) begin(t *testing.T, id, respondent string) erasure.Erasure {
	t.Helper()
	now := time.Now()
	e := erasure.Erasure{Organization: "acme", ID: id, State: erasure.Running, CreateTime: now, Due: now}
	if err := erasure.SealRespondent(t.Context(), p.vault, &e, respondent); err != nil {
		t.Fatal(err)
	}
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

func TestErasesEverywhereAndForgets(t *testing.T) {
	at := newPlace(t)
	survey, scoring := erasuretest.NewHolder("survey"), erasuretest.NewHolder("scoring")
	survey.Put("acme", "ann@example.com", 3)
	scoring.Put("acme", "ann@example.com", 2)
	survey.Put("acme", "bob", 1)
	p := at.start(t, nil, survey, scoring)
	begun := p.begin(t, "e1", "ann@example.com")
	e := p.done(t, "e1")
	if got := lines(e); got != "survey things 3, scoring things 2" {
		t.Errorf("receipt: %s", got)
	}
	if survey.Count("acme", "ann@example.com")+scoring.Count("acme", "ann@example.com") != 0 || survey.Count("acme", "bob") != 1 {
		t.Error("more or less than ann was removed")
	}
	if calls := scoring.Calls(); len(calls) != 1 || calls[0].Position != 3 || calls[0].Erasure != "erasures/e1" {
		t.Errorf("scoring was asked %+v, want once with the position of the survey service", calls)
	}
	if e.EndTime.IsZero() || e.WaitingFor != "" || len(e.Sealed) != 0 {
		t.Errorf("the end: %+v", e)
	}
	key, err := seal.KeyID(begun.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := p.vault.Get(t.Context(), []string{key}); err != nil || len(keys) != 0 {
		t.Errorf("the key of the erasure is left: %v, %v", keys, err)
	}
	p.stop()
	raw, err := os.ReadFile(at.path)
	if err != nil || strings.Contains(string(raw), "ann@example.com") || strings.Contains(string(raw), string(begun.Sealed)) {
		t.Errorf("the file tells who was erased, %v", err)
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
	if err := erasure.Export(t.Context(), holders, "acme", "ann", collect); err != nil || strings.Join(got, ", ") != "survey things/0, survey things/1, scoring things/0" {
		t.Errorf("%v, %v", got, err)
	}
	scoring.Away(true)
	if err := erasure.Export(t.Context(), holders, "acme", "ann", collect); !errors.Is(err, erasure.ErrAway) || !strings.Contains(err.Error(), "scoring") {
		t.Errorf("while scoring is away: %v", err)
	}
}

func TestHolderInMemory(t *testing.T) {
	erasuretest.RunHolder(t, func(testing.TB) erasuretest.Fixture {
		h := erasuretest.NewHolder("memory")
		return erasuretest.Fixture{Holder: h, Kind: "things", Put: func(_ testing.TB, organization, respondent string, n int) { h.Put(organization, respondent, n) }}
	})
}
