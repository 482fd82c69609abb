package ingest_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/comment/internal/ingest"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// kept is a fixture with comments by a first model, which nobody follows any more.
func kept(t *testing.T, texts ...string) *fixture {
	t.Helper()
	f := newFixture(t)
	_, stop := f.follow(t, "one")
	for i, text := range texts {
		f.log.add(f.event(t, fmt.Sprintf("r%d", i), fmt.Sprintf("who-%d", i), said(text, "", 1)))
	}
	f.await(t, int64(len(texts)))
	stop()
	return f
}

// jobs are the reanalyses, the newest first.
func (f *fixture) jobs(t *testing.T) []store.Reanalysis {
	t.Helper()
	list, _, err := f.store.ListReanalyses(t.Context(), acme, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// ends waits until so many reanalyses were begun, and all have ended.
func (f *fixture) ends(t *testing.T, n int) []store.Reanalysis {
	t.Helper()
	var list []store.Reanalysis
	testkit.Eventually(t, patience, func() error {
		list = f.jobs(t)
		if len(list) != n {
			return fmt.Errorf("%d reanalyses, want %d", len(list), n)
		}
		for _, j := range list {
			if j.EndTime.IsZero() {
				return fmt.Errorf("%+v runs", j)
			}
		}
		return nil
	})
	return list
}

// Another model analyses everything anew by itself; the analysis before stays beside the new one, and corrections hold.
func TestAnotherModelAnalysesAnew(t *testing.T) {
	t.Parallel()
	f := kept(t, "Aida is great", "bad queue")
	if _, err := f.store.Correct(t.Context(), store.Ref{Organization: acme, Survey: "s", Response: "r0", ID: "why"}, nil,
		store.Correction{Sentiment: store.Neutral, Corrector: "k", CreateTime: noon}); err != nil {
		t.Fatal(err)
	}
	f.model("2026.03-b")
	running(t, ingest.NewReanalyser(f.options).Run)
	job := f.ends(t, 1)[0]
	if job.Model != "2026.03-b" || job.Cancelled || job.Done != 2 || job.Total != 2 || job.SentimentsChanged != 0 {
		t.Errorf("%+v", job)
	}
	got, err := f.store.GetComment(t.Context(), store.Ref{Organization: acme, Survey: "s", Response: "r0", ID: "why"}, nil)
	if err != nil || got.Analysis.Model != "2026.03-b" || got.Previous == nil || got.Previous.Model != "2026.03-a" || got.Effective().Sentiment != store.Neutral {
		t.Errorf("%+v, %v", got, err)
	}
}

// Where all is of the model in use nothing is begun; asked for, it is all the same after aspects changed.
func TestReanalysisThatIsAskedFor(t *testing.T) {
	t.Parallel()
	f := kept(t, "first", "second")
	r := ingest.NewReanalyser(f.options)
	stop := running(t, r.Run)
	if _, err := f.store.CreateAspect(t.Context(), store.Aspect{Organization: acme, ID: "own", Phrases: []string{"board"}}, 10); err != nil {
		t.Fatal(err)
	}
	begun, err := r.Begin(t.Context(), acme)
	if err != nil || begun.Total != 2 {
		t.Fatalf("%+v, %v", begun, err)
	}
	job := f.ends(t, 1)[0]
	if job.ID != begun.ID || job.Done != 2 || job.AspectsChanged != 2 {
		t.Errorf("%+v", job)
	}
	stop()
	if _, err := r.Begin(t.Context(), acme); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Begin(t.Context(), acme); !errors.Is(err, store.ErrExists) {
		t.Errorf("a second at the same time: %v", err)
	}
}

// A reanalysis of a process that died is gone on with where it stopped; one that was cancelled is not.
func TestReanalysisGoesOn(t *testing.T) {
	t.Parallel()
	f := kept(t, "first", "second", "third")
	f.model("2026.03-b")
	r := ingest.NewReanalyser(f.options)
	begun, err := r.Begin(t.Context(), acme)
	if err != nil {
		t.Fatal(err)
	}
	claimed, err := f.store.ClaimReanalysis(t.Context(), "dead", f.clock.Now(), f.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	list, err := f.store.StaleComments(t.Context(), acme, "2026.03-b", 0, 0, 1)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	list[0].Analysis.Model, claimed.After = "2026.03-b", list[0].Seq
	if err := f.store.StoreAnalyses(t.Context(), "dead", f.clock.Now(), claimed, list); err != nil {
		t.Fatal(err)
	}
	stop := running(t, r.Run)
	if job := f.ends(t, 1)[0]; job.ID != begun.ID || job.Done != 3 || job.Cancelled {
		t.Errorf("%+v", job)
	}
	stop()

	f.model("2026.03-c")
	r = ingest.NewReanalyser(f.options)
	if begun, err = r.Begin(t.Context(), acme); err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.EndReanalysis(t.Context(), acme, begun.ID, true, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.ClaimReanalysis(t.Context(), "one", f.clock.Now(), f.clock.Now()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a cancelled one is worked on: %v", err)
	}
}

// What another model began cannot be gone on with: comments that it had done would keep its analysis.
func TestReanalysisOfAnotherModelIsBegunAnew(t *testing.T) {
	t.Parallel()
	f := kept(t, "first", "second")
	f.model("2026.03-b")
	begun, err := ingest.NewReanalyser(f.options).Begin(t.Context(), acme)
	if err != nil {
		t.Fatal(err)
	}
	f.model("2026.03-c")
	running(t, ingest.NewReanalyser(f.options).Run)
	jobs := f.ends(t, 2)
	states := map[string]bool{}
	for _, j := range jobs {
		states[j.Model] = j.Cancelled
	}
	if diff := cmp.Diff(map[string]bool{"2026.03-b": true, "2026.03-c": false}, states); diff != "" {
		t.Errorf("%s, begun was %+v", diff, begun)
	}
	for _, c := range f.comments(t) {
		if c.Analysis.Model != "2026.03-c" {
			t.Errorf("%+v", c.Analysis)
		}
	}
}

// Only the process that leads analyses anew, so that two models at the same time do not undo each other's work.
func TestOnlyTheLeaderAnalysesAnew(t *testing.T) {
	t.Parallel()
	f := kept(t, "first")
	f.model("2026.03-b")
	var leads atomic.Bool
	f.options.Leads = leads.Load
	running(t, ingest.NewReanalyser(f.options).Run)
	if got := f.jobs(t); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	leads.Store(true)
	f.ends(t, 1)
}

// Where the original is gone, or cannot be opened any more, the text without personal data is analysed; what was replaced in it stays known.
func TestReanalysisWithoutOriginals(t *testing.T) {
	t.Parallel()
	f := kept(t, "Aida is great", "Aida is bad", "second")
	key := f.keyOf(t, "who-0")
	if _, err := f.keeper.Destroy(t.Context(), []string{key.ID}); err != nil {
		t.Fatal(err)
	}
	changed := f.keyOf(t, "who-1")
	changed.Secret = make([]byte, len(changed.Secret))
	f.vault.put(changed)
	f.clock.Advance(1e12)
	f.model("2026.03-b")
	running(t, ingest.NewReanalyser(f.options).Run)
	if job := f.ends(t, 1)[0]; job.Done != 3 || job.SentimentsChanged != 0 {
		t.Errorf("%+v", job)
	}
	for id, want := range map[string]string{"r0": "[NAME] is great", "r1": "[NAME] is bad"} {
		got, err := f.store.GetComment(t.Context(), store.Ref{Organization: acme, Survey: "s", Response: id, ID: "why"}, nil)
		if err != nil || got.Text != want || got.Analysis.Model != "2026.03-b" || len(got.Analysis.Redactions) != 1 || got.Analysis.Redactions[0].End != 6 {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// While keys cannot be asked for nothing is analysed from less than there is.
func TestReanalysisWaitsForKeys(t *testing.T) {
	t.Parallel()
	f := kept(t, "Aida is great")
	f.clock.Advance(1e12)
	f.vault.setDown(true)
	f.model("2026.03-b")
	running(t, ingest.NewReanalyser(f.options).Run)
	testkit.Eventually(t, patience, func() error {
		if n := len(f.jobs(t)); n != 1 {
			return fmt.Errorf("%d reanalyses", n)
		}
		return nil
	})
	if c := f.comments(t)[0]; c.Analysis.Model != "2026.03-a" {
		t.Errorf("%+v", c.Analysis)
	}
	f.vault.setDown(false)
	f.ends(t, 1)
	if c := f.comments(t)[0]; c.Analysis.Model != "2026.03-b" || c.Text != "[NAME] is great" {
		t.Errorf("%+v", c)
	}
}
