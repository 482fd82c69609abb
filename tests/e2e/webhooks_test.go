package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/otklik/otklik/libs/testkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/harness"
)

// receiver takes webhooks as a customer's server does, by the published library.
type receiver struct {
	*httptest.Server
	secret  atomic.Pointer[standardwebhooks.Webhook]
	refuse  atomic.Int32
	unknown atomic.Int32
	// events are the sound messages: their id and body.
	events chan [2]string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{events: make(chan [2]string, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		checker := r.secret.Load()
		if err != nil || checker == nil || checker.Verify(body, request.Header) != nil {
			r.unknown.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		r.events <- [2]string{request.Header.Get("webhook-id"), string(body)}
		if r.refuse.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// trust takes messages that are signed by the secret.
func (r *receiver) trust(t *testing.T, secret string) {
	t.Helper()
	checker, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	r.secret.Store(checker)
}

// next is the next sound message about an event.
func (r *receiver) next(t *testing.T, event string) (id, body string) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case e := <-r.events:
			var message struct{ Type string }
			if err := json.Unmarshal([]byte(e[1]), &message); err != nil {
				t.Fatal(err)
			}
			if message.Type == event {
				return e[0], e[1]
			}
		case <-late:
			t.Fatalf("no %s came; %d messages were not signed by the secret", event, r.unknown.Load())
		}
	}
}

// TestWebhooks sends what happens to a receiver that checks signatures, is away for a while, and hears of nothing personal.
func TestWebhooks(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		receiver := newReceiver(t)
		suite := openShop(t, harness.Options{Layout: layout, Settings: map[string]any{"access.webhooks.allow_private": true}}).Suite
		var made struct{ Secret string }
		askREST(t, suite, http.MethodPost, "/v1/webhooks",
			`{"webhookId": "crm", "webhook": {"url": "`+receiver.URL+`", "events": ["WEBHOOK_EVENT_RESPONSE_ACCEPTED", "WEBHOOK_EVENT_PING"]}}`, &made)
		receiver.trust(t, made.Secret)
		receiver.refuse.Store(1)
		askREST(t, suite, http.MethodPost, "/v1/webhooks/crm:ping", "{}", nil)
		first, _ := receiver.next(t, "ping")
		if again, _ := receiver.next(t, "ping"); again != first {
			t.Errorf("the second attempt is %q, the first was %q", again, first)
		}
		// Events are followed from a moment after the first webhook wants them.
		app := surveyv1.NewSurveyServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.App)))
		number := 7
		testkit.Eventually(t, patience, func() error {
			_, err := app.SubmitResponse(t.Context(), shopAnswer(number))
			number += people
			if err == nil && len(receiver.events) == 0 {
				time.Sleep(200 * time.Millisecond)
				err = errors.New("no message came")
			}
			return err
		})
		_, body := receiver.next(t, "response.accepted")
		if !strings.Contains(body, "surveys/shop/responses/") || strings.Contains(body, forgotten) || strings.Contains(body, said) {
			t.Errorf("the message holds %s", body)
		}
	})
}

// TestWebhooksHearOfCases opens a case and closes it, and tells a receiver so, by the name of the case alone.
func TestWebhooksHearOfCases(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		receiver := newReceiver(t)
		suite := openShop(t, harness.Options{Layout: layout, Settings: map[string]any{"access.webhooks.allow_private": true}}).Suite
		var made struct{ Secret string }
		askREST(t, suite, http.MethodPost, "/v1/webhooks",
			`{"webhookId": "care", "webhook": {"url": "`+receiver.URL+`", "events": ["WEBHOOK_EVENT_CASE_OPENED", "WEBHOOK_EVENT_CASE_CLOSED"]}}`, &made)
		receiver.trust(t, made.Secret)
		// Events are followed from a moment after the first webhook wants them.
		var opened struct{ Case struct{ Name string } }
		number := 0
		testkit.Eventually(t, patience, func() error {
			number++
			askREST(t, suite, http.MethodPost, "/v1/cases", fmt.Sprintf(`{"case": {"displayName": "`+said+`", "subject": "late-%d"}}`, number), &opened)
			if len(receiver.events) == 0 {
				time.Sleep(200 * time.Millisecond)
			}
			if len(receiver.events) == 0 {
				return errors.New("no message came")
			}
			return nil
		})
		_, body := receiver.next(t, "case.opened")
		if !strings.Contains(body, `"resource":"cases/`) || strings.Contains(body, said) {
			t.Errorf("the message holds %s", body)
		}
		askREST(t, suite, http.MethodPost, "/v1/cases:claim", `{"name": "`+opened.Case.Name+`"}`, nil)
		for _, move := range []string{"STATE_IN_PROGRESS", "STATE_RESOLVED", "STATE_CLOSED"} {
			askREST(t, suite, http.MethodPost, "/v1/"+opened.Case.Name+":move", `{"state": "`+move+`"}`, nil)
		}
		if _, body = receiver.next(t, "case.closed"); !strings.Contains(body, `"resource":"`+opened.Case.Name+`"`) {
			t.Errorf("the message of %s holds %s", opened.Case.Name, body)
		}
	})
}

// TestWebhooksReachNothingInside has the suite call addresses of its own machine and network: it refuses unless the operator allows it.
func TestWebhooksReachNothingInside(t *testing.T) {
	t.Parallel()
	suite := openShop(t, harness.Options{}).Suite
	for _, address := range []string{
		"https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://10.0.0.1/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/", "https://0x7f.1/", "https://2130706433/",
		"http://hooks.example/", "https://user:password@hooks.example/", "ftp://hooks.example/", "https://hooks.example:22/",
	} {
		raw, err := json.Marshal(map[string]any{"webhook": map[string]any{"url": address, "events": []string{"WEBHOOK_EVENT_PING"}}})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := suite.REST(harness.KeyFor(harness.Organization, harness.Admin)).Do(t.Context(), harness.Request{Method: http.MethodPost, Path: "/v1/webhooks", Body: raw})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Status != http.StatusBadRequest || !strings.Contains(string(answer.Body), "webhook.url") {
			t.Errorf("%s: status %d: %s", address, answer.Status, answer.Body)
		}
	}
}
