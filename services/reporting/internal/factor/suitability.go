package factor

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/mathext"
)

// suitability tells whether the correlations are worth an analysis. KMO compares squares of correlations with those of what is left of them when all other
// items are held (Kaiser and Rice 1974); Bartlett's (1950) test is of all correlations being 0.
func (r *Result) suitability(correlation, inverse *mat.SymDense, n float64) {
	p := correlation.SymmetricDim()
	var all, left float64
	r.KMOItems = make([]float64, p)
	for i := range p {
		var ofItem, leftOfItem float64
		for j := range p {
			if i == j {
				continue
			}
			c := correlation.At(i, j)
			partial := inverse.At(i, j) / math.Sqrt(inverse.At(i, i)*inverse.At(j, j))
			ofItem, leftOfItem = ofItem+c*c, leftOfItem+partial*partial
		}
		r.KMOItems[i] = adequacy(ofItem, leftOfItem)
		all, left = all+ofItem, left+leftOfItem
	}
	r.KMO = adequacy(all, left)
	var logDeterminant float64
	for _, v := range r.Eigenvalues {
		logDeterminant += math.Log(v)
	}
	r.Bartlett = chiSquare(-(n-1-float64(2*p+5)/6)*logDeterminant, p*(p-1)/2)
}

// adequacy is the share of squared correlations among themselves and the partial ones: of items that correlate with nothing it is one half, as when both
// are alike.
func adequacy(squares, partial float64) float64 {
	if squares+partial == 0 {
		return 0.5
	}
	return squares / (squares + partial)
}

func chiSquare(statistic float64, df int) Test {
	statistic = max(0, statistic)
	return Test{Statistic: statistic, DegreesOfFreedom: df, P: mathext.GammaIncRegComp(float64(df)/2, statistic/2)}
}
