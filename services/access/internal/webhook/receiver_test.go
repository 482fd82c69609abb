package webhook_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/store/sqlite"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

const acme = "acme"

// message is what a receiver got.
type message struct {
	header http.Header
	body   string
}

// receiver is somebody's server. It answers as told.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	messages []message
	handle   func(w http.ResponseWriter, n int)
}

func newReceiver(t *testing.T, handle func(w http.ResponseWriter, n int)) *receiver {
	r := &receiver{handle: handle}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP remembers a message and answers it.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mu.Lock()
	r.messages = append(r.messages, message{request.Header, string(body)})
	n := len(r.messages)
	r.mu.Unlock()
	if r.handle != nil {
		r.handle(w, n)
	}
}

func (r *receiver) got() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.messages)
}

func (r *receiver) wait(t *testing.T, n int) []message {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, func() error {
		if len(r.got()) < n {
			return errors.New("nothing came")
		}
		return nil
	})
	return r.got()
}

// status answers with status codes, one after the other, the last one for ever.
func status(codes ...int) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, n int) { w.WriteHeader(codes[min(n, len(codes))-1]) }
}

type fixture struct {
	clock *testkit.Clock
	store store.Store
	ring  *seal.Ring
	*webhook.Worker
}

func newFixture(t *testing.T, change ...func(*webhook.Options)) *fixture {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "access.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	f := &fixture{clock: testkit.NewClock(time.Now().UTC().Truncate(time.Millisecond)), store: db, ring: ring(t, "one")}
	f.Worker = f.run(t, change...)
	return f
}

func ring(t *testing.T, ids ...string) *seal.Ring {
	t.Helper()
	keys := make([]seal.Key, len(ids))
	for i, id := range ids {
		keys[i] = seal.Key{ID: id, Secret: []byte(strings.Repeat(id[:1], seal.KeyBytes))}
	}
	r, err := seal.NewRing(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// run runs a worker until the end of the test.
func (f *fixture) run(t *testing.T, change ...func(*webhook.Options)) *webhook.Worker {
	t.Helper()
	o := webhook.Options{Queue: f.store, Sealer: f.ring, Addresses: webhook.Addresses{AllowPrivate: true}, Timeout: 5 * time.Second, Now: f.clock.Now}
	for _, c := range change {
		c(&o)
	}
	w, err := webhook.NewWorker(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return w
}

// hook makes a webhook and returns it with its secret.
func (f *fixture) hook(t *testing.T, id, url string) (webhook.Webhook, string) {
	t.Helper()
	w := webhook.Webhook{Ref: webhook.Ref{Organization: acme, ID: id}, URL: url, Events: webhook.SetOf(webhook.PersonErased), CreateTime: f.clock.Now()}
	secret := webhook.NewSecret()
	var err error
	if w.Secret, err = webhook.SealSecret(f.ring, w.Ref, secret); err != nil {
		t.Fatal(err)
	}
	if w, err = f.store.CreateWebhook(t.Context(), w, 10); err != nil {
		t.Fatal(err)
	}
	return w, secret
}

func (f *fixture) emit(t *testing.T, resource string) {
	t.Helper()
	if err := f.Emit(t.Context(), acme, webhook.PersonErased, resource); err != nil {
		t.Fatal(err)
	}
}

// delivery waits until the only delivery of a webhook is as wanted.
func (f *fixture) delivery(t *testing.T, w webhook.Ref, want func(webhook.Delivery) bool) webhook.Delivery {
	t.Helper()
	var got webhook.Delivery
	testkit.Eventually(t, 10*time.Second, func() error {
		all, _, err := f.store.ListDeliveries(context.Background(), w, store.Query{Limit: 10})
		if err != nil {
			return err
		}
		if len(all) == 1 && want(all[0]) {
			got = all[0]
			return nil
		}
		return errors.New("the delivery is not as wanted")
	})
	return got
}

func in(state webhook.State) func(webhook.Delivery) bool {
	return func(d webhook.Delivery) bool { return d.State == state }
}

func tried(n int, result string) func(webhook.Delivery) bool {
	return func(d webhook.Delivery) bool { return d.Attempts == n && strings.Contains(d.LastResult, result) }
}

func verify(t *testing.T, m message, secret string) error {
	t.Helper()
	w, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	// The clock of a test may be hours away.
	return w.VerifyIgnoringTimestamp([]byte(m.body), m.header)
}
