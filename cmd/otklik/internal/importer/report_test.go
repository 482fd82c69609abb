package importer

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReportForms(t *testing.T) {
	rows := []*Row{
		{Line: 2, Row: 1, Problems: []RowProblem{{Column: "a", Target: "q", Value: "=cmd()", Reason: ReasonOutOfScale, Message: "is <not> on the scale"}}},
		{Line: 3, Row: 2},
		{Line: 9, Row: 3, Problems: []RowProblem{
			{Column: "b", Target: "q", Value: "x\ny,\"z\"", Reason: ReasonNotANumber, Message: "m", Skipped: true},
			{Value: "\xff" + strings.Repeat("я", 2000), Reason: ReasonTooLong},
		}},
	}
	for _, name := range []string{"r.csv", "r.json", "r.jsonl", "r.JSON"} {
		path := filepath.Join(t.TempDir(), name)
		report, err := OpenReport(path, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := report.Add(rows); err != nil {
			t.Fatal(err)
		}
		if err := report.Close(); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		switch name {
		case "r.csv":
			records, err := csv.NewReader(strings.NewReader(string(raw))).ReadAll()
			if err != nil || len(records) != 4 || records[1][5] != "'=cmd()" || records[2][5] != "x\ny,\"z\"" || records[2][2] != "value_skipped" {
				t.Errorf("%s: %v, %q", name, err, records)
			}
		case "r.jsonl":
			if lines := strings.Split(strings.TrimSpace(string(raw)), "\n"); len(lines) != 3 || !json.Valid([]byte(lines[2])) || !strings.Contains(lines[0], "<not>") {
				t.Errorf("%s: %q", name, raw)
			}
		default:
			if lines := readReport(t, path); len(lines) != 3 || lines[0].Value != "=cmd()" || lines[0].Outcome != "row_refused" || len(lines[2].Value) > 1100 {
				t.Errorf("%s: %q", name, raw)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "r.json")
	report, err := OpenReport(path, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Close(); err != nil {
		t.Fatal(err)
	}
	if lines := readReport(t, path); len(lines) != 0 {
		t.Errorf("an empty report has %d lines", len(lines))
	}
	if _, err := OpenReport(filepath.Join(t.TempDir(), "r.txt"), 0, 0); err == nil {
		t.Error("a report that ends in .txt was opened")
	}
}
