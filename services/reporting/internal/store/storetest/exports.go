package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// exportCases are about responses that are written to files.
func exportCases() []testCase {
	return []testCase{
		{"Exports", exports}, {"ExportsAreClaimedOnce", exportsAreClaimedOnce}, {"ExportsProceed", exportsProceed}, {"ExportsAreTakenOver", exportsAreTakenOver},
		{"ExportsAreHeld", exportsAreHeld},
		{"ExportsAreCancelled", exportsAreCancelled}, {"ExportsAreForgotten", exportsAreForgotten},
	}
}

func order(organization, id string, created time.Time) export.Export {
	return export.Export{
		Organization: organization, ID: id, Creator: "members/ann", Create: created, Expire: created.Add(24 * time.Hour), Total: -1,
		Order: export.Order{Survey: "surveys/shop", Format: export.CSV, Columns: []string{"position", "answer.nps"}, From: noon},
	}
}

func ordered(t testing.TB, s store.Store, e export.Export) {
	t.Helper()
	must(t, "create export", s.CreateExport(t.Context(), e, 10, 10))
}

func claimedExport(t testing.TB, s store.Store, holder string, now time.Time) export.Export {
	t.Helper()
	e, err := s.ClaimExport(t.Context(), holder, now, now.Add(time.Minute))
	return got(t, e, err)
}

// exports: what is stored comes back, to its organisation and creator alone, within the limits.
func exports(t *testing.T, open Open) {
	s := opened(t, open)
	for i := range 3 {
		ordered(t, s, order(acme, fmt.Sprint(i), noon.Add(time.Duration(i/2)*time.Second)))
	}
	e, err := s.Export(t.Context(), acme, "1")
	e = got(t, e, err)
	if e.State != export.Pending || e.Creator != "members/ann" || !e.Create.Equal(noon) || !e.Begin.IsZero() || e.Total != -1 || len(e.Order.Columns) != 2 || !e.Order.From.Equal(noon) {
		t.Errorf("%+v", e)
	}
	if err := s.CreateExport(t.Context(), order(acme, "1", noon), 10, 10); !errors.Is(err, store.ErrExists) {
		t.Errorf("again: %v", err)
	}
	for name, limits := range map[string][2]int{"most": {3, 10}, "at once": {10, 3}} {
		if err := s.CreateExport(t.Context(), order(acme, "more", noon), limits[0], limits[1]); !errors.Is(err, store.ErrTooMany) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Export(t.Context(), other, "1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of another organisation: %v", err)
	}
	var ids string
	var after store.ExportMark
	for range 4 {
		page, err := s.ListExports(t.Context(), acme, "members/ann", after, 1)
		for _, e := range got(t, page, err) {
			ids, after = ids+e.ID, store.ExportMark{Create: e.Create, ID: e.ID}
		}
	}
	if ids != "210" {
		t.Errorf("listed %s", ids)
	}
	if list, err := s.ListExports(t.Context(), acme, "members/bob", store.ExportMark{}, 10); err != nil || len(list) > 0 {
		t.Errorf("of another creator: %v, %v", list, err)
	}
}

// exportsAreClaimedOnce: however many claim, each export is handed out once.
func exportsAreClaimedOnce(t *testing.T, open Open) {
	s := opened(t, open)
	for i := range 4 {
		ordered(t, s, order(acme, fmt.Sprint(i), noon))
	}
	var mu sync.Mutex
	claimed := map[string]int{}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 4 {
				e, err := s.ClaimExport(t.Context(), fmt.Sprint(i), noon, noon.Add(time.Minute))
				if err != nil {
					continue
				}
				mu.Lock()
				claimed[e.ID]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for id, n := range claimed {
		if n != 1 {
			t.Errorf("export %s was handed out %d times", id, n)
		}
	}
	if len(claimed) == 0 {
		t.Error("nothing was handed out")
	}
}

// exportsProceed: parts are found by the bytes that they hold, and what was written is told.
func exportsProceed(t *testing.T, open Open) {
	s := opened(t, open)
	ordered(t, s, order(acme, "1", noon))
	e := claimedExport(t, s, "a", noon)
	for i := range int64(3) {
		part := &export.Part{Number: i, Offset: 10 * i, Size: 10, Sealed: []byte{byte(i)}}
		e.Parts, e.Bytes, e.Rows, e.Position, e.Begin = i+1, 10*(i+1), i+1, 100*i, noon
		must(t, "proceed", s.ProceedExport(t.Context(), e, part))
	}
	for offset, want := range map[int64]int64{0: 0, 9: 0, 10: 1, 29: 2} {
		part, err := s.ExportPart(t.Context(), acme, "1", offset)
		if part = got(t, part, err); part.Number != want || part.Offset != 10*want || part.Sealed[0] != byte(want) {
			t.Errorf("at %d: %+v", offset, part)
		}
	}
	if _, err := s.ExportPart(t.Context(), acme, "1", 30); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("behind the end: %v", err)
	}
	e.State, e.End = export.Succeeded, noon.Add(time.Second)
	must(t, "succeed", s.ProceedExport(t.Context(), e, nil))
	e, err := s.Export(t.Context(), acme, "1")
	if e = got(t, e, err); e.State != export.Succeeded || e.Rows != 3 || e.Bytes != 30 || e.Position != 200 || !e.End.Equal(noon.Add(time.Second)) {
		t.Errorf("%+v", e)
	}
	if _, err := s.ClaimExport(t.Context(), "b", noon.Add(time.Hour), noon.Add(2*time.Hour)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("one that ended was handed out: %v", err)
	}
	must(t, "delete", s.DeleteExport(t.Context(), acme, "1"))
	if _, err := s.ExportPart(t.Context(), acme, "1", 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of one that is gone: %v", err)
	}
}

