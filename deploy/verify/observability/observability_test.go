package observability

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func read(t *testing.T, parts ...string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{"..", "..", ".."}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func rules(t *testing.T) string {
	t.Helper()
	return read(t, "deploy", "helm", "otklik", "files", "alerts.yaml")
}

func metrics(t *testing.T) Metrics {
	t.Helper()
	found, err := FindMetrics(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestBrokenRulesAreSeen(t *testing.T) {
	t.Parallel()
	text, known, runbooks := rules(t), metrics(t), read(t, "docs", "operations.md")
	for _, c := range []struct{ from, to, want string }{
		{"", "", ""},
		{"otklik_scoring_watermark_age_seconds", "otklik_scoring_watermark_seconds", "no metric otklik_scoring_watermark_seconds"},
		{"up{job=", "up{job", "parse rules"},
		{"for: 3m", "for: soon", "soon"},
		{"severity: page", "severity: urgent", "urgent"},
		{"alert: OtklikDown", "alert: OtklikGone", "runbook"},
		{"#otklikdown", "#otklik", "its runbook"},
		{"{{ $labels.job }} {{ $labels.instance }} gives", "{{ $labels.job }} {{ instance }} gives", "instance"},
		{"labels: {severity: page}", "label: {severity: page}", "label"},
		{"alert: OtklikErrorsSlow", "alert: OtklikErrorsFast", "there twice"},
	} {
		changed := strings.Replace(text, c.from, c.to, 1)
		if c.from != "" && changed == text {
			t.Fatalf("there is no %q", c.from)
		}
		_, err := CheckRules([]byte(changed), known, runbooks)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.to, err, c.want)
		}
	}
}

func TestBrokenDashboardsAreSeen(t *testing.T) {
	t.Parallel()
	text, known := read(t, "deploy", "helm", "otklik", "files", "dashboard.json"), metrics(t)
	for _, c := range []struct{ from, to, want string }{
		{"", "", ""},
		{"otklik_eventlog_lag_seconds", "otklik_eventlog_delay_seconds", "no metric otklik_eventlog_delay_seconds"},
		{"sum(rate(", "sum(rates(", "rates"},
		{`"x": 12`, `"x": 11`, "lies over"},
		{`"w": 12`, `"w": 30`, "does not fit"},
		{`"uid": "${datasource}"`, `"uid": "prometheus"`, "the one that the reader chooses"},
		{`"id": 2,`, `"id": 1,`, "there twice"},
	} {
		changed := strings.Replace(text, c.from, c.to, 1)
		if c.from != "" && changed == text {
			t.Fatalf("there is no %q", c.from)
		}
		_, err := CheckDashboard([]byte(changed), known)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.to, err, c.want)
		}
	}
}

