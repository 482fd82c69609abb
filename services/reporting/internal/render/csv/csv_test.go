package csv_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/document"
	csvform "github.com/otklik/otklik/services/reporting/internal/render/csv"
	"github.com/otklik/otklik/services/reporting/internal/render/rendertest"
)

// records are the rows of a report by the names of their columns.
func records(t interface {
	Helper()
	Fatal(args ...any)
}, d document.Document) []map[string]string {
	t.Helper()
	var out bytes.Buffer
	if err := csvform.Render(&out, d); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]string
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, cell := range row {
			if cell != "" {
				record[rows[0][i]] = cell
			}
		}
		list = append(list, record)
	}
	return list
}

func TestAProgramFindsEachNumber(t *testing.T) {
	t.Parallel()
	list := records(t, rendertest.Sample("ru"))
	for name, want := range map[string]map[string]string{
		"the watermark":  {"kind": "document", "column": "watermark", "time": "2026-11-02T09:15:00+06:00"},
		"a figure":       {"section": "figures", "kind": "figure", "block": "2", "row": "1", "label": "NPS", "column": "value", "value": "31.2", "unit": "points", "n": "1204", "low": "25.799999999999997", "high": "36.6", "level": "0.95", "definition": "nps@1", "mark": "green"},
		"its change":     {"section": "figures", "kind": "figure", "block": "2", "row": "1", "label": "NPS", "column": "change", "value": "4.2", "unit": "points", "n": "1980", "low": "1.1", "high": "7.300000000000001", "level": "0.95", "p": "0.0081", "definition": "nps@1"},
		"one not there":  {"section": "figures", "kind": "figure", "block": "2", "row": "6", "label": "Доброжелательность персонала", "column": "value", "absent": "Меньше 5 ответов об этом сотруднике: число не показано."},
		"a quadrant":     {"section": "matrix", "kind": "chart", "block": "matrix", "row": "1", "label": "Очередь на кассе", "column": "quadrant", "text": "Исправить сейчас"},
		"a time":         {"section": "cases", "kind": "table", "block": "cases", "row": "1", "label": "Айгүл М.", "column": "opened", "time": "2026-10-01T09:00:00+06:00"},
		"a step":         {"section": "trend", "kind": "chart", "block": "trend", "row": "1", "label": "NPS", "column": "start", "time": "2026-07-13"},
		"a link":         {"section": "cases", "kind": "table", "block": "cases", "row": "1", "label": "Айгүл М.", "column": "customer", "text": "Айгүл М.", "link": "/cases/a"},
		"what is not in": {"section": "cases", "kind": "table", "block": "cases", "column": "total_rows", "text": "214"},
	} {
		if !slices.ContainsFunc(list, func(r map[string]string) bool {
			if len(r) != len(want) {
				return false
			}
			for k, v := range want {
				if r[k] != v {
					return false
				}
			}
			return true
		}) {
			t.Errorf("%s is not there: %v", name, want)
		}
	}
}

// TestColumnsAreTheSameInEachLanguage compares what does not depend on words.
func TestColumnsAreTheSameInEachLanguage(t *testing.T) {
	t.Parallel()
	stable := func(language string) string {
		var out strings.Builder
		for _, r := range records(t, rendertest.Sample(language)) {
			for _, name := range []string{"section", "kind", "block", "row", "column", "value", "unit", "n", "low", "high", "definition", "mark", "time"} {
				out.WriteString(r[name] + "|")
			}
			out.WriteByte('\n')
		}
		return out.String()
	}
	for _, language := range []string{"ky", "en"} {
		if stable(language) != stable("ru") {
			t.Errorf("%s has other columns than ru", language)
		}
	}
}

// TestNoCellIsAFormula looks at each cell of any report: a number, or a text that a spreadsheet takes for one.
func TestNoCellIsAFormula(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for _, r := range records(t, rendertest.Any(t)) {
			for name, cell := range r {
				if slices.Contains([]string{"value", "n", "low", "high", "p", "level", "row"}, name) {
					continue
				}
				if name == "time" && cell[0] == '-' {
					continue
				}
				// Texts that are numbers stay as they are.
				if _, err := strconv.ParseFloat(cell, 64); err != nil && strings.ContainsAny(strings.TrimSpace(cell)[:min(1, len(strings.TrimSpace(cell)))], "=+-@") {
					t.Fatalf("%s %q", name, cell)
				}
			}
		}
	})
}

func TestTimesWithoutAZoneAreUTC(t *testing.T) {
	t.Parallel()
	d := document.Document{Watermark: time.Date(2026, 11, 2, 3, 15, 0, 0, time.FixedZone("", 3600))}
	for _, r := range records(t, d) {
		if r["column"] == "watermark" && r["time"] != "2026-11-02T02:15:00Z" {
			t.Errorf("%v", r)
		}
	}
}
