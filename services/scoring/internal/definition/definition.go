package definition

import (
	"time"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Definition is one version of a definition.
type Definition struct {
	// ID identifies the definition; its versions count from 1.
	ID      string
	Version int
	// Content is what the version says.
	Content
	// BuiltIn tells that it belongs to the product and cannot be changed.
	BuiltIn bool
	// Metric is the metric that a built-in definition defines; nil for composites and for what organisations make.
	Metric *metric.Definition
	// Reference names the sources of a built-in model; empty otherwise.
	Reference string
	// Change tells who made the version, when and why; it is zero for what is built in.
	Change

	// What follows is of the definition as a whole, as it was when it was read.

	// Newest is the number of the newest version.
	Newest int
	// Changes counts the changes: each version is one, and so is the retirement. It is 0 for what is built in.
	Changes int64
	// Retired tells of the retirement; nil while the definition is in use.
	Retired *Change
	// Changed are the paths of what the version changed against the one before; of lists of versions only.
	Changed []string
}

// Content is what somebody says in a version.
type Content struct {
	// Title is what managers call it, Description what it measures and how. A title has at least one language.
	Title       metric.Text `json:"title,omitzero"`
	Description metric.Text `json:"description,omitzero"`
	// Survey is the survey whose questions it names; empty when any survey will do that has them.
	Survey string `json:"survey,omitempty"`
	// Spec says how the score is made; zero for the metrics that are built in.
	Spec composite.Spec `json:"spec,omitzero"`
}

// Change is who changed something, when and why.
type Change struct {
	Author string
	Time   time.Time
	Note   string
}

// Ref is the reference to this version.
func (d *Definition) Ref() composite.Ref { return composite.Ref{ID: d.ID, Version: d.Version} }

// kind is the part of a spec that is set, by its name in paths.
func kind(s composite.Spec) string {
	switch {
	case s.Expression != nil:
		return "expression"
	case s.Index != nil:
		return "index"
	case s.Gap != nil:
		return "gap"
	case s.Cuts != nil:
		return "cuts"
	}
	return ""
}
