package population

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/segment"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func testSchema(t testing.TB) *segment.Schema {
	t.Helper()
	s, err := segment.NewSchema([]segment.Attribute{
		{Name: "contact.age", Type: segment.Number}, {Name: "contact.spend", Type: segment.Number}, {Name: "contact.city", Type: segment.Text},
		{Name: "contact.vip", Type: segment.Flag}, {Name: "contact.since", Type: segment.Time}, {Name: "contact.until", Type: segment.Time},
		{Name: "company.sector", Type: segment.Text},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func place(t testing.TB, s *segment.Schema, name string) int {
	t.Helper()
	at, ok := s.Lookup(name)
	if !ok {
		t.Fatalf("there is no attribute %s", name)
	}
	return at
}

func compile(t testing.TB, s *segment.Schema, rule string) *segment.Rule {
	t.Helper()
	r, err := segment.Compile(s, rule)
	if err != nil {
		t.Fatalf("%s: %v", rule, err)
	}
	return r
}

// crowd makes n contacts of whom each thing is known of three in four.
func crowd(t testing.TB, s *segment.Schema, n int, seed uint64) *Population {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	b := NewBuilder(s, n)
	for i := range n {
		b.Contact(fmt.Sprintf("c%08d", i))
		maybe := func(state func()) {
			if random.IntN(4) > 0 {
				state()
			}
		}
		maybe(func() { b.Number(place(t, s, "contact.age"), float64(random.IntN(5))) })
		maybe(func() { b.Number(place(t, s, "contact.spend"), float64(random.IntN(9))/2-1) })
		maybe(func() { b.Text(place(t, s, "contact.city"), []string{"Osh", "Bishkek", "", "Ош"}[random.IntN(4)]) })
		maybe(func() { b.Flag(place(t, s, "contact.vip"), random.IntN(2) == 0) })
		maybe(func() { b.Time(place(t, s, "contact.since"), noon.AddDate(0, 0, random.IntN(5)-3)) })
		maybe(func() { b.Time(place(t, s, "contact.until"), noon.AddDate(random.IntN(400), 0, 0)) })
		maybe(func() { b.Text(place(t, s, "company.sector"), []string{"retail", "bank"}[random.IntN(2)]) })
	}
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// drawRule draws a condition that is sound.
func drawRule(t *rapid.T, depth int) string {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "of") }
	var number func(depth int) string
	number = func(depth int) string {
		if depth > 0 && rapid.Bool().Draw(t, "calculated") {
			return "(" + number(depth-1) + pick(" + ", " - ", " * ", " / ") + number(depth-1) + ")"
		}
		return pick("contact.age", "contact.spend", "score.mean", "2", "0", "-1.5", "3.0", "(-contact.age)", "double('NaN')", "(contact.vip ? contact.age : 1.0)")
	}
	moment := func() string {
		return pick("contact.since", "contact.until", "today", `timestamp("2026-03-03T12:00:00Z")`, `(today - duration("24h"))`, `(contact.since + duration("24h"))`)
	}
	if depth == 0 {
		switch rapid.IntRange(0, 7).Draw(t, "leaf") {
		case 0:
			return number(2) + pick(" < ", " <= ", " > ", " >= ", " == ", " != ") + "contact.age"
		case 1:
			return "contact.spend" + pick(" < ", " <= ", " > ", " >= ", " == ", " != ") + number(2)
		case 2:
			return moment() + pick(" < ", " <= ", " > ", " >= ", " == ", " != ") + moment()
		case 3:
			return moment() + " - " + moment() + pick(" < ", " >= ", " == ") + pick(`duration("48h")`, `duration("0s")`, `duration("-24h")`)
		case 4:
			return pick(`contact.city == "Osh"`, `contact.city != ""`, `contact.city.startsWith("О")`, `contact.city in ["Osh", "Ош"]`, `size(contact.city) > 3`,
				`contact.city.matches("^B")`, `contact.city < "C"`, `contact.city == company.sector`)
		case 5:
			return pick("contact.vip", "contact.vip == true", "true", "false", `contact.vip == (contact.age > 2)`)
		case 6:
			return "has(" + pick("contact.age", "contact.city", "contact.vip", "contact.since", "company.size_of") + ")"
		default:
			return pick("contact.age in [1, 2, 3.5]", "contact.age in [contact.spend, 2]", "1 in [1, 2]", `[1.0, 2.0].exists(x, x == contact.age)`)
		}
	}
	switch rapid.IntRange(0, 4).Draw(t, "join") {
	case 0:
		return "(" + drawRule(t, depth-1) + " && " + drawRule(t, depth-1) + ")"
	case 1:
		return "(" + drawRule(t, depth-1) + " || " + drawRule(t, depth-1) + ")"
	case 2:
		return "!(" + drawRule(t, depth-1) + ")"
	case 3:
		return "((" + drawRule(t, depth-1) + ") ? " + drawRule(t, 0) + " : " + drawRule(t, depth-1) + ")"
	default:
		return drawRule(t, 0)
	}
}

// Columns and the interpreter of rules must agree on every contact. `(rule) == true` is a condition that is not taken apart, so that CEL evaluates all of it.
func TestColumnsAgreeWithTheInterpreter(t *testing.T) {
	s := testSchema(t)
	p := crowd(t, s, 150, 1)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ReplaceAll(drawRule(t, rapid.IntRange(0, 3).Draw(t, "depth")), "company.size_of", "company.sector")
		rule, err := segment.Compile(s, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		whole, err := segment.Compile(s, "("+text+") == true")
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		set, e := p.Plan(rule, noon).Evaluate(), segment.NewEvaluator(s, noon)
		n := 0
		for at := range p.Len() {
			want := e.Matches(whole, p.Row(at))
			if apart := e.Matches(rule, p.Row(at)); apart != want {
				t.Fatalf("%s for %s: taken apart %d, as a whole %d", text, p.ID(at), apart, want)
			}
			if set.Has(at) != (want == segment.True) {
				t.Fatalf("%s for %s: in columns %v, by the interpreter %d", text, p.ID(at), set.Has(at), want)
			}
			n += int(bit(want == segment.True))
		}
		if set.Len() != n {
			t.Fatalf("%s: a set of %d, counted %d", text, set.Len(), n)
		}
	})
}

