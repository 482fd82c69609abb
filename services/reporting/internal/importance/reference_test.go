package importance_test

import (
	"math"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/importance"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// TestMtcars: the worked example of relative weights, and the weights that the rwa package prints for other predictors.
func TestMtcars(t *testing.T) {
	t.Parallel()
	any := func(string, float64) bool { return true }
	cars := read(t, "factor_classics/mtcars.csv", []string{"cyl", "disp", "hp", "gear", "mpg"}, any)
	d := explain(t, sampleOf(t, moment.Pairwise, 32, cars), 4, importance.Options{Shapley: true})
	all(t, "weight", d, []float64{0.228479725928216, 0.222146870540001, 0.232174439299448, 0.096388603215391}, 1e-9,
		func(d *importance.Driver) float64 { return d.Johnson.Value })
	all(t, "correlation", d, []float64{-0.852161959426613, -0.847551379262479, -0.776168371826586, 0.480284757338842}, 1e-9,
		func(d *importance.Driver) float64 { return d.Pearson.Value })
	near(t, "R²", d.R2, 0.779189638983056, 1e-9)
	for i, sign := range []int{-1, -1, -1, 1} {
		if d.Drivers[i].Sign != sign {
			t.Errorf("sign of %d is %d", i, d.Drivers[i].Sign)
		}
	}
	cars = read(t, "factor_classics/mtcars.csv", []string{"cyl", "disp", "hp", "wt", "mpg"}, any)
	d = explain(t, sampleOf(t, moment.Pairwise, 32, cars), 4, importance.Options{})
	all(t, "weight", d, []float64{0.2096904, 0.1883043, 0.179959, 0.2706812}, 5e-8, func(d *importance.Driver) float64 { return d.Johnson.Value })
	all(t, "share", d, []float64{0.2470914, 0.2218908, 0.212057, 0.3189607}, 5e-8, func(d *importance.Driver) float64 { return d.JohnsonShare.Value })
}

// correlations are what R says of the correlations with the outcome.
type correlations struct {
	Pearson, Low, High, P, Q []float64
	Spearman                 []float64
	SpearmanP                []float64 `json:"spearman_p"`
	SpearmanQ                []float64 `json:"spearman_q"`
}

func (c *correlations) compare(t *testing.T, d *importance.Drivers) {
	t.Helper()
	all(t, "Pearson", d, c.Pearson, 1e-9, func(d *importance.Driver) float64 { return d.Pearson.Value })
	all(t, "low", d, c.Low, 1e-9, func(d *importance.Driver) float64 { return d.Pearson.Interval.Low })
	all(t, "high", d, c.High, 1e-9, func(d *importance.Driver) float64 { return d.Pearson.Interval.High })
	relative(t, "p", d, c.P, func(d *importance.Driver) *float64 { return d.PearsonP })
	relative(t, "q", d, c.Q, func(d *importance.Driver) *float64 { return d.PearsonAdjustedP })
	all(t, "Spearman", d, c.Spearman, 1e-9, func(d *importance.Driver) float64 { return d.Spearman.Value })
	relative(t, "Spearman p", d, c.SpearmanP, func(d *importance.Driver) *float64 { return d.SpearmanP })
	relative(t, "Spearman q", d, c.SpearmanQ, func(d *importance.Driver) *float64 { return d.SpearmanAdjustedP })
}

// TestECSI: drivers of satisfaction with mobile operators, of complete data, as R computes them (testdata/ecsi_mobile.R).
func TestECSI(t *testing.T) {
	t.Parallel()
	var want struct {
		correlations
		Items           []string
		Outcome         string
		Coefficient, SE []float64
		P               []float64 `json:"coefficient_p"`
		CorrelationP    []float64 `json:"p"`
		Q               []float64 `json:"coefficient_q"`
		Low             []float64 `json:"coefficient_low"`
		High            []float64 `json:"coefficient_high"`
		CorrelationLow  []float64 `json:"low"`
		CorrelationHigh []float64 `json:"high"`
		CorrelationQ    []float64 `json:"q"`
		Intercept, R2   float64
		AdjustedR2      float64 `json:"adjusted_r2"`
		Beta, VIF       []float64
		Johnson, LMG    []float64
	}
	reference(t, "ecsi_mobile.json", &want)
	c := want.correlations
	c.P, c.Q, c.Low, c.High = want.CorrelationP, want.CorrelationQ, want.CorrelationLow, want.CorrelationHigh
	people := read(t, "ecsi_mobile/ecsi_mobi.csv", append(want.Items, want.Outcome), func(string, float64) bool { return true })
	d := explain(t, sampleOf(t, moment.Pairwise, 200, people), len(want.Items), importance.Options{Shapley: true, Spearman: true})
	c.compare(t, d)
	all(t, "coefficient", d, want.Coefficient, 1e-9, func(d *importance.Driver) float64 { return d.Coefficient.Value })
	all(t, "standard error", d, want.SE, 1e-9, func(d *importance.Driver) float64 { return *d.Coefficient.SE })
	all(t, "low", d, want.Low, 1e-9, func(d *importance.Driver) float64 { return d.Coefficient.Interval.Low })
	all(t, "high", d, want.High, 1e-9, func(d *importance.Driver) float64 { return d.Coefficient.Interval.High })
	relative(t, "p", d, want.P, func(d *importance.Driver) *float64 { return d.CoefficientP })
	relative(t, "q", d, want.Q, func(d *importance.Driver) *float64 { return d.CoefficientAdjustedP })
	all(t, "beta", d, want.Beta, 1e-9, func(d *importance.Driver) float64 { return d.Standardized.Value })
	all(t, "VIF", d, want.VIF, 1e-9, func(d *importance.Driver) float64 { return *d.VIF })
	all(t, "Johnson", d, want.Johnson, 1e-9, func(d *importance.Driver) float64 { return d.Johnson.Value })
	all(t, "LMG", d, want.LMG, 1e-9, func(d *importance.Driver) float64 { return d.Shapley.Value })
	near(t, "intercept", d.Intercept, want.Intercept, 1e-9)
	near(t, "R²", d.R2, want.R2, 1e-9)
	near(t, "adjusted R²", *d.AdjustedR2, want.AdjustedR2, 1e-9)
	if d.Drivers[0].Coefficient.Method != importance.StudentT || d.Family != 7 || d.Drivers[0].PairN != 250 {
		t.Errorf("%+v", d)
	}
}

// TestSFO: drivers of satisfaction and of recommendation at San Francisco airport in 2017, where most passengers rated some of the 20 items only, as R
// computes them (testdata/sfo_2017.R).
func TestSFO(t *testing.T) {
	t.Parallel()
	type model struct {
		Beta, VIF, Johnson []float64
		R2                 float64
	}
	var want struct {
		Items    []string
		Outcomes map[string]struct {
			Pairwise struct {
				correlations
				model
				N         []int64
				LMG15     []float64 `json:"lmg15"`
				R2Of15    float64   `json:"r2of15"`
				Johnson15 []float64 `json:"johnson15"`
			}
			Listwise struct {
				model
				N                                    int64
				Coefficient, SE, P, Low, High, LMG15 []float64
				Intercept                            float64
				AdjustedR2                           float64 `json:"adjusted_r2"`
			}
			EM struct {
				model
				N        int64
				Mean, SD []float64
				Pearson  []float64
			}
		}
	}
	reference(t, "sfo_2017.json", &want)
	valid := func(column string, x float64) bool {
		if column == "NETPRO" {
			return x >= 0 && x <= 10
		}
		return x >= 1 && x <= 5
	}
	for outcome, w := range want.Outcomes {
		passengers := read(t, "sfo_airport/sfo_2017.csv.gz", append(want.Items, outcome), valid)
		const k = 20

		d := explain(t, sampleOf(t, moment.Pairwise, 200, passengers), k, importance.Options{Spearman: true})
		w.Pairwise.compare(t, d)
		compareModel := func(what string, d *importance.Drivers, m model, tolerance float64) {
			all(t, what+" beta", d, m.Beta, tolerance, func(d *importance.Driver) float64 { return d.Standardized.Value })
			all(t, what+" VIF", d, m.VIF, 10*tolerance, func(d *importance.Driver) float64 { return *d.VIF })
			all(t, what+" Johnson", d, m.Johnson, tolerance, func(d *importance.Driver) float64 { return d.Johnson.Value })
			near(t, what+" R²", d.R2, m.R2, tolerance)
		}
		compareModel(outcome+" pairwise", d, w.Pairwise.model, 1e-9)
		for i := range d.Drivers {
			x := &d.Drivers[i]
			if x.PairN != w.Pairwise.N[i] || x.Coefficient.Method != importance.GroupJackknife || x.Coefficient.Interval == nil || x.Johnson.Interval == nil || x.Shapley != nil {
				t.Errorf("%s %d: %+v", outcome, i, x)
			}
		}
		d = explain(t, sampleOf(t, moment.Pairwise, 200, passengers), 15, importance.Options{Shapley: true})
		all(t, outcome+" LMG", d, w.Pairwise.LMG15, 1e-9, func(d *importance.Driver) float64 { return d.Shapley.Value })
		all(t, outcome+" Johnson", d, w.Pairwise.Johnson15, 1e-9, func(d *importance.Driver) float64 { return d.Johnson.Value })
		near(t, outcome+" R²", d.R2, w.Pairwise.R2Of15, 1e-9)

		s := sampleOf(t, moment.Listwise, 200, passengers)
		d = explain(t, s, k, importance.Options{})
		l := w.Listwise
		if s.Responses != l.N {
			t.Errorf("%s: %d complete responses, want %d", outcome, s.Responses, l.N)
		}
		compareModel(outcome+" listwise", d, l.model, 1e-9)
		all(t, outcome+" coefficient", d, l.Coefficient, 1e-9, func(d *importance.Driver) float64 { return d.Coefficient.Value })
		all(t, outcome+" standard error", d, l.SE, 1e-9, func(d *importance.Driver) float64 { return *d.Coefficient.SE })
		all(t, outcome+" low", d, l.Low, 1e-9, func(d *importance.Driver) float64 { return d.Coefficient.Interval.Low })
		all(t, outcome+" high", d, l.High, 1e-9, func(d *importance.Driver) float64 { return d.Coefficient.Interval.High })
		relative(t, outcome+" p", d, l.P, func(d *importance.Driver) *float64 { return d.CoefficientP })
		near(t, outcome+" intercept", d.Intercept, l.Intercept, 1e-9)
		near(t, outcome+" adjusted R²", *d.AdjustedR2, l.AdjustedR2, 1e-9)
		d = explain(t, s, 15, importance.Options{Shapley: true})
		all(t, outcome+" listwise LMG", d, l.LMG15, 1e-9, func(d *importance.Driver) float64 { return d.Shapley.Value })

		// lavaan stops its search earlier.
		s = sampleOf(t, moment.EM, 200, passengers)
		if s.Responses != w.EM.N {
			t.Errorf("%s: EM of %d responses, want %d", outcome, s.Responses, w.EM.N)
		}
		for i := range w.EM.Mean {
			near(t, outcome+" EM mean", s.Mean[i], w.EM.Mean[i], 2e-4)
			near(t, outcome+" EM sd", s.SD[i], w.EM.SD[i], 2e-4)
		}
		d = explain(t, s, k, importance.Options{})
		compareModel(outcome+" EM", d, w.EM.model, 2e-4)
		all(t, outcome+" EM correlation", d, w.EM.Pearson, 2e-4, func(d *importance.Driver) float64 { return d.Pearson.Value })
		if math.Abs(d.R2-w.Listwise.R2) < 0.05 {
			t.Errorf("%s: the complete responses are like all, and show nothing", outcome)
		}
	}
}
