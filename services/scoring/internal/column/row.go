package column

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// ErrRow reports a row that breaks one of its rules.
var ErrRow = errors.New("impossible row")

// Outcome is what became of somebody who was asked. The numbers of refusals are those of fact.RefusalKind. They are stored; they never
// change their meaning.
type Outcome uint8

// Outcomes.
const (
	Response Outcome = iota
	Refused
	Dismissed
	TimedOut
	outcomes
)

// Row is one response, or one refusal that counts, as it can be cut. Rows that are equal are interchangeable.
type Row struct {
	// ID is RowID of the record.
	ID uint64
	// Outcome says whether it is a response, or what kind of refusal; refusals have no answers.
	Outcome    Outcome
	Population fact.Population
	// Bucket is when it counts.
	Bucket calendar.Bucket
	// Received is when it was accepted, in seconds since 1970.
	Received int64
	// Weight is 1 unless stated.
	Weight float64
	// Respondent is RespondentID of the pseudonym; 0 when nobody is named.
	Respondent uint64
	// Keys ascend by name; those without values are left out.
	Keys []Key
	// Answers ascend by question, at most one to each: scored ones, and choices of at least one option.
	Answers []Answer
}

// Key is what a row can be cut by: a circumstance, an attribute, an enrichment.
type Key struct {
	Name string
	// Values ascend without repetition, none is empty; one but for keys such as the theme.
	Values []string
}

// Answer is the answer to one question.
type Answer struct {
	Question string
	// Scale is the scale's identifier; empty for choices.
	Scale     string
	Kind      question.Kind
	Direction question.Direction
	// Value is the score of a scored question.
	Value question.Centi
	// Options are what was chosen, in ascending order without repetition.
	Options []string
}

// RowID is the identifier of the row of a record: the first 8 bytes of the SHA-256 of its kind ("response", "refusal"), survey and
// identifier.
func RowID(kind, survey, id string) uint64 {
	b := wire.AppendString(nil, kind)
	b = wire.AppendString(b, survey)
	b = wire.AppendString(b, id)
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}

// RespondentID stands for a respondent's pseudonym; 0 for the empty one only.
func RespondentID(pseudonym string) uint64 {
	if pseudonym == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(pseudonym))
	return max(1, binary.BigEndian.Uint64(sum[:]))
}

// MaxGroups is the greatest number of random groups that differ.
const MaxGroups = 1000

// RandomGroup is the random group, 0 to groups-1, of who gave a row: of the respondent, or of the row where nobody is named. It depends on one of MaxGroups
// classes alone: groups of many numbers together would name the respondent otherwise, as remainders by many divisors name a number.
func RandomGroup(respondent, id uint64, groups int) int {
	if respondent == 0 {
		respondent = id
	}
	return int(respondent % MaxGroups * uint64(groups) / MaxGroups)
}

// Normalise puts keys, values, answers and options into order, and leaves out keys without values and choices without options. It
// changes the slices that it finds.
func (r *Row) Normalise() {
	for i := range r.Keys {
		r.Keys[i].Values = set(r.Keys[i].Values)
	}
	r.Keys = slices.DeleteFunc(r.Keys, func(k Key) bool { return len(k.Values) == 0 })
	for i := range r.Answers {
		r.Answers[i].Options = set(r.Answers[i].Options)
	}
	r.Answers = slices.DeleteFunc(r.Answers, func(a Answer) bool { return a.Kind == question.Choice && len(a.Options) == 0 })
	r.sort()
}

func (r *Row) sort() {
	slices.SortFunc(r.Keys, func(a, b Key) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(r.Answers, func(a, b Answer) int { return strings.Compare(a.Question, b.Question) })
}

// set sorts values and leaves out empty and repeated ones.
func set(values []string) []string {
	if len(values) == 1 && values[0] != "" {
		return values
	}
	slices.Sort(values)
	values = slices.Compact(values)
	if len(values) > 0 && values[0] == "" {
		values = values[1:]
	}
	if len(values) == 0 {
		return nil
	}
	return values
}

// Check returns an error that wraps ErrRow when the row breaks a rule. Normalise first where the order is not known.
func (r *Row) Check() error {
	switch {
	case r.Outcome >= outcomes || !r.Population.Valid():
		return fmt.Errorf("row %x: outcome %d of population %d: %w", r.ID, r.Outcome, r.Population, ErrRow)
	case !(r.Weight > 0) || math.IsInf(r.Weight, 0):
		return fmt.Errorf("row %x: weight %v: %w", r.ID, r.Weight, ErrRow)
	case r.Outcome != Response && len(r.Answers) > 0:
		return fmt.Errorf("row %x: a refusal with answers: %w", r.ID, ErrRow)
	}
	for i := range r.Keys {
		k := &r.Keys[i]
		if k.Name == "" || i > 0 && r.Keys[i-1].Name >= k.Name || !isSet(k.Values) {
			return fmt.Errorf("row %x: key %q with values %q: %w", r.ID, k.Name, k.Values, ErrRow)
		}
	}
	for i := range r.Answers {
		a := &r.Answers[i]
		if a.Question == "" || i > 0 && r.Answers[i-1].Question >= a.Question {
			return fmt.Errorf("row %x: answer to question %q: %w", r.ID, a.Question, ErrRow)
		}
		if err := a.check(); err != nil {
			return fmt.Errorf("row %x: %w", r.ID, err)
		}
	}
	return nil
}

func (a *Answer) check() error {
	switch {
	case a.Kind == question.Choice:
		if a.Scale != "" || a.Value != 0 || a.Direction != question.Ease || !isSet(a.Options) {
			return fmt.Errorf("question %q: options %q: %w", a.Question, a.Options, ErrRow)
		}
		return nil
	case !a.Kind.Scored() || !a.Direction.Valid() || len(a.Options) > 0:
		return fmt.Errorf("question %q: answer of kind %d: %w", a.Question, a.Kind, ErrRow)
	}
	scale, err := question.ParseScale(a.Scale)
	if err != nil || scale.ID() != a.Scale || !scale.Contains(a.Value) {
		return fmt.Errorf("question %q: value %v on scale %q: %w", a.Question, a.Value, a.Scale, ErrRow)
	}
	return nil
}

// isSet tells whether there are values, in ascending order, without repetition, none of them empty.
func isSet(values []string) bool {
	for i, v := range values {
		if v == "" || i > 0 && values[i-1] >= v {
			return false
		}
	}
	return len(values) > 0
}
