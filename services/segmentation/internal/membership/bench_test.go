package membership_test

import (
	"fmt"
	"testing"

	"github.com/otklik/otklik/services/segmentation/internal/membership"
)

// benched is how many contacts the benchmarks compare.
const benched = 50_000

func benchHarness(b *testing.B) *harness {
	h := newHarness(b)
	h.company("bank", "finance")
	h.contacts(benched, "bank", true)
	return h
}

// BenchmarkLoad reads contacts of two attributes and a company out of SQLite into columns.
func BenchmarkLoad(b *testing.B) {
	h := benchHarness(b)
	for b.Loop() {
		people, err := membership.Load(b.Context(), h.Store, acme, noon)
		if err != nil || people.Len() != benched {
			b.Fatal(err)
		}
	}
	b.ReportMetric(benched*float64(b.N)/b.Elapsed().Seconds(), "contacts/s")
}

// rule gives a segment another rule.
func (h *harness) rule(id, rule string) {
	h.Helper()
	g, err := h.GetSegment(h.Context(), acme, id)
	if err != nil {
		h.Fatal(err)
	}
	g.Rule = rule
	if _, err := h.UpdateSegment(h.Context(), g); err != nil {
		h.Fatal(err)
	}
}

// BenchmarkMove has half of all contacts enter a segment and leave it again, as its rule changes.
func BenchmarkMove(b *testing.B) {
	h := benchHarness(b)
	h.segment("half", "false")
	for b.Loop() {
		for _, rule := range []string{"contact.age < 45.0", "false"} {
			h.rule("half", rule)
			h.step("half")
		}
	}
	b.ReportMetric(benched*float64(b.N)/b.Elapsed().Seconds(), "moves/s")
}

// BenchmarkFirst compares all contacts with nine new segments, to which a tenth of them each belongs.
func BenchmarkFirst(b *testing.B) {
	h := benchHarness(b)
	for b.Loop() {
		b.StopTimer()
		for i := range 9 {
			_ = h.DeleteSegment(b.Context(), acme, fmt.Sprintf("s%d", i))
			h.segment(fmt.Sprintf("s%d", i), fmt.Sprintf("contact.age >= %d.0 && contact.age < %d.0", 20+5*i, 25+5*i))
		}
		b.StartTimer()
		h.step("s0")
	}
	b.ReportMetric(benched*float64(b.N)/b.Elapsed().Seconds(), "contacts/s")
}

// BenchmarkChanged compares contacts that changed, some thousands, with nine segments.
func BenchmarkChanged(b *testing.B) {
	const n = 4000
	h := benchHarness(b)
	for i := range 9 {
		h.segment(fmt.Sprintf("s%d", i), fmt.Sprintf("contact.age >= %d.0 && contact.age < %d.0", 20+5*i, 25+5*i))
	}
	h.step("s0")
	for b.Loop() {
		b.StopTimer()
		h.contacts(n, "", false)
		h.contacts(n, "bank", false)
		b.StartTimer()
		if err := h.Changed(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "contacts/s")
}
