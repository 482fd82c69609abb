package theme_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/theme"
)

// answers are the moments of so many promoters, passives and detractors.
func answers(promoters, passives, detractors int64) store.Moments {
	return store.Moments{N: promoters + passives + detractors, Sum: 100 * (promoters - detractors), Squares: 10_000 * (promoters + detractors)}
}

// A worked example: 40 of 200 responses blame the queue. They have an NPS of -50, the other 160 one of 50.
func TestWeakness(t *testing.T) {
	t.Parallel()
	total := store.Total{Responses: 200, Comments: 210, NPS: answers(100, 30, 70)}
	queue := store.ThemeCount{Aspect: "wait", Comments: 41, Responses: [4]int64{40, 0, 0, 0}, NPS: [4]store.Moments{answers(5, 10, 25)}}
	got, err := theme.Judge([]store.ThemeCount{queue}, []store.Total{total}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	i := got[0]
	if i.Kind != theme.Weakness || i.Share != 0.2 || i.All != 40 || *i.Positive != 0 {
		t.Errorf("got %+v", i)
	}
	// NPS of those: (5-25)/40 = -50; of the others: (95-45)/160 = 31.25.
	if math.Abs(*i.Difference+81.25) > 1e-9 || i.DifferenceInterval.High >= 0 {
		t.Errorf("difference %v in %v", *i.Difference, i.DifferenceInterval)
	}
	// A fifth of all would answer 81.25 points higher.
	if math.Abs(*i.AtStake-16.25) > 1e-9 {
		t.Errorf("at stake %v", *i.AtStake)
	}
	// Wilson for 40 of 200.
	if math.Abs(i.ShareInterval.Low-0.150452) > 1e-5 || math.Abs(i.ShareInterval.High-0.260855) > 1e-5 {
		t.Errorf("share in %v", i.ShareInterval)
	}
}

// Those that do both are half praise, and say nothing about which is more frequent.
func TestBothAreHalfPraise(t *testing.T) {
	t.Parallel()
	got, err := theme.Judge([]store.ThemeCount{{Aspect: "staff", Comments: 4, Responses: [4]int64{0, 0, 0, 4}}}, []store.Total{{Responses: 9, Comments: 9}}, 0.9)
	if err != nil {
		t.Fatal(err)
	}
	if i := got[0]; *i.Positive != 0.5 || i.Kind != theme.Undecided || i.Q != nil || i.Difference != nil || i.AtStake != nil {
		t.Errorf("got %+v", i)
	}
}

// Without variance there is a difference, and no interval.
func TestNoIntervalWithoutVariance(t *testing.T) {
	t.Parallel()
	counts := []store.ThemeCount{{Aspect: "price", Comments: 2, Responses: [4]int64{2, 0, 0, 0}, NPS: [4]store.Moments{answers(0, 0, 2)}}}
	got, err := theme.Judge(counts, []store.Total{{Responses: 5, Comments: 5, NPS: answers(3, 0, 2)}}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if i := got[0]; *i.Difference != -200 || i.DifferenceInterval != nil {
		t.Errorf("got %+v", i)
	}
}

// The sign test is the binomial one, and each q-value at least its p-value.
func TestSignTestIsBinomial(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		up, down := rapid.Int64Range(0, 60).Draw(r, "up"), rapid.Int64Range(0, 60).Draw(r, "down")
		if up+down == 0 {
			return
		}
		got, err := theme.Judge([]store.ThemeCount{{Aspect: "a", Responses: [4]int64{down, 0, up, 0}}}, []store.Total{{Responses: up + down}}, 0.95)
		if err != nil {
			r.Fatal(err)
		}
		want := min(1, 2*distuv.Binomial{N: float64(up + down), P: 0.5}.CDF(float64(min(up, down))))
		if q := *got[0].Q; math.Abs(q-want) > 1e-9 {
			r.Errorf("%d against %d: %v, want %v", up, down, q, want)
		}
	})
}

// By the formula of Monroe and others, worked by hand: 30 of 100 against 40 of 400, prior of 10 responses at the pooled share of 0.14.
func TestChangeByHand(t *testing.T) {
	t.Parallel()
	changes, order, err := theme.Test([]theme.Tally{{Recent: 30, RecentTotal: 100, Baseline: 40, BaselineTotal: 400}}, 5)
	if err != nil || len(order) != 1 {
		t.Fatal(order, err)
	}
	c := changes[0]
	want := math.Log(31.4/78.6) - math.Log(41.4/368.6)
	if math.Abs(c.LogOdds-want) > 1e-12 || c.Q != c.P {
		t.Errorf("got %+v, want %v", c, want)
	}
	if c.Interval.Low >= c.LogOdds || c.Interval.Low <= 0 || c.Interval.High <= c.LogOdds {
		t.Errorf("interval %v", c.Interval)
	}
}

