package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// operationCases are about operations data.
func operationCases() []testCase {
	return []testCase{
		{"OperationsAreStoredOnce", operationsAreStoredOnce}, {"OperationsAreCorrected", operationsAreCorrected}, {"OperationsAreTried", operationsAreTried},
		{"OperationsDoNotOverlap", operationsDoNotOverlap}, {"SalesDoNotOverlap", salesDoNotOverlap}, {"ShiftsDoNotOverlap", shiftsDoNotOverlap},
		{"OperationsCountOnce", operationsCountOnce}, {"OperationsAreListed", operationsAreListed},
		{"OperationsAreDeleted", operationsAreDeleted}, {"OperationTotals", operationTotals}, {"OperationsKeepDetails", operationsKeepDetails},
		{"OperationsInTurn", operationsInTurn}, {"OperationsOfMonths", operationsOfMonths}, {"OperationsOfPolicies", operationsOfPolicies},
	}
}

// hour is an hour of the day of the tests at a location, with a key that is made.
func hour(kind operation.Kind, location string, at int, numbers operation.Numbers) operation.Record {
	start := time.Date(2026, 3, 2, at, 0, 0, 0, time.UTC)
	r := operation.Record{Kind: kind, Location: location, Start: start, End: start.Add(time.Hour), Numbers: numbers}
	if kind == operation.Sales || kind == operation.Receipt {
		r.Currency = "KGS"
	}
	if kind == operation.Receipt {
		r.End = start
	}
	return r.Prepared(operation.DayOf(start))
}

func visitors(location string, at int, n int64) operation.Record {
	return hour(operation.Visitors, location, at, operation.Numbers{Visitors: n})
}

// put stores records of acme and returns what became of each, a word each.
func put(t *testing.T, s store.Store, records ...operation.Record) []string {
	t.Helper()
	outcomes, err := s.PutOperations(t.Context(), acme, records, noon, false)
	return outcomesOf(got(t, outcomes, err))
}

func outcomesOf(outcomes []store.OperationOutcome) (out []string) {
	for _, o := range outcomes {
		if o.Problem != nil {
			out = append(out, string(o.Problem.Reason))
			continue
		}
		out = append(out, [...]string{"", "created", "updated", "unchanged"}[o.Change])
	}
	return out
}

// totals are all sums of acme.
func totals(t *testing.T, s store.Store, whole bool, locations ...string) []operation.Total {
	t.Helper()
	day := operation.DayOf(noon)
	all, err := s.OperationTotals(t.Context(), acme, store.TotalsQuery{Locations: locations, First: day - 400, Last: day + 400, Whole: whole})
	return got(t, all, err)
}

func operationsAreStoredOnce(t *testing.T, open Open) {
	s := opened(t, open)
	batch := []operation.Record{visitors("osh", 9, 10), visitors("osh", 10, 0), hour(operation.Sales, "osh", 9, operation.Numbers{Receipts: 2, Revenue: 500, Units: 3.5})}
	equal(t, "first", put(t, s, batch...), []string{"created", "created", "created"})
	want := []operation.Total{{
		Location: "osh", Day: operation.DayOf(noon), Currency: "KGS", VisitorDays: 1, SalesDays: 1,
		Numbers: operation.Numbers{Visitors: 10, Receipts: 2, Revenue: 500, Units: 3.5},
	}}
	equal(t, "totals", totals(t, s, false), want)
	equal(t, "again", put(t, s, batch...), []string{"unchanged", "unchanged", "unchanged"})
	equal(t, "totals after a replay", totals(t, s, false), want)
	outcomes, err := s.PutOperations(t.Context(), other, batch[:1], noon, false)
	equal(t, "of another organisation", outcomesOf(got(t, outcomes, err)), []string{"created"})
	equal(t, "totals beside another organisation", totals(t, s, false), want)
}

