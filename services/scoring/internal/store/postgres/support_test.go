package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

const (
	acme       = "acme"
	partitions = 4
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func live() store.Ledger { return store.Ledger{Organization: acme} }

// record is a response that was received at a moment.
func record(position int64, at time.Time) store.Record {
	return store.Record{Position: position, Fact: &fact.Fact{
		ID: fmt.Sprint("r-", position), Survey: "shop", Revision: 1, Population: fact.Customer, CountTime: at, ReceiveTime: at, Weight: 1,
		Answers: []fact.Answer{{Question: "recommend", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900}},
	}}
}

// records are n responses from a position on.
func records(first int64, n int) []store.Record {
	var list []store.Record
	for i := range int64(n) {
		list = append(list, record(first+i, noon.Add(time.Duration(first+i)*time.Second)))
	}
	return list
}

// changes are records of a ledger with their cells.
func changes(l store.Ledger, list ...store.Record) store.Changes {
	d := &delta.Delta{}
	for _, r := range list {
		d.AddFact(r.Fact)
	}
	return store.Changes{Ledger: l, Records: list, Cells: cell.Pack(d)}
}

// batch adds records of the live ledger through a partition that is at a version.
func batch(partition int, version int64, list ...store.Record) store.Batch {
	return store.Batch{
		Partition: partition, From: store.Cursor{Version: version}, To: store.Cursor{Position: list[len(list)-1].Position},
		Changes: []store.Changes{changes(live(), list...)},
	}
}

func apply(t testing.TB, s store.Store, b store.Batch) {
	t.Helper()
	if err := s.Apply(context.Background(), b); err != nil {
		t.Fatal(err)
	}
}

func marks(t testing.TB, s store.Store) store.Marks {
	t.Helper()
	m, err := s.Marks(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// positions lists the positions of the responses of a ledger.
func positions(t testing.TB, s store.Store, l store.Ledger) []int64 {
	t.Helper()
	var list []int64
	if err := s.Facts(context.Background(), l, "shop", func(position int64, _ *fact.Fact) error {
		list = append(list, position)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// responses is the number of responses that the cells of the live ledgers count.
func responses(t testing.TB, s store.Store) (n int64) {
	t.Helper()
	_, err := s.Cells(context.Background(), func(_, _ string, span cell.Span, chunks [][]byte) error {
		whole := false
		return cell.Sum(span, chunks, func(k cube.Key) { whole = k.Question == "recommend" && k.ContextValue == "" },
			func(_ calendar.Bucket, bins []histogram.Bin) {
				for _, b := range bins {
					if whole {
						n += b.Count
					}
				}
			})
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// count counts rows.
func count(t testing.TB, dsn, query string, args ...any) (n int) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// upTo lists the numbers from 1 to n.
func upTo(n int) []int64 {
	list := make([]int64, n)
	for i := range list {
		list[i] = int64(i + 1)
	}
	return list
}
