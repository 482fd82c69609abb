package factor_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/reporting/internal/factor"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// model makes the correlations that loadings on uncorrelated factors give.
func model(loadings [][]float64) [][]float64 {
	out := make([][]float64, len(loadings))
	for i := range out {
		out[i] = make([]float64, len(loadings))
		for j := range out {
			for f := range loadings[i] {
				out[i][j] += loadings[i][f] * loadings[j][f]
			}
		}
		out[i][i] = 1
	}
	return out
}

func input(correlations [][]float64, n float64) factor.Input {
	return factor.Input{Items: items(len(correlations)), Correlation: correlations, Covariance: correlations, N: n}
}

func analyse(t testing.TB, in factor.Input, o factor.Options) *factor.Result {
	t.Helper()
	r, err := factor.Analyse(t.Context(), in, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPublishedLoadings compares with the loadings of the ability test that GPArotation prints; its source says that full convergence differs by up to 0.003.
func TestPublishedLoadings(t *testing.T) {
	var published struct {
		Ability struct{ Loadings [][]float64 } `json:"ability_cov"`
	}
	text, err := os.ReadFile(testkit.SharedData(t, "factor_classics/published.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &published); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(testkit.SharedData(t, "factor_classics/ability_cov.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	in := factor.Input{Items: lines[0][1:], N: 112}
	for _, line := range lines[1:] {
		var row []float64
		for _, s := range line[1:] {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				t.Fatal(err)
			}
			row = append(row, v)
		}
		in.Covariance = append(in.Covariance, row)
	}
	in.Correlation = correlations(in.Covariance)
	got := analyse(t, in, factor.Options{Factors: 2})
	nearTable(t, "loading", got.Loadings, published.Ability.Loadings, 0.003)
}

// TestPublishedAdequacy compares with the KMO that is published of nine tests of Holzinger and Swineford, of x1..x8 to two digits.
func TestPublishedAdequacy(t *testing.T) {
	of := readReference(t).Analyses["holzinger"]
	got := analyse(t, input(of.Correlations, of.N), factor.Options{})
	near(t, "KMO", got.KMO, 0.75, 0.005)
	nearAll(t, "KMO of an item", got.KMOItems[:8], []float64{0.81, 0.78, 0.73, 0.76, 0.74, 0.81, 0.59, 0.68}, 0.005)
	if got.Factors != 3 {
		t.Errorf("%d factors, and the tests are of three abilities", got.Factors)
	}
}

// TestPublishedReliability compares with the alphas, standardised, that seminr prints of the constructs of the ECSI survey.
func TestPublishedReliability(t *testing.T) {
	file, err := os.Open(testkit.SharedData(t, "ecsi_mobile/published/seminr_reliability.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	computed := readReference(t).Reliability
	for _, line := range lines[1:] {
		block := map[string]string{"Image": "IMAG", "Expectation": "CUEX", "Satisfaction": "CUSA"}[line[0]]
		if block == "" {
			// Value has two items, of which there is no factor.
			continue
		}
		want, err := strconv.ParseFloat(line[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		covariance := computed[block].Covariance
		got := analyse(t, factor.Input{Items: items(len(covariance)), Correlation: correlations(covariance), Covariance: covariance, N: 250},
			factor.Options{Alpha: factor.Standardized, Factors: 1})
		near(t, line[0], *got.Alpha, want, 1e-9)
	}
}

// TestFindsWhatIsThere: of correlations that two factors make exactly, both extractions find the loadings, and the fit is perfect.
func TestFindsWhatIsThere(t *testing.T) {
	loadings := [][]float64{{0.8, 0}, {0.7, 0}, {0.75, 0}, {0.6, 0}, {0, 0.9}, {0, 0.5}, {0, 0.6}, {0, 0.4}}
	for _, extraction := range []factor.Extraction{factor.MaximumLikelihood, factor.Minres} {
		got := analyse(t, input(model(loadings), 400), factor.Options{Extraction: extraction})
		if got.Factors != 2 || got.ParallelFactors != 2 || got.KaiserFactors != 2 || len(got.HeywoodItems) != 0 {
			t.Fatalf("%d factors, parallel %d, Kaiser %d, Heywood %v", got.Factors, got.ParallelFactors, got.KaiserFactors, got.HeywoodItems)
		}
		nearTable(t, "loading", got.Loadings, loadings, 1e-6)
		for i, c := range got.Communalities {
			near(t, "communality and uniqueness", c+got.Uniquenesses[i], 1, 1e-6)
		}
		if extraction == factor.MaximumLikelihood {
			near(t, "statistic of the fit", got.Fit.Statistic, 0, 1e-6)
			near(t, "its p", got.Fit.P, 1, 1e-6)
		} else if got.Fit != nil {
			t.Error("minres has a test of likelihood")
		}
	}
}

// TestNothingBeyondChance: items that are independent have no factor, and that is no failure.
func TestNothingBeyondChance(t *testing.T) {
	got := analyse(t, input(model(make([][]float64, 6)), 200), factor.Options{})
	if got.Factors != 0 || got.Loadings != nil || got.Uniquenesses != nil || got.Fit != nil {
		t.Errorf("%+v", got)
	}
	near(t, "KMO", got.KMO, 0.5, 1e-12)
	near(t, "Bartlett's p", got.Bartlett.P, 1, 1e-12)
}

// TestImproperSolutionsAreNamed: where an item would share all its variance and more, the answer names it.
func TestImproperSolutionsAreNamed(t *testing.T) {
	// One factor of three items has loadings √(r₁₂r₁₃/r₂₃): 1.13 for the first.
	r := [][]float64{{1, 0.8, 0.8}, {0.8, 1, 0.5}, {0.8, 0.5, 1}}
	for _, extraction := range []factor.Extraction{factor.MaximumLikelihood, factor.Minres} {
		got := analyse(t, input(r, 200), factor.Options{Factors: 1, Extraction: extraction})
		if !slices.Equal(got.HeywoodItems, []int{0}) {
			t.Errorf("Heywood items %v with uniquenesses %v, want the first", got.HeywoodItems, got.Uniquenesses)
		}
	}
}

func TestReversedItemsAreNamed(t *testing.T) {
	loadings := [][]float64{{0.8}, {0.7}, {-0.7}, {0.6}}
	got := analyse(t, input(model(loadings), 300), factor.Options{Factors: 1})
	if !slices.Equal(got.ReversedItems, []int{2}) {
		t.Errorf("reversed are %v, want the third", got.ReversedItems)
	}
	// Loadings sum to more than 0.
	nearTable(t, "loading", got.Loadings, loadings, 1e-6)
	if !slices.Contains(got.Conventions, "kaiser_normalization") || !slices.Contains(got.Conventions, "alpha_raw") {
		t.Errorf("conventions %v", got.Conventions)
	}
}

func TestRefusals(t *testing.T) {
	double := model([][]float64{{0.8}, {0.7}, {0.7}, {0.6}})
	double[1][2], double[2][1] = 1, 1
	for name, c := range map[string]struct {
		in       factor.Input
		o        factor.Options
		want     refusal.Reason
		items    []string
		argument bool
	}{
		"two items":        {in: input(model(make([][]float64, 2)), 100), want: refusal.TooFew, argument: true},
		"too many items":   {in: factor.Input{Items: make([]string, factor.MostItems+1)}, want: refusal.TooMany, argument: true},
		"too many factors": {in: input(model(make([][]float64, 6)), 100), o: factor.Options{Factors: 4}, want: refusal.TooMany, argument: true},
		"few responses":    {in: input(model(make([][]float64, 6)), 6), want: refusal.TooFew},
		"twins":            {in: input(double, 100), want: refusal.Singular, items: []string{"itemb", "itemc"}},
		"many tables":      {in: input(model(make([][]float64, 6)), 100), o: factor.Options{Simulations: 20_000}, want: refusal.TooMany, argument: true},
	} {
		_, err := factor.Analyse(t.Context(), c.in, c.o)
		var refused *refusal.Error
		if !errors.As(err, &refused) || refused.Reason != c.want || refused.Argument != c.argument || c.items != nil && !slices.Equal(refused.Items, c.items) {
			t.Errorf("%s: %+v", name, err)
		}
	}
	lopsided := model(make([][]float64, 3))
	lopsided[0][1] = 0.5
	for name, in := range map[string]factor.Input{
		"not symmetric": input(lopsided, 100), "no number": input([][]float64{{1, math.NaN(), 0}, {math.NaN(), 1, 0}, {0, 0, 1}}, 100),
		"ragged": input([][]float64{{1, 0, 0}, {0, 1}, {0, 0, 1}}, 100), "no variance": {Items: items(3), Correlation: model(make([][]float64, 3)), Covariance: [][]float64{{1, 0, 0}, {0, 0, 0}, {0, 0, 1}}, N: 100},
	} {
		if _, err := factor.Analyse(t.Context(), in, factor.Options{}); !errors.Is(err, stat.ErrArgument) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// draw makes correlations of p items of n normal answers from random loadings.
func draw(r *rand.Rand, p, k, n int) [][]float64 {
	loadings := make([][]float64, p)
	for i := range loadings {
		loadings[i] = make([]float64, k)
		for f := range k {
			loadings[i][f] = 0.2 * r.Float64()
		}
		loadings[i][i%k] = 0.5 + 0.3*r.Float64()
	}
	sums, cross := make([]float64, p), make([][]float64, p)
	for i := range cross {
		cross[i] = make([]float64, p)
	}
	x, common := make([]float64, p), make([]float64, k)
	for range n {
		for f := range common {
			common[f] = r.NormFloat64()
		}
		for i := range x {
			x[i] = 0.6 * r.NormFloat64()
			for f := range common {
				x[i] += loadings[i][f] * common[f]
			}
			sums[i] += x[i]
			for j := range i + 1 {
				cross[i][j] += x[i] * x[j]
			}
		}
	}
	out := make([][]float64, p)
	for i := range out {
		out[i] = make([]float64, p)
		for j := range i + 1 {
			out[i][j] = cross[i][j] - sums[i]*sums[j]/float64(n)
		}
	}
	for i := p - 1; i >= 0; i-- {
		for j := range i {
			out[i][j] /= math.Sqrt(out[i][i] * out[j][j])
			out[j][i] = out[i][j]
		}
	}
	for i := range out {
		out[i][i] = 1
	}
	return out
}

// TestWhatDoesNotDependOnTheView: communalities do not depend on the rotation, and nothing depends on the order of the items.
func TestWhatDoesNotDependOnTheView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		p, k := rapid.IntRange(6, 12).Draw(t, "items"), rapid.IntRange(1, 2).Draw(t, "factors")
		extraction := rapid.SampledFrom([]factor.Extraction{factor.MaximumLikelihood, factor.Minres}).Draw(t, "extraction")
		r := rand.New(rand.NewPCG(seed, 0))
		table := draw(r, p, k, 400)
		order := r.Perm(p)
		turned := make([][]float64, p)
		for i := range turned {
			turned[i] = make([]float64, p)
			for j := range turned {
				turned[i][j] = table[order[i]][order[j]]
			}
		}
		options := factor.Options{Factors: k, Extraction: extraction, Simulations: 2, Rotation: factor.None}
		plain, err := factor.Analyse(t.Context(), input(table, 400), options)
		if err != nil {
			t.Fatal(err)
		}
		for _, rotation := range []factor.Rotation{factor.Varimax, factor.Promax} {
			options.Rotation = rotation
			got, err := factor.Analyse(t.Context(), input(table, 400), options)
			if err != nil {
				t.Fatal(err)
			}
			other, err := factor.Analyse(t.Context(), input(turned, 400), options)
			if err != nil {
				t.Fatal(err)
			}
			var variance, communality float64
			for i := range p {
				if math.Abs(got.Communalities[i]-plain.Communalities[i]) > 1e-8 {
					t.Fatalf("communality of item %d is %v when rotated and %v when not", i, got.Communalities[i], plain.Communalities[i])
				}
				if math.Abs(got.Communalities[order[i]]-other.Communalities[i]) > 1e-6 {
					t.Fatalf("communality of item %d is %v, and %v in another order", i, got.Communalities[order[i]], other.Communalities[i])
				}
				for f := range k {
					if math.Abs(got.Loadings[order[i]][f]-other.Loadings[i][f]) > 1e-4 {
						t.Fatalf("loading of item %d is %v, and %v in another order", i, got.Loadings[order[i]], other.Loadings[i])
					}
				}
				if u := got.Uniquenesses[i]; u < factor.Bound || u > 1 {
					t.Fatalf("uniqueness %v", u)
				}
				communality += got.Communalities[i]
			}
			for _, v := range got.Variance {
				variance += v * float64(p)
			}
			if math.Abs(variance-communality) > 1e-9 || math.Abs(got.KMO-other.KMO) > 1e-9 || math.Abs(*got.Alpha-*other.Alpha) > 1e-12 {
				t.Fatalf("variance %v of %v, KMO %v and %v", variance, communality, got.KMO, other.KMO)
			}
		}
	})
}

// TestSeed: the same seed gives the same random tables, another one others; their number of responses is not limited.
func TestSeed(t *testing.T) {
	table := model([][]float64{{0.8}, {0.7}, {0.6}, {0.6}, {0.5}})
	a, b := analyse(t, input(table, 1e6), factor.Options{Seed: 1}), analyse(t, input(table, 1e6), factor.Options{Seed: 1})
	c := analyse(t, input(table, 1e6), factor.Options{Seed: 2})
	if !slices.Equal(a.ParallelEigenvalues, b.ParallelEigenvalues) || slices.Equal(a.ParallelEigenvalues, c.ParallelEigenvalues) {
		t.Errorf("%v, %v and %v", a.ParallelEigenvalues, b.ParallelEigenvalues, c.ParallelEigenvalues)
	}
	if v := a.ParallelEigenvalues[0]; v < 1 || v > 1.02 {
		t.Errorf("of a million responses the greatest random eigenvalue is %v", v)
	}
	if i := a.AlphaInterval; i == nil || !i.Contains(*a.Alpha) || i.Width() > 0.01 {
		t.Errorf("alpha %v in %v", *a.Alpha, i)
	}
}

func BenchmarkAnalyse40Items(b *testing.B) {
	in := input(draw(rand.New(rand.NewPCG(40, 5)), 40, 5, 2000), 2000)
	for name, o := range map[string]factor.Options{"ml": {Rotation: factor.Promax}, "minres": {Extraction: factor.Minres}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if r, err := factor.Analyse(b.Context(), in, o); err != nil || r.Factors != 5 {
					b.Fatal(r, err)
				}
			}
		})
	}
}
