package report_test

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/report"
)

// bishkek is six hours ahead of UTC, berlin changes its clocks.
func zones(t *testing.T) (bishkek, berlin *time.Location) {
	t.Helper()
	for name, zone := range map[string]**time.Location{"Asia/Bishkek": &bishkek, "Europe/Berlin": &berlin} {
		found, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		*zone = found
	}
	return bishkek, berlin
}

const form = "2006-01-02 15:04"

func TestRulesMeanTheLastWholePeriod(t *testing.T) {
	t.Parallel()
	bishkek, _ := zones(t)
	// In Bishkek it is Wednesday, 1 April 2026, half past midnight; in UTC it is still March.
	now := time.Date(2026, 3, 31, 18, 30, 0, 0, time.UTC)
	for rule, want := range map[report.Rule][2]string{
		report.LastDay: {"2026-03-31", "2026-04-01"}, report.LastWeek: {"2026-03-23", "2026-03-30"}, report.LastMonth: {"2026-03-01", "2026-04-01"},
		report.LastQuarter: {"2026-01-01", "2026-04-01"}, report.LastHalfYear: {"2025-07-01", "2026-01-01"}, report.LastYear: {"2025-01-01", "2026-01-01"},
		report.LastYearOfMonths: {"2025-04-01", "2026-04-01"},
	} {
		p := rule.Resolve(now, bishkek)
		if got := [2]string{p.Start.Format(form), p.End.Format(form)}; got != [2]string{want[0] + " 00:00", want[1] + " 00:00"} {
			t.Errorf("%s: %v, want %v", rule, got, want)
		}
	}
	if p := report.LastMonth.Resolve(now, time.UTC); p.End.Format(form) != "2026-03-01 00:00" {
		t.Errorf("in UTC the last month ends at %s", p.End.Format(form))
	}
}

func TestBaselinesAreAsLong(t *testing.T) {
	t.Parallel()
	_, berlin := zones(t)
	at := func(text string) time.Time {
		v, err := time.ParseInLocation(form, text, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		name, start, end string
		comparison       report.Comparison
		from, to         string
	}{
		{"a month and the shorter one before", "2026-03-01 00:00", "2026-04-01 00:00", report.Previous, "2026-02-01 00:00", "2026-03-01 00:00"},
		{"a quarter", "2026-01-01 00:00", "2026-04-01 00:00", report.Previous, "2025-10-01 00:00", "2026-01-01 00:00"},
		{"a week in which clocks change", "2026-03-23 00:00", "2026-03-30 00:00", report.Previous, "2026-03-16 00:00", "2026-03-23 00:00"},
		{"some hours", "2026-03-02 09:00", "2026-03-02 12:00", report.Previous, "2026-03-02 06:00", "2026-03-02 09:00"},
		{"a year before", "2026-03-01 00:00", "2026-04-01 00:00", report.YearBefore, "2025-03-01 00:00", "2025-04-01 00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, ok := c.comparison.Baseline(document.Period{Start: at(c.start), End: at(c.end), Zone: berlin})
			if !ok || p.Start.Format(form) != c.from || p.End.Format(form) != c.to {
				t.Errorf("%s to %s (%v), want %s to %s", p.Start.Format(form), p.End.Format(form), ok, c.from, c.to)
			}
		})
	}
	if _, ok := report.NoBaseline.Baseline(document.Period{Start: at("2026-03-01 00:00"), End: at("2026-04-01 00:00"), Zone: berlin}); ok {
		t.Error("there is a period to compare with, though none was wanted")
	}
}

// section is a section with one number.
func section(value float64, label string) document.Section {
	n := int64(10)
	return document.Section{ID: "scores", Blocks: []document.Block{{Figures: []document.Figure{{Label: label, Number: document.Number{Value: &value, N: &n}}}}}}
}

func TestPrintsAreOfNumbersAlone(t *testing.T) {
	t.Parallel()
	of := func(s document.Section) string { return report.PrintOf(s, false).Digest }
	if of(section(1, "Osh")) != of(section(1, "Ош")) {
		t.Error("another name is taken for another number")
	}
	if of(section(1, "Osh")) == of(section(1.0000001, "Osh")) {
		t.Error("another number is taken for the same")
	}
}

func TestFingerprintsTellReportsApart(t *testing.T) {
	t.Parallel()
	base := func() report.Rendition {
		return report.Rendition{Report: "w", Version: 1, Survey: "surveys/a", Watermark: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Sections: []report.Print{report.PrintOf(section(1, ""), false)}}
	}
	sealed := func(change func(*report.Rendition)) string {
		r := base()
		change(&r)
		if err := r.Seal(); err != nil {
			t.Fatal(err)
		}
		return r.Fingerprint
	}
	seen := map[string]string{}
	for name, change := range map[string]func(*report.Rendition){
		"base": func(*report.Rendition) {}, "version": func(r *report.Rendition) { r.Version = 2 }, "filter": func(r *report.Rendition) { r.Filter = "x" },
		"watermark": func(r *report.Rendition) { r.Watermark = r.Watermark.Add(time.Second) }, "reach": func(r *report.Rendition) { r.Reach = "x" },
		"number": func(r *report.Rendition) { r.Sections[0] = report.PrintOf(section(2, ""), false) },
	} {
		f := sealed(change)
		if other, ok := seen[f]; ok || len(f) != 26 {
			t.Errorf("%s has the fingerprint %q, as has %s", name, f, other)
		}
		seen[f] = name
	}
	// When it was made has no say: the same made again is the same.
	if sealed(func(r *report.Rendition) { r.Time = time.Now() }) != sealed(func(*report.Rendition) {}) {
		t.Error("a report made later has another fingerprint")
	}
}

func TestDifferencesTellThePresentApart(t *testing.T) {
	t.Parallel()
	was := report.Rendition{Sections: []report.Print{{ID: "scores", Digest: "a"}, {ID: "cases", Present: true, Digest: "b"}, {ID: "trend", Digest: "c"}}}
	again := report.Rendition{Sections: []report.Print{{ID: "scores", Digest: "x"}, {ID: "cases", Present: true, Digest: "y"}, {ID: "trend", Digest: "c"}}}
	counted, present := was.Differences(&again)
	if len(counted) != 1 || counted[0] != "scores" || len(present) != 1 || present[0] != "cases" {
		t.Errorf("differences %v and %v", counted, present)
	}
}

func TestBuiltInReportsAreComplete(t *testing.T) {
	t.Parallel()
	for _, d := range report.BuiltIns() {
		if len(d.Sections) == 0 || d.Period == "" || d.Comparison == "" || d.Cadence == "" || d.Version != 1 || !d.BuiltIn() {
			t.Errorf("%s lacks something: %+v", d.ID, d)
		}
	}
}
