package definition

import (
	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// BuiltIn lists what is built in, in a fixed order: the metrics, then the models.
func BuiltIn() []Definition {
	var all []Definition
	for _, m := range metric.Definitions() {
		all = append(all, Definition{
			ID: string(m.ID), Version: m.Version, Newest: m.Version, BuiltIn: true, Metric: &m, Reference: m.Reference,
			Content: Content{Title: m.Title, Description: m.Description},
		})
	}
	for _, m := range composite.Models() {
		all = append(all, Definition{
			ID: m.ID, Version: m.Version, Newest: m.Version, BuiltIn: true, Reference: m.Reference,
			Content: Content{Title: m.Title, Description: m.Description, Spec: m.Spec},
		})
	}
	return all
}
