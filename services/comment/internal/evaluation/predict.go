package evaluation

import "github.com/otklik/otklik/services/comment/internal/analysis"

// Predicted is what a model made of a text, in the words of a task.
func Predicted(t Task, r *analysis.Result) []Label {
	var labels []Label
	switch t {
	case Sentiment:
		labels = append(labels, Label{Class: r.Sentiment.Class.String()})
	case Language:
		labels = append(labels, Label{Class: analysis.Variety(r.Language.Label)})
	case Mix:
		class := "single"
		if r.Language.Mixed {
			class = "mixed"
		}
		labels = append(labels, Label{Class: class})
	case Aspects:
		for _, m := range r.Mentions {
			labels = append(labels, Label{Class: r.AspectName(m.ID), Sentiment: m.Polarity.String()})
		}
	case PII:
		for _, f := range r.Findings {
			labels = append(labels, Label{Class: f.Kind.String(), Start: f.Start, End: f.End})
		}
	}
	return labels
}
