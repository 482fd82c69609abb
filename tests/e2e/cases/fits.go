package cases

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Marks that stand in place of a wanted value.
const (
	present = "$present" // any value
	absent  = "$absent"  // no value
)

// tolerance is the relative difference up to which numbers count as equal, or the absolute one below 1.
const tolerance = 1e-9

// fits tells how an answer differs from what is wanted: of objects the members named, of lists every element, numbers up to the tolerance. It
// returns nil when nothing differs.
func fits(want, got any, at string) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: %v is no object", at, got)
		}
		for name, inner := range want {
			value, there := object[name]
			switch inner {
			case absent:
				if there {
					return fmt.Errorf("%s.%s: %v is there", at, name, value)
				}
				continue
			case present:
				if !there {
					return fmt.Errorf("%s.%s: is not there", at, name)
				}
				continue
			}
			if !there {
				return fmt.Errorf("%s.%s: is not there; want %v", at, name, inner)
			}
			if err := fits(inner, value, at+"."+name); err != nil {
				return err
			}
		}
		return nil
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("%s: %v, want %d elements: %v", at, got, len(want), want)
		}
		for i := range want {
			if err := fits(want[i], list[i], fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	case string:
		if want == present || want == got {
			return nil
		}
		// `$contains x`, for texts of which only a part is promised.
		if part, ok := strings.CutPrefix(want, "$contains "); ok {
			if s, ok := got.(string); ok && strings.Contains(s, part) {
				return nil
			}
		}
		return fmt.Errorf("%s: %v, want %q", at, got, want)
	case bool:
		if want == got {
			return nil
		}
		return fmt.Errorf("%s: %v, want %v", at, got, want)
	}
	return fitsNumber(want, got, at)
}

func fitsNumber(want, got any, at string) error {
	w, err := number(want)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	g, err := number(got)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if math.Abs(w-g) > tolerance*max(1, math.Abs(w)) {
		return fmt.Errorf("%s: %v, want %v", at, g, w)
	}
	return nil
}

// number reads a number; 64-bit integers are strings in the JSON form of messages.
func number(v any) (float64, error) {
	switch v := v.(type) {
	case int:
		return float64(v), nil
	case float64:
		return v, nil
	case string:
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no number", v)
		}
		return f, nil
	}
	return 0, fmt.Errorf("%v is no number", v)
}
