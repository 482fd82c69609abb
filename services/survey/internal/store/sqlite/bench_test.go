package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/otklik/otklik/services/survey/internal/store"
)

// BenchmarkAccept is the store's share of a submission: one call each, or a thousand in one call. cpu-ns/op is that of the whole process.
func BenchmarkAccept(b *testing.B) {
	for _, c := range []struct{ callers, each int }{{1, 1}, {64, 1}, {512, 1}, {2, 1000}} {
		b.Run(fmt.Sprintf("callers=%d/each=%d", c.callers, c.each), func(b *testing.B) {
			s, err := Open(b.Context(), Options{Path: filepath.Join(b.TempDir(), "survey.db")})
			if err != nil {
				b.Fatal(err)
			}
			defer func() {
				if err := s.Close(); err != nil {
					b.Error(err)
				}
			}()
			benchAccept(b, s, c.callers, c.each)
		})
	}
}

// bodyBytes is the size of a response to about a dozen questions.
const bodyBytes = 250

func benchAccept(b *testing.B, s *Store, callers, each int) {
	var next atomic.Int64
	var wg sync.WaitGroup
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	b.ResetTimer()
	cpu := processTime(b)
	for range callers {
		wg.Go(func() {
			in := make([]store.NewSubmission, 0, each)
			for done := false; !done; {
				in = in[:0]
				for range each {
					i := next.Add(1)
					if done = i > int64(b.N); done {
						break
					}
					in = append(in, store.NewSubmission{
						ID: fmt.Sprintf("%016x-%016x", uint64(i)*0x9e3779b97f4a7c15, i), Fingerprint: make([]byte, 16), Revision: 1, CountTime: at,
						Body: make([]byte, bodyBytes),
					})
				}
				if _, err := s.Accept(context.Background(), "acme", "visit-2026", store.KindResponse, in); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(processTime(b)-cpu)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// processTime is the CPU time of the process so far.
func processTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
