package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/harness"
)

// series are the label sets of metrics by name, each as Prometheus writes it: `a="x",b="y"`.
type series map[string][]string

var sample = regexp.MustCompile(`(?m)^([a-z_]+)(?:\{(.*)\})? \S+$`)

// read adds what a process shows to Prometheus.
func (s series) read(t *testing.T, base string) {
	t.Helper()
	answer, err := harness.NewREST(base, "").Do(t.Context(), harness.Request{Path: "/metrics"})
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("%s: %v, %v", base, answer, err)
	}
	for _, m := range sample.FindAllStringSubmatch(string(answer.Body), -1) {
		s[m[1]] = append(s[m[1]], m[2])
	}
}

// openMeasured starts two processes of each service, has each called, with success and without, as their metrics must tell.
func openMeasured(t *testing.T) *shop {
	t.Helper()
	s, both := openReplicas(t, harness.Apart)
	const n = 64
	for i := range n {
		both[i%2].submit(t, fmt.Sprintf("r-%d", i), 9)
	}
	for _, r := range both {
		testkit.Eventually(t, patience, r.counted(t, n))
		if _, err := r.survey.GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Name: "surveys/nowhere"}); err == nil {
			t.Error("there is surveys/nowhere")
		}
	}
	openWatchEvents(t, s).await(t, n)
	return s
}

func readMetrics(t *testing.T, s *shop) series {
	t.Helper()
	all := make(series)
	for _, r := range s.Replicas() {
		all.read(t, s.OpsOf(r))
	}
	return all
}

// TestLagIsShownForEveryPartition looks at the lag of the scoring processes: each partition is followed by one of them, and both have some.
func TestLagIsShownForEveryPartition(t *testing.T) {
	t.Parallel()
	const partitions = 16
	s := openMeasured(t)
	for _, name := range []string{"otklik_eventlog_lag_events", "otklik_eventlog_lag_seconds"} {
		testkit.Eventually(t, patience, func() error {
			owners := make(map[string]int)
			for _, r := range s.ReplicasOf(harness.Scoring) {
				of := make(series)
				of.read(t, s.OpsOf(r))
				if len(of[name]) == 0 {
					return fmt.Errorf("%s follows nothing by %s", r, name)
				}
				for _, labels := range of[name] {
					owners[labels]++
				}
			}
			for labels, n := range owners {
				if n != 1 || !strings.Contains(labels, "partition=") {
					return fmt.Errorf("%s{%s} is shown by %d processes", name, labels, n)
				}
			}
			if len(owners) != partitions {
				return fmt.Errorf("%s is shown for %d partitions, want %d", name, len(owners), partitions)
			}
			return nil
		})
	}
}

var (
	// expression is where a rule or a panel has its query.
	expression = regexp.MustCompile(`(?m)(?:expr: *|"expr": *)(.*(?:\n {10,}.*)*)`)
	selector   = regexp.MustCompile(`\b((?:otklik|rpc|http|process|go)_[a-z0-9_]+)\b(?:\{([^}]*)\})?`)
	label      = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
)

// rare are metrics that appear only when what they count has happened, which it has not here.
var rare = map[string]bool{
	"otklik_eventlog_refilled_total": true, "otklik_eventlog_reclaimed_total": true, "otklik_eventlog_backpressure_waits_total": true,
	"otklik_scoring_events_set_aside_total": true, "otklik_segmentation_events_set_aside_total": true,
}

// TestAlertsAndDashboardsNameWhatIsShown looks for every metric that alerts and dashboards ask for among those of running processes.
func TestAlertsAndDashboardsNameWhatIsShown(t *testing.T) {
	t.Parallel()
	root, err := testkit.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	s := openMeasured(t)
	for _, file := range []string{"alerts.yaml", "dashboard.json"} {
		raw, err := os.ReadFile(filepath.Join(root, "deploy", "observability", file))
		if err != nil {
			t.Fatal(err)
		}
		// Some appear when work that is done now and then has been done.
		testkit.Eventually(t, patience, func() error {
			shown, asked := readMetrics(t, s), 0
			for _, e := range expression.FindAllStringSubmatch(string(raw), -1) {
				for _, m := range selector.FindAllStringSubmatch(strings.ReplaceAll(e[1], `\"`, `"`), -1) {
					if isLabel(m[1]) {
						continue
					}
					asked++
					if err := shown.has(m[1], m[2]); err != nil {
						return fmt.Errorf("%s asks for %w", file, err)
					}
				}
			}
			if asked < 10 {
				t.Fatalf("%s asks for %d metrics: it cannot be read", file, asked)
			}
			return nil
		})
	}
}

// isLabel tells names of labels, by which queries group.
func isLabel(name string) bool {
	switch name {
	case "rpc_method", "rpc_system", "rpc_system_name", "rpc_response_status_code", "http_route", "http_response_status_code", "http_request_method":
		return true
	}
	return false
}

// has tells whether a metric is shown with all labels that a query matches by.
func (s series) has(name, matchers string) error {
	sets, ok := s[name]
	if !ok && !rare[name] {
		return fmt.Errorf("%s, which no process shows", name)
	}
	for _, m := range label.FindAllStringSubmatch(matchers, -1) {
		// The first two are added by Prometheus, the third is there when a server is at fault.
		if !ok || m[1] == "job" || m[1] == "instance" || m[1] == "error_type" {
			continue
		}
		if !slices.ContainsFunc(sets, func(set string) bool { return strings.Contains(","+set, ","+m[1]+"=") }) {
			return fmt.Errorf("the label %s of %s, which has %s", m[1], name, sets[0])
		}
	}
	return nil
}
