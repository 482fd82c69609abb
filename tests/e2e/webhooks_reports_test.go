package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// TestWebhooksHearOfReports: a report that goes by webhook is told of by its run, which leads to the rendition that its receiver fetches with a credential of his own.
func TestWebhooksHearOfReports(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		receiver := newReceiver(t)
		suite := openShop(t, harness.Options{
			Layout: layout, Settings: map[string]any{"access.webhooks.allow_private": true, "reporting.smtp.interval": "100ms"},
		}).Suite
		var made struct{ Secret string }
		askREST(t, suite, http.MethodPost, "/v1/webhooks",
			`{"webhookId": "bi", "webhook": {"url": "`+receiver.URL+`", "events": ["WEBHOOK_EVENT_REPORT_DELIVERED", "WEBHOOK_EVENT_REPORT_OVERDUE"]}}`, &made)
		receiver.trust(t, made.Secret)
		askREST(t, suite, http.MethodPost, "/v1/reportSchedules", `{"reportScheduleId": "bi", "reportSchedule": {"displayName": "`+said+`", "report": "reports/survey-report",
			"survey": "surveys/shop", "formats": ["REPORT_FORMAT_JSON"], "delivery": "DELIVERY_WEBHOOK", "recurrence": {"frequency": "FREQUENCY_DAILY", "timeZone": "UTC"}}}`, nil)
		// Events are followed from a moment after the first webhook wants them.
		number := 0
		testkit.Eventually(t, patience, func() error {
			number++
			askREST(t, suite, http.MethodPost, "/v1/reportSchedules/bi:run", fmt.Sprintf(`{"runId": "by-hand-%d"}`, number), nil)
			if len(receiver.events) == 0 {
				time.Sleep(500 * time.Millisecond)
				return errors.New("no message came")
			}
			return nil
		})
		_, body := receiver.next(t, "report.delivered")
		var message struct{ Data struct{ Resource string } }
		if err := json.Unmarshal([]byte(body), &message); err != nil || !strings.HasPrefix(message.Data.Resource, "reportSchedules/bi/runs/by-hand-") || strings.Contains(body, said) {
			t.Fatalf("%v: %s", err, body)
		}
		var deliveries struct{ Deliveries []reportDelivery }
		askREST(t, suite, http.MethodGet, "/v1/"+message.Data.Resource+"/deliveries", "", &deliveries)
		if len(deliveries.Deliveries) != 1 || deliveries.Deliveries[0].Rendition == "" {
			t.Fatalf("%+v", deliveries)
		}
		var again struct {
			Rendition struct{ Report string }
		}
		askREST(t, suite, http.MethodGet, "/v1/"+deliveries.Deliveries[0].Rendition, "", &again)
		if !strings.HasPrefix(again.Rendition.Report, "reports/survey-report@") {
			t.Errorf("%+v", again)
		}
	})
}
