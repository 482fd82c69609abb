package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/purchase"
	"github.com/otklik/otklik/services/segmentation/internal/retention"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

// purchaseCases are about purchases, departures and turnover.
func purchaseCases() []testCase {
	return []testCase{
		{"PurchasesAreUpserted", purchasesAreUpserted}, {"PurchasesAreListed", purchasesAreListed}, {"PurchasesAreSummed", purchasesAreSummed},
		{"PurchasesAreErased", purchasesAreErased}, {"ChurnsAreUpserted", churnsAreUpserted}, {"TurnoversDoNotOverlap", turnoversDoNotOverlap},
		{"OutcomesDoNotLeak", outcomesDoNotLeak}, {"OutcomesOfDepartures", outcomesOfDepartures},
	}
}

// personNo is a pseudonym of the tests.
func personNo(n byte) []byte { return []byte{n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} }

// bought is a purchase by somebody.
func bought(receipt string, person byte, at time.Time, amount int64) store.Purchase {
	return store.Purchase{
		Purchase: purchase.Purchase{Receipt: receipt, Company: "firm", Location: "s1", Time: at, Amount: amount, Currency: "KGS"}, Person: personNo(person), CreateTime: noon,
	}
}

// changes are what became of things, none of which was refused.
func changes(t testing.TB, list []store.Upserted, err error) (out []store.Change) {
	t.Helper()
	must(t, "upsert", err)
	for _, u := range list {
		must(t, "upsert one", u.Err)
		out = append(out, u.Change)
	}
	return out
}

// receipts are those of purchases, in order.
func receipts(list []store.Purchase) (out []string) {
	for _, p := range list {
		out = append(out, p.Receipt)
	}
	return out
}

func purchasesAreUpserted(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	upsert := func(list ...store.Purchase) []store.Change {
		t.Helper()
		out, err := s.UpsertPurchases(ctx, acme, list)
		return changes(t, out, err)
	}
	equal(t, "first", upsert(bought("r1", 1, noon, 100), bought("r2", 1, noon.Add(time.Hour), 200), bought("r1", 1, noon, 100), bought("r2", 1, noon, 300)),
		[]store.Change{store.Created, store.Created, store.Unchanged, store.Updated})
	equal(t, "again", upsert(bought("r1", 1, noon, 100), bought("r2", 2, noon, 300)), []store.Change{store.Unchanged, store.Updated})
	one, more, err := s.ListPurchases(ctx, store.PurchaseQuery{Organization: acme, Limit: 10})
	must(t, "list", err)
	equal(t, "more", more, false)
	equal(t, "receipts", receipts(one), []string{"r2", "r1"})
	if one[0].Contact == one[1].Contact || one[0].Contact == "" {
		t.Errorf("r2 is of %s, r1 of %s", one[0].Contact, one[1].Contact)
	}
	entries, _, err := s.ListTimeline(ctx, store.TimelineQuery{Organization: acme, Contact: one[0].Contact, Limit: 10})
	must(t, "list timeline", err)
	equal(t, "entries", len(entries), 1)
	body, err := timeline.Decode(entries[0].Kind, entries[0].Body)
	must(t, "decode", err)
	equal(t, "entry", body, timeline.Body(timeline.Purchase{Units: timeline.Units{Company: "firm", Location: "s1"}, Amount: 300, Currency: "KGS"}))
	unknown := bought("r3", 0, noon, 5)
	unknown.Person, unknown.Contact = nil, "nobody"
	out, err := s.UpsertPurchases(ctx, acme, []store.Purchase{unknown, bought("r4", 1, noon, 5)})
	must(t, "upsert", err)
	want(t, "an unknown contact", out[0].Err, store.ErrNotFound)
	equal(t, "beside it", out[1].Change, store.Created)
	want(t, "delete elsewhere", s.DeletePurchase(ctx, other, "r1"), store.ErrNotFound)
	must(t, "delete", s.DeletePurchase(ctx, acme, "r2"))
	want(t, "delete again", s.DeletePurchase(ctx, acme, "r2"), store.ErrNotFound)
	entries, _, err = s.ListTimeline(ctx, store.TimelineQuery{Organization: acme, Contact: one[0].Contact, Limit: 10})
	must(t, "list timeline", err)
	equal(t, "entries after deletion", len(entries), 0)
}

