// Package attribute holds the attributes that organisations declare for the things of their directory: their types, their values, and how values are kept.
//
// A declaration has a number that is given once and never again. Values are kept by it: those of a deleted declaration are of no declaration any more, also
// when another one gets its name.
package attribute

import (
	"fmt"
	"slices"
	"time"
)

// Kind is what has an attribute; the numbers are those of the API.
type Kind uint8

// The kinds of things.
const (
	Company Kind = iota + 1
	Contact
	Location
	Employee
	Touchpoint
	Region
)

// Kinds are all kinds.
func Kinds() []Kind { return []Kind{Company, Contact, Location, Employee, Touchpoint, Region} }

var kindNames = map[Kind]string{
	Company: "company", Contact: "contact", Location: "location", Employee: "employee", Touchpoint: "touchpoint", Region: "region",
}

// String is how people call it, and how names of attributes begin.
func (k Kind) String() string { return kindNames[k] }

// ParseKind is the inverse of String.
func ParseKind(text string) (Kind, bool) {
	for kind, name := range kindNames {
		if name == text {
			return kind, true
		}
	}
	return 0, false
}

// Type is what values an attribute has; the numbers are those of the API.
type Type uint8

// The types.
const (
	String Type = iota + 1
	Number
	Bool
	Date
	Enum
)

var typeNames = map[Type]string{String: "string", Number: "number", Bool: "bool", Date: "date", Enum: "enum"}

// String is how people call it.
func (t Type) String() string { return typeNames[t] }

// Definition declares an attribute.
type Definition struct {
	// Number is given by the store, greater than 0.
	Number uint32
	Kind   Kind
	Key    string
	Type   Type
	// DisplayName and Description are for people.
	DisplayName, Description string
	// Options are the values that an Enum may have, in the order in which people see them.
	Options                []string
	CreateTime, UpdateTime time.Time
	Version                int64
}

// Value is the value of an attribute.
type Value struct {
	Type Type
	// Text is that of a String or an Enum.
	Text string
	// Number is that of a Number; of a Bool 1 for true and 0 for false; of a Date days since 1970-01-01.
	Number float64
}

// Days is the number of days from 1970-01-01 to the day of t.
func Days(t time.Time) float64 {
	y, m, d := t.Date()
	return float64(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / daySeconds)
}

const daySeconds = 24 * 60 * 60

// Day is the day of a Date.
func (v Value) Day() time.Time { return time.Unix(int64(v.Number)*daySeconds, 0).UTC() }

// Refusal is why a value, or a declaration, cannot be as it would be.
type Refusal struct {
	// Reason is for machines.
	Reason Reason
	// Description says what is wrong, and what to do.
	Description string
}

// Reason says in one word why a value is refused.
type Reason string

// The reasons.
const (
	// Undeclared: there is no attribute of that name.
	Undeclared Reason = "ATTRIBUTE_UNDECLARED"
	// WrongType: the value has another type than the one that was declared.
	WrongType Reason = "ATTRIBUTE_TYPE"
	// UnknownOption: the value is none of those that were declared.
	UnknownOption Reason = "ATTRIBUTE_OPTION"
)

// Error says why.
func (r *Refusal) Error() string { return r.Description }

func refuse(reason Reason, format string, args ...any) *Refusal {
	return &Refusal{Reason: reason, Description: fmt.Sprintf(format, args...)}
}

// Set are the declarations of a kind, by their keys.
type Set map[string]Definition

// Of are the declarations of one kind.
func Of(all []Definition, kind Kind) Set {
	out := Set{}
	for _, d := range all {
		if d.Kind == kind {
			out[d.Key] = d
		}
	}
	return out
}

// Find returns the declaration of a key. Errors: *Refusal.
func (s Set) Find(key string) (Definition, error) {
	if d, ok := s[key]; ok {
		return d, nil
	}
	return Definition{}, refuse(Undeclared, "there is no attribute %q: declare it first", key)
}

// ByNumber are the declarations by their numbers.
func (s Set) ByNumber() map[uint32]Definition {
	out := make(map[uint32]Definition, len(s))
	for _, d := range s {
		out[d.Number] = d
	}
	return out
}

// allowsOption tells whether an Enum may have a value.
func (d Definition) allowsOption(text string) bool { return slices.Contains(d.Options, text) }
