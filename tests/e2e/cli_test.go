package e2e

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/harness"
)

// otklik runs the command line against a suite and returns what it printed.
func otklik(t *testing.T, s *shop, server string, args ...string) []byte {
	t.Helper()
	args = append(args, "--server", server, "--key", harness.KeyFor(harness.Organization, harness.Admin))
	command := s.Command(t.Context(), args...)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("otklik %s: %v: %s", strings.Join(args, " "), err, complaints.String())
	}
	return out
}

// TestCommandLinePrintsTheAPIsJSON compares `--json` with the body that the REST API gives.
func TestCommandLinePrintsTheAPIsJSON(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		for i := range 12 {
			s.answer(t, fmt.Sprintf("r-%d", i), float64(i%11))
		}
		testkit.Eventually(t, patience, s.counted(t, 12))
		for _, c := range []struct {
			args []string
			path string
			body string
		}{
			{[]string{"survey", "list", "--json"}, "/v1/surveys", ""},
			{[]string{"survey", "show", "shop", "--json"}, "/v1/surveys/shop", ""},
			{
				[]string{"score", "--survey", "shop", "--metric", "nps", "--json"}, "/v1/scores:query",
				`{"query": {"survey": "surveys/shop", "metrics": ["METRIC_NPS"]}}`,
			},
			{
				[]string{"score", "--survey", "shop", "--question", "recommend", "--metric", "mean", "--by", "channel", "--grain", "day", "--json"}, "/v1/scores:query",
				`{"query": {"survey": "surveys/shop", "question": "recommend", "metrics": ["METRIC_MEAN"], "groupBy": ["channel"], "grain": "TIME_GRAIN_DAY"}}`,
			},
			{
				[]string{"score", "--survey", "shop", "--metric", "nps", "--filter", "answers.recommend > 3", "--rake", "channel:=1", "--cap", "3", "--by", "channel,language", "--json"}, "/v1/scores:query",
				`{"query": {"survey": "surveys/shop", "metrics": ["METRIC_NPS"], "filter": "answers.recommend > 3", "groupBy": ["channel", "language"],
				  "weighting": {"raking": {"cap": 3, "margins": [{"key": "channel", "targets": [{"value": "", "share": 1}]}]}}}}`,
			},
			{
				[]string{"rank", "--survey", "shop", "--metric", "nps", "--variant", "nps_answered", "--by", "language", "--fdr", "0.1", "--least", "3", "--json"}, "/v1/scores:rank",
				`{"query": {"survey": "surveys/shop", "metrics": ["METRIC_NPS"], "variants": ["VARIANT_NPS_ANSWERED"], "groupBy": ["language"]}, "falseDiscoveryRate": 0.1, "leastAnswers": 3}`,
			},
			{
				[]string{"compare", "--survey", "shop", "--metric", "nps", "--variant", "nps_answered", "--rake", "channel:=1", "--baseline-filter", "answers.recommend:*", "--json"}, "/v1/scores:compare",
				`{"query": {"survey": "surveys/shop", "metrics": ["METRIC_NPS"], "variants": ["VARIANT_NPS_ANSWERED"],
				  "weighting": {"raking": {"margins": [{"key": "channel", "targets": [{"value": "", "share": 1}]}]}}},
				  "baseline": {"survey": "surveys/shop", "filter": "answers.recommend:*"}}`,
			},
			{[]string{"definitions", "get", "servqual", "--json"}, "/v1/metricDefinitions/servqual", ""},
			{[]string{"definitions", "versions", "nps", "--json"}, "/v1/metricDefinitions/nps:listVersions", ""},
			{[]string{"alerts", "rules", "--json"}, "/v1/alertRules", ""},
			{[]string{"alerts", "list", "--state", "open", "--json"}, "/v1/alerts?states=STATE_OPEN", ""},
			{[]string{"score", "--survey", "shop", "--metric", "csat", "--json"}, "/v1/scores:query", `{"query": {"survey": "surveys/shop", "metrics": ["METRIC_CSAT"]}}`},
			{[]string{"score", "--survey", "shop", "--metric", "ces", "--json"}, "/v1/scores:query", `{"query": {"survey": "surveys/shop", "metrics": ["METRIC_CES"]}}`},
		} {
			for _, server := range s.servers() {
				t.Run(strings.Join(c.args, " ")+" "+server, func(t *testing.T) {
					request := harness.Request{Path: c.path}
					if c.body != "" {
						request.Method, request.Body = "POST", []byte(c.body)
					}
					answer, err := s.rest.Do(t.Context(), request)
					if err != nil {
						t.Fatal(err)
					}
					printed, api := otklik(t, s, server, c.args...), answer.Body
					if want, got := plain(t, api), plain(t, printed); !reflect.DeepEqual(want, got) {
						t.Errorf("the command prints\n%s\nthe API says\n%s", printed, api)
					}
				})
			}
		}
	})
}

