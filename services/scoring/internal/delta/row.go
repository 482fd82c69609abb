package delta

import (
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// Kinds of records, by which rows are identified.
const (
	ResponseKind = "response"
	RefusalKind  = "refusal"
)

// Names of keys that are no context key.
const (
	// RevisionKey is the number of the revision that was answered.
	RevisionKey = "revision"
	// AttributePrefix begins the names of attributes.
	AttributePrefix = "attributes."
)

// contextNames are the context keys by the names that they have in rows, in order.
var contextNames = [...]struct {
	name string
	key  fact.ContextKey
}{
	{"channel", fact.Channel}, {"company", fact.Company}, {"employee", fact.EmployeeKey}, {"language", fact.Language}, {"location", fact.Location},
	{"region", fact.Region}, {"touchpoint", fact.Touchpoint},
}

// RowOf is the row of a response.
func RowOf(f *fact.Fact) column.Row {
	return column.Row{
		ID: column.RowID(ResponseKind, f.Survey, f.ID), Outcome: column.Response, Population: f.Population, Bucket: calendar.BucketOf(f.CountTime),
		Received: f.ReceiveTime.Unix(), Weight: f.Weight, Respondent: column.RespondentID(f.Respondent),
		Keys: keysOf(f.Context, strconv.FormatInt(f.Revision, 10), f.Enrichment), Answers: answersOf(f.Answers),
	}
}

// RowOfRefusal is the row of a refusal that counts.
func RowOfRefusal(r *fact.Refusal) column.Row {
	return column.Row{
		ID: column.RowID(RefusalKind, r.Survey, r.ID), Outcome: column.Outcome(r.Kind), Population: r.Population,
		Bucket: calendar.BucketOf(r.CountTime), Received: r.ReceiveTime.Unix(), Weight: 1, Keys: keysOf(r.Context, "", fact.Enrichment{}),
	}
}

// keysOf are the keys of a row, in the order of names.
func keysOf(c fact.Context, revision string, e fact.Enrichment) []column.Key {
	var found []column.Key
	e.Keys(func(name string, values []string) { found = append(found, column.Key{Name: name, Values: values}) })
	n := len(contextNames) + 1 + len(c.Attributes)
	keys := make([]column.Key, 0, n+len(found))
	// Values lie side by side: a row costs one allocation for all of them.
	values := make([]string, 0, n)
	add := func(name, value string) {
		for len(found) > 0 && found[0].Name < name {
			keys, found = append(keys, found[0]), found[1:]
		}
		if value == "" {
			return
		}
		values = append(values, value)
		keys = append(keys, column.Key{Name: name, Values: values[len(values)-1 : len(values) : len(values)]})
	}
	for _, a := range c.Attributes {
		add(AttributePrefix+a.Name, a.Value)
	}
	for _, k := range contextNames {
		if k.key == fact.Touchpoint {
			add(RevisionKey, revision)
		}
		add(k.name, c.Value(k.key))
	}
	return append(keys, found...)
}

// answersOf are the answers of a row: scores and choices, in the order of questions.
func answersOf(list []fact.Answer) []column.Answer {
	if len(list) == 0 {
		return nil
	}
	answers := make([]column.Answer, 0, len(list))
	for i := range list {
		a := &list[i]
		switch {
		case a.Present && a.Kind.Scored():
			answers = append(answers, column.Answer{
				Question: a.Question, Scale: a.Scale.ID(), Kind: a.Kind, Direction: a.Direction, Value: a.Value,
			})
		case len(a.Options) > 0:
			answers = append(answers, column.Answer{Question: a.Question, Kind: a.Kind, Options: a.Options})
		}
	}
	byQuestion := func(a, b column.Answer) int { return strings.Compare(a.Question, b.Question) }
	if !slices.IsSortedFunc(answers, byQuestion) {
		slices.SortFunc(answers, byQuestion)
	}
	return answers
}

// equal tells whether rows are interchangeable.
func equal(a, b *column.Row) bool {
	return a.ID == b.ID && a.Outcome == b.Outcome && a.Population == b.Population && a.Bucket == b.Bucket && a.Received == b.Received &&
		a.Weight == b.Weight && a.Respondent == b.Respondent &&
		slices.EqualFunc(a.Keys, b.Keys, func(a, b column.Key) bool { return a.Name == b.Name && slices.Equal(a.Values, b.Values) }) &&
		slices.EqualFunc(a.Answers, b.Answers, func(a, b column.Answer) bool {
			return a.Question == b.Question && a.Scale == b.Scale && a.Kind == b.Kind && a.Direction == b.Direction && a.Value == b.Value &&
				slices.Equal(a.Options, b.Options)
		})
}
