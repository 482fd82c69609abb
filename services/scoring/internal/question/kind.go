package question

// Kind is the kind of a question.
type Kind uint8

// Kinds of questions. The numbers are stored; they never change their meaning.
const (
	// KindUnspecified is the zero value; no question has it.
	KindUnspecified Kind = 0
	// NPS asks for the likelihood to recommend.
	NPS Kind = 1
	// CSAT asks for satisfaction.
	CSAT Kind = 2
	// CES asks for effort or ease.
	CES Kind = 3
	// Rating asks for a value on any scale.
	Rating Kind = 4
	// Expectation asks how an experience compares with what was expected.
	Expectation Kind = 5
	// Importance asks how much something matters.
	Importance Kind = 6
	// Choice asks for one or several of a list of options.
	Choice Kind = 7
	// Text asks for words.
	Text Kind = 8
	// Other asks for a number or a day, of which no score is made.
	Other Kind = 9
)

var kindNames = map[Kind]string{
	KindUnspecified: "UNSPECIFIED", NPS: "NPS", CSAT: "CSAT", CES: "CES", Rating: "RATING",
	Expectation: "EXPECTATION", Importance: "IMPORTANCE", Choice: "CHOICE", Text: "TEXT", Other: "OTHER",
}

// String is the name of the kind, as in the API.
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return "UNKNOWN"
}

// Valid tells whether k is the kind of some question.
func (k Kind) Valid() bool { return k >= NPS && k <= Other }

// Scored tells whether answers are values of a scale.
func (k Kind) Scored() bool { return k >= NPS && k <= Importance }

// Rated tells whether answers say how good something was, so that they enter the mean over all answers: every scored
// kind but Importance.
func (k Kind) Rated() bool { return k.Scored() && k != Importance }
