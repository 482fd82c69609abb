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
	// Scale of NPS, CSAT, CES and Rating, as it was stated; nil means 1 to 5. NPS takes Min and Max from its kind of scale.
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
}

// Option is one option of a choice question.
type Option struct {
	// ID names the option in answers.
	ID string
	// Text is what the respondent reads.
	Text Text
}

// Kind is the kind of answer that a question asks for.
type Kind uint8

// The kinds of questions.
const (
	// KindNone: not stated.
	KindNone Kind = iota
	// NPS is the likelihood to recommend.
	NPS
	// CSAT is satisfaction.
	CSAT
	// CES is effort or ease.
	CES
	// Rating is a rating on any scale.
	Rating
	// Choice is one or several of a list of options.
	Choice
	// FreeText is free text.
	FreeText
)

// Scored tells whether answers are values of a scale.
func (k Kind) Scored() bool { return k == NPS || k == CSAT || k == CES || k == Rating }

// field is the name of the kind in field paths.
func (k Kind) field() string {
	switch k {
	case NPS:
		return "nps"
	case CSAT:
		return "csat"
	case CES:
		return "ces"
	case Rating:
		return "rating"
	case Choice:
		return "choice"
	case FreeText:
		return "free_text"
	default:
		return "kind"
	}
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