// plain is a JSON document without watermarks, which move on between two calls.
func plain(t *testing.T, raw []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	dropWatermarks(v)
	return v
}

func dropWatermarks(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "watermark")
		for _, inner := range v {
			dropWatermarks(inner)
		}
	case []any:
		for _, inner := range v {
			dropWatermarks(inner)
		}
	}
}

// TestExport writes all responses as CSV and as JSON lines.
func TestExport(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		const n = 25
		for i := range n {
			s.answer(t, fmt.Sprintf("r-%d", i), float64(i%11))
		}
		records, err := csv.NewReader(bytes.NewReader(otklik(t, s, s.GRPC(harness.Survey), "export", "--survey", "shop"))).ReadAll()
		if err != nil || len(records) != n+1 {
			t.Fatalf("%d records, %v: want a header and %d", len(records), err, n)
		}
		lines := bytes.Split(bytes.TrimSpace(otklik(t, s, s.HTTP(), "export", "--survey", "shop", "--format", "jsonl")), []byte("\n"))
		if len(lines) != n {
			t.Fatalf("%d lines, want %d", len(lines), n)
		}
		answer, err := s.rest.Do(t.Context(), harness.Request{Path: "/v1/surveys/shop/responses:stream"})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range bytes.Split(bytes.TrimSpace(answer.Body), []byte("\n")) {
			if !reflect.DeepEqual(plain(t, want), plain(t, lines[i])) {
				t.Errorf("line %d is %s, the API streams %s", i, lines[i], want)
			}
		}
	})
}

// TestCommandLineFindsServerAndKey takes both from the environment, and from a profile.
func TestCommandLineFindsServerAndKey(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		key := harness.KeyFor(harness.Organization, harness.Admin)
		fromEnvironment := s.Command(t.Context(), "survey", "list", "--json")
		fromEnvironment.Env = append(fromEnvironment.Env, "OTKLIK_SERVER="+s.GRPC(harness.Survey), "OTKLIK_KEY="+key)
		profiles := filepath.Join(t.TempDir(), "profiles.yaml")
		if err := os.WriteFile(profiles, fmt.Appendf(nil, "profiles:\n  default:\n    server: %s\n    key: %s\n", s.HTTP(), key), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, command := range map[string]*exec.Cmd{
			"environment": fromEnvironment,
			"profile":     s.Command(t.Context(), "survey", "list", "--json", "--profile-file", profiles),
		} {
			var complaints bytes.Buffer
			command.Stderr = &complaints
			out, err := command.Output()
			if err != nil || !strings.Contains(string(out), "surveys/shop") {
				t.Errorf("%s: %v, %s %s", name, err, out, complaints.String())
			}
		}
	})
}

// TestCommandLineSaysWhatIsWrong looks at exit codes and messages.
func TestCommandLineSaysWhatIsWrong(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		key := harness.KeyFor(harness.Organization, harness.Admin)
		for _, c := range []struct {
			args []string
			say  string
		}{
			{[]string{"survey", "show", "nowhere", "--server", s.HTTP(), "--key", key}, "nowhere"},
			{[]string{"survey", "list", "--server", s.HTTP(), "--key", "otk_wrong"}, "key"},
			{[]string{"score", "--server", s.HTTP(), "--key", key}, "--survey"},
			{[]string{"score", "--survey", "shop", "--metric", "luck", "--server", s.HTTP(), "--key", key}, "luck"},
			{[]string{"import", "nothing.csv", "--server", s.HTTP(), "--key", key}, "--mapping"},
			{[]string{"frobnicate"}, "frobnicate"},
		} {
			command := s.Command(t.Context(), c.args...)
			out, err := command.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() == 0 || !strings.Contains(string(out), c.say) {
				t.Errorf("otklik %s: %v: %s: want a failure that names %q", strings.Join(c.args, " "), err, out, c.say)
			}
			if strings.Contains(string(out), "goroutine ") {
				t.Errorf("otklik %s shows a trace: %s", strings.Join(c.args, " "), out)
			}
		}
	})
}

// importMapping is for the files that the import tests write.
const importMapping = `version: 1
survey: {id: small, title: {en: Small}}
response:
  id: "row-{no}"
  time: {column: date, zone: UTC}
questions:
  - {id: recommend, type: nps, column: nps, missing: {"99": refused}, text: {en: Recommend}}
  - {id: satisfied, type: csat, column: csat, text: {en: Satisfied}}
`

