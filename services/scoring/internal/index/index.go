package index

import (
	"errors"
	"fmt"
	"math"

	"github.com/otklik/otklik/services/scoring/internal/question"
)

// ErrInvalid reports attributes from which no index can be computed.
var ErrInvalid = errors.New("invalid attributes")

// Attribute is one thing that the index weighs.
type Attribute struct {
	// ID identifies the attribute, unique within an index.
	ID string
	// Weight is its importance, stated or derived, ≥ 0; only proportions matter.
	Weight float64
	// Score is its mean score on the native scale, which all attributes of an index share.
	Score float64
}

// Contribution is the part of an index, or of its change, that comes from one attribute.
type Contribution struct {
	ID string
	// Value is in units of the scale; the values sum to the index or to its change.
	Value float64
}

// Index is Σwᵢsᵢ/Σwᵢ.
type Index struct {
	// Value is the index on the native scale, Normalized on 0..100.
	Value, Normalized float64
	// Contributions are wᵢsᵢ/Σw, in the order of the attributes.
	Contributions []Contribution
}

// Compute is the index of attributes on a scale. ErrInvalid when there are none, a weight is negative, all weights are 0, a
// score is not within the scale or an attribute occurs twice.
func Compute(attributes []Attribute, scale question.Scale) (Index, error) {
	total, err := check(attributes, scale)
	if err != nil {
		return Index{}, fmt.Errorf("compute index: %w", err)
	}
	x := Index{Contributions: make([]Contribution, len(attributes))}
	var sum float64
	for i, a := range attributes {
		sum += a.Weight * a.Score
		x.Contributions[i] = Contribution{ID: a.ID, Value: a.Weight * a.Score / total}
	}
	x.Value = sum / total
	x.Normalized = 100 * (x.Value - scale.Min.Float()) / scale.Width().Float()
	return x, nil
}

// Change splits the change of an index between two periods among its attributes, exactly: attribute i contributes
// v̄ᵢ·Δsᵢ + Δvᵢ·(s̄ᵢ - Ī), where v are the weights scaled to sum 1, a bar is the mean of both periods and I is the index.
// A weight that grows thus counts for an attribute that scores above the index, and against one below. Both periods must
// have the same attributes; the result is in the order of `after`. ErrInvalid as for Compute.
func Change(before, after []Attribute, scale question.Scale) ([]Contribution, error) {
	a, err := Compute(before, scale)
	if err != nil {
		return nil, fmt.Errorf("split change of index: before: %w", err)
	}
	b, err := Compute(after, scale)
	if err != nil {
		return nil, fmt.Errorf("split change of index: after: %w", err)
	}
	totalBefore, totalAfter := 0.0, 0.0
	earlier := make(map[string]Attribute, len(before))
	for _, x := range before {
		earlier[x.ID] = x
		totalBefore += x.Weight
	}
	for _, x := range after {
		if _, ok := earlier[x.ID]; !ok || len(before) != len(after) {
			return nil, fmt.Errorf("split change of index: attributes differ: %w", ErrInvalid)
		}
		totalAfter += x.Weight
	}
	mean := (a.Value + b.Value) / 2
	parts := make([]Contribution, len(after))
	for i, x := range after {
		old := earlier[x.ID]
		v0, v1 := old.Weight/totalBefore, x.Weight/totalAfter
		parts[i] = Contribution{ID: x.ID, Value: (v0+v1)/2*(x.Score-old.Score) + (v1-v0)*((old.Score+x.Score)/2-mean)}
	}
	return parts, nil
}

// Rosenberg is the attitude A = ΣVᵢPᵢ of Rosenberg's model, variant A: V is the importance of a value, P how far the object serves
// it. ErrInvalid when the slices differ in length or hold what is no number.
func Rosenberg(values, served []float64) (float64, error) {
	if len(values) != len(served) || len(values) == 0 {
		return 0, fmt.Errorf("compute attitude of %d values and %d perceptions: %w", len(values), len(served), ErrInvalid)
	}
	var a float64
	for i, v := range values {
		a += v * served[i]
	}
	if math.IsNaN(a) || math.IsInf(a, 0) {
		return 0, fmt.Errorf("compute attitude: %w", ErrInvalid)
	}
	return a, nil
}

// check refuses attributes without an index and returns the sum of the weights.
func check(attributes []Attribute, scale question.Scale) (float64, error) {
	if err := scale.Check(); err != nil {
		return 0, fmt.Errorf("%w: %w", err, ErrInvalid)
	}
	var total float64
	seen := make(map[string]bool, len(attributes))
	for _, a := range attributes {
		switch {
		case !(a.Weight >= 0) || math.IsInf(a.Weight, 0):
			return 0, fmt.Errorf("attribute %q has weight %v: %w", a.ID, a.Weight, ErrInvalid)
		case !(a.Score >= scale.Min.Float() && a.Score <= scale.Max.Float()):
			return 0, fmt.Errorf("attribute %q: score %v is not within %s: %w", a.ID, a.Score, scale.ID(), ErrInvalid)
		case seen[a.ID]:
			return 0, fmt.Errorf("attribute %q occurs twice: %w", a.ID, ErrInvalid)
		}
		seen[a.ID] = true
		total += a.Weight
	}
	if total <= 0 {
		return 0, fmt.Errorf("%d attributes without weight: %w", len(attributes), ErrInvalid)
	}
	return total, nil
}