func purchasesAreListed(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	var list []store.Purchase
	for i := range byte(7) {
		p := bought(string('a'+rune(i)), i%2, noon.Add(time.Duration(i/2)*time.Hour), int64(i))
		if i == 3 {
			p.Company, p.Location = "", "s2"
		}
		list = append(list, p)
	}
	out, err := s.UpsertPurchases(ctx, acme, list)
	changes(t, out, err)
	query := store.PurchaseQuery{Organization: acme, Limit: 2}
	var all []string
	for more := true; more; {
		var page []store.Purchase
		page, more, err = s.ListPurchases(ctx, query)
		must(t, "list", err)
		all = append(all, receipts(page)...)
		query.Before = store.PurchaseMark{Time: page[len(page)-1].Time, ID: page[len(page)-1].Receipt}
	}
	equal(t, "all", all, []string{"g", "f", "e", "d", "c", "b", "a"})
	for name, c := range map[string]struct {
		q    store.PurchaseQuery
		want []string
	}{
		"period":        {store.PurchaseQuery{Start: noon.Add(time.Hour), End: noon.Add(2 * time.Hour)}, []string{"d", "c"}},
		"location":      {store.PurchaseQuery{Units: store.Units{"location": {"s2", "s3"}}}, []string{"d"}},
		"company":       {store.PurchaseQuery{Units: store.Units{"company": {"firm"}}, Start: noon.Add(time.Hour)}, []string{"g", "f", "e", "c"}},
		"other units":   {store.PurchaseQuery{Units: store.Units{"employee": {"e1"}}}, nil},
		"other contact": {store.PurchaseQuery{Contact: "nobody"}, nil},
	} {
		c.q.Organization, c.q.Limit = acme, 10
		got, _, err := s.ListPurchases(ctx, c.q)
		must(t, name, err)
		equal(t, name, receipts(got), c.want)
	}
}

func purchasesAreSummed(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	dollars := bought("d", 1, noon, 99)
	dollars.Currency = "USD"
	out, err := s.UpsertPurchases(ctx, acme, []store.Purchase{
		bought("a", 1, noon, 100), bought("b", 1, noon.Add(time.Hour), -30), bought("c", 1, noon.Add(2*time.Hour), 0), dollars, bought("e", 2, noon, -5),
		bought("f", 2, noon.Add(time.Hour), 7),
	})
	changes(t, out, err)
	var sums []store.PurchaseSum
	sum := func(before time.Time) []store.PurchaseSum {
		t.Helper()
		sums = nil
		must(t, "sum", s.PurchaseSums(ctx, acme, "KGS", before, func(p store.PurchaseSum) error {
			p.Contact = ""
			sums = append(sums, p)
			return nil
		}))
		return sums
	}
	equal(t, "sums", sum(noon.Add(3*time.Hour)), []store.PurchaseSum{
		{First: noon, Last: noon.Add(2 * time.Hour), Purchases: 2, Amount: 70}, {First: noon.Add(time.Hour), Last: noon.Add(time.Hour), Purchases: 1, Amount: 2},
	})
	equal(t, "sums before", sum(noon.Add(time.Hour)), []store.PurchaseSum{{First: noon, Last: noon, Purchases: 1, Amount: 100}, {Amount: -5}})
	currencies, err := s.PurchaseCurrencies(ctx, acme)
	must(t, "count", err)
	equal(t, "currencies", currencies, []store.CurrencyCount{{Currency: "KGS", Purchases: 5}, {Currency: "USD", Purchases: 1}})
}