func operationsAreCorrected(t *testing.T, open Open) {
	s := opened(t, open)
	put(t, s, visitors("osh", 9, 10), visitors("osh", 10, 5))
	equal(t, "correction", put(t, s, visitors("osh", 9, 12)), []string{"updated"})
	equal(t, "visitors", totals(t, s, false)[0].Visitors, 17)
	// A record that was given its key may move to another day and place.
	moving := visitors("osh", 11, 3)
	moving.Key = "own"
	put(t, s, moving)
	moving.Location, moving.Start, moving.End, moving.Day = "naryn", moving.Start.AddDate(0, 0, 1), moving.End.AddDate(0, 0, 1), moving.Day+1
	equal(t, "move", put(t, s, moving), []string{"updated"})
	all := totals(t, s, false)
	equal(t, "places", []string{fmt.Sprint(all[0].Location, all[0].Visitors), fmt.Sprint(all[1].Location, all[1].Visitors)}, []string{"naryn3", "osh17"})
	// The currency of sales, too.
	sale := hour(operation.Sales, "osh", 9, operation.Numbers{Receipts: 1, Revenue: 100})
	sale.Key = "sale"
	put(t, s, sale)
	sale.Currency = "USD"
	equal(t, "another currency", put(t, s, sale), []string{"updated"})
	equal(t, "of the currencies", totals(t, s, false, "osh"), []operation.Total{{
		Location: "osh", Day: operation.DayOf(noon), Currency: "USD", VisitorDays: 1, SalesDays: 1, Numbers: operation.Numbers{Visitors: 17, Receipts: 1, Revenue: 100},
	}})
}

func operationsAreTried(t *testing.T, open Open) {
	s := opened(t, open)
	put(t, s, visitors("osh", 9, 10))
	outcomes, err := s.PutOperations(t.Context(), acme, []operation.Record{visitors("osh", 9, 11), visitors("osh", 10, 1), visitors("osh", 9, 10)}[:2], noon, true)
	equal(t, "tried", outcomesOf(got(t, outcomes, err)), []string{"updated", "created"})
	equal(t, "visitors", totals(t, s, false)[0].Visitors, 10)
}

func operationsDoNotOverlap(t *testing.T, open Open) {
	s := opened(t, open)
	whole := visitors("osh", 0, 100)
	whole.End, whole.Key = whole.Start.Add(24*time.Hour), "day"
	equal(t, "a day, and an hour of it", put(t, s, whole, visitors("osh", 9, 10)), []string{"created", "OVERLAPPING"})
	equal(t, "an hour later", put(t, s, visitors("osh", 10, 10), visitors("naryn", 10, 10)), []string{"OVERLAPPING", "created"})
	door := visitors("osh", 10, 10)
	door.Device, door.Key = "second door", ""
	equal(t, "another device", put(t, s, door.Prepared(door.Day)), []string{"created"})
	shorter := whole
	shorter.End = whole.Start.Add(9 * time.Hour)
	equal(t, "shorter, and then the hour", put(t, s, shorter, visitors("osh", 9, 10)), []string{"updated", "created"})
	equal(t, "visitors", totals(t, s, false, "osh")[0].Visitors, 120)
	press := hour(operation.Presses, "osh", 9, operation.Numbers{Likes: 1})
	press.End, press.Key = press.Start, "p1"
	another := press
	another.Key = "p2"
	equal(t, "two presses at a moment, and an hour of presses", put(t, s, press, another, hour(operation.Presses, "osh", 9, operation.Numbers{Likes: 5})),
		[]string{"created", "created", "OVERLAPPING"})
}

// shiftsDoNotOverlap: nobody works in two places at once, nor twice in one.
func shiftsDoNotOverlap(t *testing.T, open Open) {
	s := opened(t, open)
	shift := func(employee, location string, at, hours int) operation.Record {
		start := noon.Add(time.Duration(at) * time.Hour)
		r := operation.Record{Kind: operation.Shift, Location: location, Employee: employee, Start: start, End: start.Add(time.Duration(hours) * time.Hour)}
		return r.Prepared(operation.DayOf(start))
	}
	equal(t, "of one employee and of another", put(t, s, shift("ann", "osh", 0, 40), shift("bek", "osh", 1, 8)), []string{"created", "created"})
	equal(t, "elsewhere, and when it is over", put(t, s, shift("ann", "naryn", 39, 8), shift("ann", "naryn", 40, 8)), []string{"OVERLAPPING", "created"})
	equal(t, "in one go", put(t, s, shift("cem", "osh", 0, 8), shift("cem", "osh", 7, 8)), []string{"created", "OVERLAPPING"})
	longer := shift("bek", "osh", 1, 9)
	equal(t, "corrected", put(t, s, longer), []string{"updated"})
}

