package command

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// placesMapping maps the files of this test: a place's answers of a day.
const placesMapping = `
version: 1
survey: {id: shop, title: {en: Shop}}
response:
  id: "visit-{no}"
  time: {column: date, zone: Asia/Bishkek}
  context: {location: {column: place}}
questions:
  - {id: nps, type: nps, column: nps, text: {en: Recommend}}
  - {id: overall, type: csat, column: overall, text: {en: Overall}}
`

// places are answers of 40 days up to yesterday at two places, of which one is recommended by nobody any more in the last ten.
func places() string {
	var b strings.Builder
	b.WriteString("no,date,place,nps,overall\n")
	today := time.Now().UTC()
	for day := 40; day > 0; day-- {
		for i := range 20 {
			for _, place := range []string{"osh", "uzgen"} {
				nps := []int{10, 9, 9, 8, 7, 6, 3, 10, 9, 5}[(i+day)%10]
				if place == "uzgen" && day <= 10 {
					nps = i % 4
				}
				fmt.Fprintf(&b, "%d-%d-%s,%s,%s,%d,%d\n", day, i, place, today.AddDate(0, 0, -day).Format(time.DateOnly), place, nps, 1+i%5)
			}
		}
	}
	return b.String()
}

// importPlaces starts a suite with the answers of places.
func importPlaces(t *testing.T) (overGRPC, overREST *shell) {
	t.Helper()
	ready := startSuite(t)
	overGRPC, overREST = newShell(t, ready.GRPC, ready.Key), newShell(t, ready.HTTP, ready.Key)
	overGRPC.ok("import", "--mapping", writeFile(t, "places.yaml", placesMapping), writeFile(t, "places.csv", places()))
	testkit.Eventually(t, testTimeout, func() error {
		got := message(overGRPC, &scoringv1.QueryScoresResponse{}, "score", "--survey", "shop", "--metric", "response_rate")
		if n := got.GetScores()[0].GetN(); n != 1600 {
			return fmt.Errorf("%d responses are counted", n)
		}
		return nil
	})
	return overGRPC, overREST
}

// A rule is tried on what is past, made, looked at, changed, silenced and deleted.
func TestAlertsFromTheCommandLine(t *testing.T) {
	overGRPC, overREST := importPlaces(t)
	day := func(ago int) string { return time.Now().UTC().AddDate(0, 0, -ago).Format(time.DateOnly) }
	for name, s := range map[string]*shell{"grpc": overGRPC, "rest": overREST} {
		t.Run(name, func(t *testing.T) {
			s := &shell{t: t, vars: s.vars}
			rule := []string{"--survey", "shop", "--metric", "nps", "--variant", "nps-answered", "--by", "location", "--grain", "day", "--time-zone", "Asia/Bishkek"}
			past := []string{"--from", day(40), "--to", day(0)}
			tried := message(s, &scoringv1.EvaluateAlertRuleResponse{}, append(append([]string{"alerts", "evaluate"}, rule...), past...)...)
			found := false
			for _, a := range tried.GetAlerts() {
				found = found || a.GetUnit() == "uzgen" && a.GetDirection() == scoringv1.Alert_DIRECTION_DOWN && a.GetState() == scoringv1.Alert_STATE_OPEN
			}
			if !found || tried.GetEvaluatedUnits() != 2 {
				t.Errorf("%v", tried)
			}
			id := "nps-" + name
			if out := s.ok(append([]string{"alerts", "create", id, "--name", "NPS by place", "--baseline-first", "8", "--baseline-since", day(40)}, rule...)...); !strings.Contains(out, "NPS by place") || !strings.Contains(out, "ewma") {
				t.Errorf("%s", out)
			}
			if out := s.ok(append([]string{"alerts", "evaluate", id}, past...)...); !strings.Contains(out, "location=uzgen") || !strings.Contains(out, "of 2 units") {
				t.Errorf("%s", out)
			}
			if out := s.ok("alerts", "update", id, "--method", "cusum", "--fdr", "0.01", "--baseline-value", "30"); !strings.Contains(out, "cusum") || !strings.Contains(out, "NPS by place") {
				t.Errorf("%s", out)
			}
			silenced := message(s, &scoringv1.SilenceAlertRuleResponse{}, "alerts", "silence", id, "--for", "48h", "--unit", "osh", "--reason", "repairs").GetAlertRule()
			if len(silenced.GetSilences()) != 1 || silenced.GetQ() != 0.01 || silenced.GetBaseline().GetValue() != 30 {
				t.Errorf("%v", silenced)
			}
			if out := s.ok("alerts", "show", id); !strings.Contains(out, "SILENT FROM") || !strings.Contains(out, "repairs") || !strings.Contains(out, "osh") {
				t.Errorf("%s", out)
			}
			for _, wrong := range [][]string{
				{"alerts", "silence", id, "--for", "48h", "--unit", "os"}, {"alerts", "list", "--rule", "nowhere"}, {"alerts", "list", "--survey", "nowhere"}, {"alerts", "show", "nowhere"},
			} {
				if r := s.run(wrong...); r.code != exit.Refused {
					t.Errorf("%q: %+v", wrong, r)
				}
			}
			if out := s.ok("alerts", "evaluate", id, "--from", day(3), "--to", day(3)+"T01:00"); !strings.Contains(out, "no unit was judged: no period") {
				t.Errorf("%s", out)
			}
			if out := s.ok("alerts", "rules"); !strings.Contains(out, id) {
				t.Errorf("%s", out)
			}
			if out := s.ok("alerts", "list", "--rule", id, "--state", "open,silenced", "--unit", "bishkek", "--since", day(2)); out != "no alerts\n" {
				t.Errorf("%s", out)
			}
			if out := s.ok("alerts", "delete", id); !strings.Contains(out, "is deleted") {
				t.Errorf("%s", out)
			}
			if r := s.run("alerts", "show", id+"/1"); r.code != exit.Refused {
				t.Errorf("%+v", r)
			}
		})
	}
}

