package store

import (
	"context"
	"iter"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/light"
)

// Lights keeps what customers answered, as far as lights rest on it, and the lights that were judged from it.
type Lights interface {
	// ApplyAnswers moves a follower and stores, in the same transaction, what a batch says. What came last of a response takes the place of what was there.
	// With Unmoved positions, responses that are there stay as they are. Lights are counted and judged at once; those that show another colour are told.
	// Errors: ErrLost.
	ApplyAnswers(ctx context.Context, follower string, batch LightBatch) error
	// ClearAnswers forgets all answers and lights, of all organisations, and moves a follower from a position to 0: the log is another one than before, and brings
	// what there is. Errors: ErrLost.
	ClearAnswers(ctx context.Context, follower string, from int64) error
	// LightPolicy returns the organisation's policy, whether its answers are still being counted by it, and the one that lights are judged by now.
	LightPolicy(ctx context.Context, organization string) (LightPolicies, error)
	// PutLightPolicy makes a policy that of the organisation when the version of its policy is still was; its version becomes the next one. Its answers are
	// counted anew by CountLights. Errors: ErrChanged.
	PutLightPolicy(ctx context.Context, organization string, policy light.Policy, was int64) (light.Policy, error)
	// CountLights does a step of what is to be counted at a moment: answers that leave the time that lights look at, and answers by a new policy. It tells
	// whether more is to be done. The leader calls it. What fails for an organisation stops no other one.
	CountLights(ctx context.Context, now time.Time) (more bool, err error)
	// GetLight returns a light that belongs to the caller, also one without a colour. Errors: ErrNotFound.
	GetLight(ctx context.Context, organization string, units Units, unit light.Unit) (Light, error)
	// ListLights returns lights that have a colour: red, amber, green, and each colour in the order of package workorder; those of employees by their
	// identifiers, so that they are no ranking of persons. more tells that there are more than
	// the limit.
	ListLights(ctx context.Context, q LightQuery) (lights []Light, more bool, err error)
	// WorkOrder returns red companies in the order of package workorder, each with as many of its red contacts in that order. more tells that there are more
	// companies than the limit.
	WorkOrder(ctx context.Context, q LightQuery, contacts int) (entries []WorkEntry, more bool, err error)
	// CountLightColours counts lights by colour.
	CountLightColours(ctx context.Context, q LightQuery) (map[light.Colour]int64, error)
	// Answers reads all answers of an organisation in the order of contacts, those of nobody known first.
	Answers(ctx context.Context, organization string) iter.Seq2[light.Row, error]
	// ScoresByContact hands out each contact with answers by the policy that count from a time on and before another one, zero times being open, in order.
	ScoresByContact(ctx context.Context, organization string, from, to time.Time, fn func(ScoreOf) error) error
	// ScoresByLocation does so for each location.
	ScoresByLocation(ctx context.Context, organization string, from, to time.Time, fn func(ScoreOf) error) error
	// EachLight hands out each light of a kind in the order of identifiers, also those without a colour.
	EachLight(ctx context.Context, organization string, kind light.Kind, fn func(LightSummary) error) error
	// AnswerScores returns the mean scores of responses, by `surveys/{survey}/responses/{response}`; those that count nothing are left out.
	AnswerScores(ctx context.Context, organization string, responses []string) (map[string]float64, error)
}

// LightBatch is what some events of the survey feed say, in the order of their positions.
type LightBatch struct {
	// From and To are the positions of the follower.
	From, To int64
	// Now is when they are applied.
	Now     time.Time
	Changes []AnswerChange
}

// AnswerChange is that a response was accepted or removed.
type AnswerChange struct {
	Organization string
	// Row is what is kept of it; of a removed one its names. Its contact is found by Person.
	Row light.Row
	// Person is the pseudonym of who answered; nil when nobody knows.
	Person []byte
	// Removed tells that it was removed, by the Erasure if that is not empty.
	Removed bool
	Erasure string
}

// LightPolicies are the policies of an organisation.
type LightPolicies struct {
	// Stated is the one that the organisation wants, Judging the one that lights are judged by: the same unless Counting.
	Stated, Judging light.Policy
	Counting        bool
	// Edges are those of the periods of the lights.
	Edges light.Edges
}

// Light is a light.
type Light struct {
	Unit light.Unit
	light.Reading
	// Level is the confidence level of the interval.
	Level float64
	// Previous is what it showed before; none when it never showed anything else. Since is since when it shows its colour.
	Previous light.Colour
	Since    time.Time
	// Company and Location are those of a contact: where the directory says that it belongs, or else the company that it last answered for, and the location where
	// all was said that its light rests on. Region is that of a location or a contact.
	Company, Location, Region string
	Value, Stake              float64
	PolicyVersion             int64
	// Clustered tells that the interval takes answers of one respondent as not independent.
	Clustered bool
}

// LightQuery says which lights.
type LightQuery struct {
	Organization string
	Kind         light.Kind
	// Colour narrows to a colour; none is all.
	Colour light.Colour
	// Company narrows to contacts of a company, Region to locations of a region.
	Company, Region string
	// Units are what the caller is restricted to.
	Units Units
	// After is the light after which to begin.
	After *LightKey
	Limit int
}

// LightKey is where a light stands in the order.
type LightKey struct {
	Colour             light.Colour
	Stake, Value, Mean float64
	Unit               string
}

// Key is where the light stands.
func (l *Light) Key() LightKey { return LightKey{l.Colour, l.Stake, l.Value, l.Mean, l.Unit.ID} }

// WorkEntry is a red company with its red contacts.
type WorkEntry struct {
	Company  Light
	Contacts []Light
	// RedContacts is how many red contacts it has in all.
	RedContacts int64
}

// LightSummary is a light in short.
type LightSummary struct {
	Unit    string
	Colour  light.Colour
	Mean    float64
	Answers int64
	// Last is when the last of the answers counts, of contacts only.
	Last time.Time
}

// ScoreOf is the mean score of a contact or a location.
type ScoreOf struct {
	Unit string
	// Mean is on 1..10.
	Mean    float64
	Answers int64
	// First and Last are when the first and the last of the answers count.
	First, Last time.Time
}
