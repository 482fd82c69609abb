package gap_test

import (
	"errors"
	"math"
	"strconv"
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/gap"
)

func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12) {
		t.Errorf("%s = %v, want %v", name, got, want)
	}
}

// servqual has the gaps of the five dimensions on the items of each.
func servqual() (gaps []float64, dimensions []gap.Dimension) {
	items := []int{4, 5, 4, 4, 5}
	for i, d := range []float64{-0.65, -1.10, -0.83, -0.70, -1.01} {
		var numbers []int
		for j := range items[i] {
			numbers = append(numbers, len(gaps))
			// Items differ; their mean does not.
			gaps = append(gaps, d+map[int]float64{0: -0.3, 1: 0.3}[j])
		}
		dimensions = append(dimensions, gap.Dimension{ID: strconv.Itoa(i), Items: numbers})
	}
	return gaps, dimensions
}

func TestServqualExample(t *testing.T) {
	q, err := gap.Levels(servqual())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{-0.65, -1.10, -0.83, -0.70, -1.01} {
		near(t, "dimension", q.Dimensions[i], want)
	}
	near(t, "overall", q.Overall, -0.858)
	if !math.IsNaN(q.Weighted) {
		t.Errorf("weighted without points = %v, want NaN", q.Weighted)
	}
}

func TestServqualWeightedByPoints(t *testing.T) {
	gaps, dimensions := servqual()
	for i, points := range []float64{11, 32, 22, 19, 16} {
		dimensions[i].Points = points
	}
	q, err := gap.Levels(gaps, dimensions)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "weighted", q.Weighted, (-0.65*11-1.10*32-0.83*22-0.70*19-1.01*16)/100)
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

func TestLevelsRefuse(t *testing.T) {
	one := []float64{1}
	for name, err := range map[string]error{
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
