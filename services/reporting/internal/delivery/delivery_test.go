package delivery_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/mail"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/libs/testkit/smtptest"
	"github.com/otklik/otklik/services/reporting/internal/delivery"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/share"
	"github.com/otklik/otklik/services/reporting/internal/store"
	"github.com/otklik/otklik/services/reporting/internal/store/sqlite"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// house is a store with a daily report at one o'clock to a member and to an address, and a mail server.
type house struct {
	store  store.Store
	server *smtptest.Server
	// may is what each principal has; who is missing is gone.
	may map[string][]string
	// refuse is what the renderer says instead of making a report, slow what happens while it makes the first one.
	refuse error
	slow   func()
	// rule is that of the report.
	rule report.Rule
	mu   sync.Mutex
	now  time.Time
	// periods are what the files cover.
	periods []document.Period
	// links are those that were made and not ended.
	links map[string]share.Share
	// made are the principals for whom reports were made, and the times at which they took their period.
	made []string
}

// Open opens what was never sealed, unless its key is gone.
func (*house) Open(_ context.Context, _ string, sealed []byte) (string, error) {
	if string(sealed) == "gone" {
		return "", seal.ErrDestroyed
	}
	return string(sealed), nil
}

// Address implements delivery.Members.
func (h *house) Address(_ context.Context, _, member string) (string, bool, error) {
	_, ok := h.may[member]
	return strings.TrimPrefix(member, "members/") + "@example.com", ok, nil
}

type principalKey struct{}

// restricted among what a principal may do means that it sees some units only.
const restricted = "restricted"

func (h *house) behalf(ctx context.Context, _, principal, _ string) (context.Context, delivery.Rights, error) {
	has, ok := h.may[principal]
	if !ok {
		return nil, delivery.Rights{}, delivery.ErrGone
	}
	return context.WithValue(ctx, principalKey{}, principal), delivery.Rights{
		May: func(p string) bool { return slices.Contains(has, p) }, Restricted: slices.Contains(has, restricted),
	}, nil
}

