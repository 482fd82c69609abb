package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/mail"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/libs/testkit/smtptest"
	"github.com/otklik/otklik/services/segmentation/internal/digest"
	"github.com/otklik/otklik/services/segmentation/internal/dispatch"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/store/sqlite"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// plain opens what was never sealed, unless its key is gone.
type plain struct{}

func (plain) Open(_ context.Context, _ string, sealed []byte) (string, error) {
	if string(sealed) == "gone" {
		return "", seal.ErrDestroyed
	}
	return string(sealed), nil
}

// house is a store with a digest to two recipients every day at one o'clock, and a mail server.
type house struct {
	store  store.Store
	server *smtptest.Server
	mu     sync.Mutex
	now    time.Time
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

func newHouse(t *testing.T) *house {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &house{store: s, server: smtptest.New(t, smtptest.StartTLS), now: noon}
	_, err = s.CreateDigest(t.Context(), digest.Subscription{
		Organization: "acme", ID: "all", DisplayName: "all", Language: "en", Minute: 13 * 60, Zone: "UTC", CreateTime: noon, NextTime: noon.Add(time.Hour),
		Recipients: []digest.Recipient{
			{Key: "apiKeys/a", Address: []byte("a@example.com"), Secret: []byte("secret-a")}, {Key: "apiKeys/b", Address: []byte("b@example.com"), Secret: []byte("secret-b")},
		},
	}, 9)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// process is one that sends.
func (h *house) process(t *testing.T) *dispatch.Dispatcher {
	t.Helper()
	sender, err := mail.NewSender(mail.Server{
		Host: h.server.Host, Port: h.server.Port, Encryption: mail.StartTLS, Username: smtptest.Username, Password: smtptest.Password, From: "otklik@example.org",
		Timeout: 5 * time.Second, Trust: h.server.Trust,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &dispatch.Dispatcher{
		Store: h.store, Sender: sender, Envelope: plain{}, PublicURL: "https://app.example", Domain: "example.org", Log: slog.New(slog.DiscardHandler), Now: h.clock,
	}
}

func (h *house) run(t *testing.T, d *dispatch.Dispatcher) {
	t.Helper()
	if err := d.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (h *house) deliveries(t *testing.T) []digest.Delivery {
	t.Helper()
	list, _, err := h.store.ListDeliveries(t.Context(), "acme", "all", 0, 99)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// counting counts how often what happened is counted.
type counting struct {
	store.Store
	n int
}

func (c *counting) DigestContent(ctx context.Context, organization string, from, to int64) (digest.Content, error) {
	c.n++
	return c.Store.DigestContent(ctx, organization, from, to)
}

// What happened is counted once for all recipients.
func TestContentIsCountedOnce(t *testing.T) {
	h := newHouse(t)
	h.set(noon.Add(time.Hour))
	d, c := h.process(t), &counting{Store: h.store}
	d.Store = c
	h.run(t, d)
	if sent := len(h.server.Taken()); sent != 2 || c.n != 1 {
		t.Errorf("%d e-mails, counted %d times", sent, c.n)
	}
}

// However many processes there are, and however often they run, each recipient gets one e-mail a day.
func TestDigestsAreSentOnce(t *testing.T) {
	h := newHouse(t)
	h.run(t, h.process(t))
	if taken := h.server.Taken(); len(taken) != 0 {
		t.Fatalf("sent too early: %+v", taken)
	}
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
		h.run(t, h.process(t))
		if n := len(h.server.Taken()); n != 2*(day+1) {
			t.Fatalf("%d e-mails after %d days", n, day+1)
		}
	}
	got := map[string]int{}
	for _, m := range h.server.Taken() {
		got[m.To[0]]++
		secret, other := "secret-a", "secret-b"
		if m.To[0] == "b@example.com" {
			secret, other = other, secret
		}
		if raw := strings.ReplaceAll(m.Raw, "=\r\n", ""); !strings.Contains(raw, "/digests/unsubscribe/"+secret) || strings.Contains(raw, other) {
			t.Errorf("to %s: %s", m.To, raw)
		}
	}
	if got["a@example.com"] != 3 || got["b@example.com"] != 3 {
		t.Errorf("sent %v", got)
	}
}

func TestDigestsAreSentAgainUntilTaken(t *testing.T) {
	h := newHouse(t)
	h.server.Refuse(func(to string) error {
		if to == "a@example.com" {
			return smtptest.Unknown
		}
		return smtptest.Busy
	})
	d := h.process(t)
	h.set(noon.Add(time.Hour))
	h.run(t, d)
	states := func() map[string]digest.State {
		out := map[string]digest.State{}
		for _, v := range h.deliveries(t) {
			out[v.Key] = v.State
			if v.State != digest.Sent && (v.Failure == "" || strings.Contains(v.Failure, "@")) {
				t.Errorf("failure %q", v.Failure)
			}
		}
		return out
	}
	if s := states(); s["apiKeys/a"] != digest.Failed || s["apiKeys/b"] != digest.Pending {
		t.Fatalf("states %v", s)
	}
	h.run(t, d)
	if n := h.server.Asked(); n != 2 {
		t.Errorf("asked %d times, at once again", n)
	}
	h.server.Refuse(nil)
	h.set(noon.Add(time.Hour + time.Minute))
	h.run(t, h.process(t))
	if s := states(); s["apiKeys/b"] != digest.Sent || len(h.server.Taken()) != 1 {
		t.Errorf("states %v, %d taken", s, len(h.server.Taken()))
	}
}

func TestDigestsAreGivenUp(t *testing.T) {
	h := newHouse(t)
	h.server.Refuse(func(string) error { return smtptest.Busy })
	d := h.process(t)
	for at := noon.Add(time.Hour); at.Before(noon.Add(23 * time.Hour)); at = at.Add(time.Minute) {
		// Only when something is due.
		due := false
		h.set(at)
		for _, v := range h.deliveries(t) {
			due = due || v.State == digest.Pending && !v.NextTime.After(at)
		}
		if due || at.Equal(noon.Add(time.Hour)) {
			h.run(t, d)
		}
	}
	for _, v := range h.deliveries(t) {
		if v.State != digest.Failed || v.Attempts != 8 {
			t.Errorf("%+v", v)
		}
	}
}

// dying is a sender whose process dies after the mail server took the e-mail.
type dying struct {
	dispatch.Sender
	die context.CancelFunc
}

func (d dying) Send(ctx context.Context, m mail.Mail) error {
	err := d.Sender.Send(ctx, m)
	d.die()
	return errors.Join(err, ctx.Err())
}

func TestWhatIsSentTwiceHasOneIdentifier(t *testing.T) {
	h := newHouse(t)
	h.set(noon.Add(time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	d := h.process(t)
	d.Sender = dying{d.Sender, cancel}
	if err := d.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	h.run(t, h.process(t))
	if n := len(h.server.Taken()); n != 1 {
		t.Fatalf("%d taken while the claim lasts", n)
	}
	h.set(noon.Add(2 * time.Hour))
	h.run(t, h.process(t))
	identifiers := map[string]int{}
	for _, m := range h.server.Taken() {
		for line := range strings.SplitSeq(m.Raw, "\r\n") {
			if strings.HasPrefix(line, "Message-ID:") {
				identifiers[line]++
			}
		}
	}
	if len(h.server.Taken()) != 3 || len(identifiers) != 2 {
		t.Errorf("%d taken, identifiers %v", len(h.server.Taken()), identifiers)
	}
}

func TestUnsubscribedGetNothing(t *testing.T) {
	h := newHouse(t)
	if err := h.store.Unsubscribe(t.Context(), "acme", "apiKeys/a", noon); err != nil {
		t.Fatal(err)
	}
	h.set(noon.Add(time.Hour))
	h.run(t, h.process(t))
	if taken := h.server.Taken(); len(taken) != 1 || taken[0].To[0] != "b@example.com" {
		t.Errorf("sent %+v", taken)
	}
}

// What fails for an organisation stops no other one, however many of its digests fail.
func TestDigestsOfOthersAreSent(t *testing.T) {
	h := newHouse(t)
	for i := range 25 {
		s := digest.Subscription{
			Organization: "other", ID: fmt.Sprint("d", i), DisplayName: "all", Language: "en", Minute: 60, Zone: "Nowhere/Town", CreateTime: noon, NextTime: noon.Add(time.Minute),
			Recipients: []digest.Recipient{{Key: fmt.Sprint("apiKeys/o", i), Address: []byte("o@example.com"), Secret: []byte("secret-o")}},
		}
		if i == 0 {
			s.Zone, s.Recipients[0].Address = "UTC", []byte("gone")
		}
		if _, err := h.store.CreateDigest(t.Context(), s, 99); err != nil {
			t.Fatal(err)
		}
	}
	h.set(noon.Add(time.Hour))
	if err := h.process(t).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "begin digest d7 of other") {
		t.Errorf("ran with %v", err)
	}
	if n := len(h.server.Taken()); n != 2 {
		t.Errorf("%d e-mails were sent", n)
	}
	list, _, err := h.store.ListDeliveries(t.Context(), "other", "d0", 0, 9)
	if err != nil || len(list) != 1 || list[0].State != digest.Failed || !strings.Contains(list[0].Failure, "key") {
		t.Errorf("delivery to an address that cannot be opened: %+v, %v", list, err)
	}
}
