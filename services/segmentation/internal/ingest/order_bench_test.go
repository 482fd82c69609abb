package ingest_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/store/sqlite"
)

// BenchmarkWorkOrder reads a page of fifty red companies, each with ten of its red contacts, out of 100,000 companies of which every second is red, from the
// middle of the order.
func BenchmarkWorkOrder(b *testing.B) {
	const companies, step = 100_000, 5000
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "segmentation.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for from := 0; from < companies; from += step {
		var batch []store.AnswerChange
		for i := from; i < from+step; i++ {
			batch = append(batch, store.AnswerChange{Organization: acme, Person: fmt.Appendf(nil, "person-%09d", i), Row: light.Row{
				Survey: "visits", Response: fmt.Sprint("r", i), Company: fmt.Sprintf("company-%06d", i), Time: noon,
				Answers: []light.Answer{{Question: "nps", Value: light.Value(i%2*light.Resolution/2 + i*7919%500_000)}},
			}})
		}
		at := int64(from / step)
		if err := db.ApplyAnswers(b.Context(), "lights", store.LightBatch{From: at, To: at + 1, Now: noon, Changes: batch}); err != nil {
			b.Fatal(err)
		}
	}
	q := store.LightQuery{Organization: acme, Limit: 50}
	q.After = &store.LightKey{Colour: light.Red, Mean: 2.5}
	for b.Loop() {
		entries, more, err := db.WorkOrder(b.Context(), q, 10)
		if err != nil || !more || len(entries) != q.Limit || len(entries[0].Contacts) == 0 {
			b.Fatal(len(entries), more, err)
		}
	}
}
