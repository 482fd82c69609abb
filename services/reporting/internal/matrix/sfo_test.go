package matrix_test

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/reporting/internal/matrix"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// TestSFO: the matrix of 20 items of San Francisco airport in 2017 for satisfaction and for recommendation, as R computes it (testdata of importance).
func TestSFO(t *testing.T) {
	t.Parallel()
	type quadrants struct {
		Cut      float64
		Priority []int
	}
	var want struct {
		Items    []string
		Outcomes map[string]struct {
			Matrix struct {
				ScoreCut    float64   `json:"score_cut"`
				ByJohnson   quadrants `json:"by_johnson"`
				ByEMJohnson quadrants `json:"by_em_johnson"`
			}
		}
	}
	data, err := os.ReadFile("../importance/testdata/sfo_2017.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	for outcome, w := range want.Outcomes {
		k := len(want.Items)
		q := make([]moment.Question, k+1)
		for i, id := range want.Items {
			q[i] = moment.Question{ID: id, Min: 1, Max: 5}
		}
		q[k] = moment.Question{ID: outcome, Min: 1, Max: 5}
		if outcome == "NETPRO" {
			q[k].Min, q[k].Max = 0, 10
		}
		passengers := passengers(t, q)
		for _, c := range []struct {
			missing   moment.Missing
			want      quadrants
			tolerance float64
		}{
			{moment.Pairwise, w.Matrix.ByJohnson, 1e-9},
			{moment.EM, w.Matrix.ByEMJohnson, 2e-4},
		} {
			m := build(t, sampleOf(t, q, 200, c.missing, passengers), k, matrix.Options{})
			if math.Abs(m.ImportanceCut-c.want.Cut) > c.tolerance || c.missing == moment.Pairwise && math.Abs(m.ScoreCut-w.Matrix.ScoreCut) > 1e-9 {
				t.Errorf("%s, %v: cuts %v %v, want %v %v", outcome, c.missing, m.ImportanceCut, m.ScoreCut, c.want.Cut, w.Matrix.ScoreCut)
			}
			for i, x := range byItem(m) {
				if x.Priority != c.want.Priority[i] {
					t.Errorf("%s, %v: priority of %s is %d, want %d", outcome, c.missing, q[i].ID, x.Priority, c.want.Priority[i])
				}
				if x.Score.Interval == nil || x.Importance.Interval == nil {
					t.Errorf("%s, %v: %+v", outcome, c.missing, x)
				}
			}
		}
	}
}

// passengers are the answers that lie on the scales of the questions.
func passengers(t *testing.T, questions []moment.Question) [][]float64 {
	t.Helper()
	f, err := os.Open(testkit.SharedData(t, "sfo_airport/sfo_2017.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(unpacked).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]float64
	for _, r := range rows[1:] {
		answers := make([]float64, len(questions))
		for i, q := range questions {
			x, err := strconv.ParseFloat(strings.TrimSpace(r[slices.Index(rows[0], q.ID)]), 64)
			if err != nil || x < q.Min || x > q.Max {
				x = math.NaN()
			}
			answers[i] = x
		}
		out = append(out, answers)
	}
	return out
}
