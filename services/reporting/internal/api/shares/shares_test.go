package shares_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/reports"
	"github.com/otklik/otklik/services/reporting/internal/api/shares"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/share"
	"github.com/otklik/otklik/services/reporting/internal/store"
	"github.com/otklik/otklik/services/reporting/internal/store/sqlite"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	owner  = "members/owner"
	ann    = "members/ann"
	render = "reporting.reports.render"
	shared = "reporting.shares.create"
)

// house has links, and is all that their server asks for.
type house struct {
	*shares.Server
	store store.Store
	mu    sync.Mutex
	// may are the permissions of those who are there, units what they see.
	may   map[string][]string
	units map[string]string
	// stuck names links whose reports are not done before it is closed.
	stuck map[string]chan struct{}
	// made counts the reports that were made; persons tells whether one was by who may see persons.
	made    int
	persons bool
	// lasting is a credential that cannot be ended; uncounted lets counts of readings fail.
	lasting   string
	uncounted bool
}

// newHouse is one whose time is that of the bubble it is made in.
func newHouse(t *testing.T) *house {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "reporting.db"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{
		store: s, stuck: map[string]chan struct{}{}, units: map[string]string{},
		may: map[string][]string{owner: {render, shared, "segmentation.persons.get"}, ann: {render}},
	}
	h.Server = shares.New(shares.Deps{
		Store: counted{s, h}, Reports: h, Credentials: credentials{h}, Behalf: h.behalf, Zone: time.UTC, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	return h
}

// close ends what runs in the bubble.
func (h *house) close(t *testing.T) {
	t.Helper()
	if err := h.store.Close(); err != nil {
		t.Error(err)
	}
}

// link stores a link of an organisation, which ends after a time.
func (h *house) link(t *testing.T, organization, id string, ends time.Duration) {
	t.Helper()
	now := time.Now().UTC()
	if err := h.store.CreateShare(t.Context(), share.Share{
		Organization: organization, ID: id, Key: "apiKeys/" + id, Creator: owner, Behalf: ann, Report: "reports/" + id, Formats: []report.Format{report.CSV},
		CreateTime: now, ExpireTime: now.Add(ends),
	}, 99); err != nil {
		t.Fatal(err)
	}
}

// counted is a store whose counts can be lost.
type counted struct {
	store.Store
	h *house
}

// NoteView implements store.Shares.
func (c counted) NoteView(ctx context.Context, organization, id string, at time.Time) error {
	if c.h.uncounted {
		return errors.New("the disk is full")
	}
	return c.Store.NoteView(ctx, organization, id, at)
}

// credentials are those of a house.
type credentials struct{ *house }

// Make implements shares.Credentials.
func (credentials) Make(context.Context, string, peers.Credential) (name, secret string, err error) {
	return "", "", errors.New("nobody makes links here")
}

// End implements shares.Credentials.
func (c credentials) End(_ context.Context, _, name string) error {
	if name == c.lasting {
		return errors.New("the credential cannot be ended")
	}
	return nil
}

// CheckShared implements shares.Maker.
func (*house) CheckShared(context.Context, reports.Shared) error { return nil }

// Shared implements shares.Maker.
func (h *house) Shared(ctx context.Context, q reports.Shared) (reports.MadeShared, error) {
	h.mu.Lock()
	h.made++
	h.persons = h.persons || authz.FromContext(ctx).Holds("segmentation.persons.get")
	stuck := h.stuck[q.Request.Report]
	h.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	return reports.MadeShared{Document: document.Document{Language: "en"}}, nil
}

// behalf is a shares.Behalf.
func (h *house) behalf(ctx context.Context, organization, principal, _ string) (context.Context, func(string) bool, error) {
	may, there := h.may[principal]
	if !there {
		return nil, nil, peers.ErrGone
	}
	p := authn.Principal{ID: principal, Organization: organization}
	if unit := h.units[principal]; unit != "" {
		p.Units = map[string][]string{"locations": {unit}}
	}
	return authn.WithPrincipal(ctx, p), func(permission string) bool {
		return slices.Contains(may, permission)
	}, nil
}

// read reads the report of a link, and returns the reason why it was not shown.
func (h *house) read(ctx context.Context, organization, id string) string {
	_, err := h.GetSharedReport(reader(ctx, organization, id), &reportingv1.GetSharedReportRequest{})
	return reason(err)
}

func reader(ctx context.Context, organization, id string) context.Context {
	return authn.WithPrincipal(ctx, authn.Principal{ID: "apiKeys/" + id, Organization: organization})
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	if r := rpcerr.Reason(err); r != "" {
		return r
	}
	return err.Error()
}

// wantMade expects a number of reports that were made.
func (h *house) wantMade(t *testing.T, what string, n int) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.made != n {
		t.Errorf("%s: %d reports were made, want %d", what, h.made, n)
	}
}

// inHouse runs a test in a bubble of time.
func inHouse(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		defer h.close(t)
		test(t, h)
	})
}