func purchasesAreErased(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	out, err := s.UpsertPurchases(ctx, acme, []store.Purchase{bought("a", 1, noon, 100), bought("b", 2, noon, 50)})
	changes(t, out, err)
	left, err := s.UpsertChurns(ctx, acme, []store.Churn{{Churn: purchase.Churn{ID: "l", Time: noon, Reason: `"price"`}, Person: personNo(1), CreateTime: noon}})
	changes(t, left, err)
	records, err := s.ListPerson(ctx, acme, personNo(1))
	must(t, "list", err)
	kinds := map[string]int{}
	for _, r := range records {
		kinds[r.Kind]++
		if r.Kind == "purchases" {
			equal(t, "content", string(r.Content), `{"amountMinor":"100","company":"firm","currency":"KGS","location":"s1"}`)
		}
	}
	for kind, n := range map[string]int{"purchases": 1, "churns": 1, "timeline_entries": 2} {
		equal(t, kind, kinds[kind], n)
	}
	must(t, "erase", s.ErasePerson(ctx, acme, "e1", personNo(1)))
	list, _, err := s.ListPurchases(ctx, store.PurchaseQuery{Organization: acme, Limit: 10})
	must(t, "list", err)
	equal(t, "left", receipts(list), []string{"b"})
	churns, _, err := s.ListChurns(ctx, store.PurchaseQuery{Organization: acme, Limit: 10})
	must(t, "list", err)
	equal(t, "departures", len(churns), 0)
}

func churnsAreUpserted(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	leave := func(id string, person byte, at time.Time, reason string) store.Churn {
		return store.Churn{Churn: purchase.Churn{ID: id, Time: at, Reason: reason}, Person: personNo(person), CreateTime: noon}
	}
	upsert := func(list ...store.Churn) []store.Change {
		t.Helper()
		out, err := s.UpsertChurns(ctx, acme, list)
		return changes(t, out, err)
	}
	equal(t, "first", upsert(leave("a", 1, noon, ""), leave("b", 2, noon, "price")), []store.Change{store.Created, store.Created})
	equal(t, "again", upsert(leave("a", 1, noon, "service"), leave("b", 2, noon, "price")), []store.Change{store.Updated, store.Unchanged})
	list, more, err := s.ListChurns(ctx, store.PurchaseQuery{Organization: acme, Limit: 1})
	must(t, "list", err)
	equal(t, "more", more, true)
	equal(t, "first of list", list[0].Churn.ID+list[0].Reason, "bprice")
	must(t, "delete", s.DeleteChurn(ctx, acme, "a"))
	want(t, "delete again", s.DeleteChurn(ctx, acme, "a"), store.ErrNotFound)
	// Who is restricted to units sees none: a departure belongs to no unit.
	list, _, err = s.ListChurns(ctx, store.PurchaseQuery{Organization: acme, Limit: 1, Units: store.Units{"company": {"firm"}}})
	must(t, "list", err)
	equal(t, "within units", len(list), 0)
}

func turnoversDoNotOverlap(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	month := func(id, location string, n int, leavers int64) store.Turnover {
		start := time.Date(2026, time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		return store.Turnover{
			Turnover: purchase.Turnover{ID: id, Location: location, Start: start, End: start.AddDate(0, 1, 0), Headcount: 12, Leavers: leavers}, CreateTime: noon,
		}
	}
	out, err := s.UpsertTurnovers(ctx, acme, []store.Turnover{month("a", "s1", 1, 1), month("b", "s1", 2, 2), month("c", "s2", 1, 3), month("a", "s1", 1, 1)})
	equal(t, "first", changes(t, out, err), []store.Change{store.Created, store.Created, store.Created, store.Unchanged})
	twice := month("d", "s1", 2, 9)
	twice.Start = twice.Start.Add(24 * time.Hour)
	out, err = s.UpsertTurnovers(ctx, acme, []store.Turnover{twice, month("b", "s1", 2, 4)})
	must(t, "upsert", err)
	want(t, "a part of the time again", out[0].Err, store.ErrExists)
	equal(t, "the same record", out[1].Change, store.Updated)
	places, err := s.TurnoverByLocation(ctx, acme, retention.Periods{
		OutcomeStart: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), OutcomeEnd: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	})
	must(t, "add up", err)
	equal(t, "locations", len(places), 2)
	equal(t, "leavers", places["s1"].Leavers, 5)
	places, err = s.TurnoverByLocation(ctx, acme, retention.Periods{
		OutcomeStart: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), OutcomeEnd: time.Date(2026, 2, 15, 0, 0, 0, 0, time.UTC),
	})
	must(t, "add up", err)
	equal(t, "leavers of whole records", places["s1"].Leavers, 1)
	list, _, err := s.ListTurnovers(ctx, store.PurchaseQuery{Organization: acme, Limit: 5, Location: "s1", Units: store.Units{"location": {"s1"}}})
	must(t, "list", err)
	equal(t, "list", len(list), 2)
	must(t, "delete", s.DeleteTurnover(ctx, acme, "b"))
	want(t, "delete again", s.DeleteTurnover(ctx, acme, "b"), store.ErrNotFound)
}

