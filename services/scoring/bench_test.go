package scoring_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/sqlite"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// million is the number of responses in the store of the benchmarks.
const million = 1_000_000

// fixedCatalog knows one revision of every survey.
type fixedCatalog struct{ revision *questionnaire.Revision }

func (c fixedCatalog) Revision(context.Context, string, string, int64) (*questionnaire.Revision, error) {
	return c.revision, nil
}

func (c fixedCatalog) HistoryAfter(context.Context, string, string, time.Time) (questionnaire.History, error) {
	return questionnaire.History{Revisions: []*questionnaire.Revision{c.revision}}, nil
}

// Clear forgets nothing: all is fixed.
func (c fixedCatalog) Clear() {}

// filledStore makes a store with a million responses of four answers each, over a year, under 8 touchpoints, 3 channels, 50 locations and 3
// languages. It is made once for all benchmarks of a run.
var filledStore = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "otklik-scoring-bench")
	if err != nil {
		return "", err
	}
	ctx := context.Background()
	path := filepath.Join(dir, "scoring.db")
	st, err := sqlite.Open(ctx, path)
	if err != nil {
		return "", err
	}
	defer st.Close()
	revision, err := surveys.FromRevision(&surveyv1.Revision{Name: shop + "/revisions/1", Questionnaire: shopQuestions(), PublishTime: timestamppb.New(noon)})
	if err != nil {
		return "", err
	}
	a := ingest.NewApplier(ingest.Options{Store: st, Board: live.New(), Catalog: fixedCatalog{revision}, Logger: slog.New(slog.DiscardHandler)})
	if err := a.Load(ctx); err != nil {
		return "", err
	}
	rng := rand.New(rand.NewPCG(1, 2))
	const batch = 2000
	for first := 0; first < million; first += batch {
		events := make([]*surveyv1.Event, batch)
		for i := range events {
			// In the order of time, as answers come; each batch is spread over some hours.
			at := noon.Add(time.Duration(first+rng.IntN(batch)) * (365 * 24 * time.Hour / million))
			events[i] = response(acme, shop, fmt.Sprintf("%016x", rng.Uint64()), at, scores{
				"recommend": float64(rng.IntN(11)), "staff": float64(1 + rng.IntN(5)), "effort": float64(1 + rng.IntN(7)), "price": float64(1 + rng.IntN(10)),
			})
			r := events[i].GetResponse()
			r.Context = &typev1.Context{
				Touchpoint: id("touchpoint", rng.IntN(8)), Channel: id("channel", rng.IntN(3)), Location: id("location", rng.IntN(50)),
			}
			r.Language = []string{"ky", "ru", "en"}[rng.IntN(3)]
			events[i].Position = int64(first + i + 1)
		}
		if _, err := a.Sink(0).Apply(ctx, events); err != nil {
			return "", err
		}
	}
	return path, nil
})

func TestMain(m *testing.M) {
	if target := os.Getenv(watchTarget); target != "" {
		if err := watchAsProcess(target); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if path, err := benchPath(); err == nil && path != "" {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

var benchStarted bool

// benchPath is the store of the benchmarks, if one was made.
func benchPath() (string, error) {
	if !benchStarted {
		return "", nil
	}
	return filledStore()
}

// benchSuite is a suite over the store of the benchmarks.
func benchSuite(b *testing.B) *suite {
	b.Helper()
	benchStarted = true
	path, err := filledStore()
	if err != nil {
		b.Fatal(err)
	}
	s := newSuite(b)
	s.config.Path = path
	s.config.SurveyRefresh = time.Second
	s.survey.publish(acme, "shop", shopQuestions())
	s.survey.position = million
	return s
}

// BenchmarkStart measures the time from nothing to ready with a million responses.
func BenchmarkStart(b *testing.B) {
	s := benchSuite(b)
	b.ResetTimer()
	for range b.N {
		began := time.Now()
		s.start()
		b.ReportMetric(time.Since(began).Seconds(), "s/start")
		b.StopTimer()
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-heap")
		s.stop()
		b.StartTimer()
	}
}

// BenchmarkQuery measures queries over a million responses through the server's in-process side with all interceptors.
func BenchmarkQuery(b *testing.B) {
	s := benchSuite(b).start()
	nps := []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}
	lastMonth := &typev1.Period{StartTime: timestamppb.New(noon.AddDate(0, 10, 0)), EndTime: timestamppb.New(noon.AddDate(0, 11, 0))}
	for _, c := range []struct {
		name  string
		query *scoringv1.ScoreQuery
	}{
		{"nps", &scoringv1.ScoreQuery{Survey: shop, Metrics: nps}},
		{"all", &scoringv1.ScoreQuery{Survey: shop}},
		{"every-question", &scoringv1.ScoreQuery{Survey: shop, Question: "*"}},
		{"nps-by-day-of-month", &scoringv1.ScoreQuery{Survey: shop, Metrics: nps, Grain: typev1.TimeGrain_TIME_GRAIN_DAY, Period: lastMonth, TimeZone: "Asia/Bishkek"}},
		{"nps-by-day-of-year", &scoringv1.ScoreQuery{Survey: shop, Metrics: nps, Grain: typev1.TimeGrain_TIME_GRAIN_DAY, TimeZone: "Asia/Bishkek"}},
		{"nps-by-location", &scoringv1.ScoreQuery{Survey: shop, Metrics: nps, GroupBy: []string{"location"}}},
		{"nps-of-location", &scoringv1.ScoreQuery{
			Survey: shop, Metrics: nps, Filter: `location = "location-7"`,
		}},
		{"mean-of-all-answers", &scoringv1.ScoreQuery{Survey: shop, Variants: []scoringv1.Variant{scoringv1.Variant_VARIANT_MEAN_ALL_ANSWERS}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			rows := 0
			for b.Loop() {
				began := time.Now()
				rows = len(s.query(c.query).GetScores())
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(rows), "rows")
		})
	}
}

// BenchmarkFacts measures reading all facts, as the mean of all answers does where respondents are known.
func BenchmarkFacts(b *testing.B) {
	s := benchSuite(b)
	st, err := sqlite.Open(context.Background(), s.config.Path)
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	n := 0
	for b.Loop() {
		err := st.Facts(context.Background(), store.Ledger{Organization: acme}, "shop", func(int64, *fact.Fact) error { n++; return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/fact")
}
