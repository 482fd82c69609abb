package metric_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func TestRank(t *testing.T) {
	q := nps(question.Scale0To10)
	unit := func(promoters, passives, detractors int64) metric.Side {
		return metric.Side{Question: q, Data: groups(t, promoters, passives, detractors)}
	}
	units := []metric.Side{unit(50, 30, 20), unit(300, 60, 40), unit(1, 0, 0), unit(40, 30, 30), unit(52, 28, 20), unit(0, 0, 0)}
	r, err := metric.Rank(metric.NPSAnswered, units, metric.Settings{}, metric.Family{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Compared != 4 || *r.Overall.Estimate != 100*(443.0-110)/701 {
		t.Errorf("compared %d, overall %v", r.Compared, *r.Overall.Estimate)
	}
	for at, want := range []struct{ index, rank int }{{1, 1}, {4, 2}, {0, 3}, {3, 4}, {2, 0}, {5, 0}} {
		u := r.Units[at]
		if u.Index != want.index || u.Rank != want.rank || (u.Difference != nil) != (want.rank > 0) {
			t.Errorf("place %d: unit %d, rank %d, %+v", at+1, u.Index, u.Rank, u.Difference)
		}
	}
	first, second := r.Units[0], r.Units[1]
	// The rest of the first unit is the sum of all others, the one that is not compared included.
	within(t, "difference", first.Difference.Difference, 65-100*(143.0-70)/301, 1e-9)
	if !first.Different || first.Best != 1 || first.Worst != 1 || *first.AdjustedP < *first.Difference.P {
		t.Errorf("first %+v", first)
	}
	if second.Best != 2 || second.Worst != 4 {
		t.Errorf("second lies between %d and %d", second.Best, second.Worst)
	}
	one, err := metric.Rank(metric.NPSAnswered, units[:1], metric.Settings{}, metric.Family{})
	if err != nil || one.Compared != 1 || one.Units[0].Rank != 1 || one.Units[0].Difference != nil || one.Units[0].Different {
		t.Errorf("one unit: %+v, %v", one, err)
	}
	if none, err := metric.Rank(metric.NPSAnswered, nil, metric.Settings{}, metric.Family{}); err != nil || len(none.Units) != 0 {
		t.Errorf("no unit: %+v, %v", none, err)
	}
	if _, err := metric.Rank(metric.NPSAnswered, units, metric.Settings{}, metric.Family{DiscoveryRate: 0.7}); !errors.Is(err, metric.ErrSettings) {
		t.Errorf("got %v", err)
	}
	if _, err := metric.Rank(metric.NPSAnswered, make([]metric.Side, metric.MaxUnits+1), metric.Settings{}, metric.Family{}); !errors.Is(err, metric.ErrSettings) {
		t.Errorf("got %v", err)
	}
	other := metric.Side{Question: nps(question.Scale1To10), Data: groups(t, 5, 5, 5)}
	if _, err := metric.Rank(metric.NPSAnswered, []metric.Side{units[0], other}, metric.Settings{}, metric.Family{}); !errors.Is(err, metric.ErrNotComparable) {
		t.Errorf("got %v", err)
	}
}

// TestRankCallsFewDifferentByChance: among units that are all alike, at most 5 of 100 rankings call any different, or place any better than another.
func TestRankCallsFewDifferentByChance(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const rounds = 400
	different, placed := 0, 0
	for range rounds {
		units := make([]metric.Side, 12)
		for i := range units {
			units[i].Question = csat(question.Scale1To5)
			for range 120 {
				_ = units[i].Data.Answers.Add(100+100*int64(r.IntN(5)), 1)
			}
		}
		ranking, err := metric.Rank(metric.CSATShare, units, metric.Settings{}, metric.Family{})
		if err != nil {
			t.Fatal(err)
		}
		anyDifferent, anyPlaced := false, false
		for _, u := range ranking.Units {
			anyDifferent = anyDifferent || u.Different
			anyPlaced = anyPlaced || u.Best != 1 || u.Worst != 12
		}
		if anyDifferent {
			different++
		}
		if anyPlaced {
			placed++
		}
	}
	// 5 % and three standard errors of a share of 400.
	if limit := int(rounds * (0.05 + 3*math.Sqrt(0.05*0.95/rounds))); different > limit || placed > limit {
		t.Errorf("%d rankings call a unit different, %d place one, of %d", different, placed, rounds)
	}
}

// TestRankOfAllVariants: every variant ranks, and the units' differences are those of Compare.
func TestRankOfAllVariants(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, vd := range allVariants() {
		q := questionFor(vd.Variant, question.Scale1To5, question.Ease)
		units := make([]metric.Side, 5)
		for i := range units {
			var d metric.Data
			for v := q.Scale.Min; v <= q.Scale.Max && q.Scale.Step > 0; v += q.Scale.Step {
				_ = d.Answers.Add(int64(v), 1+r.Int64N(20))
			}
			for range 30 {
				n := 1 + r.Int64N(3)
				_ = d.Pooled.Add(pool.Answers{Count: n, Sum: n * r.Int64N(5) * pool.Resolution / 4}.Code(), 1)
			}
			d.Outcomes = fact.Outcomes{Responses: d.Answers.N(), Refused: r.Int64N(30)}
			many := d.Outcomes.Responses + d.Outcomes.Refused + 10
			d.Stated = metric.Stated{Invitations: &many, Consultations: &many, Visitors: &many}
			units[i] = metric.Side{Question: q, Data: d}
		}
		ranking, err := metric.Rank(vd.Variant, units, settingsFor(q), metric.Family{})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range ranking.Units {
			var others metric.Data
			first := true
			for i, side := range units {
				if i == u.Index {
					continue
				}
				if first {
					others, first = side.Data, false
					continue
				}
				others = others.Add(side.Data)
			}
			c, err := metric.Compare(vd.Variant, units[u.Index], metric.Side{Question: q, Data: others}, settingsFor(q))
			if err != nil || u.Difference == nil || math.Abs(c.Difference-u.Difference.Difference) > 1e-9 || math.Abs(*c.P-*u.Difference.P) > 1e-9 {
				t.Errorf("%s: %+v, want %+v, %v", vd.Variant, u.Difference, c, err)
			}
		}
	}
}

func TestRankOfPooledAnswersWithOneRespondent(t *testing.T) {
	one := metric.Side{Data: metric.Data{Pooled: histogram.Of(pool.Answers{Count: 2, Sum: pool.Resolution}.Code())}}
	r, err := metric.Rank(metric.MeanAllAnswers, []metric.Side{one, one}, metric.Settings{}, metric.Family{})
	if err != nil || r.Compared != 2 || r.Units[0].Difference.P != nil || r.Units[0].Worst != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}