// Render implements report.Renderer.
func (h *house) Render(ctx context.Context, r report.Request) (report.Rendered, error) {
	h.mu.Lock()
	slow := h.slow
	h.slow = nil
	h.mu.Unlock()
	if slow != nil {
		slow()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != nil {
		return report.Rendered{}, h.refuse
	}
	principal, _ := ctx.Value(principalKey{}).(string)
	h.made = append(h.made, principal+" "+r.At.Format(time.DateTime))
	period := h.rule.Resolve(r.At, r.Zone)
	h.periods = append(h.periods, period)
	return report.Rendered{
		Body: []byte("for " + principal), ContentType: "text/csv", Filename: "report.csv", Fingerprint: "abc", Watermark: r.AsOf, Title: "Daily events", Period: period,
	}, nil
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) set(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = now
}

func newHouse(t *testing.T, change ...func(*schedule.Schedule)) *house {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "r.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	render, both := []string{delivery.PermissionRender}, []string{delivery.PermissionRender, delivery.PermissionAddresses}
	h := &house{store: s, server: smtptest.New(t, smtptest.StartTLS), rule: report.LastDay, now: noon, may: map[string][]string{"members/owner": both, "members/ann": render}}
	made := schedule.Schedule{
		Organization: "acme", ID: "daily", DisplayName: "Daily", Report: "reports/daily-events", Language: "en", Formats: []report.Format{report.CSV},
		Recurrence: schedule.Recurrence{Frequency: schedule.Daily, Minute: 13 * 60, Zone: "UTC"}, CatchUp: schedule.Latest, Owner: "members/owner",
		CreateTime: noon, UpdateTime: noon, NextTime: noon.Add(time.Hour),
		Recipients: []schedule.Recipient{
			{Key: "apiKeys/a", Member: "members/ann", Secret: []byte("secret-a")}, {Key: "apiKeys/b", Address: []byte("b@example.org"), Secret: []byte("secret-b")},
		},
	}
	for _, c := range change {
		c(&made)
	}
	if _, err := s.CreateSchedule(t.Context(), made, 9); err != nil {
		t.Fatal(err)
	}
	return h
}

// process is one that sends.
func (h *house) process(t *testing.T) *delivery.Deliverer {
	t.Helper()
	sender, err := mail.NewSender(mail.Server{
		Host: h.server.Host, Port: h.server.Port, Encryption: mail.StartTLS, Username: smtptest.Username, Password: smtptest.Password, From: "otklik@example.org",
		Timeout: 5 * time.Second, Trust: h.server.Trust,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &delivery.Deliverer{
		Store: h.store, Renderer: h, Behalf: h.behalf, Sender: sender, Envelope: h, Members: h, Links: h, PublicURL: "https://app.example", Domain: "example.org",
		Log: slog.New(slog.DiscardHandler), Now: h.clock,
	}
}

func (h *house) run(t *testing.T, d *delivery.Deliverer) {
	t.Helper()
	if err := d.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (h *house) runs(t *testing.T) []schedule.Run {
	t.Helper()
	runs, _, err := h.store.ListRuns(t.Context(), "acme", "daily", 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

// However many processes there are, and however often they run, each recipient gets one e-mail for each occurrence, with what this recipient may see.
func TestReportsAreSentOnce(t *testing.T) {
	h := newHouse(t)
	h.run(t, h.process(t))
	for day := range 3 {
		h.set(noon.Add(time.Duration(day)*24*time.Hour + time.Hour))
		var work sync.WaitGroup
		for range 4 {
			d := h.process(t)
			work.Go(func() {
				if err := d.Run(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		work.Wait()
		taken := h.server.Taken()
		if len(taken) != 2*(day+1) {
			t.Fatalf("%d e-mails on day %d", len(taken), day)
		}
		got := map[string]int{}
		for _, m := range taken {
			got[m.To[0]]++
		}
		if got["ann@example.com"] != day+1 || got["b@example.org"] != day+1 {
			t.Fatalf("%v", got)
		}
	}
	for i, want := range []string{"members/ann 2026-03-02 13:00:00", "members/owner 2026-03-02 13:00:00"} {
		if seen := strings.Join(h.made[:2], ","); !strings.Contains(seen, want) {
			t.Errorf("%d: %v", i, h.made)
		}
	}
}

// dying hands an e-mail over and is killed before that is noted.
type dying struct {
	delivery.Sender
	cancel context.CancelFunc
}

func (d dying) Send(ctx context.Context, m mail.Mail) error {
	if err := d.Sender.Send(ctx, m); err != nil {
		return err
	}
	d.cancel()
	return ctx.Err()
}

// A process that dies is followed by another one: what it sent and could not note comes again under the same identifier, by which mail programs recognise it.
func TestAProcessDies(t *testing.T) {
	h := newHouse(t)
	h.set(noon.Add(time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	first := h.process(t)
	first.Sender = dying{first.Sender, cancel}
	if err := first.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	h.run(t, h.process(t))
	h.set(noon.Add(time.Hour + 11*time.Minute))
	h.run(t, h.process(t))
	ids := map[string]bool{}
	for _, m := range h.server.Taken() {
		_, rest, _ := strings.Cut(m.Raw, "Message-ID: ")
		id, _, _ := strings.Cut(rest, "\r\n")
		ids[id] = true
	}
	if len(ids) != 2 || h.runs(t)[0].State != schedule.Delivered {
		t.Errorf("%v, %+v", ids, h.runs(t))
	}
}

func TestWhatIsMissed(t *testing.T) {
	for policy, want := range map[schedule.CatchUp]int{schedule.Latest: 1, schedule.All: 5} {
		h := newHouse(t, func(s *schedule.Schedule) { s.CatchUp = policy })
		h.set(noon.Add(4*24*time.Hour + 3*time.Hour))
		h.run(t, h.process(t))
		made := 0
		for _, r := range h.runs(t) {
			switch r.State {
			case schedule.Delivered:
				made++
				if !r.CaughtUp {
					t.Errorf("%+v", r)
				}
			case schedule.Missed:
				if r.Failure == "" {
					t.Errorf("%+v", r)
				}
			default:
				t.Errorf("%+v", r)
			}
		}
		if made != want || len(h.server.Taken()) != 2*want {
			t.Errorf("policy %d: %d made, %d sent", policy, made, len(h.server.Taken()))
		}
	}
}

// told compares what was told of the runs.
func (h *house) told(t *testing.T, want ...schedule.EventKind) {
	t.Helper()
	events, _, err := h.store.ReportEvents(t.Context(), "acme", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []schedule.EventKind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("told is %v, want %v", kinds, want)
	}
}

// What begins late because nothing ran is told to be overdue, once, and then that it is delivered; what begins in time is not.
func TestWhatBeginsLateIsToldToBeOverdue(t *testing.T) {
	late := newHouse(t)
	late.set(noon.Add(2*time.Hour + time.Minute))
	late.run(t, late.process(t))
	late.run(t, late.process(t))
	late.told(t, schedule.ToldOverdue, schedule.ToldDelivered)
	inTime := newHouse(t)
	inTime.set(noon.Add(time.Hour + time.Minute))
	inTime.run(t, inTime.process(t))
	inTime.set(noon.Add(3 * time.Hour))
	inTime.run(t, inTime.process(t))
	inTime.told(t, schedule.ToldDelivered)
}

// What cannot be made or sent says why.
func TestReasons(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*house, *delivery.Deliverer)
		state  schedule.RunState
		reason string
		paused bool
	}{
		"no mail server":     {func(_ *house, d *delivery.Deliverer) { d.Sender = nil }, schedule.Running, "no mail server is configured", false},
		"owner gone":         {func(h *house, _ *delivery.Deliverer) { delete(h.may, "members/owner") }, 0, "", true},
		"owner may not":      {func(h *house, _ *delivery.Deliverer) { h.may["members/owner"] = nil }, 0, "", true},
		"owner stays inside": {func(h *house, _ *delivery.Deliverer) { h.may["members/owner"] = h.may["members/ann"] }, 0, "", true},
		"member gone":        {func(h *house, _ *delivery.Deliverer) { delete(h.may, "members/ann") }, schedule.PartlyFailed, "the member was removed", false},
		"member may not":     {func(h *house, _ *delivery.Deliverer) { h.may["members/ann"] = nil }, schedule.PartlyFailed, "does not have the permission", false},
		"no report": {func(h *house, _ *delivery.Deliverer) {
			h.refuse = &delivery.RefusedError{Permanent: true, Reason: "no such survey"}
		}, schedule.Failed, "no such survey", false},
		"peers away":          {func(h *house, _ *delivery.Deliverer) { h.refuse = &delivery.RefusedError{Reason: "try again"} }, schedule.Running, "try again", false},
		"nothing is the case": {func(*house, *delivery.Deliverer) {}, schedule.Delivered, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.set(noon.Add(time.Hour))
			d := h.process(t)
			c.change(h, d)
			h.run(t, d)
			s, err := h.store.GetSchedule(t.Context(), "acme", "daily")
			if err != nil || s.Paused != c.paused || (s.PauseReason != "") != c.paused {
				t.Fatalf("%+v, %v", s, err)
			}
			if c.paused {
				runs := h.runs(t)
				if len(runs) != 1 || runs[0].State != schedule.Failed || runs[0].Failure != s.PauseReason || len(h.server.Taken()) != 0 {
					t.Errorf("%+v", runs)
				}
				h.set(noon.Add(2*time.Hour + time.Minute))
				h.run(t, d)
				h.set(noon.Add(5 * 24 * time.Hour))
				h.run(t, d)
				h.told(t, schedule.ToldOverdue)
				return
			}
			if run := h.runs(t)[0]; run.State != c.state || !strings.Contains(run.Failure, c.reason) || strings.Contains(run.Failure, "@") {
				t.Errorf("%+v", run)
			}
		})
	}
}
