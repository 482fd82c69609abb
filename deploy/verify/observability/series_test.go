package observability

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// sample is a generated sample with another time and value.
type sample struct {
	chunks.Sample
	at    int64
	value float64
}

// T is the time.
func (s sample) T() int64 { return s.at }

// F is the value.
func (s sample) F() float64 { return s.value }

// series are some series in memory, in the order of their labels.
type series struct {
	list []storage.Series
	at   int
}

// load makes series of their description, such as up{job="a"} 0+1x720, with a sample a minute from 1970 on.
func load(t *testing.T, descriptions []string) *storage.MockQueryable {
	t.Helper()
	var all []storage.Series
	for _, description := range descriptions {
		set, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(description)
		if err != nil {
			t.Fatalf("%s: %v", description, err)
		}
		samples := chunks.GenerateSamples(0, len(values))
		for i, v := range values {
			samples[i] = sample{Sample: samples[i], at: time.Minute.Milliseconds() * int64(i), value: v.Value}
		}
		all = append(all, storage.NewListSeries(set, samples))
	}
	slices.SortFunc(all, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return &storage.MockQueryable{MockQuerier: &storage.MockQuerier{
		SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
			found := &series{at: -1}
			for _, s := range all {
				if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(s.Labels().Get(m.Name)) }) {
					found.list = append(found.list, s)
				}
			}
			return found
		},
	}}
}

// Next goes to the next series.
func (s *series) Next() bool { s.at++; return s.at < len(s.list) }

// At is the series that Next went to.
func (s *series) At() storage.Series { return s.list[s.at] }

// Err is always nil.
func (*series) Err() error { return nil }

// Warnings are always empty.
func (*series) Warnings() annotations.Annotations { return nil }

// fires tells whether an expression has a result after twelve hours of the series.
func fires(t *testing.T, descriptions []string, expression string) bool {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: parser.NewParser(parser.Options{}),
	})
	defer engine.Close()
	query, err := engine.NewInstantQuery(t.Context(), load(t, descriptions), nil, expression, time.Unix(0, 0).Add(12*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	vector, err := query.Exec(t.Context()).Vector()
	if err != nil {
		t.Fatal(err)
	}
	return len(vector) > 0
}