// salesDoNotOverlap: hourly sums of the till and a daily table that states visitors are of the same sales.
func salesDoNotOverlap(t *testing.T, open Open) {
	s := opened(t, open)
	table := hour(operation.Sales, "osh", 0, operation.Numbers{Visitors: 100, Receipts: 20, Revenue: 5000})
	table.End, table.Key, table.CountsVisitors = table.Start.Add(24*time.Hour), "day", true
	till := hour(operation.Sales, "osh", 9, operation.Numbers{Receipts: 2, Revenue: 500})
	equal(t, "a day with visitors, and an hour of it", put(t, s, table, till), []string{"created", "OVERLAPPING"})
	equal(t, "an hour that is stored later", put(t, s, till), []string{"OVERLAPPING"})
	dollars := till
	dollars.Currency, dollars.Key = "USD", ""
	dollars = dollars.Prepared(dollars.Day)
	equal(t, "an hour in another currency", put(t, s, dollars), []string{"created"})
	dollars.CountsVisitors, dollars.Visitors = true, 10
	equal(t, "visitors of both currencies", put(t, s, dollars), []string{"OVERLAPPING"})
	equal(t, "sums", totals(t, s, true), []operation.Total{
		{Location: "osh", Currency: "KGS", VisitorDays: 1, SalesDays: 1, Numbers: operation.Numbers{Visitors: 100, Receipts: 20, Revenue: 5000}},
		{Location: "osh", Currency: "USD", SalesDays: 1, Numbers: operation.Numbers{Receipts: 2, Revenue: 500}},
	})
	silent := table
	silent.CountsVisitors, silent.Visitors, silent.End = false, 0, table.Start.Add(9*time.Hour)
	equal(t, "shorter and without visitors, then the hour", put(t, s, silent, till, dollars), []string{"updated", "created", "updated"})
	equal(t, "the day again", put(t, s, table), []string{"OVERLAPPING"})
}

func operationsCountOnce(t *testing.T, open Open) {
	s := opened(t, open)
	stated := hour(operation.Sales, "osh", 9, operation.Numbers{Visitors: 10, Receipts: 2, Revenue: 500})
	stated.CountsVisitors = true
	receipt := hour(operation.Receipt, "osh", 10, operation.Numbers{Receipts: 1, Revenue: 70})
	receipt.Key = "r1"
	equal(t, "twice", put(t, s, stated, visitors("osh", 12, 5), receipt), []string{"created", "COUNTED_TWICE", "COUNTED_TWICE"})
	equal(t, "elsewhere", put(t, s, hour(operation.Sales, "naryn", 9, operation.Numbers{Receipts: 2}), visitors("naryn", 9, 5)), []string{"created", "created"})
	silent := stated
	silent.CountsVisitors, silent.Visitors = false, 0
	equal(t, "without visitors, then counted", put(t, s, silent, visitors("osh", 12, 5)), []string{"updated", "created"})
	equal(t, "visitors", totals(t, s, false, "osh")[0].Visitors, 5)
}

func operationsAreListed(t *testing.T, open Open) {
	s := opened(t, open)
	put(t, s, visitors("osh", 9, 1), visitors("osh", 11, 3), visitors("naryn", 10, 2), hour(operation.Sales, "osh", 9, operation.Numbers{Receipts: 2}))
	list := func(q store.OperationQuery) (out []int64, more bool) {
		t.Helper()
		q.Kind = operation.Visitors
		records, more, err := s.ListOperations(t.Context(), acme, q)
		for _, r := range got(t, records, err) {
			out = append(out, r.Visitors)
		}
		return out, more
	}
	all, more := list(store.OperationQuery{Limit: 10})
	equal(t, "all", all, []int64{1, 2, 3})
	equal(t, "more", more, false)
	first, more := list(store.OperationQuery{Limit: 2})
	equal(t, "the first", first, []int64{1, 2})
	equal(t, "more", more, true)
	at := visitors("naryn", 10, 2)
	rest, _ := list(store.OperationQuery{Limit: 2, After: store.OperationMark{Start: at.Start, Key: at.Key}})
	equal(t, "the rest", rest, []int64{3})
	osh, _ := list(store.OperationQuery{Limit: 10, Locations: []string{"osh"}})
	equal(t, "of a location", osh, []int64{1, 3})
	none, _ := list(store.OperationQuery{Limit: 10, Locations: []string{}})
	equal(t, "of no location", none, nil)
	within, _ := list(store.OperationQuery{Limit: 10, From: at.Start, To: at.Start.Add(time.Hour)})
	equal(t, "of a period", within, []int64{2})
}

