package access

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

// anyRole knows every role.
type anyRole struct{}

func (anyRole) Known(string) bool             { return true }
func (anyRole) Permissions([]string) []string { return nil }

func TestErasuresAreToldToWebhooks(t *testing.T) {
	messages := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		messages <- r.Header.Get("webhook-signature") + " " + string(body)
	}))
	defer receiver.Close()
	config := DefaultConfig()
	config.Webhooks.AllowPrivate = true
	reader := sdkmetric.NewManualReader()
	s, err := New(t.Context(), config, Deps{
		Data: t.TempDir(), Roles: anyRole{}, Logger: slog.New(slog.DiscardHandler), Meters: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	w := webhook.Webhook{Ref: webhook.Ref{Organization: "acme", ID: "h"}, URL: receiver.URL, Events: webhook.SetOf(webhook.PersonErased), CreateTime: noon}
	if w.Secret, err = webhook.SealSecret(s.persons.hooks.ring, w.Ref, webhook.NewSecret()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.CreateWebhook(t.Context(), w, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.persons.hooks.erased(t.Context(), "acme", "erasures/e1"); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-messages:
		if !strings.HasPrefix(got, "v1,") || !strings.Contains(got, `"resource":"erasures/e1"`) || !strings.Contains(got, `"type":"person.erased"`) {
			t.Errorf("got %s", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing came")
	}
	testkit.Eventually(t, 10*time.Second, func() error {
		var all metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &all); err != nil {
			return err
		}
		if text := fmt.Sprintf("%+v", all.ScopeMetrics); !strings.Contains(text, "otklik.webhooks.deliveries") || !strings.Contains(text, "delivered") {
			return errors.New("the delivery is not counted")
		}
		return nil
	})
	if left, err := s.OutdatedKeys(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("outdated: %v, %v", left, err)
	}
}

func TestWebhookSettingsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*Webhooks){
		"no time": func(w *Webhooks) { w.Timeout = 0 }, "too much time": func(w *Webhooks) { w.Timeout = time.Minute },
		"none at a time": func(w *Webhooks) { w.Concurrency = 0 }, "too many at a time": func(w *Webhooks) { w.Concurrency = 1000 },
	} {
		config := DefaultConfig()
		change(&config.Webhooks)
		if err := config.check(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