func TestWhatIsEvaluatedInColumns(t *testing.T) {
	s := testSchema(t)
	p := crowd(t, s, 100, 1)
	for rule, want := range map[string]bool{
		`contact.age > 3 && contact.city.startsWith("O")`:                                        true,
		`contact.age * 2 + 1 > contact.spend`:                                                    true,
		`today - contact.since > duration("720h")`:                                               true,
		`contact.since < timestamp("2026-01-01T00:00:00Z") || has(contact.since) && contact.vip`: true,
		`contact.city == company.sector`:                                                         false,
		`contact.since.getFullYear() == 2024`:                                                    false,
		`contact.age in [1, 2, 3] ? contact.vip : light.contact == "RED"`:                        true,
	} {
		if got := p.Plan(compile(t, s, rule), noon).Columnar(); got != want {
			t.Errorf("%s: in columns %v, want %v", rule, got, want)
		}
	}
}

func TestPopulation(t *testing.T) {
	s := testSchema(t)
	p := crowd(t, s, 300, 2)
	if at, ok := p.Find("c00000123"); !ok || at != 123 {
		t.Errorf("found at %d, %v", at, ok)
	}
	if _, ok := p.Find("c00000123x"); ok {
		t.Error("found who is not there")
	}
	young, old := p.Plan(compile(t, s, "contact.age < 2"), noon).Evaluate(), p.Plan(compile(t, s, "contact.age >= 1"), noon).Evaluate()
	common := 0
	for at := range young.All {
		common += int(bit(old.Has(at)))
	}
	if common == 0 || young.Common(old) != common {
		t.Errorf("%d in common, counted %d", young.Common(old), common)
	}
	b := NewBuilder(s, 2)
	b.Contact("b")
	b.Contact("a")
	if _, err := b.Build(); err == nil {
		t.Error("contacts out of order are taken")
	}
}

// BenchmarkRule evaluates a rule over five million contacts, and states how long it took to load them and what they hold in memory.
func BenchmarkRule(b *testing.B) {
	const n = 5_000_000
	s := testSchema(b)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	p := crowd5(b, s, n)
	loaded := time.Since(began)
	runtime.GC()
	runtime.ReadMemStats(&after)
	for name, rule := range map[string]string{
		"columns": `contact.age >= 3 && (contact.city == "Osh" || company.sector == "bank") && !contact.vip && contact.spend * 2.0 > 1.0 && today - contact.since > duration("24h")`,
		"rest":    `contact.age == 4 && contact.spend > 2.5 && contact.city == company.sector`,
		"rows":    `contact.city == company.sector`,
	} {
		r := compile(b, s, rule)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p.Plan(r, noon).Evaluate()
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mcontacts/s")
			b.ReportMetric(loaded.Seconds(), "s-to-load")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/contact")
		})
	}
}

// crowd5 is crowd, with the places looked up once.
func crowd5(b *testing.B, s *segment.Schema, n int) *Population {
	random := rand.New(rand.NewPCG(1, 2))
	age, spend, city, vip := place(b, s, "contact.age"), place(b, s, "contact.spend"), place(b, s, "contact.city"), place(b, s, "contact.vip")
	since, sector, mean := place(b, s, "contact.since"), place(b, s, "company.sector"), place(b, s, segment.ScoreMean)
	cities, sectors := []string{"Osh", "Bishkek", "Naryn", "Talas"}, []string{"retail", "bank", "telecom"}
	build := NewBuilder(s, n)
	id := []byte("c00000000")
	for i := range n {
		for at, rest := len(id)-1, i; at > 0; at, rest = at-1, rest/10 {
			id[at] = byte('0' + rest%10)
		}
		build.Contact(string(id))
		bits := random.Uint64()
		build.Number(age, float64(bits%5))
		build.Number(spend, float64(bits>>8%9)/2)
		build.Number(mean, 1+float64(bits>>12%90)/10)
		build.Text(city, cities[bits>>16%4])
		build.Flag(vip, bits>>20%2 == 0)
		build.Text(sector, sectors[bits>>24%3])
		build.Time(since, noon.Add(-time.Duration(bits>>32%1000)*time.Hour))
	}
	p, err := build.Build()
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func TestNaNIsNoMissingNumber(t *testing.T) {
	s := testSchema(t)
	b := NewBuilder(s, 1)
	b.Contact("a")
	b.Number(place(t, s, "contact.age"), math.Inf(1))
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if n := p.Plan(compile(t, s, "!(contact.age - contact.age > 0)"), noon).Evaluate().Len(); n != 1 {
		t.Errorf("what is calculated and no number is taken for missing: %d", n)
	}
}
