package crosstab

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
)

// mostExact is the least total of a row or column up to which a table of four cells is tested exactly; beyond, chi-square is as good.
const mostExact = 10_000

// Test tells whether rows and columns go together, with intervals at a confidence level. It refuses a table of more than MostCells (refusal.TooMany), and
// one with fewer than two rows or columns that hold a response (refusal.Constant; refusal.NoData without any).
func Test(t *Table, level float64) (*Result, error) {
	out := t.filled()
	switch {
	case len(out.Rows)*len(out.Columns) > MostCells:
		return nil, refusal.New(refusal.TooMany, nil, "the table has %d rows and %d columns, and takes %d cells: choose coarser keys", len(out.Rows), len(out.Columns), MostCells)
	case out.Total == 0:
		return nil, refusal.New(refusal.NoData, nil, "nobody answered both: choose a longer period or a wider filter")
	case len(out.Rows) < 2:
		return nil, refusal.New(refusal.Constant, out.Rows, "all responses are in the row %q: there is nothing to compare", out.Rows[0])
	case len(out.Columns) < 2:
		return nil, refusal.New(refusal.Constant, out.Columns, "all responses are in the column %q: there is nothing to compare", out.Columns[0])
	}
	for r := range out.Cells {
		for c := range out.Cells[r] {
			if err := out.measure(r, c, level); err != nil {
				return nil, err
			}
		}
	}
	if err := out.adjust(); err != nil {
		return nil, err
	}
	out.DegreesOfFreedom = (len(out.Rows) - 1) * (len(out.Columns) - 1)
	df := float64(out.DegreesOfFreedom)
	out.P = mathext.GammaIncRegComp(df/2, out.ChiSquare/2)
	out.Rough = 5*out.SmallCells > len(out.Rows)*len(out.Columns)
	out.cramer(df, level)
	if out.DegreesOfFreedom == 1 && min(slices.Min(out.RowTotals), slices.Min(out.ColumnTotals)) <= mostExact {
		p := stat.FisherExact(out.Cells[0][0].Count, out.Cells[0][1].Count, out.Cells[1][0].Count, out.Cells[1][1].Count)
		out.FisherP = &p
	}
	return out, nil
}

// filled is the table without empty rows and columns, with totals.
func (t *Table) filled() *Result {
	rows, columns := make([]int64, len(t.Rows)), make([]int64, len(t.Columns))
	for r, counts := range t.Counts {
		for c, n := range counts {
			rows[r] += n
			columns[c] += n
		}
	}
	out := &Result{}
	for c, n := range columns {
		if n > 0 {
			out.Columns, out.ColumnTotals = append(out.Columns, t.Columns[c]), append(out.ColumnTotals, n)
		}
	}
	for r, n := range rows {
		if n == 0 {
			continue
		}
		out.Rows, out.RowTotals = append(out.Rows, t.Rows[r]), append(out.RowTotals, n)
		out.Total += n
		var cells []Cell
		for c, count := range t.Counts[r] {
			if columns[c] > 0 {
				cells = append(cells, Cell{Count: count})
			}
		}
		out.Cells = append(out.Cells, cells)
	}
	return out
}

// measure fills in a cell and adds what it contributes to the table's test.
func (out *Result) measure(r, c int, level float64) error {
	cell := &out.Cells[r][c]
	count, row, column, total := float64(cell.Count), float64(out.RowTotals[r]), float64(out.ColumnTotals[c]), float64(out.Total)
	var err error
	if cell.OfRow, err = share(count, row, level); err != nil {
		return err
	}
	if cell.OfColumn, err = share(count, column, level); err != nil {
		return err
	}
	cell.Expected = row / total * column
	difference := count - cell.Expected
	out.ChiSquare += difference * difference / cell.Expected
	// Neither factor is 0: there are two rows and two columns that hold a response.
	cell.Residual = difference / math.Sqrt(cell.Expected*(1-row/total)*(1-column/total))
	cell.P = stat.PValueZ(cell.Residual)
	if cell.Small = cell.Expected < SmallExpected; cell.Small {
		out.SmallCells++
	}
	return nil
}

func share(hits, n, level float64) (Share, error) {
	p := stat.Proportion{Hits: hits, N: n}
	interval, err := p.Wilson(level)
	if err != nil {
		return Share{}, fmt.Errorf("share of a cell: %w", err)
	}
	return Share{Value: p.Estimate(), Interval: interval}, nil
}

// adjust corrects the cells' p-values for their number.
func (out *Result) adjust() error {
	var p []float64
	for _, cells := range out.Cells {
		for _, cell := range cells {
			p = append(p, cell.P)
		}
	}
	adjusted, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return fmt.Errorf("adjust p-values of cells: %w", err)
	}
	for r, cells := range out.Cells {
		for c := range cells {
			cells[c].AdjustedP = adjusted[r*len(cells)+c]
		}
	}
	return nil
}

// cramer computes Cramér's V with its interval.
func (out *Result) cramer(df, level float64) {
	most := float64(out.Total) * float64(min(len(out.Rows), len(out.Columns))-1)
	out.CramersV = min(1, math.Sqrt(out.ChiSquare/most))
	low, high := noncentrality(out.ChiSquare, df, (1+level)/2), noncentrality(out.ChiSquare, df, (1-level)/2)
	if low > 0 {
		out.CramersVInterval.Low = math.Sqrt((low + df) / most)
	}
	out.CramersVInterval.High = math.Sqrt((high + df) / most)
	out.CramersVInterval = out.CramersVInterval.Clip(0, 1)
}
