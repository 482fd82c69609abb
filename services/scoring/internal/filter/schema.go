package filter

import (
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Prefixes of names that are made of what a survey has.
const (
	// AttributePrefix begins the names of keys that are attributes.
	AttributePrefix = "attributes."
	answerPrefix    = "answers."
)

// RevisionKey is the one key that is a number.
const RevisionKey = "revision"

const (
	// segmentKey is the key whose values are segments, segmentsCollection what their resource names begin with.
	segmentKey         = "segment"
	segmentsCollection = "segments/"
)

// fixed are the keys that every survey has, whether or not anything states them.
var fixed = []string{
	"touchpoint", "channel", "location", "region", "company", "employee", "language", RevisionKey, "sentiment", "theme", "theme_positive", "theme_negative", segmentKey, "case",
}

// ManyValued tells whether a response may have several values of a key.
func ManyValued(key string) bool { return key == segmentKey || strings.HasPrefix(key, "theme") }

// Question is what a filter must know of a question.
type Question struct {
	// ID is the question's identifier.
	ID string
	// Kind is its kind.
	Kind question.Kind
	// Scales are those on which it was asked, of scored questions.
	Scales []question.Scale
	// Options are the identifiers of the options of a choice; none when they are not known.
	Options []string
}

// Schema is what can be asked of a survey.
type Schema struct {
	// Keys are the names of keys that occur: attributes, as `attributes.NAME`, and others besides the fixed ones.
	Keys []string
	// AnyAttribute tells that every attribute counts as one that occurs: which do is not told.
	AnyAttribute bool
	// Questions are those that were ever asked.
	Questions []Question
}

// Key tells whether there is a key of the name; if not, it returns the nearest one, if any is near.
func (s Schema) Key(name string) (known bool, nearest string) {
	if slices.Contains(fixed, name) || slices.Contains(s.Keys, name) {
		return true, ""
	}
	if s.AnyAttribute && len(name) > len(AttributePrefix) && strings.HasPrefix(name, AttributePrefix) {
		return true, ""
	}
	return false, near.Name(name, s.names())
}

// names are those of all keys.
func (s Schema) names() []string {
	names := slices.Clone(fixed)
	for _, k := range s.Keys {
		if !slices.Contains(names, k) {
			names = append(names, k)
		}
	}
	return names
}

// field is what a comparison is about.
type field struct {
	name string
	kind fieldKind
	// question is that of an answer.
	question *Question
}

type fieldKind int

const (
	textField fieldKind = iota
	revisionField
	scoreField
	choiceField
)

// field finds what a name in a filter stands for.
func (s Schema) field(name string, at int) (field, *Error) {
	if id, ok := strings.CutPrefix(name, answerPrefix); ok {
		return s.answer(id, name, at)
	}
	known, nearest := s.Key(name)
	switch {
	case known && name == RevisionKey:
		return field{name: name, kind: revisionField}, nil
	case known:
		return field{name: name}, nil
	}
	e := refuse(Unknown, at, "there is no key %q", name)
	if strings.HasPrefix(name, AttributePrefix) {
		e = refuse(Unknown, at, "no answer states the attribute %q", strings.TrimPrefix(name, AttributePrefix))
	} else if slices.Contains(s.Keys, AttributePrefix+name) {
		nearest = AttributePrefix + name
	} else if nearest == "" && s.find(name) != nil {
		nearest = answerPrefix + name
	}
	if e.Nearest = nearest; nearest == "" && !strings.HasPrefix(name, AttributePrefix) {
		e.Problem += ": there are " + strings.Join(fixed, ", ") + ", attributes.NAME and answers.QUESTION"
	}
	return field{}, e
}

// answer finds the question whose answers a name stands for.
func (s Schema) answer(id, name string, at int) (field, *Error) {
	q := s.find(id)
	if q == nil {
		ids := make([]string, 0, len(s.Questions))
		for i := range s.Questions {
			ids = append(ids, s.Questions[i].ID)
		}
		e := refuse(Unknown, at, "the survey never asked a question %q", id)
		if n := near.Name(id, ids); n != "" {
			e.Nearest = answerPrefix + n
		}
		return field{}, e
	}
	switch {
	case q.Kind.Scored():
		return field{name: name, kind: scoreField, question: q}, nil
	case q.Kind == question.Choice:
		return field{name: name, kind: choiceField, question: q}, nil
	}
	return field{}, refuse(WrongType, at, "question %q is of kind %s: filters compare the answers to scored questions and choices", id, q.Kind)
}

func (s Schema) find(id string) *Question {
	for i := range s.Questions {
		if s.Questions[i].ID == id {
			return &s.Questions[i]
		}
	}
	return nil
}
