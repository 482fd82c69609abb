package delivery_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/schedule"
)

// An error that is nobody's answer is told as well, and not repeated for ever.
func TestErrorsOfTheServiceEnd(t *testing.T) {
	h := newHouse(t)
	h.refuse = errors.New("write report as pdf: broken")
	d := h.process(t)
	begun := noon.Add(time.Hour)
	for after := time.Duration(0); after < 24*time.Hour; after += 15 * time.Minute {
		h.set(begun.Add(after))
		// Told to whoever reads the log.
		if err := d.Run(t.Context()); err != nil && !errors.Is(err, h.refuse) {
			t.Fatal(err)
		}
		if run := h.runs(t)[0]; run.Failure == "" {
			t.Fatalf("nobody is told why nothing comes: %+v", run)
		}
		if h.runs(t)[0].State.Ended() {
			break
		}
	}
	run := h.runs(t)[0]
	if took := run.EndTime.Sub(begun); run.State != schedule.Failed || strings.Contains(run.Failure, "broken") || took < 20*time.Hour || took > 22*time.Hour {
		t.Errorf("%+v after %v", run, took)
	}
	list, _, err := h.store.ListReportDeliveries(t.Context(), "acme", "daily", run.ID, 0, 10)
	if err != nil || len(list) != 2 || list[0].Attempts != 8 || list[1].Attempts != 8 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A report that takes longer than its claim is taken over by another process, which sends it; the slow one does not send it again.
func TestSlowReportsAreSentOnce(t *testing.T) {
	h := newHouse(t)
	h.set(noon.Add(time.Hour))
	h.slow = func() {
		h.set(noon.Add(time.Hour + 11*time.Minute))
		h.run(t, h.process(t))
	}
	h.run(t, h.process(t))
	if taken := h.server.Taken(); len(taken) != 2 || taken[0].To[0] == taken[1].To[0] {
		t.Errorf("%d e-mails: %+v", len(taken), taken)
	}
	if run := h.runs(t)[0]; run.State != schedule.Delivered {
		t.Errorf("%+v", run)
	}
}
