package light

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Resolution is the number of units that a scale is divided into. It is that of the scoring service, so that both services mean the same number: a multiple
// of 100 times the width of every scale of up to 10 steps of 1, whose values are placed without rounding.
const Resolution = 1_260_000

// ErrOffScale tells that a value is not on the scale of its question.
var ErrOffScale = errors.New("value is not on the scale")

// Value is where an answer lies between the worst (0) and the best (Resolution) of its scale.
type Value int64

// Score is the value on 1..10.
func (v Value) Score() float64 { return onTen(float64(v) / Resolution) }

// onTen re-expresses a share of the scale on 1..10.
func onTen(share float64) float64 { return 1 + 9*share }

// Scale is the scale of a rated question.
type Scale struct {
	// Min and Max are its ends.
	Min, Max float64
	// Effort tells that high is bad: values are flipped.
	Effort bool
}

// unit is the number of hundredths in one: ends and values of scales are multiples of 0.01.
const unit = 100

// Place places a value on the scale. Errors: ErrOffScale.
func (s Scale) Place(value float64) (Value, error) {
	if !(s.Min < s.Max) || !(value >= s.Min && value <= s.Max) {
		return 0, fmt.Errorf("place %v on %v-%v: %w", value, s.Min, s.Max, ErrOffScale)
	}
	low, width, at := hundredths(s.Min), hundredths(s.Max)-hundredths(s.Min), hundredths(value)
	up := at - low
	if s.Effort {
		up = width - up
	}
	return Value((up*Resolution*2 + width) / (2 * width)), nil
}

func hundredths(x float64) int64 { return int64(math.Round(x * unit)) }

// Answer is the answer to a rated question.
type Answer struct {
	Question string
	Value    Value
}

// Pack is answers as they are kept: few bytes.
func Pack(answers []Answer) []byte {
	out := []byte{}
	for _, a := range answers {
		out = binary.AppendUvarint(out, uint64(len(a.Question)))
		out = append(out, a.Question...)
		out = binary.AppendUvarint(out, uint64(a.Value)) //nolint:gosec // values are not negative
	}
	return out
}

// ErrDamaged tells that what is kept cannot be read.
var ErrDamaged = errors.New("what is kept of lights is damaged")

// Unpack reads what Pack made. Errors: ErrDamaged.
func Unpack(packed []byte) ([]Answer, error) {
	var out []Answer
	for len(packed) > 0 {
		n, used := binary.Uvarint(packed)
		if used <= 0 || n > uint64(len(packed)-used) {
			return nil, fmt.Errorf("unpack answers: %w", ErrDamaged)
		}
		question := string(packed[used : used+int(n)]) //nolint:gosec // n is no more than the length
		packed = packed[used+int(n):]                  //nolint:gosec // as above
		v, used := binary.Uvarint(packed)
		if used <= 0 || v > Resolution {
			return nil, fmt.Errorf("unpack answers: %w", ErrDamaged)
		}
		packed = packed[used:]
		out = append(out, Answer{Question: question, Value: Value(v)})
	}
	return out, nil
}
