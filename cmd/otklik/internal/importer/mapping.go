package importer

import (
	"time"

	"github.com/otklik/otklik/libs/sheet"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Policy says what becomes of a row with a value that cannot be used.
type Policy string

// The policies.
const (
	// PolicyRefuse refuses the row and reports it. The default: half a row that looks whole is worse than one to correct.
	PolicyRefuse Policy = "refuse"
	// PolicySkipAnswer reports the value, leaves out the answer (or the key of the context) and loads the rest of the row.
	PolicySkipAnswer Policy = "skip_answer"
)

// Codes are values that mean that there is no answer, with what each means, for example {"6": "not applicable"}. They are compared
// without regard to case, after blanks around the cell were cut; 6 also matches 6.0. The empty cell is always one of them.
type Codes map[string]string

// Mapping is a mapping file: how the columns of a CSV file become responses to a survey.
type Mapping struct {
	// Survey is the survey that the responses belong to.
	Survey Survey
	// CSV is the form of the file.
	CSV CSVFormat
	// Missing holds for every column.
	Missing Codes
	// OnBadValue is PolicyRefuse unless stated.
	OnBadValue Policy
	// Response says how each row's response is made, but for the answers.
	Response ResponseMapping
	// Questions says how the answers are made.
	Questions []QuestionMapping
}

// Survey is the survey of a mapping. It is created and published when it does not exist.
type Survey struct {
	// ID is the last part of its name, `surveys/{id}`.
	ID string
	// DisplayName is what colleagues call it. Empty means the title in the default language.
	DisplayName string
	// Title is what respondents read above the questions.
	Title map[string]string
	// DefaultLanguage is the language that every text has.
	DefaultLanguage string
	// Population is who was asked; unspecified means customers.
	Population typev1.Population
}

// CSVFormat is the form of a CSV file.
type CSVFormat struct {
	sheet.Format
	// Decimal is the separator of decimals, '.' or ','.
	Decimal byte
}

// ResponseMapping says how a row becomes a response.
type ResponseMapping struct {
	// ID makes the response's identifier. The same row must give the same identifier each time, so that a second import adds nothing.
	ID *Template
	// Time makes answer_time; nil means that the time of receipt counts.
	Time *TimeMapping
	// Language, Weight, Respondent and Invitation are nil when the response has none.
	Language, Weight, Respondent, Invitation *ValueMapping
	// Touchpoint, Channel, Location, Region, Company and Employee are keys of the context; nil when it does not have them.
	Touchpoint, Channel, Location, Region, Company, Employee *ValueMapping
	// Attributes are the further keys of the context, ordered by name.
	Attributes []AttributeMapping

	line int
}

// AttributeMapping is one attribute of the context.
type AttributeMapping struct {
	// Name is the key.
	Name string
	ValueMapping
}

// ValueMapping makes one value from a row.
type ValueMapping struct {
	// Template makes the raw value; where the mapping names a column it is just that column.
	Template *Template
	// Missing adds to the missing codes of the file. A template has no value when one of its cells is missing.
	Missing Codes
	// Values maps raw values to those that are stored; nil stores what the template makes. A raw value that it lacks is a bad value.
	Values map[string]string

	line int
}

// TimeMapping makes the time of a response.
type TimeMapping struct {
	// Template makes the text of the time.
	Template *Template
	// Zone is the time zone of times without an offset.
	Zone *time.Location
	// Noon is the time of day, since midnight, of responses of which only the date is known: noon unless stated, so that a neighbouring
	// time zone still sees the same day.
	Noon time.Duration
	// Clock makes the time of day where it stands in a column of its own; nil when it does not. Where its cell is missing, Noon counts.
	Clock *Template
	// ClockMissing adds to the missing codes for the cells of Clock.
	ClockMissing Codes

	format, clockFormat timeLayouts
	line                int
}

// QuestionMapping makes the answers to one question.
type QuestionMapping struct {
	// Definition is the question as the survey asks it. It has no text where the mapping gives none; such a mapping only fits a survey
	// that exists.
	Definition *surveyv1.Question
	// Columns holds one column; a question of several choices may have more.
	Columns []string
	// Missing adds to the missing codes of the file.
	Missing Codes
	// Values maps cells to values of the scale, where the cells do not hold the values themselves.
	Values map[string]centi
	// From maps cells to identifiers of options, where cells do not hold the identifiers themselves.
	From map[string]string
	// Ranges maps cells that hold whole numbers to identifiers of options.
	Ranges []CodeRange
	// Separator separates the options of a cell where several may be chosen; empty when a cell holds one.
	Separator string
	// Comment is the column of the comment; empty when there is none.
	Comment string
	// CommentMissing adds to the missing codes for comments.
	CommentMissing Codes
	// OnBadValue is the mapping's unless stated.
	OnBadValue Policy

	line int
}

// CodeRange is a range of whole numbers, both ends included, that mean the same option.
type CodeRange struct {
	// First and Last are the ends.
	First, Last int64
	// Option is the identifier of the option.
	Option string
}

// Columns lists every column that the mapping reads, in the order of their first use.
func (m *Mapping) Columns() []string {
	var names []string
	seen := map[string]bool{}
	add := func(columns ...string) {
		for _, c := range columns {
			if c != "" && !seen[c] {
				seen[c] = true
				names = append(names, c)
			}
		}
	}
	r := &m.Response
	add(r.ID.Columns()...)
	if r.Time != nil {
		add(r.Time.Template.Columns()...)
		if r.Time.Clock != nil {
			add(r.Time.Clock.Columns()...)
		}
	}
	for _, v := range []*ValueMapping{
		r.Language, r.Weight, r.Respondent, r.Invitation, r.Touchpoint, r.Channel, r.Location, r.Region, r.Company, r.Employee,
	} {
		if v != nil {
			add(v.Template.Columns()...)
		}
	}
	for _, a := range r.Attributes {
		add(a.Template.Columns()...)
	}
	for _, q := range m.Questions {
		add(q.Columns...)
		add(q.Comment)
	}
	return names
}