// What happens to alerts is printed as it happens, and heartbeats are not, until the watcher is interrupted.
func TestAlertsAreWatched(t *testing.T) {
	ready := startSuite(t)
	for _, server := range []string{ready.GRPC, ready.HTTP} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		r := newShell(t, server, ready.Key).runContext(ctx, "alerts", "watch", "--after", "0", "--json")
		cancel()
		if r.out != "" || r.code == exit.OK {
			t.Errorf("%s: %+v", server, r)
		}
	}
	alert := &scoringv1.Alert{
		Name: "alertRules/r/alerts/7", Variant: scoringv1.Variant_VARIANT_NPS_ANSWERED, UnitKey: "attributes.format", Unit: "kiosk\n", State: scoringv1.Alert_STATE_RESOLVED,
		Resolution: scoringv1.Alert_RESOLUTION_RULE_CHANGED, Change: 12.5, Level: 40, Baseline: 27.5, N: 120, QValue: 0.00123, EvaluatedUnits: 3,
		Changes: []*scoringv1.AlertChange{{State: scoringv1.Alert_STATE_OPEN, Change: -3, PValue: 0.01}},
	}
	var out bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetOut(&out)
	c := &call{cmd: cmd}
	event := &scoringv1.AlertEvent{Kind: scoringv1.AlertEvent_KIND_RESOLVED, Alert: alert}
	for _, m := range []*scoringv1.WatchAlertsResponse{{}, {Event: event, Position: 9}} {
		if err := c.printEvent(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.alertHistory(alert); err != nil {
		t.Fatal(err)
	}
	want := `- resolved r/7 nps_answered of format=kiosk : +12.5, interval -, level 40, baseline 27.5, q 0.00123 (position 9)
ALERT  STATE                   METRIC        UNIT           CHANGE  INTERVAL  LEVEL  BASELINE  N    Q        FIRST SEEN  RESOLVED
r/7    resolved: rule changed  nps_answered  format=kiosk   +12.5   -         40     27.5      120  0.00123  -           -

since -; statistic 0, p-value 0 among 3 units; counted up to -

TIME  STATE  CHANGE  INTERVAL  P
-     open   -3      -         0.01
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

// A definition is made of a file, changed, computed in both versions, compared and retired.
func TestDefinitionsFromTheCommandLine(t *testing.T) {
	overGRPC, overREST := importPlaces(t)
	for name, s := range map[string]*shell{"grpc": overGRPC, "rest": overREST} {
		t.Run(name, func(t *testing.T) {
			s := &shell{t: t, vars: s.vars}
			id := "loyalty_" + name
			text := "title: {en: Loyalty}\nexpression:\n  formula: %s\n  terms:\n    - {id: nps, metric: nps, question: nps}\n    - {id: csat, metric: csat, question: overall}\n"
			first, second := writeFile(t, "first.yaml", fmt.Sprintf(text, "((nps + 100) / 2 + csat) / 2")), writeFile(t, "second.yaml", fmt.Sprintf(text, "0.25 * nps + 0.75 * csat"))
			if out := s.ok("definitions", "create", id, first, "--dry-run"); !strings.Contains(out, "((nps + 100) / 2 + csat) / 2") {
				t.Errorf("%s", out)
			}
			if r := s.run("definitions", "get", id); r.code != exit.Refused {
				t.Errorf("%+v", r)
			}
			s.ok("definitions", "create", id, first, "--note", "agreed in March")
			s.ok("definitions", "update", id, second, "--field", "expression", "--note", "agreed in May")
			if out := s.ok("definitions", "versions", id); !strings.Contains(out, "expression.formula") || !strings.Contains(out, "agreed in March") || !strings.Contains(out, "agreed in May") {
				t.Errorf("%s", out)
			}
			if out := s.ok("definitions", "get", id+"@1"); !strings.Contains(out, "((nps + 100) / 2 + csat) / 2") || !strings.Contains(out, "overall") {
				t.Errorf("%s", out)
			}
			old := s.ok("score", "--survey", "shop", "--definition", id+"@1", "--by", "location")
			for _, want := range []string{id + " = ((nps + 100) / 2 + csat) / 2 (" + id + " version 1, interval jackknife_t)", "PART", "csat", "term", "osh", "uzgen", "counted 1600 of 1600"} {
				if !strings.Contains(old, want) {
					t.Errorf("it lacks %q:\n%s", want, old)
				}
			}
			if out := s.ok("score", "--survey", "shop", "--definition", id); !strings.Contains(out, "0.25 * nps + 0.75 * csat") {
				t.Errorf("%s", out)
			}
			compared := s.ok("compare", "--survey", "shop", "--definition", id, "--filter", "location = osh", "--baseline-filter", "location = uzgen")
			if !strings.Contains(compared, "jackknife_t") || !strings.Contains(compared, "difference") {
				t.Errorf("%s", compared)
			}
			if out := s.ok("definitions", "retire", id, "--note", "nobody asks for it"); !strings.Contains(out, "retired") {
				t.Errorf("%s", out)
			}
			if out := s.ok("definitions", "list"); strings.Contains(out, id) {
				t.Errorf("%s", out)
			}
			if out := s.ok("definitions", "list", "--retired"); !strings.Contains(out, id) {
				t.Errorf("%s", out)
			}
		})
	}
}
