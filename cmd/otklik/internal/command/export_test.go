package command

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// checkExport exports the real survey in both forms.
func checkExport(t *testing.T, s *shell) {
	folder := t.TempDir()
	csvPath, linesPath := filepath.Join(folder, "sfo.csv"), filepath.Join(folder, "sfo.jsonl")
	s.ok("export", "--survey", "sfo-2017", "-o", csvPath)
	checkCSV(t, readFile(t, csvPath))
	s.ok("export", "--survey", "sfo-2017", "-o", linesPath)
	lines := strings.Split(strings.TrimSpace(readFile(t, linesPath)), "\n")
	var last surveyv1.StreamResponsesResponse
	if err := protojson.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || len(lines) != 2831 || last.GetPosition() == 0 {
		t.Errorf("%d lines, the last %v, %v", len(lines), &last, err)
	}
	behind := s.ok("export", "--survey", "sfo-2017", "--json", "--after", strconv.FormatInt(last.GetPosition()-1, 10))
	if behind != lines[len(lines)-1]+"\n" {
		t.Errorf("behind the last but one: %q", behind)
	}
	may5 := s.ok("export", "--survey", "sfo-2017", "--format", "jsonl", "--from", "2017-05-05", "--to", "2017-05-06", "--time-zone", "America/Los_Angeles")
	if n := strings.Count(may5, "\n"); n != 50 {
		t.Errorf("%d responses on 5 May, want 50", n)
	}
}

// Wherever an export was cut off, --resume makes it whole again.
func TestExportResumes(t *testing.T) {
	ready := startSuite(t)
	s := newShell(t, ready.HTTP, ready.Key)
	s.ok("import", "--mapping", example(t, "shop/mapping.yaml"), "--allow-refused", example(t, "shop/answers.csv"))
	folder := t.TempDir()
	for _, name := range []string{"shop.csv", "shop.jsonl"} {
		path := filepath.Join(folder, name)
		s.ok("export", "--survey", "example-shop", "-o", path)
		whole := readFile(t, path)
		if n := strings.Count(whole, "shop-10"); n < 9 {
			t.Errorf("%s has %d of 9 responses", name, n)
		}
		if r := s.run("export", "--survey", "example-shop", "-o", path); r.code != exit.Usage || !strings.Contains(r.err, "--resume") {
			t.Errorf("%s: writing over a file: %+v", name, r)
		}
		for _, cut := range []int{0, 5, len(whole) / 2, len(whole) - 1, len(whole)} {
			if err := os.WriteFile(path, []byte(whole[:cut]), 0o600); err != nil {
				t.Fatal(err)
			}
			r := s.run("export", "--survey", "example-shop", "-o", path, "--resume")
			if cut == 5 && name == "shop.csv" {
				// Half a header is no export of this survey.
				if r.code == 0 || readFile(t, path) != whole[:cut] {
					t.Errorf("%s cut at %d: %+v", name, cut, r)
				}
				continue
			}
			if r.code != 0 || readFile(t, path) != whole {
				t.Errorf("%s cut at %d: %+v", name, cut, r)
			}
		}
	}
}

func checkCSV(t *testing.T, text string) {
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 2832 {
		t.Errorf("%d records", len(records))
	}
	column := map[string]int{}
	for i, name := range records[0] {
		column[name] = i
	}
	promoters, detractors, days := 0, 0, 0
	for _, r := range records[1:] {
		if score := r[column["answer.netpro"]]; score != "" {
			v, err := strconv.Atoi(score)
			if err != nil {
				t.Fatal(err)
			}
			if v >= 9 {
				promoters++
			} else if v < 7 {
				detractors++
			}
		}
		if strings.HasPrefix(r[column["answer_time"]], "2017-05-05T19:00:00Z") {
			days++
		}
		if !strings.HasPrefix(r[column["response_id"]], "sfo2017-") || r[column["location"]] == "" || !strings.Contains(r[column["attributes"]], `"airline":`) {
			t.Fatalf("%q", r)
		}
	}
	if promoters != 1436 || detractors != 342 || days != 50 {
		t.Errorf("promoters %d, detractors %d, on 5 May %d", promoters, detractors, days)
	}
}