// exportsAreTakenOver: who said nothing for as long as he held it writes no more, and who took over goes on where he was, or begins anew.
func exportsAreTakenOver(t *testing.T, open Open) {
	s := opened(t, open)
	ordered(t, s, order(acme, "1", noon))
	first := claimedExport(t, s, "a", noon)
	first.Parts, first.Bytes, first.Rows, first.Position, first.Cursor = 1, 10, 5, 50, []byte("there")
	must(t, "proceed", s.ProceedExport(t.Context(), first, &export.Part{Size: 10, Sealed: []byte("x")}))
	if _, err := s.ClaimExport(t.Context(), "b", noon.Add(30*time.Second), noon.Add(time.Hour)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("handed out while it is held: %v", err)
	}
	second := claimedExport(t, s, "b", noon.Add(2*time.Minute))
	if second.Position != 50 || string(second.Cursor) != "there" || second.Parts != 1 || second.Rows != 5 {
		t.Errorf("%+v", second)
	}
	if err := s.ProceedExport(t.Context(), first, &export.Part{Number: 1, Offset: 10, Size: 10}); !errors.Is(err, store.ErrLost) {
		t.Errorf("the first wrote on: %v", err)
	}
	second.Parts, second.Bytes, second.Rows, second.Position, second.Cursor = 0, 0, 0, 0, nil
	must(t, "restart", s.RestartExport(t.Context(), second))
	if again, err := s.Export(t.Context(), acme, "1"); err != nil || again.Position != 0 || again.Cursor != nil {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := s.ExportPart(t.Context(), acme, "1", 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what was written before: %v", err)
	}
}

// exportsAreHeld: who says that he is at work keeps an export, and how far it has come stays as it is; who lost it, or whose export was called off, is told.
func exportsAreHeld(t *testing.T, open Open) {
	s := opened(t, open)
	ordered(t, s, order(acme, "1", noon))
	first := claimedExport(t, s, "a", noon)
	ahead := first
	ahead.Parts, ahead.Bytes, ahead.Rows, ahead.Position = 1, 10, 5, 50
	must(t, "proceed", s.ProceedExport(t.Context(), ahead, &export.Part{Size: 10, Sealed: []byte("x")}))
	must(t, "hold", s.HoldExport(t.Context(), first, noon.Add(5*time.Minute)))
	if _, err := s.ClaimExport(t.Context(), "b", noon.Add(4*time.Minute), noon.Add(time.Hour)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("handed out while it is held: %v", err)
	}
	second := claimedExport(t, s, "b", noon.Add(6*time.Minute))
	if second.Position != 50 || second.Parts != 1 || second.Rows != 5 || second.Bytes != 10 {
		t.Errorf("%+v", second)
	}
	if err := s.HoldExport(t.Context(), first, noon.Add(time.Hour)); !errors.Is(err, store.ErrLost) {
		t.Errorf("held by who lost it: %v", err)
	}
	must(t, "cancel", s.CancelExport(t.Context(), acme, "1", noon))
	if err := s.HoldExport(t.Context(), second, noon.Add(time.Hour)); !errors.Is(err, store.ErrLost) {
		t.Errorf("held after it was called off: %v", err)
	}
}

// exportsAreCancelled: one that was called off is written no more, and what was is gone.
func exportsAreCancelled(t *testing.T, open Open) {
	s := opened(t, open)
	ordered(t, s, order(acme, "1", noon))
	e := claimedExport(t, s, "a", noon)
	e.Parts, e.Bytes = 1, 10
	must(t, "proceed", s.ProceedExport(t.Context(), e, &export.Part{Size: 10, Sealed: []byte("x")}))
	must(t, "cancel", s.CancelExport(t.Context(), acme, "1", noon))
	if err := s.ProceedExport(t.Context(), e, nil); !errors.Is(err, store.ErrLost) {
		t.Errorf("went on: %v", err)
	}
	if _, err := s.ExportPart(t.Context(), acme, "1", 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what was written: %v", err)
	}
	if err := s.CancelExport(t.Context(), acme, "1", noon); !errors.Is(err, store.ErrChanged) {
		t.Errorf("again: %v", err)
	}
	if err := s.CancelExport(t.Context(), other, "1", noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of another organisation: %v", err)
	}
}

// exportsAreForgotten: what expired goes, with its file.
func exportsAreForgotten(t *testing.T, open Open) {
	s := opened(t, open)
	ordered(t, s, order(acme, "old", noon))
	ordered(t, s, order(other, "young", noon.Add(time.Hour)))
	for before, want := range map[time.Time]int64{noon: 0, noon.Add(time.Minute): 1, noon.Add(2 * time.Hour): 2} {
		if n, err := s.CountUnended(t.Context(), before); err != nil || n != want {
			t.Errorf("asked for before %v: %d, %v", before, n, err)
		}
	}
	must(t, "cancel", s.CancelExport(t.Context(), acme, "old", noon))
	if n, err := s.CountUnended(t.Context(), noon.Add(time.Minute)); err != nil || n != 0 {
		t.Errorf("one that ended: %d, %v", n, err)
	}
	n, err := s.ForgetExports(t.Context(), noon.Add(24*time.Hour+time.Minute), 10)
	if got(t, n, err) != 1 {
		t.Errorf("%d forgotten", n)
	}
	if _, err := s.Export(t.Context(), acme, "old"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the old one: %v", err)
	}
	if _, err := s.Export(t.Context(), other, "young"); err != nil {
		t.Errorf("the young one: %v", err)
	}
}
