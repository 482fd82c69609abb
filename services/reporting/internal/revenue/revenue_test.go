package revenue_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/refusal"
	"github.com/otklik/otklik/services/reporting/internal/revenue"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9*max(1, math.Abs(want))) {
		t.Errorf("%s is %.15g, want %.15g", what, got, want)
	}
}

func decompose(t *testing.T, before, after revenue.Totals, method revenue.Method) revenue.Decomposition {
	t.Helper()
	d, err := revenue.Decompose(before, after, method)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestWorkedExample: 1000 visitors, 20 %, 2500 against 1100, 18 %, 2700.
func TestWorkedExample(t *testing.T) {
	before, after := revenue.Totals{Visitors: 1000, Receipts: 200, Revenue: 500000}, revenue.Totals{Visitors: 1100, Receipts: 198, Revenue: 534600}
	d := decompose(t, before, after, revenue.LMDI)
	if d.Change != 34600 || d.Limit || d.Carried {
		t.Errorf("change %+v", d)
	}
	near(t, "traffic", d.Effects.Traffic, 49285.5695856174)
	near(t, "conversion", d.Effects.Conversion, -54482.669497542)
	near(t, "check", d.Effects.Check, 39797.0999119246)
	near(t, "sum", d.Effects.Sum(), 34600)
	// By hand, over the six orders.
	d = decompose(t, before, after, revenue.Shapley)
	near(t, "traffic by Shapley", d.Effects.Traffic, 100*((0.2*2500+0.18*2700)/3+(0.2*2700+0.18*2500)/6))
	near(t, "conversion by Shapley", d.Effects.Conversion, -0.02*((1000*2500+1100*2700)/3.0+(1000*2700+1100*2500)/6.0))
	near(t, "check by Shapley", d.Effects.Check, 200*((1000*0.2+1100*0.18)/3+(1000*0.18+1100*0.2)/6))
	near(t, "sum by Shapley", d.Effects.Sum(), 34600)
}

// TestScaledToAllDays: 25 of 30 days of September against all 31 of October. Taken for all, they show a rise of 390,197; by the day revenue rose by 2,446.
func TestScaledToAllDays(t *testing.T) {
	before, after := revenue.Totals{Visitors: 2500, Receipts: 625, Revenue: 130992200}, revenue.Totals{Visitors: 3100, Receipts: 775, Revenue: 170011900}
	d := decompose(t, before.Of(25, 30), after.Of(31, 31), revenue.LMDI)
	if d.Before != (revenue.Totals{Visitors: 3000, Receipts: 750, Revenue: 157190640}) || d.After != after || d.Change != 12821260 {
		t.Errorf("%+v", d)
	}
	near(t, "sum", d.Effects.Sum(), 12821260)
	rapid.Check(t, func(t *rapid.T) {
		of := totals(t, "a day")
		known := rapid.IntRange(1, 1100).Draw(t, "known")
		days := rapid.IntRange(known, 1100).Draw(t, "days")
		sum := revenue.Totals{}
		for range known {
			sum = sum.Add(of)
		}
		want := revenue.Totals{Visitors: of.Visitors * int64(days), Receipts: of.Receipts * int64(days), Revenue: of.Revenue * int64(days)}
		if got := sum.Of(known, days); got != want {
			t.Fatalf("%d of %d days that are alike: %+v, want %+v", known, days, got, want)
		}
	})
}

// TestFactorsOfNothing: the factor that is 0 takes the change, and is what LMDI tends to as it goes to 0.
func TestFactorsOfNothing(t *testing.T) {
	open := revenue.Totals{Visitors: 100, Receipts: 20, Revenue: 50000}
	for name, c := range map[string]struct {
		before  revenue.Totals
		want    revenue.Effects
		carried bool
	}{
		"closed":        {revenue.Totals{}, revenue.Effects{Traffic: 50000}, true},
		"nobody bought": {revenue.Totals{Visitors: 70}, revenue.Effects{Conversion: 50000}, true},
		"all for free":  {revenue.Totals{Visitors: 70, Receipts: 30}, revenue.Effects{Check: 50000}, false},
	} {
		d := decompose(t, c.before, open, revenue.LMDI)
		if d.Effects != c.want || !d.Limit || d.Carried != c.carried {
			t.Errorf("%s: %+v", name, d)
		}
		back := decompose(t, open, c.before, revenue.LMDI)
		near(t, name+" turned round", back.Effects.Sum(), -50000)
		if s := decompose(t, c.before, open, revenue.Shapley); s.Limit {
			t.Errorf("%s: Shapley needs no limit", name)
		} else {
			near(t, name+" by Shapley", s.Effects.Sum(), 50000)
		}
	}
	if d := decompose(t, revenue.Totals{}, revenue.Totals{Visitors: 9}, revenue.LMDI); d.Effects != (revenue.Effects{}) || d.Change != 0 {
		t.Errorf("nothing sold on both sides: %+v", d)
	}
	// Near the limit: one receipt of a little against millions, at the same conversion and check.
	d := decompose(t, revenue.Totals{Visitors: 1, Receipts: 1, Revenue: 1}, revenue.Totals{Visitors: 1 << 40, Receipts: 1 << 40, Revenue: 1 << 40}, revenue.LMDI)
	near(t, "nearly the limit", d.Effects.Traffic, 1<<40-1)
}

func TestRefusesWhatContradictsTheIdentity(t *testing.T) {
	fine := revenue.Totals{Visitors: 10, Receipts: 5, Revenue: 100}
	for name, bad := range map[string]revenue.Totals{
		"negative traffic":         {Visitors: -1},
		"receipts without visitor": {Receipts: 3, Revenue: 100},
		"revenue without receipt":  {Visitors: 10, Revenue: 100},
		"negative revenue":         {Visitors: 10, Receipts: 3, Revenue: -100},
	} {
		_, err := revenue.Decompose(fine, bad, revenue.LMDI)
		var refused *refusal.Error
		if !errors.As(err, &refused) || refused.Reason != refusal.Impossible {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := decompose(t, fine, revenue.Totals{Visitors: 10, Receipts: 3, Revenue: -100}, revenue.Shapley)
	near(t, "Shapley of negative revenue", d.Effects.Sum(), -200)
	if _, err := revenue.Sum([]revenue.Pair{{Place: "north", Before: fine, After: revenue.Totals{Visitors: -1}}}, revenue.LMDI); err == nil {
		t.Error("a place that contradicts the identity is refused")
	}
}

// totals draws what a place may add up to.
func totals(t *rapid.T, name string) revenue.Totals {
	v := rapid.Int64Range(0, 1e7).Draw(t, name+" visitors")
	if v == 0 {
		return revenue.Totals{}
	}
	r := rapid.Int64Range(0, 1e6).Draw(t, name+" receipts")
	if r == 0 {
		return revenue.Totals{Visitors: v}
	}
	return revenue.Totals{Visitors: v, Receipts: r, Revenue: rapid.Int64Range(0, 1e12).Draw(t, name+" revenue")}
}

// TestEffectsSumExactly: whatever changes, the effects of the factors sum to the change, those of places to the whole; and turning the periods round turns
// the effects round.
func TestEffectsSumExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		method := rapid.SampledFrom([]revenue.Method{revenue.LMDI, revenue.Shapley}).Draw(t, "method")
		var pairs, turned []revenue.Pair
		var size float64
		for range rapid.IntRange(1, 8).Draw(t, "pairs") {
			p := revenue.Pair{Place: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "place"), Before: totals(t, "before"), After: totals(t, "after")}
			pairs = append(pairs, p)
			turned = append(turned, revenue.Pair{Place: p.Place, Before: p.After, After: p.Before})
			size += float64(p.Before.Revenue + p.After.Revenue)
		}
		whole, err := revenue.Sum(pairs, method)
		if err != nil {
			t.Fatal(err)
		}
		back, err := revenue.Sum(turned, method)
		if err != nil {
			t.Fatal(err)
		}
		// Effects may be far greater than the change, and cancel.
		for _, p := range whole.Parts {
			size += math.Abs(p.Effects.Traffic) + math.Abs(p.Effects.Conversion) + math.Abs(p.Effects.Check)
		}
		size += math.Abs(whole.AtOnce.Effects.Traffic) + math.Abs(whole.AtOnce.Effects.Conversion) + math.Abs(whole.AtOnce.Effects.Check)
		close := func(what string, got, want float64) {
			if math.Abs(got-want) > 1e-9*max(1, size) {
				t.Fatalf("%s: %.15g, want %.15g", what, got, want)
			}
		}
		close("whole", whole.Together.Effects.Sum(), float64(whole.Together.Change))
		close("at once", whole.AtOnce.Effects.Sum(), float64(whole.AtOnce.Change))
		var parts revenue.Effects
		var change int64
		for _, p := range whole.Parts {
			close("part "+p.Place, p.Effects.Sum(), float64(p.Change))
			parts.Traffic, parts.Conversion, parts.Check = parts.Traffic+p.Effects.Traffic, parts.Conversion+p.Effects.Conversion, parts.Check+p.Effects.Check
			change += p.Change
		}
		close("traffic of parts", parts.Traffic, whole.Together.Effects.Traffic)
		close("conversion of parts", parts.Conversion, whole.Together.Effects.Conversion)
		close("check of parts", parts.Check, whole.Together.Effects.Check)
		close("traffic turned round", back.Together.Effects.Traffic, -whole.Together.Effects.Traffic)
		close("check turned round", back.Together.Effects.Check, -whole.Together.Effects.Check)
		if change != whole.Together.Change || change != whole.AtOnce.Change {
			t.Fatalf("changes %d, %d, %d", change, whole.Together.Change, whole.AtOnce.Change)
		}
	})
}

