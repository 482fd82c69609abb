package export

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/operation"
)

// Column is a column that rows can have.
type Column struct {
	Name string
	// Personal tells that it is of persons: who answered or was rated, what they wrote, whose something is.
	Personal bool
	// Any tells that it stands for all columns whose names it begins, such as those of attributes.
	Any bool
}

// circumstances are the columns of the context of an answer or a refusal.
var circumstances = []Column{
	{Name: "touchpoint"}, {Name: "channel"}, {Name: "location"}, {Name: "region"}, {Name: "company"}, {Name: "employee", Personal: true}, {Name: "attributes"}, anyAttribute,
}

// anyAttribute stands for the columns of single attributes.
var anyAttribute = Column{Name: AttributePrefix, Any: true}

// plain are columns that are of nobody.
func plain(names ...string) (out []Column) {
	for _, n := range names {
		out = append(out, Column{Name: n})
	}
	return out
}

// personal are columns that are of persons.
func personal(names ...string) (out []Column) {
	for _, n := range names {
		out = append(out, Column{Name: n, Personal: true})
	}
	return out
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
	// Scored answers are numbers, Written ones texts of persons, Choice ones options; Commented tells that comments go with them.
	Scored, Written, Choice, Commented bool
}

// OfResponses are the columns that responses to questions can have.
func OfResponses(questions []Question) []Column {
	out := slices.Concat(plain("position", "response_id", "revision", "count_time", "answer_time", "receive_time", "language"), circumstances,
		personal("respondent", "invitation"), plain("weight", "flags"))
	for _, q := range questions {
		out = append(out, Column{Name: AnswerPrefix + q.ID, Personal: q.Written})
		if q.Commented {
			out = append(out, Column{Name: CommentPrefix + q.ID, Personal: true})
		}
	}
	return out
}

// OfComments are the columns of comments.
func OfComments() []Column {
	return slices.Concat(plain("survey", "response_id", "comment_id", "question", "count_time", "answer_language"), circumstances,
		plain("score", "nps_score", "text_language", "sentiment", "probability_negative", "probability_neutral", "probability_positive", "probability_mixed", "aspects",
			"aspects_negative", "aspects_positive", "corrected", "duplicates"), personal("text"))
}

// OfScores are the columns of scores that are grouped by keys.
func OfScores(by []string) []Column {
	return slices.Concat(plain("metric", "variant", "definition", "definition_version", "question", "option", "start_time", "end_time"), plain(by...),
		plain("n", "estimate", "normalized_estimate", "standard_error", "low", "high", "level", "method", "answered", "responses", "refused", "dismissed", "timed_out", "promoters",
			"passives", "detractors", "positive", "negative", "weighted_n", "effective_n", "band", "scale", "population", "withheld", "watermark"))
}

// OfContacts are the columns of contacts.
func OfContacts() []Column {
	return slices.Concat(plain("contact"), personal("display_name", "email", "phone"), plain("company", "location"), personal("identities"),
		plain("attributes"), []Column{anyAttribute}, plain("create_time", "update_time"))
}

// OfCases are the columns of cases. Tasks and what prevents are told by how many they are.
func OfCases() []Column {
	return plain("case", "display_name", "description", "state", "severity", "queue", "owner", "contact", "company", "location", "region", "subject", "rule", "value",
		"first_response_due_time", "first_response_time", "first_response_seconds", "first_response_breached", "due_time", "resolution_breached", "resolve_time",
		"resolve_seconds", "close_time", "hand_offs", "reopenings", "escalation_step", "root_cause", "prevention", "tasks", "tasks_done", "merged_into", "create_time",
		"update_time")
}

// OfOperations are the columns of records of a kind: those of the tables that are imported, but for what is stated there only to be tested.
func OfOperations(kind operation.Kind) []Column {
	out := plain("date")
	for _, c := range (operation.Table{Kind: kind}).Columns() {
		switch c.Field {
		case "conversion", "average_check", "press":
		default:
			out = append(out, Column{Name: c.Field, Personal: c.Field == "employee"})
		}
	}
	return out
}

// OfRefusals are the columns of refusals.
func OfRefusals() []Column {
	return slices.Concat(plain("refusal_id", "kind", "count_time", "refuse_time", "receive_time", "language"), circumstances, personal("respondent", "invitation"))
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
			if c.Any {
				continue
			}
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
		if key, is := strings.CutPrefix(name, AttributePrefix); is && key != "" && known[AttributePrefix].Any {
			c, ok = Column{Name: name}, true
		}
		switch {
		case !ok || c.Any:
			return nil, nil, &UnknownError{At: i, Name: name}
		case c.Personal && !persons:
			return nil, nil, &ForbiddenError{At: i, Name: name}
		}
		chosen = append(chosen, c)
	}
	return chosen, nil, nil
}
