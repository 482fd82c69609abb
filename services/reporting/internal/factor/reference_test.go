package factor_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/factor"
)

// solution is one extraction as R prints it.
type solution struct {
	Uniquenesses, Communalities []float64
	Criterion                   float64
	ChiSquare                   float64 `json:"chi_square"`
	DF                          int
	P                           float64
	Unrotated, Varimax, Promax  [][]float64
	Phi                         [][]float64
}

// reference is testdata/factors.json, which testdata/factors.R makes; the tolerances are stated there.
type reference struct {
	Analyses map[string]struct {
		N            float64
		Factors      int
		Correlations [][]float64
		Eigenvalues  []float64
		ML, Minres   solution
		KMO          float64
		KMOItems     []float64 `json:"kmo_items"`
		Bartlett     struct {
			ChiSquare float64 `json:"chi_square"`
			DF        int
			P         float64
		}
		Parallel []float64 `json:"parallel_95"`
	}
	Reliability map[string]struct {
		N                    float64
		Covariance           [][]float64
		Raw, Standardised    float64
		RawInterval          [2]float64 `json:"raw_interval"`
		StandardisedInterval [2]float64 `json:"standardised_interval"`
		Dropped              []float64
	}
}

func readReference(t testing.TB) reference {
	t.Helper()
	text, err := os.ReadFile("testdata/factors.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func items(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "item" + string(rune('a'+i))
	}
	return out
}

func correlations(covariance [][]float64) [][]float64 {
	out := make([][]float64, len(covariance))
	for i, row := range covariance {
		out[i] = make([]float64, len(row))
		for j, v := range row {
			out[i][j] = v / math.Sqrt(covariance[i][i]*covariance[j][j])
		}
		out[i][i] = 1
	}
	return out
}

func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*max(1, math.Abs(want))) {
		t.Errorf("%s is %.10g, want %.10g", what, got, want)
	}
}

func nearAll(t testing.TB, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range got {
		near(t, what, got[i], want[i], tolerance)
	}
}

func nearTable(t testing.TB, what string, got, want [][]float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", what, len(got), len(want))
	}
	for i := range got {
		nearAll(t, what, got[i], want[i], tolerance)
	}
}

func TestAgreesWithR(t *testing.T) {
	for name, want := range readReference(t).Analyses {
		t.Run(name, func(t *testing.T) {
			in := factor.Input{Items: items(len(want.Correlations)), Correlation: want.Correlations, Covariance: want.Correlations, N: want.N}
			for _, c := range []struct {
				extraction            factor.Extraction
				rotation              factor.Rotation
				of                    solution
				loadings              [][]float64
				unique, loadingWithin float64
			}{
				{factor.MaximumLikelihood, factor.None, want.ML, want.ML.Unrotated, 1e-5, 1e-4},
				{factor.MaximumLikelihood, factor.Varimax, want.ML, want.ML.Varimax, 1e-5, 1e-4},
				{factor.MaximumLikelihood, factor.Promax, want.ML, want.ML.Promax, 1e-5, 2e-4},
				{factor.Minres, factor.None, want.Minres, want.Minres.Unrotated, 5e-4, 5e-4},
				{factor.Minres, factor.Varimax, want.Minres, want.Minres.Varimax, 5e-4, 5e-4},
				{factor.Minres, factor.Promax, want.Minres, want.Minres.Promax, 5e-4, 1e-3},
			} {
				got, err := factor.Analyse(t.Context(), in, factor.Options{Factors: want.Factors, Extraction: c.extraction, Rotation: c.rotation})
				if err != nil {
					t.Fatal(err)
				}
				nearTable(t, "loading", got.Loadings, c.loadings, c.loadingWithin)
				if c.extraction == factor.MaximumLikelihood {
					nearAll(t, "uniqueness", got.Uniquenesses, c.of.Uniquenesses, c.unique)
					near(t, "fit", got.Fit.Statistic, c.of.ChiSquare, 1e-6)
					near(t, "p of the fit", got.Fit.P, c.of.P, 1e-6)
					if got.Fit.DegreesOfFreedom != c.of.DF {
						t.Errorf("%d degrees of freedom of the fit, want %d", got.Fit.DegreesOfFreedom, c.of.DF)
					}
				} else {
					nearAll(t, "communality", got.Communalities, c.of.Communalities, c.unique)
				}
				if c.rotation == factor.Promax {
					nearTable(t, "correlation of factors", got.FactorCorrelations, c.of.Phi, 1e-3)
				}
				nearAll(t, "eigenvalue", got.Eigenvalues, want.Eigenvalues, 1e-9)
				near(t, "KMO", got.KMO, want.KMO, 1e-9)
				nearAll(t, "KMO of an item", got.KMOItems, want.KMOItems, 1e-9)
				near(t, "Bartlett's statistic", got.Bartlett.Statistic, want.Bartlett.ChiSquare, 1e-9)
				near(t, "Bartlett's p", got.Bartlett.P, want.Bartlett.P, 1e-9)
				nearAll(t, "random eigenvalue", got.ParallelEigenvalues, want.Parallel, 0.03)
			}
		})
	}
}

func TestAlphaAgreesWithR(t *testing.T) {
	for name, want := range readReference(t).Reliability {
		p := len(want.Covariance)
		if p < factor.LeastItems {
			continue
		}
		in := factor.Input{Items: items(p), Correlation: correlations(want.Covariance), Covariance: want.Covariance, N: want.N}
		for _, c := range []struct {
			kind     factor.Alpha
			want     float64
			interval [2]float64
		}{{factor.Raw, want.Raw, want.RawInterval}, {factor.Standardized, want.Standardised, want.StandardisedInterval}} {
			got, err := factor.Analyse(t.Context(), in, factor.Options{Alpha: c.kind, Factors: 1, Extraction: factor.Minres})
			if err != nil {
				t.Fatal(name, err)
			}
			near(t, name+" alpha", *got.Alpha, c.want, 1e-9)
			near(t, name+" low", got.AlphaInterval.Low, c.interval[0], 1e-8)
			near(t, name+" high", got.AlphaInterval.High, c.interval[1], 1e-8)
			if c.kind == factor.Raw {
				for i := range p {
					near(t, name+" alpha without an item", *got.AlphaIfDropped[i], want.Dropped[i], 1e-9)
				}
			}
		}
	}
}
