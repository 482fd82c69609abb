// Package cases holds the rules of cases: how one is opened, claimed, moved, merged and closed, what its clocks say, and which comes first.
package cases

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"
)

// State is how far a case has come; the numbers are those of the API.
type State uint8

// The states.
const (
	New State = iota + 1
	Assigned
	InProgress
	WaitingCustomer
	Resolved
	Closed
)

// Severity is how bad it is; the numbers are those of the API.
type Severity uint8

// The severities.
const (
	Low Severity = iota + 1
	Medium
	High
	Critical
)

// Cause is of what kind the root cause is; the numbers are those of the API. There is no word about it beside: it names no person.
type Cause uint8

// The causes.
const (
	Team Cause = iota + 1
	Process
	Technology
	Product
)

// Case is something that somebody has to see to.
type Case struct {
	Organization string    `json:"-"`
	ID           string    `json:"-"`
	State        State     `json:"-"`
	Severity     Severity  `json:"-"`
	Queue        string    `json:"-"`
	Owner        string    `json:"-"`
	DisplayName  string    `json:"display_name,omitempty"`
	Description  string    `json:"description,omitempty"`
	About        About     `json:"-"`
	Subject      string    `json:"-"`
	Rule         string    `json:"rule,omitempty"`
	Value        float64   `json:"-"`
	SLA          SLA       `json:"sla,omitzero"`
	Clock        Clock     `json:"clock,omitzero"`
	Steps        []Step    `json:"steps,omitempty"`
	StepsTaken   int       `json:"steps_taken,omitempty"`
	Warned       bool      `json:"warned,omitempty"`
	Late         Late      `json:"late,omitzero"`
	FirstDue     time.Time `json:"first_due,omitzero"`
	FirstTime    time.Time `json:"first_time,omitzero"`
	// FirstWorked is the working time until the first response, ResolveWorked that until it was resolved last.
	FirstWorked   time.Duration `json:"first_worked,omitempty"`
	ResolveWorked time.Duration `json:"resolve_worked,omitempty"`
	Due           time.Time     `json:"-"`
	HandOffs      int           `json:"hand_offs,omitempty"`
	Reopenings    int           `json:"reopenings,omitempty"`
	Cause         Cause         `json:"cause,omitempty"`
	Prevention    *Task         `json:"prevention,omitempty"`
	Tasks         []Task        `json:"tasks,omitempty"`
	MergedInto    string        `json:"merged_into,omitempty"`
	// Touchpoint is the point of the journey at which it came about, as what opened it says; empty where that says none.
	Touchpoint string `json:"touchpoint,omitempty"`

	CreateTime  time.Time `json:"-"`
	UpdateTime  time.Time `json:"-"`
	ResolveTime time.Time `json:"resolve_time,omitzero"`
	CloseTime   time.Time `json:"close_time,omitzero"`
	Version     int64     `json:"-"`
}

// Clone is the case, to be changed apart from it.
func (c Case) Clone() Case {
	c.Tasks = slices.Clone(c.Tasks)
	if c.Prevention != nil {
		p := *c.Prevention
		c.Prevention = &p
	}
	return c
}

// About is whom or what a case is about: identifiers, each empty where there is none.
type About struct {
	Contact, Company, Location, Region, Employee string
	// Person is the pseudonym by which the contact came; nil for none.
	Person []byte
}

// Party is what cases are the same by, beside their subject: the contact, or where there is none the unit.
func (a About) Party() string {
	switch {
	case a.Contact != "":
		return "contacts/" + a.Contact
	case a.Employee != "":
		return "employees/" + a.Employee
	case a.Location != "":
		return "locations/" + a.Location
	case a.Company != "":
		return "companies/" + a.Company
	case a.Region != "":
		return "regions/" + a.Region
	}
	return ""
}

// SLA is what is promised, in working time; 0 where nothing is.
type SLA struct {
	FirstResponse time.Duration `json:"first_response,omitempty"`
	Resolution    time.Duration `json:"resolution,omitempty"`
}

// Late tells which promises were broken.
type Late struct {
	FirstResponse bool `json:"first_response,omitempty"`
	Resolution    bool `json:"resolution,omitempty"`
}

// Any tells whether one was.
func (l Late) Any() bool { return l.FirstResponse || l.Resolution }

// Step is what happens to a case that is not resolved after some working time. What is empty stays as it is.
type Step struct {
	After    time.Duration `json:"after"`
	Owner    string        `json:"owner,omitempty"`
	Queue    string        `json:"queue,omitempty"`
	Severity Severity      `json:"severity,omitempty"`
}

// Task is something to be done.
type Task struct {
	Text  string    `json:"text"`
	Owner string    `json:"owner,omitempty"`
	Due   time.Time `json:"due,omitzero"`
	Done  bool      `json:"done,omitempty"`
}

// Unresolved tells whether somebody still has to see to it.
func (s State) Unresolved() bool { return s >= New && s <= WaitingCustomer }

// Open tells whether it is in the inbox: not closed.
func (s State) Open() bool { return s >= New && s <= Resolved }

// String is how people and the API call it.
func (s State) String() string { return stateNames[s] }

var stateNames = map[State]string{
	New: "NEW", Assigned: "ASSIGNED", InProgress: "IN_PROGRESS", WaitingCustomer: "WAITING_CUSTOMER", Resolved: "RESOLVED", Closed: "CLOSED",
}

// String is how people and the API call it.
func (s Severity) String() string { return severityNames[s] }

var severityNames = map[Severity]string{Low: "LOW", Medium: "MEDIUM", High: "HIGH", Critical: "CRITICAL"}

// identifierLength makes 65 bits: enough that two cases never have the same.
const identifierLength = 13

// NewID makes the identifier of a case.
func NewID() string { return strings.ToLower(rand.Text()[:identifierLength]) }

// String is how people and the API call it; empty where it is not known.
func (c Cause) String() string { return causeNames[c] }

var causeNames = map[Cause]string{Team: "TEAM", Process: "PROCESS", Technology: "TECHNOLOGY", Product: "PRODUCT"}
