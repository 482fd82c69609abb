package stat_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
)

func TestHolm(t *testing.T) {
	// By hand: 0.005·4, 0.01·3, 0.03·2, and 0.04·1 raised to the one before.
	got := must[[]float64](t)(stat.Holm([]float64{0.01, 0.04, 0.03, 0.005}, 4))
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		near(t, "adjusted", got[i], want)
	}
	if _, err := stat.Holm([]float64{0.1, 0.2}, 1); !errors.Is(err, stat.ErrArgument) {
		t.Errorf("got %v", err)
	}
	if _, err := stat.Holm([]float64{math.NaN()}, 1); !errors.Is(err, stat.ErrArgument) {
		t.Errorf("got %v", err)
	}
}

// zTest is the p-value of the difference of two estimates with the same standard error.
func zTest(x []float64, se float64) func(i, j int) float64 {
	return func(i, j int) float64 { return stat.PValueZ((x[i] - x[j]) / (se * math.Sqrt2)) }
}

func TestPlaces(t *testing.T) {
	x := []float64{10, 50, 11, 50, 90}
	got := must[[]stat.Place](t)(stat.Places(x, zTest(x, 5), 0.95))
	want := []stat.Place{{5, 4, 5}, {2, 2, 3}, {4, 4, 5}, {2, 2, 3}, {1, 1, 1}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	unknown := must[[]stat.Place](t)(stat.Places(x, func(int, int) float64 { return math.NaN() }, 0.95))
	for i, p := range unknown {
		if p.Best != 1 || p.Worst != 5 || p.Rank != want[i].Rank {
			t.Errorf("without tests: %+v", p)
		}
	}
	if one := must[[]stat.Place](t)(stat.Places([]float64{3}, nil, 0.95)); one[0] != (stat.Place{1, 1, 1}) {
		t.Errorf("one: %+v", one)
	}
	if _, err := stat.Places([]float64{math.NaN()}, nil, 0.95); !errors.Is(err, stat.ErrArgument) {
		t.Errorf("got %v", err)
	}
}

func TestPlacesHoldTheirRank(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(0, 10), 1, 15).Draw(rt, "x")
		places, err := stat.Places(x, zTest(x, rapid.Float64Range(0.01, 5).Draw(rt, "se")), 0.9)
		if err != nil {
			rt.Fatal(err)
		}
		for _, p := range places {
			if p.Best < 1 || p.Best > p.Rank || p.Rank > p.Worst || p.Worst > len(x) {
				rt.Fatalf("%+v of %d", p, len(x))
			}
		}
	})
}

// TestPlacesCoverTogether: in at least 95 of 100 surveys all true places lie within their intervals, whether the truth is equal or spread out.
func TestPlacesCoverTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, step := range []float64{0, 0.7, 3} {
		const rounds, n = 1000, 8
		wrong := 0
		for range rounds {
			x := make([]float64, n)
			for i := range x {
				x[i] = step*float64(i) + r.NormFloat64()
			}
			places := must[[]stat.Place](t)(stat.Places(x, zTest(x, 1), 0.95))
			for i, p := range places {
				// With a step the true place of i is n-i; without, all are equal and any place that takes ties into account is right only if the interval
				// is the whole.
				best, worst := n-i, n-i
				if step == 0 {
					best, worst = 1, n
				}
				if p.Best > best || p.Worst < worst {
					wrong++
					break
				}
			}
		}
		if share := float64(wrong) / rounds; share > 0.065 {
			t.Errorf("step %v: %v of the surveys have a wrong interval", step, share)
		}
	}
}
