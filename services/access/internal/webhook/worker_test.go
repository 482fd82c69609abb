package webhook_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/certtest"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

func TestMessagesAreSignedAndThin(t *testing.T) {
	f := newFixture(t)
	r := newReceiver(t, nil)
	w, secret := f.hook(t, "h", r.URL+"/hook?x=1")
	f.emit(t, "erasures/e1")
	// Told twice, sent once.
	f.emit(t, "erasures/e1")
	d := f.delivery(t, w.Ref, in(webhook.Delivered))
	got := r.wait(t, 1)
	if len(got) != 1 {
		t.Errorf("%d messages", len(got))
	}
	if err := verify(t, got[0], secret); err != nil {
		t.Error(err)
	}
	if verify(t, got[0], webhook.NewSecret()) == nil || verify(t, message{got[0].header, got[0].body + " "}, secret) == nil {
		t.Error("the signature proves anything")
	}
	want := `{"type":"person.erased","timestamp":"` + f.clock.Now().Format(time.RFC3339Nano) + `","data":{"organization":"acme","resource":"erasures/e1"}}`
	if got[0].body != want {
		t.Errorf("the message is %s, not %s", got[0].body, want)
	}
	if h := got[0].header; h.Get("webhook-id") != d.ID || h.Get("Content-Type") != "application/json" || !strings.HasPrefix(h.Get("User-Agent"), "Otklik") {
		t.Errorf("headers %v", h)
	}
	if hook, _ := f.store.GetWebhook(t.Context(), acme, "h"); hook.LastSuccessTime.IsZero() || d.LastResult != "status 200" {
		t.Errorf("noted: %+v, %+v", hook, d)
	}
}

func TestFailuresAreSentAgainUnderTheSameID(t *testing.T) {
	f := newFixture(t)
	r := newReceiver(t, status(500, 404, 204))
	w, secret := f.hook(t, "h", r.URL)
	began := f.clock.Now()
	f.emit(t, "erasures/e1")
	d := f.delivery(t, w.Ref, tried(1, "status 500"))
	if wait := d.NextTime.Sub(began); wait < 5*time.Second || wait > 6*time.Second {
		t.Errorf("first pause %v", wait)
	}
	f.clock.Advance(6 * time.Second)
	f.Wake()
	d = f.delivery(t, w.Ref, tried(2, "status 404"))
	if wait := d.NextTime.Sub(f.clock.Now()); wait < 5*time.Minute || wait > 6*time.Minute {
		t.Errorf("second pause %v", wait)
	}
	f.clock.Advance(6 * time.Minute)
	f.Wake()
	f.delivery(t, w.Ref, in(webhook.Delivered))
	got := r.wait(t, 3)
	for i, m := range got {
		if m.header.Get("webhook-id") != d.ID || m.body != got[0].body || verify(t, m, secret) != nil {
			t.Errorf("message %d: %+v", i, m)
		}
	}
	if got[0].header.Get("webhook-timestamp") == got[2].header.Get("webhook-timestamp") {
		t.Error("the time of the attempt does not move")
	}
}

