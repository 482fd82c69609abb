// Package segment understands the rules of segments: conditions in CEL over typed attributes of a contact, its company, its light, its score and its
// purchases. A rule is checked when it is saved: its types against the attributes that are declared, and what it costs at most.
//
// What is not known of a contact makes a condition over it unknown: neither it nor its contrary holds. Conditions are joined as in CEL, which is Kleene's
// logic of three values: false && unknown is false, true || unknown is true. A contact is a member where the rule as a whole is true.
package segment

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// Type is what the values of an attribute are.
type Type uint8

// Types of attributes. The Go types are those of the values that a Row returns.
const (
	// Text is a string.
	Text Type = iota + 1
	// Number is a float64, finite.
	Number
	// Flag is a bool.
	Flag
	// Time is a time.Time, in whole microseconds.
	Time
)

// celType is the type as CEL knows it.
func (t Type) celType() *types.Type {
	switch t {
	case Text:
		return types.StringType
	case Number:
		return types.DoubleType
	case Flag:
		return types.BoolType
	case Time:
		return types.TimestampType
	}
	return types.ErrorType
}

// Attribute is something that may be known of a contact, by the name by which rules call it: `group.name`.
type Attribute struct {
	Name string
	Type Type
	// Options are the values that a text may have; nil when it may have any.
	Options []string
}

// Groups of attributes that organisations declare.
const (
	ContactGroup = "contact"
	CompanyGroup = "company"
)

// today is the beginning of the day (UTC) on which a rule is evaluated.
const today = "today"

// Names of attributes that every organisation has.
const (
	LightContact    = "light.contact"
	LightCompany    = "light.company"
	ScoreMean       = "score.mean"
	ScoreAnswers    = "score.answers"
	ScoreLast       = "score.last_answer"
	ScoreCompany    = "score.company"
	PurchaseRecency = "purchases.recency_days"
	PurchaseCount   = "purchases.frequency"
	PurchaseSum     = "purchases.monetary"
	RFMRecency      = "rfm.recency"
	RFMFrequency    = "rfm.frequency"
	RFMMonetary     = "rfm.monetary"
)

// BuiltIn are the attributes that every organisation has.
func BuiltIn() []Attribute {
	colours := []string{"RED", "AMBER", "GREEN"}
	out := []Attribute{{Name: LightContact, Type: Text, Options: colours}, {Name: LightCompany, Type: Text, Options: colours}}
	for _, name := range []string{ScoreMean, ScoreAnswers, ScoreCompany, PurchaseRecency, PurchaseCount, PurchaseSum, RFMRecency, RFMFrequency, RFMMonetary} {
		out = append(out, Attribute{Name: name, Type: Number})
	}
	return append(out, Attribute{Name: ScoreLast, Type: Time})
}

// Schema are the attributes that rules may use. It does not change.
type Schema struct {
	attributes []Attribute
	at         map[string]int
	groups     []string
	// env is what CEL must know to check rules, made when the first one is.
	env func() (*cel.Env, error)
}

// NewSchema makes a schema of the attributes that an organisation declares for contacts and companies, named with their group; those that every organisation
// has come before them.
func NewSchema(declared []Attribute) (*Schema, error) {
	s := &Schema{attributes: append(BuiltIn(), declared...), at: make(map[string]int), groups: []string{ContactGroup, CompanyGroup}}
	for i, a := range s.attributes {
		group, name, dotted := strings.Cut(a.Name, ".")
		switch {
		case !dotted || group == "" || name == "" || strings.Contains(name, "."):
			return nil, fmt.Errorf("attribute %q: its name is not of the form group.name", a.Name)
		case a.Type < Text || a.Type > Time:
			return nil, fmt.Errorf("attribute %q: it has no type", a.Name)
		}
		if _, twice := s.at[a.Name]; twice {
			return nil, fmt.Errorf("attribute %q is declared twice", a.Name)
		}
		s.at[a.Name] = i
		if !slices.Contains(s.groups, group) {
			s.groups = append(s.groups, group)
		}
	}
	s.env = sync.OnceValues(func() (*cel.Env, error) { return newEnv(s) })
	return s, nil
}

// Attributes are the attributes of the schema, in its order.
func (s *Schema) Attributes() []Attribute { return s.attributes }

// Lookup returns the place of an attribute in the schema.
func (s *Schema) Lookup(name string) (at int, known bool) {
	at, known = s.at[name]
	return at, known
}

// names are the names of all attributes.
func (s *Schema) names() []string {
	names := make([]string, len(s.attributes))
	for i, a := range s.attributes {
		names[i] = a.Name
	}
	return names
}