// Who reads what is being made for another reader waits for it; each of them counts.
func TestReadersOfOneLinkShareAReport(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.link(t, "acme", "a", time.Hour)
		h.stuck["reports/a"] = make(chan struct{})
		reasons := make(chan string, 2)
		for range cap(reasons) {
			go func() { reasons <- h.read(t.Context(), "acme", "a") }()
		}
		synctest.Wait()
		h.wantMade(t, "two readers at once", 1)
		close(h.stuck["reports/a"])
		for range cap(reasons) {
			if r := <-reasons; r != "" {
				t.Error(r)
			}
		}
		if s, err := h.store.GetShare(t.Context(), "acme", "a"); err != nil || s.Views != 2 {
			t.Errorf("%d readings are counted, %v", s.Views, err)
		}
	})
}

// What was made is shown again for 15 seconds, in every form, to who may see the same.
func TestReportsOfLinksAreShownAgain(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.link(t, "acme", "a", time.Hour)
		read := func(what string, made int) {
			t.Helper()
			if r := h.read(t.Context(), "acme", "a"); r != "" {
				t.Errorf("%s: %s", what, r)
			}
			h.wantMade(t, what, made)
		}
		read("first", 1)
		time.Sleep(14 * time.Second)
		read("soon after", 1)
		file, err := h.DownloadSharedReport(reader(t.Context(), "acme", "a"), &reportingv1.DownloadSharedReportRequest{Format: reportingv1.ReportFormat_REPORT_FORMAT_CSV})
		if err != nil || len(file.GetContent()) == 0 || len(file.GetSharedReport().GetFormats()) != 1 {
			t.Errorf("%v, %v", file, err)
		}
		h.wantMade(t, "taken away", 1)
		h.units[ann] = "osh"
		read("with other rights", 2)
		time.Sleep(time.Second)
		h.units[ann] = ""
		read("15 seconds later", 3)
		if h.persons {
			t.Error("a report of a link was made with the permission to see persons")
		}
	})
}

// Reports that take long keep those of other links of their organisation waiting, for a bounded time, and none of another one.
func TestSlowReportsOfLinksHoldUpNoOtherOrganization(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		stuck, reasons := make(chan struct{}), make(chan string, 2)
		for _, id := range []string{"a", "b"} {
			h.link(t, "acme", id, time.Hour)
			h.stuck["reports/"+id] = stuck
			go func() { reasons <- h.read(t.Context(), "acme", id) }()
			synctest.Wait()
		}
		h.link(t, "acme", "c", time.Hour)
		h.link(t, "other", "d", time.Hour)
		began := time.Now()
		if r := h.read(t.Context(), "other", "d"); r != "" || time.Since(began) >= 5*time.Second {
			t.Errorf("another organisation: %q", r)
		}
		began = time.Now()
		if r := h.read(t.Context(), "acme", "c"); r != "SHARE_BUSY" || time.Since(began) < 5*time.Second {
			t.Errorf("the same organisation: %q after %s", r, time.Since(began))
		}
		close(stuck)
		for range cap(reasons) {
			if r := <-reasons; r != "" {
				t.Error(r)
			}
		}
		if r := h.read(t.Context(), "acme", "c"); r != "" {
			t.Errorf("afterwards: %q", r)
		}
	})
}