// TestAlertsFire evaluates each alert over series of a day that is bad in its way, and over those of a good one.
func TestAlertsFire(t *testing.T) {
	t.Parallel()
	groups, err := ParseRules([]byte(rules(t)))
	if err != nil {
		t.Fatal(err)
	}
	const (
		rest   = `http_server_request_duration_seconds_count{http_route="/v1/surveys",http_response_status_code="%d"} 0+%dx720`
		call   = `rpc_server_call_duration_seconds_count{job="otklik-survey",rpc_method="m",rpc_response_status_code="%s"%s} 0+%dx720`
		bucket = `rpc_server_call_duration_seconds_bucket{job="otklik-survey",rpc_method="otklik.survey.v1.SurveyService/SubmitResponse",le="%s"} 0+%dx720`
	)
	cases := map[string]struct{ bad, good []string }{
		"OtklikDown":       {[]string{`up{job="otklik-survey"} 0x720`}, []string{`up{job="otklik-survey"} 1x720`, `up{job="other"} 0x720`}},
		"OtklikErrorsFast": {[]string{fmt.Sprintf(rest, 200, 950), fmt.Sprintf(rest, 503, 50)}, []string{fmt.Sprintf(rest, 200, 995), fmt.Sprintf(rest, 503, 5)}},
		"OtklikErrorsSlow": {[]string{fmt.Sprintf(rest, 200, 995), fmt.Sprintf(rest, 503, 5)}, []string{fmt.Sprintf(rest, 200, 1000), fmt.Sprintf(rest, 404, 100)}},
		"OtklikCallErrors": {
			[]string{fmt.Sprintf(call, "OK", "", 900), fmt.Sprintf(call, "INTERNAL", `,error_type="INTERNAL"`, 100)},
			[]string{fmt.Sprintf(call, "OK", "", 900), fmt.Sprintf(call, "INVALID_ARGUMENT", "", 100)},
		},
		"OtklikSubmitSlow": {[]string{fmt.Sprintf(bucket, "0.5", 50), fmt.Sprintf(bucket, "1", 100), fmt.Sprintf(bucket, "+Inf", 100)},
			[]string{fmt.Sprintf(bucket, "0.1", 100), fmt.Sprintf(bucket, "+Inf", 100)}},
		"OtklikRefusing": {[]string{fmt.Sprintf(call, "OK", "", 900), fmt.Sprintf(call, "RESOURCE_EXHAUSTED", "", 100)},
			[]string{fmt.Sprintf(call, "OK", "", 990), fmt.Sprintf(call, "RESOURCE_EXHAUSTED", "", 10)}},
		"OtklikRestarts":       {[]string{`process_start_time_seconds{job="otklik-survey"} 0+60x720`}, []string{`process_start_time_seconds{job="otklik-survey"} 7x720`}},
		"OtklikScoresOld":      {[]string{`otklik_scoring_watermark_age_seconds{instance="a"} 1x720`, `otklik_scoring_watermark_age_seconds{instance="b"} 90x720`}, []string{`otklik_scoring_watermark_age_seconds 1x720`}},
		"OtklikFeedLost":       {[]string{`otklik_scoring_connected{partition="1"} 0x720`}, []string{`otklik_scoring_connected{partition="1"} 1x720`}},
		"OtklikEventsSetAside": {[]string{`otklik_scoring_events_set_aside_total 0x690 1x30`}, []string{`otklik_scoring_events_set_aside_total 3x720`}},
		"OtklikCommentsNotFollowed": {[]string{`otklik_comment_connected{instance="a"} 0x720`, `otklik_comment_connected{instance="b"} 0x720`},
			[]string{`otklik_comment_connected{instance="a"} 0x720`, `otklik_comment_connected{instance="b"} 1x720`}},
		"OtklikCommentsLate":     {[]string{`otklik_comment_head 90000x720`, `otklik_comment_position 70000x720`}, []string{`otklik_comment_head 90000x720`, `otklik_comment_position 89990x720`}},
		"OtklikCommentsSetAside": {[]string{`otklik_comment_events_set_aside_total 0x690 1x30`}, []string{`otklik_comment_events_set_aside_total 3x720`}},
		"OtklikReportingNotLed": {[]string{`otklik_reporting_leads{instance="a"} 0x720`, `otklik_reporting_leads{instance="b"} 0x720`},
			[]string{`otklik_reporting_leads{instance="a"} 0x720`, `otklik_reporting_leads{instance="b"} 1x720`}},
		"OtklikReportsOverdue": {[]string{`otklik_reports_overdue 2x720`}, []string{`otklik_reports_overdue 0x720`}},
		"OtklikExportsLate":    {[]string{`otklik_exports_late 1x720`}, []string{`otklik_exports_late 0x720`}},
		"OtklikReportsFailing": {[]string{`otklik_reports_deliveries_total{outcome="failed"} 0x690 1x30`}, []string{`otklik_reports_deliveries_total{outcome="failed"} 3x720`}},
		"OtklikSegmentationNotLed": {[]string{`otklik_segmentation_leads{instance="a"} 0x720`, `otklik_segmentation_leads{instance="b"} 0x720`},
			[]string{`otklik_segmentation_leads{instance="a"} 0x720`, `otklik_segmentation_leads{instance="b"} 1x720`}},
		"OtklikSegmentationNotFollowed": {[]string{`otklik_segmentation_connected{follower="lights"} 0x720`}, []string{`otklik_segmentation_connected{follower="lights"} 1x720`}},
		"OtklikSegmentationLate": {[]string{`otklik_segmentation_head{follower="lights"} 90000x720`, `otklik_segmentation_position{follower="lights"} 70000x720`},
			[]string{`otklik_segmentation_head{follower="lights"} 90000x720`, `otklik_segmentation_position{follower="lights"} 89990x720`}},
		"OtklikSegmentsLate":         {[]string{`otklik_segmentation_comparison_age_seconds 900x720`}, []string{`otklik_segmentation_comparison_age_seconds 20x720`}},
		"OtklikSegmentationSetAside": {[]string{`otklik_segmentation_events_set_aside_total 0x690 1x30`}, []string{`otklik_segmentation_events_set_aside_total 3x720`}},
		"OtklikPublisherMissing": {[]string{`otklik_eventlog_publishing{log="survey",instance="a"} 0x720`},
			[]string{`otklik_eventlog_publishing{log="survey",instance="a"} 0x720`, `otklik_eventlog_publishing{log="survey",instance="b"} 1x720`}},
		"OtklikEventsLate":     {[]string{`otklik_eventlog_lag_seconds{partition="1"} 45x720`}, []string{`otklik_eventlog_lag_seconds{partition="1"} 1x720`}},
		"OtklikBackPressure":   {[]string{`otklik_eventlog_backpressure{partition="1"} 1x720`}, []string{`otklik_eventlog_backpressure{partition="1"} 0x720`}},
		"OtklikEventsRefilled": {[]string{`otklik_eventlog_refilled_total 0+5x720`}, []string{`otklik_eventlog_refilled_total 500x720`}},
		"OtklikConnectionsUsedUp": {[]string{`otklik_postgres_connections{state="used",component="survey"} 16x720`, `otklik_postgres_connections_limit{component="survey"} 16x720`},
			[]string{`otklik_postgres_connections{state="used",component="survey"} 3x720`, `otklik_postgres_connections_limit{component="survey"} 16x720`}},
		"OtklikDenied": {[]string{`rpc_server_call_duration_seconds_count{job="otklik-survey",rpc_response_status_code="PERMISSION_DENIED"} 0+1x690 690+600x30`},
			[]string{`rpc_server_call_duration_seconds_count{job="otklik-survey",rpc_response_status_code="UNAUTHENTICATED"} 0+600x720`}},
		"OtklikAuditFailing": {[]string{`otklik_audit_failures_total{job="otklik-survey"} 0+1x720`}, []string{`otklik_audit_failures_total{job="otklik-survey"} 9x720`}},
		"OtklikAuditLost":    {[]string{`otklik_audit_lost_total{job="otklik-survey"} 0x690 2x30`}, []string{`otklik_audit_lost_total{job="otklik-survey"} 9x720`}},
		"OtklikWebhooksFailing": {[]string{`otklik_webhooks_deliveries_total{outcome="retried"} 0+9x720`, `otklik_webhooks_deliveries_total{outcome="delivered"} 0+1x720`},
			[]string{`otklik_webhooks_deliveries_total{outcome="retried"} 0+1x720`, `otklik_webhooks_deliveries_total{outcome="delivered"} 0+9x720`}},
		"OtklikErasureWaiting":    {[]string{`otklik_erasures_waiting_age_seconds 90000x720`}, []string{`otklik_erasures_waiting_age_seconds 60x720`}},
		"OtklikVaultKeysOutdated": {[]string{`otklik_vault_keys_outdated 5x720`}, []string{`otklik_vault_keys_outdated 0x720`}},
	}
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			c, ok := cases[rule.Alert]
			if !ok {
				t.Errorf("%s is not tried here", rule.Alert)
				continue
			}
			if !fires(t, c.bad, rule.Expr) {
				t.Errorf("%s does not fire on a bad day", rule.Alert)
			}
			if fires(t, c.good, rule.Expr) {
				t.Errorf("%s fires on a good day", rule.Alert)
			}
		}
	}
}

func TestMetricsAreFoundInTheSource(t *testing.T) {
	t.Parallel()
	known := metrics(t)
	for _, name := range []string{"http_server_request_duration_seconds_bucket", "otklik_scoring_position", "otklik_scoring_events_total", "up"} {
		if !known.Has(name) {
			t.Errorf("%s is not found", name)
		}
	}
	for _, name := range []string{"otklik_scoring_events_count_total_bytes", "http_server_requests", "otklik", "upper"} {
		if known.Has(name) {
			t.Errorf("%s is found, though there is no such metric", name)
		}
	}
}
