package purchase

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	now  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	zone = time.FixedZone("+06", 6*3600)
)

// rowOf is a row of cells by heading.
func rowOf(cells map[string]string) Row { return func(heading string) string { return cells[heading] } }

// with are cells with others in the place of some of them.
func with(cells map[string]string, changes ...string) map[string]string {
	out := maps.Clone(cells)
	for i := 0; i < len(changes); i += 2 {
		out[changes[i]] = changes[i+1]
	}
	return out
}

// told are fields and reasons of problems, in order.
func told(problems []Problem) (out []string) {
	for _, p := range problems {
		out = append(out, p.Field+" "+string(p.Reason))
	}
	slices.Sort(out)
	return out
}

func TestReadPurchase(t *testing.T) {
	t.Parallel()
	sound := map[string]string{
		"receipt": " r1 ", "contact": "contacts/c1", "company": "acme", "location": "s1", "purchase_time": "2026-03-01 14:30", "amount": "1250,50", "currency": "kgs",
	}
	got, problems := ReadPurchase(rowOf(sound), zone, now)
	want := Purchase{
		Receipt: "r1", Who: Who{Contact: "c1"}, Company: "acme", Location: "s1", Time: time.Date(2026, 3, 1, 8, 30, 0, 0, time.UTC), Amount: 125050, Currency: "KGS",
	}
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Fatal(diff, problems)
	}
	for _, c := range []struct {
		change []string
		want   []string
	}{
		{[]string{"receipt", ""}, []string{"receipt MISSING"}},
		{[]string{"receipt", "a/b"}, []string{"receipt MALFORMED"}},
		{[]string{"contact", ""}, []string{"contact MISSING"}},
		{[]string{"respondent", "x"}, []string{"respondent CONTRADICTORY"}},
		{[]string{"purchase_time", ""}, []string{"purchase_time MISSING"}},
		{[]string{"purchase_time", "yesterday"}, []string{"purchase_time MALFORMED"}},
		{[]string{"purchase_time", "2027-01-01"}, []string{"purchase_time IN_FUTURE"}},
		{[]string{"purchase_time", "1600-01-01"}, []string{"purchase_time OUT_OF_RANGE"}},
		{[]string{"amount", ""}, []string{"amount MISSING"}},
		{[]string{"amount", "free"}, []string{"amount MALFORMED"}},
		{[]string{"amount", "1.234"}, []string{"amount TOO_MANY_DIGITS"}},
		{[]string{"amount", "1e3"}, []string{"amount MALFORMED"}},
		{[]string{"currency", "SOM"}, []string{"currency CURRENCY_UNKNOWN"}},
		{[]string{"currency", "", "receipt", "", "amount", "x"}, []string{"amount MALFORMED", "currency CURRENCY_UNKNOWN", "receipt MISSING"}},
	} {
		_, problems := ReadPurchase(rowOf(with(sound, c.change...)), zone, now)
		if diff := cmp.Diff(c.want, told(problems)); diff != "" {
			t.Errorf("%v: %s", c.change, diff)
		}
	}
}

func TestReadChurn(t *testing.T) {
	t.Parallel()
	sound := map[string]string{"id": "l1", "respondent": "card-17", "leave_time": "20260301", "reason": "price"}
	got, problems := ReadChurn(rowOf(sound), time.UTC, now)
	want := Churn{ID: "l1", Who: Who{Respondent: "card-17"}, Time: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Reason: "price"}
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Fatal(diff, problems)
	}
	_, problems = ReadChurn(rowOf(map[string]string{"leave_time": "31.02.2026"}), time.UTC, now)
	if diff := cmp.Diff([]string{"contact MISSING", "id MISSING", "leave_time MALFORMED"}, told(problems)); diff != "" {
		t.Error(diff)
	}
}

func TestReadTurnover(t *testing.T) {
	t.Parallel()
	sound := map[string]string{"id": "t1", "location": "s1", "start_time": "2026-01-01", "end_time": "2026-02-01", "headcount": "12,5", "leavers": "2"}
	got, problems := ReadTurnover(rowOf(sound), time.UTC, now)
	want := Turnover{
		ID: "t1", Location: "s1", Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Headcount: 12.5, Leavers: 2,
	}
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Fatal(diff, problems)
	}
	if years := got.PersonYears(); years < 1.06 || years > 1.07 {
		t.Errorf("%v person-years", years)
	}
	for _, c := range []struct {
		change []string
		want   []string
	}{
		{[]string{"end_time", "2026-01-01"}, []string{"end_time CONTRADICTORY"}},
		{[]string{"headcount", "0"}, []string{"headcount OUT_OF_RANGE"}},
		{[]string{"headcount", "Inf"}, []string{"headcount OUT_OF_RANGE"}},
		{[]string{"headcount", "NaN"}, []string{"headcount MALFORMED"}},
		{[]string{"leavers", "-1"}, []string{"leavers OUT_OF_RANGE"}},
		{[]string{"leavers", "1.5"}, []string{"leavers MALFORMED"}},
		{[]string{"leavers", "", "location", ""}, []string{"leavers MISSING", "location MISSING"}},
	} {
		_, problems := ReadTurnover(rowOf(with(sound, c.change...)), time.UTC, now)
		if diff := cmp.Diff(c.want, told(problems)); diff != "" {
			t.Errorf("%v: %s", c.change, diff)
		}
	}
}

// Whatever a row holds, it is read or refused with a field and a reason.
func FuzzReadPurchase(f *testing.F) {
	f.Add("r1", "c1", "", "2026-03-01", "12.5", "KGS")
	f.Add("", "contacts/", "x\x00", "02.01.2006", "−", "kgs")
	f.Fuzz(func(t *testing.T, receipt, contact, respondent, at, amount, code string) {
		cells := map[string]string{"receipt": receipt, "contact": contact, "respondent": respondent, "purchase_time": at, "amount": amount, "currency": code}
		p, problems := ReadPurchase(rowOf(cells), zone, now)
		for _, problem := range problems {
			if problem.Field == "" || problem.Reason == "" || problem.Text == "" {
				t.Errorf("%v says nothing", problem)
			}
		}
		if len(problems) == 0 && len(p.Check(now)) > 0 {
			t.Errorf("%v was taken", p)
		}
	})
}
