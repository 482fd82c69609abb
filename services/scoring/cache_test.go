package scoring_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// mapCache is a cache in memory.
type mapCache struct {
	mu     sync.Mutex
	values map[string][]byte
	hits   int
	// garble changes values on their way; nil does not.
	garble func([]byte) []byte
}

// Get returns a value.
func (c *mapCache) Get(_ context.Context, key string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.values[key]
	if ok {
		c.hits++
		if c.garble != nil {
			v = c.garble(slices.Clone(v))
		}
	}
	return v, ok
}

// Set keeps a value.
func (c *mapCache) Set(_ context.Context, key string, value []byte, ttl time.Duration) {
	if ttl <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values[key] = slices.Clone(value)
}

func (c *mapCache) counts() (values, hits int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.values), c.hits
}

// TestCachedAnswersAreNeverStale asks for scores that need a scan of all responses, with a cache and without, while responses come in.
func TestCachedAnswersAreNeverStale(t *testing.T) {
	t.Parallel()
	cache := &mapCache{values: make(map[string][]byte)}
	plain := newSuite(t)
	cached := newSuite(t)
	cached.survey, cached.deps.Cache = plain.survey, cache
	plain.survey.publish(acme, "shop", shopQuestions())
	n := 0
	add := func() {
		plain.survey.add(several(10, func(i int) *surveyv1.Event {
			e := response(acme, shop, id("r", n+i), noon.Add(time.Duration(i%3)*24*time.Hour), scores{"recommend": float64((n + i) % 11), "staff": 4, "price": 7})
			e.GetResponse().Respondent = id("person", i%4)
			return e
		})...)
		n += 10
		plain.caughtUp(shop, int64(n))
		cached.caughtUp(shop, int64(n))
	}
	plain.start()
	cached.start()
	add()
	questions := []*scoringv1.ScoreQuery{
		{Survey: shop, Metrics: metrics(metricMean), Variants: variants(scoringv1.Variant_VARIANT_MEAN_ALL_ANSWERS)},
		{Survey: shop, Metrics: metrics(metricMean), Variants: variants(scoringv1.Variant_VARIANT_MEAN_ALL_ANSWERS), Grain: 2},
		{Survey: shop, Metrics: metrics(metricMean), Variants: variants(scoringv1.Variant_VARIANT_MEAN_ALL_ANSWERS), GroupBy: []string{"location"}},
		{Survey: shop, Metrics: metrics(metricMean), Variants: variants(scoringv1.Variant_VARIANT_MEAN_ALL_ANSWERS), Period: thirtyDays(noon)},
	}
	compare := func(what string) {
		t.Helper()
		for i, q := range questions {
			want := withoutWatermark(plain.query(q))
			if len(want.GetScores()) == 0 {
				t.Fatalf("%s: question %d has no answer", what, i)
			}
			for range 2 {
				if got := withoutWatermark(cached.query(q)); !proto.Equal(got, want) {
					t.Errorf("%s: question %d: %v, want %v", what, i, got, want)
				}
			}
		}
	}
	compare("at first")
	if values, hits := cache.counts(); values != len(questions) || hits != len(questions) {
		t.Errorf("%d values and %d hits after each question was asked twice, want %d and as many", values, hits, len(questions))
	}
	add()
	compare("after more responses")
	for _, garble := range []func([]byte) []byte{
		func(b []byte) []byte { return b[:len(b)/2] },
		func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		func([]byte) []byte { return nil },
	} {
		cache.mu.Lock()
		cache.garble = garble
		cache.mu.Unlock()
		compare("garbled")
	}
	// A store made anew counts other things under the same numbers: what was kept of the old one is not for it.
	cache.mu.Lock()
	cache.garble = nil
	cache.mu.Unlock()
	fresh := newSuite(t)
	fresh.deps.Cache = cache
	fresh.survey.publish(acme, "shop", shopQuestions())
	fresh.survey.add(several(n, func(i int) *surveyv1.Event {
		e := response(acme, shop, id("r", i), noon, scores{"recommend": 0})
		e.GetResponse().Respondent = "one"
		return e
	})...)
	fresh.start().caughtUp(shop, int64(n))
	if got := fresh.query(questions[0]).GetScores()[0]; got.GetEstimate() != 1 || got.GetCounts().GetRespondents() != 1 {
		t.Errorf("another store is answered from the cache: %v", got)
	}
}
