package gap_test

import (
	"errors"
	"math"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/gap"
)

func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12) {
		t.Errorf("%s = %v, want %v", name, got, want)
	}
}

// servqual spreads the gaps of the five dimensions over the 22 items.
func servqual(gaps []float64) (expectations, perceptions []float64) {
	expectations, perceptions = make([]float64, 22), make([]float64, 22)
	for i, d := range gap.Servqual() {
		for j, item := range d.Items {
			expectations[item] = 6.1
			perceptions[item] = 6.1 + gaps[i]
			// Items differ; their mean does not.
			if j == 0 {
				perceptions[item] -= 0.3
			}
			if j == 1 {
				perceptions[item] += 0.3
			}
		}
	}
	return expectations, perceptions
}

func TestServqualExample(t *testing.T) {
	want := []float64{-0.65, -1.10, -0.83, -0.70, -1.01}
	e, p := servqual(want)
	q, err := gap.Gaps(e, p, gap.Servqual())
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		near(t, "dimension", q.Dimensions[i], want[i])
	}
	near(t, "overall", q.Overall, -0.858)
	if !math.IsNaN(q.Weighted) {
		t.Errorf("weighted without points = %v, want NaN", q.Weighted)
	}
}

func TestServqualWeightedByPoints(t *testing.T) {
	e, p := servqual([]float64{-0.65, -1.10, -0.83, -0.70, -1.01})
	ds := gap.Servqual()
	for i, points := range []float64{11, 32, 22, 19, 16} {
		ds[i].Points = points
	}
	q, err := gap.Gaps(e, p, ds)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "weighted", q.Weighted, (-0.65*11-1.10*32-0.83*22-0.70*19-1.01*16)/100)
}

func TestServqualCoversItsItemsOnce(t *testing.T) {
	seen := map[int]bool{}
	for _, d := range gap.Servqual() {
		for _, i := range d.Items {
			if seen[i] {
				t.Errorf("item %d is in two dimensions", i)
			}
			seen[i] = true
		}
	}
	if len(seen) != 22 || !seen[0] || !seen[21] {
		t.Errorf("%d items", len(seen))
	}
}

func TestMissingItemsAreAbsentNotZero(t *testing.T) {
	nan := math.NaN()
	q, err := gap.Levels([]float64{4, nan, nan, nan}, []gap.Dimension{{ID: "a", Items: []int{0, 1}}, {ID: "b", Items: []int{2, 3}}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "a", q.Dimensions[0], 4)
	near(t, "overall", q.Overall, 4)
	if !math.IsNaN(q.Dimensions[1]) {
		t.Errorf("b = %v, want NaN", q.Dimensions[1])
	}
}

func TestGapsRefuse(t *testing.T) {
	one := []float64{1}
	for name, err := range map[string]error{
		"length":   second(gap.Gaps(one, nil, nil)),
		"item":     second(gap.Levels(one, []gap.Dimension{{ID: "a", Items: []int{1}}})),
		"no items": second(gap.Levels(one, []gap.Dimension{{ID: "a"}})),
		"points":   second(gap.Levels(one, []gap.Dimension{{ID: "a", Items: []int{0}, Points: -1}})),
	} {
		if !errors.Is(err, gap.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

func second(_ gap.Quality, err error) error { return err }
