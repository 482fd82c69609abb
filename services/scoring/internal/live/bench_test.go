package live_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// benchFact is a response with five answers under twelve keys.
func benchFact(random *rand.Rand, i int, at time.Time) *fact.Fact {
	value := func(name string, n int) string { return fmt.Sprint(name, "-", random.IntN(n)) }
	f := &fact.Fact{
		ID: fmt.Sprintf("%016x", random.Uint64()), Survey: "shop", Revision: int64(1 + i/1_000_000), Population: fact.Customer, CountTime: at,
		ReceiveTime: at.Add(time.Duration(random.IntN(600)) * time.Second), Weight: 1, Respondent: fmt.Sprintf("%016x", random.Uint64()),
		Context: fact.Context{
			Touchpoint: value("touchpoint", 8), Channel: value("channel", 3), Location: value("store", 50), Language: value("language", 3),
			Region: value("region", 9), Company: value("company", 4),
			Attributes: []fact.Attribute{
				{Name: "age", Value: value("age", 7)}, {Name: "device", Value: value("device", 5)}, {Name: "plan", Value: value("plan", 6)},
				{Name: "tenure", Value: value("tenure", 10)}, {Name: "tier", Value: value("tier", 4)},
			},
		},
	}
	scales := []question.Scale{question.Scale0To10, question.Scale1To5, question.Scale1To7, question.Scale1To10, question.Scale1To5}
	for q, s := range scales {
		f.Answers = append(f.Answers, fact.Answer{
			Question: fmt.Sprint("question-", q), Kind: question.Rating, Scale: s, Present: true,
			Value: s.Min + question.Centi(random.IntN(int(s.Width()/question.Unit)+1))*question.Unit,
		})
	}
	return f
}

// packed are chunks by span, merged as stores merge them.
type packed map[cell.Span]*levels

type levels struct {
	merging [4][][]byte
	settled [][]byte
}

func (l *levels) add(span cell.Span, chunk []byte) error {
	const fanout = 8
	l.merging[0] = append(l.merging[0], chunk)
	for i := range len(l.merging) - 1 {
		if len(l.merging[i]) < fanout {
			return nil
		}
		merged, err := cell.Merge(span, l.merging[i]...)
		if err != nil {
			return err
		}
		rest, settled, err := cell.Settle(merged)
		if err != nil {
			return err
		}
		if settled != nil {
			l.settled = append(l.settled, settled)
		}
		l.merging[i], l.merging[i+1] = nil, append(l.merging[i+1], rest)
	}
	return nil
}

// Cells lists the chunks.
func (p packed) Cells(_ context.Context, fn func(organization, survey string, span cell.Span, chunks [][]byte) error) (store.Marks, error) {
	for span := cell.Span(0); len(p) > 0 && span < 5000; span++ {
		l := p[span]
		if l == nil {
			continue
		}
		chunks := append([][]byte{}, l.settled...)
		for _, list := range l.merging {
			chunks = append(chunks, list...)
		}
		if err := fn("acme", "shop", span, chunks); err != nil {
			return store.Marks{}, err
		}
	}
	return store.Marks{}, nil
}

// BenchmarkLoad measures what the start costs for each response: time, and memory that stays. The responses are those of a year.
func BenchmarkLoad(b *testing.B) {
	const responses, batch = 1_000_000, 2000
	random := rand.New(rand.NewPCG(1, 2))
	source := packed{}
	bytes := 0
	for i := 0; i < responses; i += batch {
		d := &delta.Delta{}
		for j := range batch {
			d.AddFact(benchFact(random, i+j, noon.Add(time.Duration(i+j)*365*24*time.Hour/responses)))
		}
		for _, c := range cell.Pack(d) {
			if source[c.Span] == nil {
				source[c.Span] = &levels{}
			}
			if err := source[c.Span].add(c.Span, c.Data); err != nil {
				b.Fatal(err)
			}
		}
	}
	if _, err := source.Cells(context.Background(), func(_, _ string, _ cell.Span, chunks [][]byte) error {
		for _, c := range chunks {
			bytes += len(c)
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	heap := func() int64 {
		var m runtime.MemStats
		// What pools hold is given back in two steps.
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	var books map[string]*live.Book
	b.ResetTimer()
	for range b.N {
		var err error
		if books, _, err = live.Load(context.Background(), source); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if table, complete := books["acme"].Table("shop"); !complete || table.Len() != responses {
		b.Fatalf("%d rows, complete %v", table.Len(), complete)
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/responses, "ns/response")
	b.ReportMetric(float64(heap()-before)/responses, "B/response")
	b.ReportMetric(float64(bytes)/responses, "packed-B/response")
	runtime.KeepAlive(books)
	runtime.KeepAlive(source)
}
