package stat

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// RepairCorrelations repairs a table of correlations that were each computed from other observations and so may contradict each other: eigenvalues
// below `least` are raised to it, and the diagonal is scaled back to 1 (the spectral method of Rebonato and Jäckel 1999). A table without such
// eigenvalues comes back as it is.
//
// ErrArgument when it is not symmetric with ones on the diagonal and entries from -1 to 1, or least is not between 0 and 1.
func RepairCorrelations(correlations [][]float64, least float64) ([][]float64, error) {
	if !(least >= 0 && least < 1) {
		return nil, fmt.Errorf("repair correlations: least eigenvalue %v: %w", least, ErrArgument)
	}
	k := len(correlations)
	r, err := correlationMatrix(correlations, k)
	if err != nil {
		return nil, fmt.Errorf("repair correlations: %w", err)
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(r, true) {
		return nil, fmt.Errorf("repair correlations: eigenvalues not found: %w", ErrUndefined)
	}
	values := eigen.Values(nil)
	if values[0] >= least {
		return correlations, nil
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	raised := spectral(&vectors, values, func(v float64) float64 { return max(v, least) })
	repaired := make([][]float64, k)
	for i := range repaired {
		repaired[i] = make([]float64, k)
		repaired[i][i] = 1
		for j := range i {
			c := (raised.At(i, j) + raised.At(j, i)) / 2 / math.Sqrt(raised.At(i, i)*raised.At(j, j))
			c = min(1, max(-1, c))
			repaired[i][j], repaired[j][i] = c, c
		}
	}
	return repaired, nil
}
