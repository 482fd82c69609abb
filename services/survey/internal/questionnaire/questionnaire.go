// Package questionnaire knows what may be asked and which answers fit: questions, scales, the checks before a questionnaire is published, and
// the checks of answers against a published one.
package questionnaire

// Limits of a questionnaire.
const (
	// MaxQuestions is the most questions of a questionnaire.
	MaxQuestions = 300
	// MaxOptions is the most options of a choice question.
	MaxOptions = 500
	// MaxTextLength is the greatest length, in characters, that a question may allow for a text or a comment.
	MaxTextLength = 10_000
	// DefaultTextLength is the greatest length of a text or a comment, in characters, where the question states none.
	DefaultTextLength = 4_000
)

// Questionnaire is what is asked.
type Questionnaire struct {
	// Title is what the respondent reads above the questions.
	Title Text
	// DefaultLanguage is the BCP 47 tag that every text must hold.
	DefaultLanguage string
	// Questions in the order in which they are asked.
	Questions []Question
	// Groups in which they are shown.
	Groups []Group
	// Employees tells that employees are asked, whose single answers nobody reads.
	Employees bool
	// Grouping is the one key by which scores of employees' answers may be broken down.
	Grouping Grouping
}

// Grouping is a declared key of the context.
type Grouping uint8

// What may be declared.
const (
	// GroupingNone: nothing is declared.
	GroupingNone Grouping = iota
	// GroupingUnits is any key that many respondents share: touchpoint, channel, location, language, region or company.
	GroupingUnits
	// GroupingEmployee is the employee.
	GroupingEmployee
)

// Text is a text by BCP 47 language tag.
type Text map[string]string

// Question is one question. Which of the fields after Kind count depends on the kind.
type Question struct {
	// ID names the question in answers.
	ID string
	// Text is what the respondent reads.
	Text Text
	// Required tells whether a response without an answer to this question is refused.
	Required bool
	// Comment tells whether the answer takes a comment.
	Comment Comment
	// Kind is what kind of answer is asked for.
	Kind Kind
	// Group is the group in which it is shown; empty for none.
	Group string
	// Scale of a scored kind, as it was stated; nil means the kind's own, as it always is of Like. That of NPS and Smile follows from the kind and is never nil.
	Scale *Scale
	// SatisfiedAtOrAbove is CSAT's cut; nil means the default of the scale.
	SatisfiedAtOrAbove *float64
	// HighIsHard tells that a high value of CES means effort, not ease.
	HighIsHard bool
	// EasyAtOrAbove, NetEasyAtOrAbove and NetDifficultAtOrBelow are the cuts of CES; nil means the default of the scale.
	EasyAtOrAbove, NetEasyAtOrAbove, NetDifficultAtOrBelow *float64
	// Options of Choice.
	Options []Option
	// Multiple tells whether several options may be chosen.
	Multiple bool
	// MaxChoices is the most options of one answer when several may be chosen; 0 means all.
	MaxChoices int
	// MaxLength is the greatest length of a free text in characters; 0 means DefaultTextLength.
	MaxLength int
	// Item is the question of which Importance asks how much it matters; empty for none.
	Item string
	// Least and Greatest bound a Number; nil means none but MaxNumber.
	Least, Greatest *float64
	// Decimals are the digits behind the point that a Number takes.
	Decimals int
	// Unit is what a Number counts; nil for nothing.
	Unit Text
	// Earliest and Latest bound a Date, as 2026-03-31; empty for none.
	Earliest, Latest string
}

// Option is one option of a choice question.
type Option struct {
	// ID names the option in answers.
	ID string
	// Text is what the respondent reads.
	Text Text
}

// CommentMode tells when a comment is taken.
type CommentMode uint8

// When a comment is taken.
const (
	// CommentOff: a response that holds one is refused.
	CommentOff CommentMode = iota
	// CommentOptional: a comment may be left out.
	CommentOptional
	// CommentRequiredBelow: a score at or below the threshold needs a comment.
	CommentRequiredBelow
)

// Comment tells whether and when a question takes a comment.
type Comment struct {
	// Mode tells when.
	Mode CommentMode
	// RequiredAtOrBelow is the threshold of CommentRequiredBelow in values of the question's scale.
	RequiredAtOrBelow *float64
	// MaxLength is the longest comment in characters; 0 means DefaultTextLength.
	MaxLength int
}
