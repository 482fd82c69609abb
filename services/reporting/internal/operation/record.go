// Package operation says what is recorded of stores beside answers: visitors, receipts, presses of the activity button, mystery visits, terminals, emotion
// events, changes of policies and shifts. It tells which records are sound, by which key they are told apart, and what they add up to.
package operation

import "time"

// Kind is what a record is about; the numbers are those of the API.
type Kind uint8

// The kinds.
const (
	Visitors Kind = iota + 1
	Sales
	Receipt
	Presses
	MysteryVisit
	Terminal
	Emotion
	PolicyChange
	Shift
)

// String is the kind's name, as tables and the command line have it.
func (k Kind) String() string {
	if k >= 1 && int(k) <= len(kinds) {
		return kinds[k-1].name
	}
	return ""
}

// Record is something that was recorded.
type Record struct {
	Kind Kind
	// Key tells the records of a kind apart: the one that was given, or what MadeKey made.
	Key string
	// Location is empty only of changes of policies that hold at all locations.
	Location string
	Employee string
	Device   string
	Start    time.Time
	// End is Start where it was at a moment.
	End time.Time
	// Day is the local day on which it began, by which it is counted.
	Day Day
	// Currency is that of the amounts.
	Currency string
	Numbers
	Details
}

// Numbers are what records are summed by. What a kind does not have is 0.
type Numbers struct {
	Visitors int64
	// Receipts counts sales; a return is none.
	Receipts int64
	// Revenue is in minor units of the currency.
	Revenue                            int64
	Units                              float64
	Consultations, Likes, Dislikes     int64
	Helps                              int64
	Shown, Begun, Completed, InService int64
}

// Details are what only some kinds have.
type Details struct {
	// CountsVisitors tells that sales came with the number of visitors.
	CountsVisitors bool `json:"visitors,omitempty"`
	// Criteria are those of a mystery visit.
	Criteria []Criterion `json:"criteria,omitempty"`
	// Subject is whose face an emotion was of.
	Subject Subject `json:"subject,omitempty"`
	// Emotion is how strong it was, from 0 to 1, by its name.
	Emotion string  `json:"emotion,omitempty"`
	Score   float64 `json:"score,omitempty"`
	// Policy is what kind of policy changed, and Locations where; none means everywhere.
	Policy      Policy   `json:"policy,omitempty"`
	Description string   `json:"description,omitempty"`
	Locations   []string `json:"locations,omitempty"`
	// Role is what somebody worked as in a shift.
	Role string `json:"role,omitempty"`
}

// Criterion is one of a checklist.
type Criterion struct {
	Name    string  `json:"name"`
	Weight  float64 `json:"weight"`
	Outcome Outcome `json:"outcome"`
}

// Outcome is what a mystery visitor found; the numbers are those of the API.
type Outcome uint8

// The outcomes.
const (
	Pass Outcome = iota + 1
	Fail
	NotApplicable
)

// Subject is whose face an emotion was of; the numbers are those of the API.
type Subject uint8

// The subjects.
const (
	Buyer Subject = iota + 1
	Seller
)

// Policy is a kind of policy; the numbers are those of the API.
type Policy uint8

// The kinds of policies.
const (
	Prices Policy = iota + 1
	Assortment
	Loyalty
	Standards
	Other
)

// HoldsAt tells whether a change of a policy holds at a location.
func (r Record) HoldsAt(location string) bool {
	for _, l := range r.Locations {
		if l == location {
			return true
		}
	}
	return len(r.Locations) == 0
}
