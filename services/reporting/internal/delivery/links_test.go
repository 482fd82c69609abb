package delivery_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/otklik/otklik/services/reporting/internal/delivery"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/share"
)

// Link implements delivery.Links.
func (h *house) Link(ctx context.Context, of share.Share) (name, address string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if principal, _ := ctx.Value(principalKey{}).(string); principal != of.Principal() {
		return "", "", fmt.Errorf("a link for %s is made as %s", of.Principal(), principal)
	}
	if h.links == nil {
		h.links = map[string]share.Share{}
	}
	name = fmt.Sprintf("reportShares/%d", len(h.links)+1)
	h.links[name] = of
	return name, "https://app.example/r/" + strings.TrimPrefix(name, "reportShares/"), nil
}

// Unlink implements delivery.Links.
func (h *house) Unlink(_ context.Context, _, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.links, name)
	return nil
}

// linked is a house whose report goes by links, of an owner who may make them.
func linked(t *testing.T) *house {
	t.Helper()
	h := newHouse(t, func(s *schedule.Schedule) {
		s.Way, s.Formats = schedule.ByLink, []report.Format{report.PDF, report.XLSX}
	})
	h.may["members/owner"] = append(h.may["members/owner"], delivery.PermissionShare)
	h.set(noon.Add(time.Hour))
	return h
}

// Each recipient gets a link of his own instead of files, which shows what this recipient may see.
func TestLinksInsteadOfFiles(t *testing.T) {
	h := linked(t)
	h.run(t, h.process(t))
	taken := h.server.Taken()
	if len(taken) != 2 || len(h.links) != 2 {
		t.Fatalf("%d e-mails, links %v", len(taken), h.links)
	}
	for _, m := range taken {
		if strings.Contains(m.Raw, "Content-Disposition: attachment") || !strings.Contains(m.Raw, "https://app.example/r/") {
			t.Errorf("%s", m.Raw)
		}
	}
	behalf := map[string]bool{}
	for _, of := range h.links {
		behalf[of.Behalf] = of.Recipient != ""
		if of.Creator != "members/owner" || of.Schedule != "reportSchedules/daily" || of.Rendition != "reportRenditions/abc" || len(of.Formats) != 2 {
			t.Errorf("%+v", of)
		}
	}
	if !behalf["members/ann"] || !behalf["members/owner"] {
		t.Errorf("the links show what %v may see", behalf)
	}
	list, _, err := h.store.ListReportDeliveries(t.Context(), "acme", "daily", h.runs(t)[0].ID, 0, 10)
	if err != nil || len(list) != 2 || h.links[list[0].Share].Rendition == "" || list[0].Share == list[1].Share {
		t.Errorf("%+v, %v", list, err)
	}
}

// A link that no mail server took leads nowhere.
func TestLinksThatWereNotSent(t *testing.T) {
	h := linked(t)
	h.server.Refuse(func(string) error {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "busy"}
	})
	h.run(t, h.process(t))
	if run := h.runs(t)[0]; run.State != schedule.Running || len(h.links) != 0 {
		t.Errorf("%+v, links %v", run, h.links)
	}
}

// An owner who may not make links sends none, and is told.
func TestLinksOfOwnersWhoMayNot(t *testing.T) {
	h := linked(t)
	h.may["members/owner"] = h.may["members/owner"][:2]
	h.run(t, h.process(t))
	s, err := h.store.GetSchedule(t.Context(), "acme", "daily")
	if err != nil || !s.Paused || !strings.Contains(s.PauseReason, "links") || len(h.server.Taken()) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// Reports of owners who see some units only keep nothing that is meant to be made of all.
func TestReportsOfRestrictedOwners(t *testing.T) {
	for held, whole := range map[string]bool{"": true, restricted: false} {
		h := newHouse(t)
		h.may["members/owner"] = append(h.may["members/owner"], held)
		h.set(noon.Add(time.Hour))
		h.run(t, h.process(t))
		if run := h.runs(t)[0]; run.State != schedule.Delivered || run.Whole != whole {
			t.Errorf("%q: %+v", held, run)
		}
	}
}

// What one organisation has waiting holds up no other.
func TestOrganizationsTakeTurns(t *testing.T) {
	h := newHouse(t)
	theirs := schedule.Schedule{
		Organization: "other", ID: "daily", DisplayName: "Daily", Report: "reports/daily-events", Language: "en", Formats: []report.Format{report.CSV},
		Recurrence: schedule.Recurrence{Frequency: schedule.Daily, Minute: 13 * 60, Zone: "UTC"}, CatchUp: schedule.Latest, Owner: "members/owner",
		CreateTime: noon, UpdateTime: noon, NextTime: noon.Add(time.Hour),
		Recipients: []schedule.Recipient{{Key: "apiKeys/o", Address: []byte("o@example.net"), Secret: []byte("secret-o")}},
	}
	if _, err := h.store.CreateSchedule(t.Context(), theirs, 9); err != nil {
		t.Fatal(err)
	}
	h.set(noon.Add(time.Hour))
	// The first report that is made waits until one of another organisation was sent.
	h.slow = func() {
		for len(h.server.Taken()) == 0 {
			select {
			case <-t.Context().Done():
				t.Error("nothing else was sent")
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	h.run(t, h.process(t))
	if taken := h.server.Taken(); len(taken) != 3 {
		t.Errorf("%d e-mails", len(taken))
	}
}
