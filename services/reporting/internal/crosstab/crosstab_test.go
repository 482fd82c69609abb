package crosstab_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/reporting/internal/crosstab"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

func table(counts [][]int64) *crosstab.Table {
	t := &crosstab.Table{Counts: counts}
	for r := range counts {
		t.Rows = append(t.Rows, fmt.Sprint("row ", r))
	}
	for c := range counts[0] {
		t.Columns = append(t.Columns, fmt.Sprint("column ", c))
	}
	return t
}

// TestAgreesWithR compares with testdata/crosstab.json, which testdata/crosstab.R makes; the tolerances are stated there.
func TestAgreesWithR(t *testing.T) {
	text, err := os.ReadFile("testdata/crosstab.json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	delete(raw, "tool")
	for name, part := range raw {
		t.Run(name, func(t *testing.T) {
			var want struct {
				Counts                        [][]int64
				ChiSquare                     float64 `json:"chi_square"`
				DF                            int
				P, V                          float64
				VInterval                     [2]float64 `json:"v_interval"`
				Expected, Residuals, Adjusted [][]float64
				Fisher                        *float64
			}
			if err := json.Unmarshal(part, &want); err != nil {
				t.Fatal(err)
			}
			got, err := crosstab.Test(table(want.Counts), 0.95)
			if err != nil {
				t.Fatal(err)
			}
			near := func(what string, got, want, tolerance float64) {
				t.Helper()
				if !(math.Abs(got-want) <= tolerance*max(1, math.Abs(want))) {
					t.Errorf("%s is %.12g, R says %.12g", what, got, want)
				}
			}
			near("chi-square", got.ChiSquare, want.ChiSquare, 1e-9)
			near("p", got.P, want.P, 1e-9)
			near("V", got.CramersV, want.V, 1e-9)
			near("low", got.CramersVInterval.Low, want.VInterval[0], 1e-6)
			near("high", got.CramersVInterval.High, want.VInterval[1], 1e-6)
			if got.DegreesOfFreedom != want.DF {
				t.Errorf("%d degrees of freedom, R says %d", got.DegreesOfFreedom, want.DF)
			}
			for r, cells := range got.Cells {
				for c, cell := range cells {
					near("expected", cell.Expected, want.Expected[r][c], 1e-9)
					near("residual", cell.Residual, want.Residuals[r][c], 1e-9)
					near("adjusted p", cell.AdjustedP, want.Adjusted[r][c], 1e-9)
				}
			}
			if (got.FisherP == nil) != (want.Fisher == nil) {
				t.Fatalf("Fisher's p is %v, R says %v", got.FisherP, want.Fisher)
			}
			if want.Fisher != nil {
				near("Fisher's p", *got.FisherP, *want.Fisher, 1e-9)
			}
		})
	}
}

func TestCountsWhatIsAdded(t *testing.T) {
	var table crosstab.Table
	for range 3 {
		table.Add("store a", "yes")
	}
	table.Add("store b", "no")
	table.Add("store b", "yes")
	table.Rows, table.Counts = append(table.Rows, "closed store"), append(table.Counts, []int64{0, 0})
	got, err := crosstab.Test(&table, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 2 || got.Rows[1] != "store b" || got.Columns[0] != "yes" {
		t.Errorf("rows %v and columns %v: an empty row is left out, and the order kept", got.Rows, got.Columns)
	}
	if c := got.Cells[0][0]; c.Count != 3 || c.OfRow.Value != 1 || c.OfColumn.Value != 0.75 || !c.Small {
		t.Errorf("store a and yes: %+v", c)
	}
	if got.SmallCells != 4 || !got.Rough {
		t.Errorf("%d small cells of 5 responses, rough %v", got.SmallCells, got.Rough)
	}
}

func TestRefusesWhatCannotBeCompared(t *testing.T) {
	for name, c := range map[string]struct {
		counts [][]int64
		want   refusal.Reason
	}{
		"nobody":     {[][]int64{{0, 0}, {0, 0}}, refusal.NoData},
		"one row":    {[][]int64{{3, 4}, {0, 0}}, refusal.Constant},
		"one column": {[][]int64{{3, 0}, {5, 0}}, refusal.Constant},
		"many labels": {func() [][]int64 {
			big := make([][]int64, 51)
			for r := range big {
				big[r] = make([]int64, 50)
				for c := range big[r] {
					big[r][c] = 1
				}
			}
			return big
		}(), refusal.TooMany},
	} {
		_, err := crosstab.Test(table(c.counts), 0.95)
		var refused *refusal.Error
		if !errors.As(err, &refused) || refused.Reason != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestSidesAreAlike: rows and columns may be exchanged, and the parts of each row and column sum to 1.
func TestSidesAreAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, columns := rapid.IntRange(2, 6).Draw(t, "rows"), rapid.IntRange(2, 6).Draw(t, "columns")
		counts, turned := make([][]int64, rows), make([][]int64, columns)
		for c := range turned {
			turned[c] = make([]int64, rows)
		}
		for r := range counts {
			for c := range columns {
				n := rapid.Int64Range(1, 200).Draw(t, "n")
				counts[r], turned[c][r] = append(counts[r], n), n
			}
		}
		a, err := crosstab.Test(table(counts), 0.95)
		if err != nil {
			t.Fatal(err)
		}
		b, err := crosstab.Test(table(turned), 0.95)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(a.ChiSquare-b.ChiSquare) > 1e-9*max(1, a.ChiSquare) || math.Abs(a.CramersV-b.CramersV) > 1e-9 {
			t.Fatalf("χ² %v and %v, V %v and %v", a.ChiSquare, b.ChiSquare, a.CramersV, b.CramersV)
		}
		if i := a.CramersVInterval; !(0 <= i.Low && i.Low <= i.High && i.High <= 1) || a.CramersV > i.High+1e-9 {
			t.Fatalf("V %v in %v", a.CramersV, i)
		}
		for r, cells := range a.Cells {
			var sum float64
			for c, cell := range cells {
				sum += cell.OfRow.Value
				if cell.OfRow.Value != b.Cells[c][r].OfColumn.Value {
					t.Fatalf("part of a row %v, of the same as a column %v", cell.OfRow.Value, b.Cells[c][r].OfColumn.Value)
				}
			}
			if math.Abs(sum-1) > 1e-12 {
				t.Fatalf("parts of a row sum to %v", sum)
			}
		}
	})
}
