package questionnaire

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
	// Expectation is how an experience compares with what was expected.
	Expectation
	// Importance is how much something matters.
	Importance
	// Likelihood is how likely something is that the respondent may do.
	Likelihood
	// Like is like or dislike.
	Like
	// Smile is a face from sad to smiling.
	Smile
	// Number is a number that is no score.
	Number
	// Date is a day of the calendar.
	Date
)

// kinds are the names of the kinds in field paths, by kind.
var kinds = [...]string{
	KindNone: "kind", NPS: "nps", CSAT: "csat", CES: "ces", Rating: "rating", Choice: "choice", FreeText: "free_text", Expectation: "expectation",
	Importance: "importance", Likelihood: "likelihood", Like: "like", Smile: "smile", Number: "number", Date: "date",
}

// field is the name of the kind in field paths.
func (k Kind) field() string { return kinds[k] }

// Scored tells whether answers are values of a scale.
func (k Kind) Scored() bool {
	switch k {
	case NPS, CSAT, CES, Rating, Expectation, Importance, Likelihood, Like, Smile:
		return true
	}
	return false
}

// value is what an answer of the kind holds, and the name of the field that holds it.
func (k Kind) value() (ValueKind, string) {
	switch {
	case k.Scored():
		return ValueScore, "score"
	case k == Choice:
		return ValueOptions, "choice"
	case k == Number:
		return ValueNumber, "number"
	case k == Date:
		return ValueDate, "date"
	default:
		return ValueText, "free_text"
	}
}

// scale is the scale of a kind that states none.
func (k Kind) scale() Scale {
	switch k {
	case NPS, Likelihood:
		return Scale{Min: 0, Max: 10}
	case Importance:
		return Scale{Min: 1, Max: 10}
	case Like:
		return Scale{Min: 0, Max: 1}
	default:
		return Scale{Min: 1, Max: 5}
	}
}

// EffectiveScale is the scale on which answers to a scored question count: the one that it states, or its kind's.
func (q *Question) EffectiveScale() Scale {
	if q.Scale != nil {
		return *q.Scale
	}
	return q.Kind.scale()
}
