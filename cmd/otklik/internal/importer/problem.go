package importer

import "github.com/otklik/otklik/libs/sheet"

// Reason says in one word for machines why a value or a row was not used. Rows that the server refused carry the server's reason.
type Reason string

// The reasons of the importer.
const (
	// ReasonMalformed: the record is not valid CSV, or has more or fewer cells than the header.
	ReasonMalformed Reason = sheet.ReasonMalformed
	// ReasonInvalidUTF8: a cell is not valid UTF-8.
	ReasonInvalidUTF8 Reason = sheet.ReasonInvalidUTF8
	// ReasonIDInvalid: the template gave an identifier that the API does not accept, or a cell of it is missing.
	ReasonIDInvalid Reason = "ID_INVALID"
	// ReasonTimeMissing: the row does not tell when it was answered.
	ReasonTimeMissing Reason = "TIME_MISSING"
	// ReasonTimeInvalid: the time cannot be read.
	ReasonTimeInvalid Reason = "TIME_INVALID"
	// ReasonTimeInFuture: the time has not come yet; the server would count the answer at the time of the import.
	ReasonTimeInFuture Reason = "TIME_IN_FUTURE"
	// ReasonNotANumber: the cell is neither a number, nor a missing code, nor one of the mapping's values.
	ReasonNotANumber Reason = "VALUE_NOT_A_NUMBER"
	// ReasonOutOfScale: the number is not on the question's scale.
	ReasonOutOfScale Reason = "VALUE_OUT_OF_SCALE"
	// ReasonUnknownOption: the cell is none of the question's options.
	ReasonUnknownOption Reason = "OPTION_UNKNOWN"
	// ReasonTooManyOptions: more options than max_choices.
	ReasonTooManyOptions Reason = "TOO_MANY_OPTIONS"
	// ReasonUnmapped: the cell is none of the values that the mapping lists.
	ReasonUnmapped Reason = "VALUE_UNMAPPED"
	// ReasonDateInvalid is a cell that is no day.
	ReasonDateInvalid Reason = "DATE_INVALID"
	// ReasonTooLong: the text is longer than allowed.
	ReasonTooLong Reason = "TEXT_TOO_LONG"
	// ReasonWeightInvalid: the weight is not a number greater than 0.
	ReasonWeightInvalid Reason = "WEIGHT_INVALID"
	// ReasonLanguageInvalid: the language is not a language tag.
	ReasonLanguageInvalid Reason = "LANGUAGE_INVALID"
	// ReasonAnswerMissing: a required question has no answer.
	ReasonAnswerMissing Reason = "ANSWER_MISSING"
	// ReasonCommentMissing: the score needs a comment and has none.
	ReasonCommentMissing Reason = "COMMENT_MISSING"
)

// RowProblem is one thing wrong with a row.
type RowProblem struct {
	// Column is the column at fault; empty when the row is.
	Column string
	// Target is what the column is mapped to: the identifier of a question, or a field of the response such as `context.channel`.
	Target string
	// Value is the cell at fault, or what the mapping made of it.
	Value string
	// Reason is for machines.
	Reason Reason
	// Message is for people.
	Message string
	// Skipped tells that the value was left out and the row loaded all the same; false means that the row was refused.
	Skipped bool
}
