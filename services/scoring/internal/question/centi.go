package question

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Unit is the number of hundredths in one.
const Unit = 100

// maxMagnitude bounds scores: a Centi is at most 1,000.00 either side of 0, as the survey service promises.
const maxMagnitude = 1000 * Unit

// Centi is a score in hundredths: 850 is 8.5.
type Centi int32

// CentiOf converts a score. It fails for scores that are no multiples of 0.01 (but for floating-point error), not finite, or
// beyond ±1,000.
func CentiOf(score float64) (Centi, error) {
	scaled := score * Unit
	rounded := math.Round(scaled)
	if !(math.Abs(rounded) <= maxMagnitude) || math.Abs(scaled-rounded) > 1e-6 {
		return 0, fmt.Errorf("score %v is not a multiple of 0.01 from -1000 to 1000", score)
	}
	return Centi(rounded), nil
}

// Float is the score as a number: the one nearest to its decimal form.
func (c Centi) Float() float64 { return float64(c) / Unit }

// String is the shortest decimal form: "8.5".
func (c Centi) String() string { return strconv.FormatFloat(c.Float(), 'f', -1, 64) }

// ParseCenti reads a decimal number with up to two decimals.
func ParseCenti(s string) (Centi, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.ContainsAny(s, "eExXpP_") {
		return 0, fmt.Errorf("score %q is not a decimal number", s)
	}
	return CentiOf(f)
}