// TestImportReportsRefusedRows imports a file with bad rows: the good ones are stored, the bad ones are reported by number and reason.
func TestImportReportsRefusedRows(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		dir := t.TempDir()
		mapping, data, refused := filepath.Join(dir, "mapping.yaml"), filepath.Join(dir, "answers.csv"), filepath.Join(dir, "refused.csv")
		write(t, mapping, importMapping)
		write(t, data, "no,date,nps,csat\n1,2026-01-02,9,5\n2,2026-01-02,12,5\n3,2026-01-03,0,1\n4,someday,9,5\n5,2026-01-04,99,4\n")
		out := otklik(t, s, s.GRPC(harness.Survey), "import", data, "--mapping", mapping, "--refused", refused, "--allow-refused", "--json")
		var summary importSummary
		if err := json.Unmarshal(out, &summary); err != nil {
			t.Fatal(err)
		}
		if r := summary.Rows; r.Read != 5 || r.Accepted != 3 || r.Refused != 2 {
			t.Errorf("%+v: want 5 rows read, 3 accepted, 2 refused", r)
		}
		report, err := os.ReadFile(refused)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"2", "12", "nps", "4", "someday", "date"} {
			if !strings.Contains(string(report), part) {
				t.Errorf("the report lacks %q:\n%s", part, report)
			}
		}
		stored, err := s.survey.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: "surveys/small"})
		if err != nil || len(stored.GetResponses()) != 3 {
			t.Errorf("%v, %v: want 3 responses", stored, err)
		}
	})
}

// TestImportIsResumed kills an import on its way and runs it again: in the end every row is there once.
func TestImportIsResumed(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		dir := t.TempDir()
		mapping, data := filepath.Join(dir, "mapping.yaml"), filepath.Join(dir, "answers.csv")
		const rows = 20_000
		var file strings.Builder
		file.WriteString("no,date,nps,csat\n")
		for i := range rows {
			fmt.Fprintf(&file, "%d,2026-01-%02d,%d,%d\n", i, 1+i%28, i%11, 1+i%5)
		}
		write(t, mapping, importMapping)
		write(t, data, file.String())
		args := []string{"import", data, "--mapping", mapping, "--json", "--server", s.GRPC(harness.Survey), "--key", harness.KeyFor(harness.Organization, harness.Admin)}

		// Small calls one after another, so that the kill comes in the middle.
		slow := append(slices.Clone(args), "--batch", "20", "--in-flight", "1")
		ctx, kill := context.WithCancel(t.Context())
		broken := s.Command(ctx, slow...)
		if err := broken.Start(); err != nil {
			t.Fatal(err)
		}
		// Killed when something has arrived.
		testkit.Eventually(t, patience, func() error {
			list, err := s.survey.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: "surveys/small", PageSize: 1})
			if err == nil && len(list.GetResponses()) == 0 {
				err = errors.New("nothing has arrived")
			}
			return err
		})
		kill()
		if err := broken.Wait(); err == nil {
			t.Fatal("the import was done before it could be killed")
		}
		out, err := s.Command(t.Context(), args...).Output()
		if err != nil {
			t.Fatalf("import again: %v", err)
		}
		var summary importSummary
		if err := json.Unmarshal(out, &summary); err != nil {
			t.Fatal(err)
		}
		if r := summary.Rows; r.Read != rows || r.Accepted+r.Replayed != rows || r.Refused != 0 {
			t.Errorf("%+v: want all %d rows", r, rows)
		}
		awaitResponses(t, s.Suite, "surveys/small", rows)
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAllPrintsAKeyOnAnEmptyFolder starts the suite as a stranger does, without a configuration, on ports that the system chooses.
func TestAllPrintsAKeyOnAnEmptyFolder(t *testing.T) {
	t.Parallel()
	first := startBare(t, t.TempDir())
	answer, err := harness.NewREST(first.HTTP, first.Key).Do(t.Context(), harness.Request{Path: "/v1/surveys"})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != 200 {
		t.Errorf("HTTP status %d with the key of the ready line: %s", answer.Status, answer.Body)
	}
}

// startBare runs `otklik all` with flags alone, until the end of the test.
func startBare(t *testing.T, dir string) harness.Ready {
	t.Helper()
	binary, err := harness.Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	command := harness.Command(ctx, binary, dir, "all", "--data", filepath.Join(dir, "data"), "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = command.Wait()
	})
	var ready harness.Ready
	if err := json.NewDecoder(stdout).Decode(&ready); err != nil {
		t.Fatalf("read the ready line: %v", err)
	}
	if !strings.HasPrefix(ready.HTTP, "http://127.0.0.1:") || !strings.HasPrefix(ready.GRPC, "127.0.0.1:") || ready.Key == "" {
		t.Errorf("%+v: want addresses and a key", ready)
	}
	return ready
}
