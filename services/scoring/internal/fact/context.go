package fact

// ContextKey names one of the circumstances by which scores can be filtered and grouped.
type ContextKey uint8

// Context keys. The numbers are stored; they never change their meaning.
const (
	// NoKey is the zero value: no circumstance.
	NoKey ContextKey = 0
	// Touchpoint is the point of the customer's journey.
	Touchpoint ContextKey = 1
	// Channel is the medium through which the question was asked.
	Channel ContextKey = 2
	// Location is the place.
	Location ContextKey = 3
	// Language is the language in which the respondent answered.
	Language ContextKey = 4
	// Region is the region that the place lies in.
	Region ContextKey = 5
	// Company is the client company that the respondent answers for.
	Company ContextKey = 6
	// EmployeeKey is with whom it came about. What was said of one is not counted by itself: it is only released in blocks.
	EmployeeKey ContextKey = 7
)

// ContextKeys lists every key but NoKey.
func ContextKeys() []ContextKey { return append(CountedKeys(), EmployeeKey) }

// CountedKeys lists the keys under whose values everything is counted.
func CountedKeys() []ContextKey {
	return []ContextKey{Touchpoint, Channel, Location, Language, Region, Company}
}

// String is the name of the key, as in the API.
func (k ContextKey) String() string {
	names := [...]string{"UNSPECIFIED", "TOUCHPOINT", "CHANNEL", "LOCATION", "LANGUAGE", "REGION", "COMPANY", "EMPLOYEE"}
	if int(k) < len(names) {
		return names[k]
	}
	return "UNKNOWN"
}

// Valid tells whether k names a circumstance.
func (k ContextKey) Valid() bool { return k >= Touchpoint && k <= EmployeeKey }

// Context is the circumstances of an answer or a refusal. An empty value means that the circumstance was not stated.
type Context struct {
	Touchpoint, Channel, Location, Language, Region, Company, Employee string
	// Attributes are further circumstances, by the organisation's own names: in the order of names, each once, none empty.
	Attributes []Attribute
}

// Value is the value of a key; empty when it was not stated or there is no such key.
func (c Context) Value(k ContextKey) string {
	switch k {
	case Touchpoint:
		return c.Touchpoint
	case Channel:
		return c.Channel
	case Location:
		return c.Location
	case Language:
		return c.Language
	case Region:
		return c.Region
	case Company:
		return c.Company
	case EmployeeKey:
		return c.Employee
	}
	return ""
}
