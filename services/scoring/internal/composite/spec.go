package composite

import (
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Spec says how a score is made of others. Exactly one of its parts is set. It is plain data that is kept as JSON: names of fields are stored
// and never change their meaning.
type Spec struct {
	// Expression is a formula over other metrics.
	Expression *Expression `json:"expression,omitempty"`
	// Index is a weighted index over attributes.
	Index *Index `json:"index,omitempty"`
	// Gap is a model of service quality.
	Gap *Gap `json:"gap,omitempty"`
	// Cuts is a variant of a metric with other cut points.
	Cuts *Cuts `json:"cuts,omitempty"`
}

// Expression is a formula over other metrics. Where a term that it needs is absent, or it divides by 0, the score is absent.
type Expression struct {
	// Formula holds numbers, names of terms, + - * / and parentheses.
	Formula string `json:"formula"`
	// Terms are what its names stand for; each occurs in it.
	Terms []Term `json:"terms"`
	// Unit is what people call the unit of the result; may be empty.
	Unit string `json:"unit,omitempty"`
	// Min and Max are the ends of its range, to which intervals are clipped; nil where there is none.
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
}

// Term is one metric, or one other definition, within a formula.
type Term struct {
	// ID is its name in the formula.
	ID string `json:"id"`
	// Metric and Variant say what it is; without Variant it is the metric's first default.
	Metric  metric.ID      `json:"metric,omitempty"`
	Variant metric.Variant `json:"variant,omitempty"`
	// Question is what it is computed from; empty means the first question that supports the metric. Beside Definition it is for definitions
	// by Cuts only, which name none.
	Question string `json:"question,omitempty"`
	// Option is the answer option of SHARE_OPTION.
	Option string `json:"option,omitempty"`
	// Definition is set in the place of Metric.
	Definition Ref `json:"definition,omitzero"`
	// Normalized takes it on 0..100. Points, which run from -100 to 100, have no such form.
	Normalized bool `json:"normalized,omitempty"`
}

// Ref names a definition; the zero value names none.
type Ref struct {
	ID string `json:"id"`
	// Version is its version; 0, the newest, only until it is stored.
	Version int `json:"version,omitempty"`
}

// Form is how an index adds up.
type Form string

// Forms of an index.
const (
	// Mean is the weighted mean Σwᵢsᵢ/Σwᵢ of the customer satisfaction index; the default.
	Mean Form = "MEAN"
	// Rosenberg is the sum ΣVᵢPᵢ of Rosenberg's model, variant A.
	Rosenberg Form = "ROSENBERG"
)

// Importance is where the weights of an index come from.
type Importance string

// Sources of weights.
const (
	// Stated: the mean answers to questions of importance.
	Stated Importance = "STATED"
	// Fixed: weights of the definition.
	Fixed Importance = "FIXED"
	// Derived: what each attribute contributes to the variance of an outcome, by Johnson's relative weights.
	Derived Importance = "DERIVED"
)

// Index is a weighted index over attributes, all of which are answered on the same scale.
type Index struct {
	// Form is how it adds up; empty means Mean.
	Form Form `json:"form,omitempty"`
	// Importance is where the weights come from.
	Importance Importance `json:"importance"`
	// Attributes are what it is made of.
	Attributes []Attribute `json:"attributes"`
	// Outcome is the question that weights are derived against; Derived only.
	Outcome string `json:"outcome_question,omitempty"`
}

// Attribute is one thing that an index weighs.
type Attribute struct {
	// ID identifies it within the index.
	ID    string      `json:"id"`
	Title metric.Text `json:"title,omitzero"`
	// Question asks how good it is.
	Question string `json:"question"`
	// ImportanceQuestion asks how much it matters; Stated only.
	ImportanceQuestion string `json:"importance_question,omitempty"`
	// Weight is its weight; Fixed only. Only proportions matter, but for Rosenberg.
	Weight float64 `json:"weight,omitempty"`
}

// Gap is a model of service quality. An item's number is perception less expectation, or perception alone in models that ask for no
// expectations; a dimension is the mean of its items, the whole the mean of its dimensions, plain or by points.
type Gap struct {
	Dimensions []Dimension `json:"dimensions"`
}

// Dimension is a group of items.
type Dimension struct {
	// ID identifies it within the model.
	ID    string      `json:"id"`
	Title metric.Text `json:"title,omitzero"`
	// Points are its share of 100 points; 0 throughout when no points are fixed.
	Points float64 `json:"points,omitempty"`
	// PointsQuestion asks for its points; empty throughout when it is not asked.
	PointsQuestion string `json:"points_question,omitempty"`
	// Items are what it is made of.
	Items []Item `json:"items"`
	// Subdimensions group some of its items further; they are told beside it and change nothing of it.
	Subdimensions []Subdimension `json:"subdimensions,omitempty"`
}

// Item is one pair of questions, or one question.
type Item struct {
	// ID identifies it within the model.
	ID    string      `json:"id"`
	Title metric.Text `json:"title,omitzero"`
	// Perception asks how it is; Expectation how it should be, empty throughout in models without expectations.
	Perception  string `json:"perception_question"`
	Expectation string `json:"expectation_question,omitempty"`
}

// Subdimension is a group of items within a dimension.
type Subdimension struct {
	ID    string      `json:"id"`
	Title metric.Text `json:"title,omitzero"`
	// Items are the identifiers of its items.
	Items []string `json:"items"`
}

// Cuts is a variant of a metric with cut points or thresholds of one's own.
type Cuts struct {
	Variant metric.Variant `json:"variant"`
	// Scale is the identifier of the scale that the cut points belong to, as question.Scale.ID; empty without cut points.
	Scale string `json:"scale,omitempty"`
	// Cuts are the cut points; a nil one is that of the question.
	Cuts metric.Cuts `json:"cuts,omitzero"`
	// Thresholds judge the estimate; nil means those of the organisation.
	Thresholds *metric.Thresholds `json:"thresholds,omitempty"`
}

// FieldError is what is wrong with a Spec.
type FieldError struct {
	// Field is the field at fault as a path below the spec, in the names of its JSON form: expression.terms[1].question.
	Field string
	// Description says what is wrong and what to do, in one sentence.
	Description string
}

// Error is the text for logs.
func (e *FieldError) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Description) }

func wrong(field, format string, args ...any) *FieldError {
	return &FieldError{Field: field, Description: fmt.Sprintf(format, args...)}
}
