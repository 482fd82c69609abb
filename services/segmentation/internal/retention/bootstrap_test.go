package retention

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/otklik/otklik/libs/stat"
)

// Of many values the bootstrap says what Student's t says; of skewed ones its interval reaches further up.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	even, skewed := make([]float64, 400), make([]float64, 40)
	for i := range even {
		even[i] = random.NormFloat64()*10 + 100
	}
	for i := range skewed {
		skewed[i] = math.Exp(random.NormFloat64() * 1.5)
	}
	m := momentsOf(even)
	want, err := m.Interval(0.95)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := bootstrap(even, 0.95, 1)
	if !ok || math.Abs(got.Low-want.Low) > 0.1*want.Width() || math.Abs(got.High-want.High) > 0.1*want.Width() {
		t.Errorf("got %v, t says %v", got, want)
	}
	again, _ := bootstrap(even, 0.95, 1)
	if again != got {
		t.Errorf("%v, and with the same seed %v", got, again)
	}
	mean := momentsOf(skewed).Mean
	long, ok := bootstrap(skewed, 0.95, 1)
	if !ok || long.High-mean <= mean-long.Low {
		t.Errorf("the interval of skewed values, %v around %v, does not reach further up", long, mean)
	}
	for name, values := range map[string][]float64{"nothing": nil, "one": {1}, "the same": {3, 3, 3}, "too many": make([]float64, mostDraws)} {
		if _, ok := bootstrap(values, 0.95, 1); ok {
			t.Errorf("%s has an interval", name)
		}
	}
}

// In nine cases of ten and more the interval holds the mean that skewed values were drawn from; by t it is fewer.
func TestBootstrapCovers(t *testing.T) {
	t.Parallel()
	const times, size = 150, 40
	random := rand.New(rand.NewPCG(11, 3))
	truth := math.Exp(0.5)
	var byBootstrap, byT int
	for i := range times {
		values := make([]float64, size)
		for j := range values {
			values[j] = math.Exp(random.NormFloat64())
		}
		if got, ok := bootstrap(values, 0.95, uint64(i)); ok && got.Contains(truth) {
			byBootstrap++
		}
		if got, err := momentsOf(values).Interval(0.95); err == nil && got.Contains(truth) {
			byT++
		}
	}
	if byBootstrap < times*87/100 || byBootstrap < byT-3 {
		t.Errorf("%d of %d intervals hold the mean; by t %d", byBootstrap, times, byT)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	sorted := []float64{1, 2, 3, 4}
	for p, want := range map[float64]float64{0: 1, 0.125: 1, 0.5: 2.5, 0.875: 4, 1: 4} {
		if got := quantile(sorted, p); got != want {
			t.Errorf("quantile %v is %v", p, got)
		}
	}
}

// The exact interval of a number of events: values of Garwood's tables.
func TestPoisson(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]stat.Interval{0: {Low: 0, High: 3.6888794541}, 5: {Low: 1.6234863901, High: 11.6683320935}, 10: {Low: 4.7953887, High: 18.3903560}} {
		got := poisson(n, 0.95)
		if math.Abs(got.Low-want.Low) > 1e-6 || math.Abs(got.High-want.High) > 1e-6 {
			t.Errorf("%d: %v, not %v", n, got, want)
		}
	}
}
