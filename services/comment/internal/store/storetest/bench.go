package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/otklik/otklik/services/comment/internal/search"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	// benchResponses have two comments each.
	benchResponses = 100_000
	benchBatch     = 500
)

// fillBench puts the comments of a hundred thousand responses into a store.
func fillBench(b *testing.B, s store.Store) {
	b.Helper()
	takeFeed(b, s)
	r := rand.New(rand.NewPCG(1, 2))
	var comments int
	begin := time.Now()
	for at := int64(0); at < benchResponses; at += benchBatch {
		batch := makeBatch(r, at)
		for _, response := range batch.Responses {
			comments += len(response.Comments)
		}
		if err := s.ApplyEvents(b.Context(), "bench", batch); err != nil {
			b.Fatal(err)
		}
	}
	took := time.Since(begin)
	b.Logf("%d comments in %v: %.0f a second", comments, took, float64(comments)/took.Seconds())
}

func takeFeed(b *testing.B, s store.Store) {
	b.Helper()
	if _, err := s.HoldFeed(b.Context(), "bench", time.Now(), time.Now().Add(time.Hour)); err != nil {
		b.Fatal(err)
	}
}

// BenchApplyEvents stores batches of a thousand comments in an empty store.
func BenchApplyEvents(b *testing.B, s store.Store) {
	takeFeed(b, s)
	r := rand.New(rand.NewPCG(1, 2))
	comments := 0
	for at := int64(0); b.Loop(); at += benchBatch {
		b.StopTimer()
		batch := makeBatch(r, at)
		for _, response := range batch.Responses {
			comments += len(response.Comments)
		}
		b.StartTimer()
		if err := s.ApplyEvents(b.Context(), "bench", batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(comments)/b.Elapsed().Seconds(), "comments/s")
}

// makeBatch makes responses of a year at random.
func makeBatch(r *rand.Rand, at int64) store.Batch {
	batch := store.Batch{From: at, To: at + benchBatch}
	for i := range int64(benchBatch) {
		response := Response(r, "acme", "visits", fmt.Sprintf("r%07d", at+i), at+i+1)
		response.CountTime = response.CountTime.AddDate(0, 0, r.IntN(365))
		for j := range response.Comments {
			response.Comments[j].CountTime, response.Comments[j].Similar = response.CountTime, r.Uint64()
		}
		batch.Responses = append(batch.Responses, response)
	}
	return batch
}

// BenchQueries fills an empty store with two hundred thousand comments of a year, and reads of them all, and those of a month.
func BenchQueries(b *testing.B, s store.Store) {
	fillBench(b, s)
	year := store.Slice{Organization: "acme", Survey: "visits"}
	month := year
	month.Start = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	month.End = month.Start.AddDate(0, 1, 0)
	for name, slice := range map[string]store.Slice{"year": year, "month": month} {
		run := func(what string, fn func() error) {
			b.Run(name+"/"+what, func(b *testing.B) {
				for b.Loop() {
					if err := fn(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("CountThemes", func() error { _, _, err := s.CountThemes(b.Context(), slice, store.Ungrouped); return err })
		run("CountThemesByLocation", func() error { _, _, err := s.CountThemes(b.Context(), slice, store.ByLocation); return err })
		run("CountPhrases", func() error { _, _, err := s.CountPhrases(b.Context(), slice, 2, 100); return err })
		run("CountSentiments", func() error { _, _, err := s.CountSentiments(b.Context(), slice, store.Ungrouped); return err })
		run("ListComments", func() error {
			_, _, err := s.ListComments(b.Context(), store.CommentQuery{Slice: slice, Limit: 50})
			return err
		})
		found := slice
		found.Words = &search.Query{All: []search.Phrase{{{"очеред"}}, {{"касс"}}}}
		run("Search", func() error {
			_, _, err := s.ListComments(b.Context(), store.CommentQuery{Slice: found, Limit: 50})
			return err
		})
		run("SearchByRank", func() error {
			_, _, err := s.ListComments(b.Context(), store.CommentQuery{Slice: found, Limit: 50, ByRank: true})
			return err
		})
	}
}
