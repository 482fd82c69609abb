// Package timeline says what is remembered of a customer, and how each kind of it is written down.
package timeline

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Kind is what an entry is about; the numbers are those of the API, and are stored.
type Kind uint8

// The kinds.
const (
	NoKind Kind = iota
	InvitationKind
	AnswerKind
	CommentKind
	CaseKind
	InterviewKind
	PurchaseKind
	LightKind
	MergeKind
	ChurnKind
)

// Kinds are all kinds, in the order of their numbers.
func Kinds() []Kind {
	return []Kind{InvitationKind, AnswerKind, CommentKind, CaseKind, InterviewKind, PurchaseKind, LightKind, MergeKind, ChurnKind}
}

// Units are those that an entry belongs to; who is restricted to others does not see it. All are the caller's own identifiers; empty when there is none.
type Units struct {
	Company  string `json:"company,omitempty"`
	Location string `json:"location,omitempty"`
	Region   string `json:"region,omitempty"`
	Employee string `json:"employee,omitempty"`
}

// UnitsOf are the units of the entry.
func (u Units) UnitsOf() Units { return u }

// Body is what an entry says beside when and of what.
type Body interface {
	// Kind is the kind of entries that have this body.
	Kind() Kind
	UnitsOf() Units
}

// Outcome is what became of an invitation.
type Outcome uint8

// The outcomes; the numbers are those of the API.
const (
	NoOutcome Outcome = iota
	Answered
	Refused
	Dismissed
	TimedOut
)

// Invitation is that the customer was asked.
type Invitation struct {
	Units
	// Invitation is its identifier; empty for a refusal that names none.
	Invitation string  `json:"invitation,omitempty"`
	Outcome    Outcome `json:"outcome,omitempty"`
	Touchpoint string  `json:"touchpoint,omitempty"`
	Channel    string  `json:"channel,omitempty"`
}

// Answer is a response.
type Answer struct {
	Units
	Revision   string `json:"revision,omitempty"`
	Touchpoint string `json:"touchpoint,omitempty"`
	Channel    string `json:"channel,omitempty"`
	Language   string `json:"language,omitempty"`
	// Answers is how many questions were answered.
	Answers int `json:"answers,omitempty"`
}

// Comment is that something was written, and what it expresses; not what was written.
type Comment struct {
	Units
	// Sentiment has the numbers of the comment service's API.
	Sentiment uint8 `json:"sentiment,omitempty"`
	// Aspects are identifiers of aspects.
	Aspects []string `json:"aspects,omitempty"`
}

// Case is what became of a case.
type Case struct {
	Units
	// Event is `opened`, `resolved`, `closed`, `reopened`.
	Event string `json:"event,omitempty"`
	// State is the state after it, by its name in the API.
	State    string `json:"state,omitempty"`
	Severity int    `json:"severity,omitempty"`
	Subject  string `json:"subject,omitempty"`
}

// Interview is what became of an interview.
type Interview struct {
	Units
	// Event is `created`, `scheduled`, `held`, `cancelled`.
	Event string `json:"event,omitempty"`
	// State is the state after it, by its name in the API.
	State string `json:"state,omitempty"`
}

// Purchase is a purchase, or a return where the amount is negative.
type Purchase struct {
	Units
	// Amount is in minor units of the currency.
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Light is that the customer's light changed.
type Light struct {
	Units
	// Colour and Previous have the numbers of the API.
	Colour   uint8   `json:"colour,omitempty"`
	Previous uint8   `json:"previous,omitempty"`
	Mean     float64 `json:"mean,omitempty"`
	N        int64   `json:"n,omitempty"`
	// Rejudged tells that another policy judges the same answers.
	Rejudged bool `json:"rejudged,omitempty"`
}

// Merge is that two records of one customer became one, or were taken apart again.
type Merge struct {
	Units
	// Event is `merged` or `split`.
	Event string `json:"event,omitempty"`
	// Other is the other contact's identifier.
	Other string `json:"other,omitempty"`
}

// Churn is that the customer left.
type Churn struct {
	Units
	Reason string `json:"reason,omitempty"`
}

// Kind implements Body.
func (Invitation) Kind() Kind { return InvitationKind }

// Kind implements Body.
func (Answer) Kind() Kind { return AnswerKind }

// Kind implements Body.
func (Comment) Kind() Kind { return CommentKind }

// Kind implements Body.
func (Case) Kind() Kind { return CaseKind }

// Kind implements Body.
func (Interview) Kind() Kind { return InterviewKind }

// Kind implements Body.
func (Purchase) Kind() Kind { return PurchaseKind }

// Kind implements Body.
func (Light) Kind() Kind { return LightKind }

// Kind implements Body.
func (Merge) Kind() Kind { return MergeKind }

// Kind implements Body.
func (Churn) Kind() Kind { return ChurnKind }

// Encode is a body as it is kept.
func Encode(b Body) ([]byte, error) {
	raw, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encode entry of the timeline: %w", err)
	}
	return raw, nil
}

// Decode reads the body of an entry of a kind.
func Decode(k Kind, raw []byte) (Body, error) {
	switch k {
	case InvitationKind:
		return decode[Invitation](raw)
	case AnswerKind:
		return decode[Answer](raw)
	case CommentKind:
		return decode[Comment](raw)
	case CaseKind:
		return decode[Case](raw)
	case InterviewKind:
		return decode[Interview](raw)
	case PurchaseKind:
		return decode[Purchase](raw)
	case LightKind:
		return decode[Light](raw)
	case MergeKind:
		return decode[Merge](raw)
	case ChurnKind:
		return decode[Churn](raw)
	default:
		return nil, fmt.Errorf("decode entry of the timeline: no kind %d", k)
	}
}

func decode[B Body](raw []byte) (Body, error) {
	var b B
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, fmt.Errorf("decode entry of the timeline: %w", err)
	}
	return b, nil
}

// partMark divides the name of a resource from what tells its entries apart.
const partMark = "#"

// PartOf names one of several entries of a resource: a name that no other part of it has.
func PartOf(resource, part string) string { return resource + partMark + part }

// ResourceOf is the name of the resource that an entry is about, without the part.
func ResourceOf(name string) string {
	resource, _, _ := strings.Cut(name, partMark)
	return resource
}
