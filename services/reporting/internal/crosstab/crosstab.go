// Package crosstab counts responses by two questions or keys and tells whether the one goes with the other.
package crosstab

import (
	"slices"

	"github.com/otklik/otklik/libs/stat"
)

const (
	// MostCells is the greatest number of cells of a table.
	MostCells = 2500
	// SmallExpected is the count expected without association below which a cell is small: the chi-square approximation is poor where many are (Cochran 1954).
	SmallExpected = 5
)

// Table counts responses by row and column. Labels stay in the order in which they were first added; a caller that wants another sets Rows, Columns and
// Counts of that size first.
type Table struct {
	Rows, Columns []string
	// Counts[r][c] counts the responses of row r and column c.
	Counts [][]int64
}

// Add counts a response, and makes its row and column where they are new.
func (t *Table) Add(row, column string) {
	c := slices.Index(t.Columns, column)
	if c < 0 {
		c = len(t.Columns)
		t.Columns = append(t.Columns, column)
		for i := range t.Counts {
			t.Counts[i] = append(t.Counts[i], 0)
		}
	}
	r := slices.Index(t.Rows, row)
	if r < 0 {
		r = len(t.Rows)
		t.Rows, t.Counts = append(t.Rows, row), append(t.Counts, make([]int64, len(t.Columns)))
	}
	t.Counts[r][c]++
}

// Share is a part of a row or a column, 0 to 1.
type Share struct {
	Value float64
	// Interval is Wilson's.
	Interval stat.Interval
}

// Cell is a row and column together.
type Cell struct {
	Count int64
	// Expected is the count that the row's and the column's totals give without association.
	Expected float64
	// OfRow is the part of the row that falls into the column, OfColumn that of the column that falls into the row.
	OfRow, OfColumn Share
	// Residual is Haberman's (1973) adjusted residual, standard normal without association: positive where there are more than expected. P is its
	// two-sided p-value, AdjustedP the same corrected for all cells (Benjamini-Hochberg).
	Residual, P, AdjustedP float64
	// Small tells that Expected is below SmallExpected, so that Residual and P are rough.
	Small bool
}

// Result is a table with its tests. Rows and columns without any response are left out.
type Result struct {
	Rows, Columns []string
	// Cells[r][c] is the cell of row r and column c.
	Cells [][]Cell
	// RowTotals, ColumnTotals and Total count responses.
	RowTotals, ColumnTotals []int64
	Total                   int64
	// ChiSquare is Pearson's statistic without continuity correction, with DegreesOfFreedom (rows - 1)·(columns - 1) and its p-value P.
	ChiSquare        float64
	DegreesOfFreedom int
	P                float64
	// FisherP is the two-sided p-value of Fisher's exact test; only for tables of two rows and two
	// columns of which the least total is at most 10,000.
	FisherP *float64
	// CramersV is √(χ²/(n·(min(rows, columns) - 1))), 0 for no association to 1. Its interval is that of the noncentrality λ of χ² at which the observed
	// value is just not extreme, as √((λ + df)/(n·(min - 1))) (Smithson 2003); it begins at 0 where λ does, and is clipped to 1.
	CramersV         float64
	CramersVInterval stat.Interval
	// SmallCells is the number of cells that are small. Where they are more than a fifth of all, ChiSquare's p-value is rough (Cochran's rule), and Rough says so.
	SmallCells int
	Rough      bool
}
