package light

import (
	"fmt"
	"time"
)

// Mode is which answers a light rests on.
type Mode uint8

// Modes. The numbers are stored.
const (
	// AllAnswers takes all rated answers; those of one contact count as not independent.
	AllAnswers Mode = 1
	// SingleQuestion takes the answers to one question of one survey.
	SingleQuestion Mode = 2
)

// Score is what the score of a company, a location or an employee is the mean of.
type Score uint8

// Scores. The numbers are stored.
const (
	// OfAnswers is the mean of the answers.
	OfAnswers Score = 1
	// OfContacts is the mean of the means of its contacts.
	OfContacts Score = 2
)

const (
	// Least is how many responses the light of an employee needs.
	Least = 5
	// MaxDays bounds the days of a policy.
	MaxDays = 3660
)

// Policy says how lights are judged.
type Policy struct {
	// Version counts the changes of the organisation's policy; 0 is the default, which nobody changed.
	Version          int64
	Mode             Mode
	Survey, Question string
	// Red and Amber are cuts on 1..10: below Red is red, from there and below Amber is amber, the rest green.
	Red, Amber   float64
	CompanyScore Score
	// WindowDays is how many days back answers count; 0 is all.
	WindowDays int
	// TrendDays is how many days are compared with as many before.
	TrendDays int
	// Level is the confidence level of intervals.
	Level float64
	// ValueAttribute is the number attribute that says what a company, or a contact, is worth.
	ValueAttribute string
	// UpdateTime is when this version was made; zero for the default.
	UpdateTime time.Time
}

// Default is the policy of an organisation that has none of its own.
func Default() Policy {
	return Policy{Mode: AllAnswers, Red: 5, Amber: 8, CompanyScore: OfAnswers, TrendDays: 90, Level: 0.95, ValueAttribute: "value"}
}

// FieldError is what is wrong with a policy.
type FieldError struct{ Field, Reason string }

// Error says it.
func (e *FieldError) Error() string { return e.Field + " " + e.Reason }

// Check finds what is wrong with a policy. Errors: *FieldError.
func (p Policy) Check() error {
	switch {
	case p.Mode != AllAnswers && p.Mode != SingleQuestion:
		return &FieldError{"mode", "is unknown"}
	case p.Mode == SingleQuestion && p.Survey == "":
		return &FieldError{"survey", "is needed by SINGLE_QUESTION"}
	case p.Mode == SingleQuestion && p.Question == "":
		return &FieldError{"question", "is needed by SINGLE_QUESTION"}
	case p.Mode == AllAnswers && p.Survey != "":
		return &FieldError{"survey", "means something only with SINGLE_QUESTION"}
	case p.Mode == AllAnswers && p.Question != "":
		return &FieldError{"question", "means something only with SINGLE_QUESTION"}
	case !(p.Red > 1 && p.Red < 10):
		return &FieldError{"red_below", "must lie between 1 and 10, where scores do"}
	case !(p.Amber > 1 && p.Amber < 10):
		return &FieldError{"amber_below", "must lie between 1 and 10, where scores do"}
	case p.Amber <= p.Red:
		return &FieldError{"amber_below", fmt.Sprintf("must be greater than red_below, %v: red and amber would overlap", p.Red)}
	case p.CompanyScore != OfAnswers && p.CompanyScore != OfContacts:
		return &FieldError{"company_score", "is unknown"}
	case p.WindowDays < 0 || p.WindowDays > MaxDays:
		return &FieldError{"window_days", fmt.Sprintf("must be from 0 to %d", MaxDays)}
	case p.TrendDays < 1 || p.TrendDays > MaxDays:
		return &FieldError{"trend_days", fmt.Sprintf("must be from 1 to %d", MaxDays)}
	case !(p.Level >= 0.5 && p.Level <= 0.9999):
		return &FieldError{"confidence_level", "must be from 0.5 to 0.9999"}
	case p.ValueAttribute == "":
		return &FieldError{"value_attribute", "is missing"}
	}
	return nil
}

// CountsAs tells whether another policy rests on the same sums: it judges them otherwise, and nothing need be counted anew.
func (p Policy) CountsAs(o Policy) bool {
	return p.Mode == o.Mode && p.Survey == o.Survey && p.Question == o.Question && p.WindowDays == o.WindowDays && p.TrendDays == o.TrendDays
}

// Answers are those of a response that count.
func (p Policy) Answers(survey string, answers []Answer) Answers {
	var out Answers
	if p.Mode == SingleQuestion && survey != p.Survey {
		return out
	}
	for _, a := range answers {
		if p.Mode == AllAnswers || a.Question == p.Question {
			out.Count++
			out.Sum += int64(a.Value)
		}
	}
	return out
}
