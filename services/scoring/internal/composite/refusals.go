package composite

import "github.com/otklik/otklik/services/scoring/internal/metric"

// CountsRefusals returns the first variant within a tree that refusals enter; "" when there is none.
func (t *Tree) CountsRefusals() metric.Variant {
	e := t.Spec.Expression
	if e == nil {
		return ""
	}
	for _, term := range e.Terms {
		child := t.Terms[term.ID]
		switch {
		case child == nil:
		case child.Spec.Cuts != nil:
			term = Term{Variant: child.Spec.Cuts.Variant}
		default:
			if v := child.CountsRefusals(); v != "" {
				return v
			}
			continue
		}
		if _, v, wrong := term.resolve("term"); wrong == nil && v.CountsRefusals() {
			return v.Variant
		}
	}
	return ""
}