// Fisher's own: of eight cups four had the milk first, and the lady found three of them. Then a theme that nobody wrote of before.
func TestFishersExactTest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tally theme.Tally
		want  float64
	}{
		{theme.Tally{Recent: 3, RecentTotal: 4, Baseline: 1, BaselineTotal: 4}, 0.4857142857},
		{theme.Tally{Recent: 4, RecentTotal: 4, Baseline: 0, BaselineTotal: 4}, 0.0285714286},
		{theme.Tally{Recent: 5, RecentTotal: 5, Baseline: 0, BaselineTotal: 10}, 0.000333000333},
	} {
		changes, _, err := theme.Test([]theme.Tally{c.tally}, 3)
		if err != nil {
			t.Fatal(err)
		}
		if p := changes[0].P; math.Abs(p-c.want) > 1e-9 {
			t.Errorf("%+v: %v, want %v", c.tally, p, c.want)
		}
	}
	changes, _, err := theme.Test([]theme.Tally{{Recent: 30, RecentTotal: 97, Baseline: 0, BaselineTotal: 30}}, 5)
	if err != nil || changes[0].P > 2e-4 {
		t.Errorf("30 of 97 after 0 of 30: %v, %v", changes[0].P, err)
	}
}

// Where counts are great, the exact test and the normal one say the same.
func TestGreatCountsAreTestedAlike(t *testing.T) {
	t.Parallel()
	p := func(n int64) float64 {
		changes, _, err := theme.Test([]theme.Tally{{Recent: n + n/20, RecentTotal: 4 * n, Baseline: n, BaselineTotal: 4 * n}}, 5)
		if err != nil {
			t.Fatal(err)
		}
		return changes[0].P
	}
	if exact, normal := p(970), p(980); math.Abs(exact-normal) > 0.03 {
		t.Errorf("%v by the exact test, %v by the normal one", exact, normal)
	}
}

// Turned round, the same change has the other sign and the same p-value; and nothing is found where too few hold a theme.
func TestChangeIsSymmetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		a := theme.Tally{RecentTotal: rapid.Int64Range(1, 5000).Draw(r, "recent"), BaselineTotal: rapid.Int64Range(1, 5000).Draw(r, "before")}
		a.Recent, a.Baseline = rapid.Int64Range(0, a.RecentTotal).Draw(r, "hold it"), rapid.Int64Range(0, a.BaselineTotal).Draw(r, "held it")
		b := theme.Tally{Recent: a.Baseline, RecentTotal: a.BaselineTotal, Baseline: a.Recent, BaselineTotal: a.RecentTotal}
		changes, order, err := theme.Test([]theme.Tally{a, b}, 5)
		if err != nil {
			r.Fatal(err)
		}
		if a.Recent+a.Baseline < 5 {
			if len(order) != 0 {
				r.Errorf("tested %v", order)
			}
			return
		}
		if x, y := changes[0], changes[1]; math.Abs(x.LogOdds+y.LogOdds) > 1e-9 || math.Abs(x.P-y.P) > 1e-9 || x.P < 0 || x.P > 1 || x.Q < x.P {
			r.Errorf("%+v and %+v", x, y)
		}
	})
}

// Where nothing changes, at most a twentieth of the looks find anything; where one theme of fifty doubles, it is found.
func TestFalseDiscoveriesAreControlled(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 22))
	const looks, themes, recent, before = 400, 50, 400, 1600
	draw := func(n int, p float64) (k int64) {
		for range n {
			if random.Float64() < p {
				k++
			}
		}
		return k
	}
	falseAlarms, found := 0, 0
	for look := range looks {
		tallies := make([]theme.Tally, themes)
		for i := range tallies {
			p := 0.01 + 0.2*float64(i)/themes
			now := p
			if i == themes/2 && look%2 == 1 {
				now = 2 * p
			}
			tallies[i] = theme.Tally{Recent: draw(recent, now), RecentTotal: recent, Baseline: draw(before, p), BaselineTotal: before}
		}
		changes, order, err := theme.Test(tallies, theme.DefaultLeast)
		if err != nil {
			t.Fatal(err)
		}
		alarm := false
		for _, i := range order {
			if changes[i].Q <= theme.DefaultRate {
				if i == themes/2 && look%2 == 1 {
					found++
				} else if look%2 == 0 {
					alarm = true
				}
			}
		}
		if alarm {
			falseAlarms++
		}
	}
	if share := float64(falseAlarms) / (looks / 2); share > 0.08 {
		t.Errorf("%v of the looks at nothing found something", share)
	}
	if share := float64(found) / (looks / 2); share < 0.9 {
		t.Errorf("a theme that doubled was found in %v of the looks", share)
	}
}
