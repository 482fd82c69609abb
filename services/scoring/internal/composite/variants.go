package composite

import (
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Variants lists the variants of metrics within a tree that passed Check, each once.
func (t *Tree) Variants() []metric.Variant {
	if t.Spec.Cuts != nil {
		return []metric.Variant{t.Spec.Cuts.Variant}
	}
	if t.Spec.Expression == nil {
		return nil
	}
	var found []metric.Variant
	for _, term := range t.Spec.Expression.Terms {
		if child := t.Terms[term.ID]; child != nil {
			found = append(found, child.Variants()...)
		} else if _, v, wrong := term.resolve("term"); wrong == nil {
			found = append(found, v.Variant)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