// A link of a schedule shows what its recipient may see, as long as the recipient may read reports and the owner may share them.
func TestLinksEndWithTheRightsOfBoth(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.link(t, "acme", "a", time.Hour)
		for _, c := range []struct {
			what       string
			owner, ann []string
			want       string
		}{
			{"both may", []string{shared}, []string{render}, ""},
			{"the owner may not share", []string{render}, []string{render, shared}, "SHARE_ENDED"},
			{"the recipient may not read", []string{render, shared}, []string{shared}, "SHARE_ENDED"},
			{"the owner is gone", nil, []string{render, shared}, "SHARE_ENDED"},
			{"the recipient is gone", []string{render, shared}, nil, "SHARE_ENDED"},
		} {
			h.may = map[string][]string{owner: c.owner, ann: c.ann}
			for id, may := range h.may {
				if may == nil {
					delete(h.may, id)
				}
			}
			if got := h.read(t.Context(), "acme", "a"); got != c.want {
				t.Errorf("%s: %q, want %q", c.what, got, c.want)
			}
		}
		time.Sleep(time.Hour)
		if got := h.read(t.Context(), "acme", "a"); got != "SHARE_ENDED" {
			t.Errorf("its time is over: %q", got)
		}
	})
}

// A reading that cannot be counted is one.
func TestReadingsThatAreNotCounted(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.link(t, "acme", "a", time.Hour)
		h.uncounted = true
		if r := h.read(t.Context(), "acme", "a"); r != "" {
			t.Error(r)
		}
	})
}

// Links whose time was over long ago are forgotten, though one of them cannot be ended.
func TestSweepGoesOnBehindALinkThatLasts(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		for n, id := range []string{"first", "second", "third"} {
			h.link(t, "acme", id, time.Duration(n+1)*time.Hour)
		}
		h.link(t, "acme", "late", 48*time.Hour)
		h.lasting = "apiKeys/first"
		time.Sleep(share.Kept + 24*time.Hour)
		if err := h.Sweep(t.Context()); err == nil {
			t.Error("nobody is told of the link that lasts")
		}
		var left []string
		list, err := h.store.ListShares(t.Context(), "acme", "", store.ShareMark{}, 9)
		for _, s := range list {
			left = append(left, s.ID)
		}
		if err != nil || len(left) != 2 || slices.Contains(left, "second") || slices.Contains(left, "third") {
			t.Errorf("%v, %v", left, err)
		}
	})
}

// The links that were mailed to a recipient end together, and no others.
func TestMailedLinksEndWithTheirRecipient(t *testing.T) {
	inHouse(t, func(t *testing.T, h *house) {
		h.link(t, "acme", "made", time.Hour)
		now := time.Now().UTC()
		for _, id := range []string{"monday", "tuesday"} {
			if err := h.store.CreateShare(t.Context(), share.Share{
				Organization: "acme", ID: id, Key: "apiKeys/" + id, Creator: owner, Behalf: ann, Schedule: "reportSchedules/daily", Recipient: "apiKeys/ann",
				Report: "reports/a", CreateTime: now, ExpireTime: now.Add(share.Usual),
			}, 99); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.EndMailed(t.Context(), "acme", "apiKeys/bob"); err != nil {
			t.Fatal(err)
		}
		if r := h.read(t.Context(), "acme", "monday"); r != "" {
			t.Error(r)
		}
		if err := h.EndMailed(t.Context(), "acme", "apiKeys/ann"); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]string{"monday": "SHARE_ENDED", "tuesday": "SHARE_ENDED", "made": ""} {
			if r := h.read(t.Context(), "acme", id); r != want {
				t.Errorf("%s: %q, want %q", id, r, want)
			}
		}
	})
}