func operationsAreDeleted(t *testing.T, open Open) {
	s := opened(t, open)
	put(t, s, visitors("osh", 9, 1), visitors("osh", 10, 2), visitors("osh", 11, 3), visitors("naryn", 9, 4))
	drop := func(limit int) int {
		n, err := s.DeleteOperations(t.Context(), acme, store.OperationQuery{Kind: operation.Visitors, Locations: []string{"osh"}}, limit)
		return got(t, n, err)
	}
	equal(t, "deleted", drop(2), 2)
	equal(t, "left", totals(t, s, true, "osh")[0].Visitors, 3)
	equal(t, "deleted", drop(2), 1)
	equal(t, "deleted", drop(2), 0)
	equal(t, "places", len(totals(t, s, false)), 1)
	equal(t, "stored again", put(t, s, visitors("osh", 9, 1)), []string{"created"})
}

func operationTotals(t *testing.T, open Open) {
	s := opened(t, open)
	tomorrow := visitors("osh", 9, 7)
	tomorrow.Start, tomorrow.End, tomorrow.Day, tomorrow.Key = tomorrow.Start.AddDate(0, 0, 1), tomorrow.End.AddDate(0, 0, 1), tomorrow.Day+1, ""
	dollars := hour(operation.Sales, "osh", 10, operation.Numbers{Receipts: 1, Revenue: 900})
	dollars.Currency, dollars.Key = "USD", ""
	put(t, s, visitors("osh", 9, 10), tomorrow.Prepared(tomorrow.Day), hour(operation.Sales, "osh", 9, operation.Numbers{Receipts: 2, Revenue: 500, Units: 1.5}), dollars.Prepared(dollars.Day),
		hour(operation.Presses, "naryn", 9, operation.Numbers{Likes: 1, Dislikes: 2, Consultations: 3, Helps: 4}))
	equal(t, "whole", totals(t, s, true), []operation.Total{
		{Location: "naryn", PressDays: 1, Numbers: operation.Numbers{Likes: 1, Dislikes: 2, Consultations: 3, Helps: 4}},
		{Location: "osh", Currency: "KGS", VisitorDays: 2, SalesDays: 1, Numbers: operation.Numbers{Visitors: 17, Receipts: 2, Revenue: 500, Units: 1.5}},
		{Location: "osh", Currency: "USD", SalesDays: 1, Numbers: operation.Numbers{Receipts: 1, Revenue: 900}},
	})
	day := operation.DayOf(noon)
	only, err := s.OperationTotals(t.Context(), acme, store.TotalsQuery{Locations: []string{"osh", "osh"}, First: day + 1, Last: day + 1})
	equal(t, "of a day", got(t, only, err), []operation.Total{{Location: "osh", Day: day + 1, VisitorDays: 1, Numbers: operation.Numbers{Visitors: 7}}})
	none, err := s.OperationTotals(t.Context(), acme, store.TotalsQuery{Locations: []string{}, First: day, Last: day})
	equal(t, "of no location", len(got(t, none, err)), 0)
}

func operationsKeepDetails(t *testing.T, open Open) {
	s := opened(t, open)
	records := []operation.Record{
		{
			Kind: operation.MysteryVisit, Location: "osh", Employee: "ann", Start: noon, End: noon,
			Details: operation.Details{Criteria: []operation.Criterion{{Name: "Greets", Weight: 2, Outcome: operation.Pass}, {Name: "Offers", Weight: 1, Outcome: operation.NotApplicable}}},
		},
		{Kind: operation.Emotion, Location: "osh", Device: "camera", Start: noon, End: noon, Details: operation.Details{Subject: operation.Buyer, Emotion: "joy", Score: 0.25}},
		{Kind: operation.Shift, Location: "osh", Employee: "ann", Start: noon, End: noon.Add(8 * time.Hour), Details: operation.Details{Role: "cashier"}},
		{
			Kind: operation.Terminal, Location: "osh", Device: "t1", Start: noon, End: noon.Add(time.Hour),
			Numbers: operation.Numbers{Shown: 9, Begun: 5, Completed: 4, InService: 3000},
		},
	}
	for i := range records {
		records[i] = records[i].Prepared(operation.DayOf(noon))
	}
	put(t, s, records...)
	for _, r := range records {
		list, _, err := s.ListOperations(t.Context(), acme, store.OperationQuery{Kind: r.Kind, Limit: 5})
		equal(t, r.Kind.String(), got(t, list, err), []operation.Record{r})
	}
	equal(t, "sums", len(totals(t, s, false)), 0)
}

