package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/benchmark"
	"github.com/otklik/otklik/services/reporting/internal/operation"
)

// MostBenchmarks is how many benchmarks an organisation may have.
const MostBenchmarks = 100_000

// Benchmarks keeps numbers of others to compare own scores with.
type Benchmarks interface {
	// PutBenchmarks stores values: a new identifier is created, one that is there is replaced where it says something else. The outcomes are in order of the
	// values, of which no two have the same identifier. Nothing is changed where dry is true, and the outcomes are those that there would be. Error: ErrTooMany.
	PutBenchmarks(ctx context.Context, organization string, values []benchmark.Value, at time.Time, dry bool) ([]OperationChange, error)
	// ListBenchmarks returns values in order of their identifiers, those after one, at most limit.
	ListBenchmarks(ctx context.Context, organization string, q BenchmarkQuery, after string, limit int) ([]benchmark.Value, error)
	// DeleteBenchmarks removes those asked for, and tells how many there were.
	DeleteBenchmarks(ctx context.Context, organization string, q BenchmarkQuery) (int64, error)
}

// BenchmarkQuery says which benchmarks are asked for.
type BenchmarkQuery struct {
	// IDs, Series and Subjects are those asked for; nil means all.
	IDs, Series, Subjects []string
	// Metric is 0 for all.
	Metric benchmark.Metric
	// First and Last are days that those of a value lie in, or touch; 0 leaves a side open.
	First, Last operation.Day
}