// FuzzEffectsSum: splitting a place's days into places splits its change, and no total makes a number that is none.
func FuzzEffectsSum(f *testing.F) {
	f.Add(int64(1000), int64(200), int64(500000), int64(1100), int64(198), int64(534600))
	f.Add(int64(0), int64(0), int64(0), int64(1), int64(1), int64(math.MaxInt32))
	f.Fuzz(func(t *testing.T, v0, r0, m0, v1, r1, m1 int64) {
		const most = 1 << 45
		for _, x := range []int64{v0, r0, m0, v1, r1, m1} {
			if x < -most || x > most {
				return
			}
		}
		for _, method := range []revenue.Method{revenue.LMDI, revenue.Shapley} {
			d, err := revenue.Decompose(revenue.Totals{Visitors: v0, Receipts: r0, Revenue: m0}, revenue.Totals{Visitors: v1, Receipts: r1, Revenue: m1}, method)
			if err != nil {
				continue
			}
			// The size of what is summed: effects may be far greater than the change, and cancel.
			size := max(1, math.Abs(float64(m0)), math.Abs(float64(m1)), math.Abs(d.Effects.Traffic), math.Abs(d.Effects.Conversion), math.Abs(d.Effects.Check))
			if !(math.Abs(d.Effects.Sum()-float64(d.Change)) <= 1e-9*size) {
				t.Errorf("%+v sums to %v", d, d.Effects.Sum())
			}
		}
	})
}