func TestAfterTheLastAttemptItIsGivenUpAndCanBeReplayed(t *testing.T) {
	f := newFixture(t)
	r := newReceiver(t, func(w http.ResponseWriter, n int) {
		if n <= 10 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	w, _ := f.hook(t, "h", r.URL)
	f.emit(t, "erasures/e1")
	for n := 1; n < 10; n++ {
		d := f.delivery(t, w.Ref, func(d webhook.Delivery) bool {
			// While it is on its way it is somebody's for a minute.
			return tried(n, "status 502")(d) && (n == 1 || d.NextTime.Sub(f.clock.Now()) > time.Minute)
		})
		f.clock.Advance(d.NextTime.Sub(f.clock.Now()))
		f.Wake()
	}
	d := f.delivery(t, w.Ref, in(webhook.Failed))
	if d.Attempts != 10 || !d.NextTime.IsZero() {
		t.Errorf("given up: %+v", d)
	}
	if _, err := f.store.ReplayDelivery(t.Context(), w.Ref, d.ID, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	f.Wake()
	f.delivery(t, w.Ref, in(webhook.Delivered))
	if got := r.wait(t, 11); got[10].header.Get("webhook-id") != d.ID {
		t.Errorf("replayed as %v", got[10].header)
	}
}

func TestWhatIsGoneIsDisabled(t *testing.T) {
	f := newFixture(t)
	r := newReceiver(t, status(http.StatusGone))
	w, _ := f.hook(t, "h", r.URL)
	f.emit(t, "erasures/e1")
	f.delivery(t, w.Ref, in(webhook.Failed))
	hook, err := f.store.GetWebhook(t.Context(), acme, "h")
	if err != nil || !hook.Disabled {
		t.Errorf("got %+v, %v", hook, err)
	}
	f.emit(t, "erasures/e2")
	if n := len(r.got()); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestAnswersAreNotTrusted(t *testing.T) {
	elsewhere := newReceiver(t, nil)
	for name, c := range map[string]struct {
		handle func(http.ResponseWriter, int)
		result string
	}{
		"redirect": {func(w http.ResponseWriter, _ int) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, "redirects are not followed"},
		"no answer":   {func(http.ResponseWriter, int) { time.Sleep(900 * time.Millisecond) }, "no answer in time"},
		"huge header": {func(w http.ResponseWriter, _ int) { w.Header().Set("X", strings.Repeat("x", 64<<10)) }, "no connection"},
		"closed": {func(w http.ResponseWriter, _ int) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}, "no connection"},
		"endless": {func(w http.ResponseWriter, _ int) {
			w.WriteHeader(http.StatusInternalServerError)
			for range 1000 {
				if _, err := io.WriteString(w, strings.Repeat("secret", 1000)); err != nil {
					return
				}
			}
		}, "status 500"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, func(o *webhook.Options) { o.Timeout = 500 * time.Millisecond })
			r := newReceiver(t, c.handle)
			w, _ := f.hook(t, "h", r.URL)
			f.emit(t, "erasures/e1")
			if d := f.delivery(t, w.Ref, tried(1, c.result)); strings.Contains(d.LastResult, "secret") {
				t.Errorf("the result is %s", d.LastResult)
			}
		})
	}
	if n := len(elsewhere.got()); n > 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

func TestAnAddressIsLeftAloneAsLongAsItAsks(t *testing.T) {
	f := newFixture(t)
	r := newReceiver(t, func(w http.ResponseWriter, _ int) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	w, _ := f.hook(t, "h", r.URL)
	f.emit(t, "erasures/e1")
	d := f.delivery(t, w.Ref, tried(1, "status 429"))
	if wait := d.NextTime.Sub(f.clock.Now()); wait != time.Hour {
		t.Errorf("it waits for %v", wait)
	}
}

func TestBothSecretsSignWhileTheyOverlap(t *testing.T) {
	f := newFixture(t)
	r := newReceiver(t, nil)
	w, first := f.hook(t, "h", r.URL)
	second := webhook.NewSecret()
	sealed, err := webhook.SealSecret(f.ring, w.Ref, second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.RotateWebhook(t.Context(), w.Ref, sealed, f.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	f.emit(t, "erasures/e1")
	m := r.wait(t, 1)[0]
	if verify(t, m, first) != nil || verify(t, m, second) != nil || len(strings.Fields(m.header.Get("webhook-signature"))) != 2 {
		t.Errorf("while they overlap: %v", m.header)
	}
	f.clock.Advance(time.Hour)
	f.emit(t, "erasures/e2")
	m = r.wait(t, 2)[1]
	if verify(t, m, first) == nil || verify(t, m, second) != nil {
		t.Errorf("after it: %v", m.header)
	}
}

func TestFewMessagesAreOnTheirWayToOneAddress(t *testing.T) {
	f := newFixture(t, func(o *webhook.Options) { o.Concurrency = 3 })
	// Another process on the same queue: nothing is sent twice.
	other := f.run(t, func(o *webhook.Options) { o.Concurrency = 2 })
	var now, most atomic.Int32
	r := newReceiver(t, func(http.ResponseWriter, int) {
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
		now.Add(-1)
	})
	f.hook(t, "h", r.URL)
	const all = 60
	var events []webhook.Occurrence
	for i := range all {
		events = append(events, webhook.Occurrence{Organization: acme, Event: webhook.PersonErased, Resource: "erasures/" + string(rune('a'+i)), Time: f.clock.Now()})
	}
	if err := f.store.EnqueueEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	f.Wake()
	other.Wake()
	got := r.wait(t, all)
	ids := make(map[string]bool)
	for _, m := range got {
		ids[m.header.Get("webhook-id")] = true
	}
	if len(ids) != all || len(got) != all {
		t.Errorf("%d messages with %d identifiers", len(got), len(ids))
	}
	if most.Load() > 5 {
		t.Errorf("%d at a time", most.Load())
	}
}

func TestOneSlowAddressHoldsUpNobody(t *testing.T) {
	f := newFixture(t)
	release := make(chan struct{})
	slow := newReceiver(t, func(http.ResponseWriter, int) { <-release })
	defer close(release)
	quick := newReceiver(t, nil)
	f.hook(t, "slow", slow.URL)
	f.hook(t, "quick", quick.URL)
	for _, resource := range []string{"erasures/1", "erasures/2", "erasures/3", "erasures/4", "erasures/5", "erasures/6"} {
		f.emit(t, resource)
	}
	quick.wait(t, 6)
}

func TestHTTPSIsVerified(t *testing.T) {
	ca, foreign := certtest.NewAuthority(t, "ca"), certtest.NewAuthority(t, "foreign")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.PEM)
	f := newFixture(t, func(o *webhook.Options) { o.Roots = pool })
	for name, c := range map[string]struct {
		ca     *certtest.Authority
		result string
	}{"good": {ca, "status 200"}, "foreign": {foreign, "the certificate of the host is not trusted"}} {
		pair := c.ca.Issue(t, "127.0.0.1")
		certificate, err := tls.X509KeyPair(pair.Cert, pair.Key)
		if err != nil {
			t.Fatal(err)
		}
		r := &receiver{}
		r.Server = httptest.NewUnstartedServer(r)
		r.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		r.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		r.StartTLS()
		t.Cleanup(r.Close)
		w, _ := f.hook(t, name, r.URL)
		if err := f.store.AddDelivery(t.Context(), webhook.Delivery{
			Webhook: w.Ref, ID: webhook.NewDeliveryID(), Event: webhook.Ping, Resource: "webhooks/" + name, State: webhook.Pending, CreateTime: f.clock.Now(), NextTime: f.clock.Now(),
		}); err != nil {
			t.Fatal(err)
		}
		f.Wake()
		f.delivery(t, w.Ref, tried(1, c.result))
	}
}

func TestWhatIsNotAllowedAnyMoreIsNotCalled(t *testing.T) {
	f := newFixture(t, func(o *webhook.Options) { o.Addresses = webhook.Addresses{} })
	r := newReceiver(t, nil)
	w, _ := f.hook(t, "h", r.URL)
	f.emit(t, "erasures/e1")
	f.delivery(t, w.Ref, tried(1, "the address is not allowed"))
	if n := len(r.got()); n > 0 {
		t.Errorf("%d messages", n)
	}
}

func TestSecretsAreSealedAnew(t *testing.T) {
	f := newFixture(t)
	r := newReceiver(t, nil)
	w, secret := f.hook(t, "h", r.URL)
	f.ring = ring(t, "two", "one")
	rotation := webhook.Rotation{Queue: f.store, Ring: f.ring, KeyOf: seal.KeyID}
	if left, err := rotation.Outdated(t.Context()); err != nil || left["one"] != 1 {
		t.Errorf("left %v, %v", left, err)
	}
	if n, err := rotation.Rotate(t.Context()); err != nil || n != 1 {
		t.Errorf("rotated %d, %v", n, err)
	}
	if left, err := rotation.Outdated(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	hook, err := f.store.GetWebhook(t.Context(), acme, "h")
	if err != nil || hook.Version != w.Version {
		t.Errorf("got %+v, %v", hook, err)
	}
	plain, err := ring(t, "two").Open(hook.Secret, []byte("webhook\x00acme\x00h"))
	if err != nil || string(plain) != secret {
		t.Errorf("the secret is %q, %v", plain, err)
	}
}

// TestWebhooksTakeTurns: addresses that take their time, with much on its way to them, do not keep another one waiting until all of it is sent.
func TestWebhooksTakeTurns(t *testing.T) {
	const others, each = 64, 40
	f := newFixture(t)
	slow := newReceiver(t, func(http.ResponseWriter, int) { time.Sleep(200 * time.Millisecond) })
	last := newReceiver(t, nil)
	var occurrences []webhook.Occurrence
	for i := range others + 1 {
		w := webhook.Webhook{
			Ref: webhook.Ref{Organization: fmt.Sprintf("o%02d", i), ID: "h"}, URL: slow.URL, Events: webhook.SetOf(webhook.PersonErased), CreateTime: f.clock.Now(),
		}
		if i == others {
			w.URL = last.URL
		}
		var err error
		if w.Secret, err = webhook.SealSecret(f.ring, w.Ref, webhook.NewSecret()); err != nil {
			t.Fatal(err)
		}
		if _, err = f.store.CreateWebhook(t.Context(), w, 1); err != nil {
			t.Fatal(err)
		}
		for n := range each {
			o := webhook.Occurrence{Organization: w.Organization, Event: webhook.PersonErased, Resource: fmt.Sprintf("erasures/%d", n), Time: f.clock.Now()}
			occurrences = append(occurrences, o)
		}
	}
	if err := f.store.EnqueueEvents(t.Context(), occurrences); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 20*time.Second, func() error {
		if len(last.got()) == 0 {
			return errors.New("nothing was sent to the last one")
		}
		return nil
	})
	if n := len(slow.got()); n > 400 {
		t.Errorf("%d of %d messages to others came first", n, others*each)
	}
}
