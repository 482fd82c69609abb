package question

import (
	"fmt"
	"strings"
)

// Scale is the set of values that an answer may take: Min, Min+Step, … Max. It is comparable; the zero value is no scale.
type Scale struct {
	// Min and Max are the ends, Min < Max.
	Min, Max Centi
	// Step is the distance between neighbours; it divides Max-Min.
	Step Centi
}

// Common scales.
var (
	Scale0To10 = Scale{Min: 0, Max: 10 * Unit, Step: Unit}
	Scale1To10 = Scale{Min: 1 * Unit, Max: 10 * Unit, Step: Unit}
	Scale1To5  = Scale{Min: 1 * Unit, Max: 5 * Unit, Step: Unit}
	Scale1To7  = Scale{Min: 1 * Unit, Max: 7 * Unit, Step: Unit}
)

// ParseScale reads a scale's identifier, for example "0-10" or "1-10/0.5".
func ParseScale(id string) (Scale, error) {
	ends, step, stepped := strings.Cut(id, "/")
	s := Scale{Step: Unit}
	// A minus that is not the first byte separates the ends.
	cut := strings.IndexByte(ends[min(1, len(ends)):], '-')
	if cut < 0 {
		return Scale{}, fmt.Errorf("scale %q is not min-max or min-max/step", id)
	}
	var err error
	if s.Min, err = ParseCenti(ends[:cut+1]); err != nil {
		return Scale{}, fmt.Errorf("scale %q: %w", id, err)
	}
	if s.Max, err = ParseCenti(ends[cut+2:]); err != nil {
		return Scale{}, fmt.Errorf("scale %q: %w", id, err)
	}
	if stepped {
		if s.Step, err = ParseCenti(step); err != nil {
			return Scale{}, fmt.Errorf("scale %q: %w", id, err)
		}
	}
	if err := s.Check(); err != nil {
		return Scale{}, err
	}
	return s, nil
}

// ID identifies the scale: "min-max", with "/step" where the step is not 1. ParseScale reads it back.
func (s Scale) ID() string {
	// The usual ones are not made anew for every answer.
	switch s {
	case Scale{}:
		return ""
	case Scale0To10:
		return "0-10"
	case Scale1To5:
		return "1-5"
	case Scale1To7:
		return "1-7"
	case Scale1To10:
		return "1-10"
	}
	id := s.Min.String() + "-" + s.Max.String()
	if s.Step != Unit {
		id += "/" + s.Step.String()
	}
	return id
}

// Check tells whether s is a scale.
func (s Scale) Check() error {
	switch {
	case s.Min < -maxMagnitude || s.Max > maxMagnitude || s.Min >= s.Max:
		return fmt.Errorf("scale from %v to %v: the ends must ascend within ±1000", s.Min, s.Max)
	case s.Step <= 0 || (s.Max-s.Min)%s.Step != 0:
		return fmt.Errorf("scale from %v to %v: step %v does not divide it", s.Min, s.Max, s.Step)
	}
	return nil
}

// Width is Max-Min.
func (s Scale) Width() Centi { return s.Max - s.Min }

// Contains tells whether an answer may have the value.
func (s Scale) Contains(value Centi) bool {
	return value >= s.Min && value <= s.Max && (value-s.Min)%s.Step == 0
}

// Flip mirrors a value: Min+Max-value.
func (s Scale) Flip(value Centi) Centi { return s.Min + s.Max - value }

// SameEnds tells whether both scales run between the same ends, whatever their steps: cut points are defined by the ends.
func (s Scale) SameEnds(other Scale) bool { return s.Min == other.Min && s.Max == other.Max }

// OutOfScaleError reports a value that is not on the scale of its question.
type OutOfScaleError struct {
	// Question is the question's identifier.
	Question string
	// Value is the answer.
	Value Centi
	// Scale is the scale that it is not on.
	Scale Scale
}

// Error names the question, the value and the scale.
func (e *OutOfScaleError) Error() string {
	return fmt.Sprintf("question %q: value %v is not on the scale %s", e.Question, e.Value, e.Scale.ID())
}

// CheckValue returns an *OutOfScaleError when value is not on the scale.
func (s Scale) CheckValue(question string, value Centi) error {
	if !s.Contains(value) {
		return &OutOfScaleError{Question: question, Value: value, Scale: s}
	}
	return nil
}
