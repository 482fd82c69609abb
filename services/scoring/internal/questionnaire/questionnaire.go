// Package questionnaire holds what scoring knows of a survey: its published revisions with the questions that can be scored. Revisions never
// change, so that what is known of them stays true.
package questionnaire

import (
	"slices"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Revision is a published questionnaire. It must not be changed once it is in use.
type Revision struct {
	// Survey is the survey's identifier; revisions of it count from 1.
	Survey string
	Number int64
	// Population says who is asked.
	Population fact.Population
	// Grouping is the one key by which scores may be broken down where employees are asked; NoKey when they may not.
	Grouping fact.ContextKey
	// PublishTime is the moment from which the revision was the current one.
	PublishTime time.Time
	// Questions are those asked, in order; questions of kinds that are not scored have the zero scale.
	Questions []metric.Question
}

// Question returns the question of the identifier; false when the revision has none.
func (r *Revision) Question(id string) (metric.Question, bool) {
	for i := range r.Questions {
		if r.Questions[i].ID == id {
			return r.Questions[i], true
		}
	}
	return metric.Question{}, false
}

// History is the revisions of one survey that are known, ascending and without gaps from 1. The zero value is a survey that was never
// published. It must not be changed once it is in use.
type History struct {
	Revisions []*Revision
}

// Current is the revision published last; nil when there is none.
func (h History) Current() *Revision {
	if len(h.Revisions) == 0 {
		return nil
	}
	return h.Revisions[len(h.Revisions)-1]
}

// At is the revision that was the current one at a moment; the first one for moments before it; nil when there is none.
func (h History) At(t time.Time) *Revision {
	for _, r := range slices.Backward(h.Revisions) {
		if !r.PublishTime.After(t) {
			return r
		}
	}
	if len(h.Revisions) > 0 {
		return h.Revisions[0]
	}
	return nil
}

// Population is that of the current revision, Customer for a survey that was never published.
func (h History) Population() fact.Population {
	if r := h.Current(); r != nil {
		return r.Population
	}
	return fact.Customer
}

// Grouping is the key by which scores of the current revision may be broken down where employees are asked.
func (h History) Grouping() fact.ContextKey {
	if r := h.Current(); r != nil {
		return r.Grouping
	}
	return fact.NoKey
}

// IDs lists the identifiers of all questions that were ever asked: those of the current revision in their order, then those of
// earlier ones, the latest revision first.
func (h History) IDs() []string {
	var ids []string
	seen := make(map[string]bool)
	for _, r := range slices.Backward(h.Revisions) {
		for i := range r.Questions {
			if id := r.Questions[i].ID; !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Question returns the question of the identifier as it was asked last; false when it was never asked.
func (h History) Question(id string) (metric.Question, bool) {
	for _, r := range slices.Backward(h.Revisions) {
		if q, ok := r.Question(id); ok {
			return q, true
		}
	}
	return metric.Question{}, false
}

// OnScale returns the question of the identifier as it was asked last on a scale: its cut points and direction are what
// answers on that scale are judged by. False when it was never asked on the scale.
func (h History) OnScale(id string, scale question.Scale) (metric.Question, bool) {
	for _, r := range slices.Backward(h.Revisions) {
		if q, ok := r.Question(id); ok && q.Scale == scale {
			return q, true
		}
	}
	return metric.Question{}, false
}

// Scales lists the scales on which a question was asked, the latest first.
func (h History) Scales(id string) []question.Scale {
	var scales []question.Scale
	for _, r := range slices.Backward(h.Revisions) {
		if q, ok := r.Question(id); ok && !slices.Contains(scales, q.Scale) {
			scales = append(scales, q.Scale)
		}
	}
	return scales
}

// Options lists the options that a choice ever had, those of the latest revision first; none when they are not known.
func (h History) Options(id string) []string {
	var options []string
	for _, r := range slices.Backward(h.Revisions) {
		q, ok := r.Question(id)
		if !ok {
			continue
		}
		for _, o := range q.Options {
			if !slices.Contains(options, o) {
				options = append(options, o)
			}
		}
	}
	return options
}

// Asks tells whether any revision that is known asks a population.
func (h History) Asks(who fact.Population) bool {
	return slices.ContainsFunc(h.Revisions, func(r *Revision) bool { return r.Population == who })
}