func operationsOfPolicies(t *testing.T, open Open) {
	s := opened(t, open)
	change := func(key string, at int, locations ...string) operation.Record {
		start := noon.Add(time.Duration(at) * time.Hour)
		return operation.Record{
			Kind: operation.PolicyChange, Key: key, Start: start, End: start, Day: operation.DayOf(start),
			Details: operation.Details{Policy: operation.Prices, Description: key, Locations: locations},
		}
	}
	put(t, s, change("all", 1), change("osh", 2, "osh", "naryn"), change("talas", 3, "talas"), change("late", 4, "osh"))
	keys := func(limit int, locations ...string) (out []string) {
		list, _, err := s.ListOperations(t.Context(), acme, store.OperationQuery{Kind: operation.PolicyChange, Locations: locations, Limit: limit})
		for _, r := range got(t, list, err) {
			out = append(out, r.Key)
		}
		return out
	}
	equal(t, "all", keys(10), []string{"all", "osh", "talas", "late"})
	equal(t, "of a location", keys(10, "osh"), []string{"all", "osh", "late"})
	equal(t, "of a location, few at a time", keys(2, "osh"), []string{"all", "osh"})
	equal(t, "of none of them", keys(1, "elsewhere"), []string{"all"})
	drop := func(locations ...string) int {
		n, err := s.DeleteOperations(t.Context(), acme, store.OperationQuery{Kind: operation.PolicyChange, Locations: locations}, 1)
		return got(t, n, err)
	}
	equal(t, "deleted of a location", drop("osh"), 1)
	equal(t, "what holds elsewhere too, or everywhere, stays", keys(10), []string{"all", "osh", "talas"})
	equal(t, "deleted once more", drop("osh"), 0)
	equal(t, "deleted of both locations", drop("naryn", "osh"), 1)
	equal(t, "left", keys(10), []string{"all", "talas"})
	equal(t, "deleted of all", drop()+drop(), 2)
}

// operationsOfMonths sums over the ends of months what it sums by days, also after corrections and removals.
func operationsOfMonths(t *testing.T, open Open) {
	s := opened(t, open)
	first := operation.DayOf(time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC))
	of := func(day operation.Day, n int64) operation.Record {
		return operation.Record{Kind: operation.Visitors, Location: "osh", Start: day.Date(), End: (day + 1).Date(), Numbers: operation.Numbers{Visitors: n}}.Prepared(day)
	}
	var batch []operation.Record
	for n := range operation.Day(120) {
		batch = append(batch, of(first+n, int64(n)))
	}
	put(t, s, batch...)
	put(t, s, of(first+40, 1000))
	until := (first + 71).Date()
	removed, err := s.DeleteOperations(t.Context(), acme, store.OperationQuery{Kind: operation.Visitors, From: (first + 70).Date(), To: until}, 10)
	equal(t, "removed", got(t, removed, err), 1)
	for _, span := range [][2]operation.Day{{first, first + 119}, {first + 22, first + 49}, {first + 22, first + 80}, {first + 5, first + 22}, {first + 23, first + 23}, {first + 21, first + 50}} {
		q := store.TotalsQuery{First: span[0], Last: span[1]}
		days, err := s.OperationTotals(t.Context(), acme, q)
		want := operation.Total{Location: "osh"}
		for _, d := range got(t, days, err) {
			want.VisitorDays += d.VisitorDays
			want.Visitors += d.Visitors
		}
		q.Whole = true
		whole, err := s.OperationTotals(t.Context(), acme, q)
		equal(t, span[0].String()+" to "+span[1].String(), got(t, whole, err), []operation.Total{want})
	}
}

// operationsInTurn has several writers replace the same records at once: the sums are those of what is stored.
func operationsInTurn(t *testing.T, open Open) {
	s := opened(t, open)
	const writers, hours = 4, 8
	done := make(chan error)
	for n := range int64(writers) {
		go func() {
			var err error
			for at := range hours {
				if _, e := s.PutOperations(t.Context(), acme, []operation.Record{visitors("osh", at, n+1), visitors("osh", at+hours, n+1)}, noon, false); e != nil {
					err = e
				}
			}
			done <- err
		}()
	}
	for range writers {
		must(t, "put", <-done)
	}
	list, _, err := s.ListOperations(t.Context(), acme, store.OperationQuery{Kind: operation.Visitors, Limit: 100})
	var sum int64
	for _, r := range got(t, list, err) {
		sum += r.Visitors
	}
	equal(t, "records", len(list), 2*hours)
	equal(t, "sums", totals(t, s, true)[0].Visitors, sum)
}