// Whatever is bought after the outcomes end, and however it is divided before they begin, what is told of outcomes is what was bought within.
func outcomesDoNotLeak(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	periods := retention.Periods{
		ScoreStart: noon, ScoreEnd: noon.Add(10 * time.Hour), OutcomeStart: noon.Add(20 * time.Hour), OutcomeEnd: noon.Add(40 * time.Hour),
	}
	number := 0
	rapid.Check(t, func(rt *rapid.T) {
		number++
		organization := "leak" + time.Duration(number).String()
		want := map[string]retention.Customer{}
		n := rapid.IntRange(1, 30).Draw(rt, "purchases")
		var list []store.Purchase
		for i := range n {
			p := bought(time.Duration(i).String(), rapid.ByteRange(1, 4).Draw(rt, "person"), noon.Add(time.Duration(rapid.IntRange(0, 60).Draw(rt, "hour"))*time.Hour),
				rapid.Int64Range(-100, 1000).Draw(rt, "amount"))
			list = append(list, p)
		}
		out, err := s.UpsertPurchases(ctx, organization, list)
		changes(t, out, err)
		stored, _, err := s.ListPurchases(ctx, store.PurchaseQuery{Organization: organization, Limit: 100})
		must(t, "list", err)
		for _, p := range stored {
			c := want[p.Contact]
			switch {
			case p.Time.Before(periods.OutcomeStart):
				c.Past += p.Amount
				c.BoughtBefore = c.BoughtBefore || !p.IsReturn()
			case p.Time.Before(periods.OutcomeEnd):
				c.Value += p.Amount
				if !p.IsReturn() {
					c.Purchases++
				}
			default:
				// The future is not looked at.
				continue
			}
			want[p.Contact] = c
		}
		got, err := s.Outcomes(ctx, organization, "KGS", periods)
		must(t, "outcomes", err)
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func outcomesOfDepartures(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	periods := retention.Periods{ScoreStart: noon, ScoreEnd: noon.Add(time.Hour), OutcomeStart: noon.Add(10 * time.Hour), OutcomeEnd: noon.Add(20 * time.Hour)}
	out, err := s.UpsertPurchases(ctx, acme, []store.Purchase{bought("a", 2, noon.Add(3*time.Hour), 1), bought("b", 1, noon, 1)})
	changes(t, out, err)
	leave := func(id string, person byte, hours int) store.Churn {
		return store.Churn{Churn: purchase.Churn{ID: id, Time: noon.Add(time.Duration(hours) * time.Hour)}, Person: personNo(person), CreateTime: noon}
	}
	// The first left and did not come back, the second bought since, the third left among the outcomes, the fourth later.
	left, err := s.UpsertChurns(ctx, acme, []store.Churn{leave("a", 1, 2), leave("b", 2, 2), leave("c", 3, 15), leave("d", 4, 20)})
	changes(t, left, err)
	got, err := s.Outcomes(ctx, acme, "KGS", periods)
	must(t, "outcomes", err)
	contact := func(id string) string {
		list, _, err := s.ListChurns(ctx, store.PurchaseQuery{Organization: acme, Limit: 10})
		must(t, "list", err)
		for _, l := range list {
			if l.Churn.ID == id {
				return l.Contact
			}
		}
		return ""
	}
	equal(t, "who left before", got[contact("a")].Gone, true)
	equal(t, "who came back", got[contact("b")].Gone, false)
	equal(t, "who left among the outcomes", got[contact("c")], retention.Customer{Left: true})
	_, known := got[contact("d")]
	equal(t, "who left later", known, false)
}
