package storetest

import (
	"fmt"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const (
	benchStores = 20_000
	benchDays   = 365
)

// BenchOperations measures how fast a year of days of 20,000 stores is summed, and records of it are stored. fill runs a statement on the database of the store,
// which is empty at first.
func BenchOperations(b *testing.B, s store.Store, fill func(statement string)) {
	for _, row := range []struct{ currency, values string }{{"", "1, 0, 0, 0, 0, 100 + d % 50, 0, 0, 0, 0, 0, 0, 0"}, {"KGS", "0, 0, 1, 0, 0, 0, 20 + d % 9, 1000 * (d % 90), 30, 0, 0, 0, 0"}} {
		fill(fmt.Sprintf(`INSERT INTO operation_days (organization, location, day, currency, counter_records, stated_records, sales_records, receipt_records, press_records,
visitors, receipts, revenue, units, consultations, likes, dislikes, helps)
WITH RECURSIVE stores (n) AS (SELECT 10000 UNION ALL SELECT n + 1 FROM stores WHERE n < %d), days (d) AS (SELECT 20000 UNION ALL SELECT d + 1 FROM days WHERE d < %d)
SELECT 'acme', 's' || n, d, '%s', %s FROM days, stores`, 10000+benchStores-1, 20000+benchDays-1, row.currency, row.values))
	}
	for month := operation.Day(20000).Month(); month <= operation.Day(20000+benchDays-1).Month(); month++ {
		fill(fmt.Sprintf(`INSERT INTO operation_months SELECT organization, %d, location, currency, SUM(counter_records), SUM(sales_records), 0, SUM(visitors), SUM(receipts), SUM(revenue),
SUM(units), 0, 0, 0, 0 FROM operation_days WHERE day >= %d AND day < %d GROUP BY organization, location, currency`, month, month.First(), (month + 1).First()))
	}
	year := store.TotalsQuery{First: 20000, Last: 20000 + benchDays - 1}
	sums := func(name string, q store.TotalsQuery, rows int) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				all, err := s.OperationTotals(b.Context(), acme, q)
				if err != nil || len(all) != rows {
					b.Fatalf("%d rows, %v", len(all), err)
				}
			}
		})
	}
	whole, month, own := year, year, year
	whole.Whole = true
	month.Whole, month.Last = true, month.First+29
	own.Locations = []string{"s15000"}
	sums("YearOfEachStore", whole, benchStores)
	sums("MonthOfEachStore", month, benchStores)
	sums("DaysOfAStore", own, benchDays)
	b.Run("FirstPageOfStores", func(b *testing.B) {
		for b.Loop() {
			page, more, err := s.OperationLocations(b.Context(), acme, year, "s15000", 50)
			if err != nil || len(page) != 50 || !more {
				b.Fatal(page, err)
			}
		}
	})
	b.Run("ThousandRecords", func(b *testing.B) {
		day := operation.Day(10_000)
		for b.Loop() {
			var batch []operation.Record
			for n := range 1000 {
				start := day.Date()
				batch = append(batch, operation.Record{
					Kind: operation.Visitors, Location: fmt.Sprintf("s%d", 10000+n), Start: start, End: (day + 1).Date(), Numbers: operation.Numbers{Visitors: int64(n)},
				}.Prepared(day))
			}
			if _, err := s.PutOperations(b.Context(), acme, batch, noon, false); err != nil {
				b.Fatal(err)
			}
			day--
		}
	})
}
