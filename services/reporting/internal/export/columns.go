package export

import (
	"fmt"
	"strings"
)

// Kind is what a column holds.
type Kind int

// The kinds.
const (
	Text Kind = iota
	Number
)

// Column is a column of a survey's responses.
type Column struct {
	Name string
	Kind Kind
	// Personal tells that it is about who answered or was rated, or what they wrote: the survey service shows it to nobody else.
	Personal bool
}

// fixed come before the questions.
var fixed = []Column{
	{Name: "position", Kind: Number}, {Name: "response_id"}, {Name: "revision"}, {Name: "count_time"}, {Name: "answer_time"}, {Name: "receive_time"}, {Name: "language"},
	{Name: "touchpoint"}, {Name: "channel"}, {Name: "location"}, {Name: "region"}, {Name: "company"}, {Name: "employee", Personal: true}, {Name: "attributes"},
	{Name: "respondent", Personal: true}, {Name: "invitation", Personal: true}, {Name: "weight", Kind: Number}, {Name: "flags"},
}

// Prefixes of columns of questions and attributes.
const (
	AnswerPrefix    = "answer."
	CommentPrefix   = "comment."
	AttributePrefix = "attribute."
)

// Question is what must be known of a question.
type Question struct {
	ID string
	// Scored answers are numbers, Written ones texts of persons; Commented tells that comments go with them.
	Scored, Written, Commented bool
}

// Columns are those that responses to questions can have.
func Columns(questions []Question) []Column {
	out := append([]Column(nil), fixed...)
	for _, q := range questions {
		c := Column{Name: AnswerPrefix + q.ID, Personal: q.Written}
		if q.Scored {
			c.Kind = Number
		}
		out = append(out, c)
		if q.Commented {
			out = append(out, Column{Name: CommentPrefix + q.ID, Personal: true})
		}
	}
	return out
}

// UnknownError names a column that there is not; At is its place among those named.
type UnknownError struct {
	At   int
	Name string
}

// ForbiddenError names a column that the caller may not see; At is its place among those named.
type ForbiddenError struct {
	At   int
	Name string
}

// Error says so.
func (e *UnknownError) Error() string { return fmt.Sprintf("there is no column %q", e.Name) }

// Error says so.
func (e *ForbiddenError) Error() string { return fmt.Sprintf("column %q is of persons", e.Name) }

// Choose finds the columns named among those that there are; where none are named, all that are not of persons, or all. Errors: *UnknownError, *ForbiddenError.
func Choose(there []Column, named []string, persons bool) (chosen []Column, withheld []string, err error) {
	if len(named) == 0 {
		for _, c := range there {
			if c.Personal && !persons {
				withheld = append(withheld, c.Name)
				continue
			}
			chosen = append(chosen, c)
		}
		return chosen, withheld, nil
	}
	known := make(map[string]Column, len(there))
	for _, c := range there {
		known[c.Name] = c
	}
	for i, name := range named {
		c, ok := known[name]
		if key, is := strings.CutPrefix(name, AttributePrefix); is && key != "" {
			c, ok = Column{Name: name}, true
		}
		switch {
		case !ok:
			return nil, nil, &UnknownError{At: i, Name: name}
		case c.Personal && !persons:
			return nil, nil, &ForbiddenError{At: i, Name: name}
		}
		chosen = append(chosen, c)
	}
	return chosen, nil, nil
}
