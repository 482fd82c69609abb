package light

import (
	"strings"
	"time"
	"unicode"
)

// Row is what is kept of a response.
type Row struct {
	Survey, Response string
	// Contact is who answered; empty when nobody knows.
	Contact                             string
	Company, Location, Region, Employee string
	// Time is when the response counts.
	Time    time.Time
	Answers []Answer
}

// maxID bounds identifiers of units.
const maxID = 128

// named tells whether a value of the context can name a unit.
func named(id string) bool {
	return id != "" && len(id) <= 4*maxID && !strings.ContainsFunc(id, func(r rune) bool { return r == '/' || unicode.IsControl(r) })
}

// Units are those that a response is about.
func (r *Row) Units() []Unit {
	out := make([]Unit, 0, 4) //nolint:mnd // one of each kind
	for _, u := range [...]Unit{{Company, r.Company}, {Contact, r.Contact}, {Location, r.Location}, {Staff, r.Employee}} {
		if named(u.ID) {
			out = append(out, u)
		}
	}
	return out
}

// PartKey names what a contact contributes to a unit other than itself.
type PartKey struct {
	Unit    Unit
	Contact string
}

// Parts names what its contact contributes to: none when nobody knows who answered.
func (r *Row) Parts() []PartKey {
	if r.Contact == "" {
		return nil
	}
	var out []PartKey
	for _, u := range r.Units() {
		if u.Kind != Contact {
			out = append(out, PartKey{u, r.Contact})
		}
	}
	return out
}

// Tally counts responses into the sums of their units. What was counted before of the units and parts concerned has to be put into it first.
type Tally struct {
	Policy Policy
	Units  map[Unit]*Periods
	Parts  map[PartKey]*Parts
}

// NewTally makes an empty tally.
func NewTally(p Policy) *Tally {
	return &Tally{Policy: p, Units: make(map[Unit]*Periods), Parts: make(map[PartKey]*Parts)}
}

// unit is the sums of a unit.
func (t *Tally) unit(u Unit) *Periods {
	s := t.Units[u]
	if s == nil {
		s = new(Periods)
		t.Units[u] = s
	}
	return s
}

func (t *Tally) part(k PartKey) *Parts {
	p := t.Parts[k]
	if p == nil {
		p = new(Parts)
		t.Parts[k] = p
	}
	return p
}

// Move moves a response from the periods that it counted in to those where it does. It comes from none when it is new, and goes to none when it is removed.
func (t *Tally) Move(r *Row, from, to Member) {
	if from == to {
		return
	}
	a := t.Policy.Answers(r.Survey, r.Answers)
	if a.Count == 0 {
		return
	}
	var one Part
	one.add(a)
	for _, u := range r.Units() {
		sums := t.unit(u)
		var parts *Parts
		if r.Contact != "" && u.Kind != Contact {
			parts = t.part(PartKey{u, r.Contact})
		}
		for p := range periods {
			if from[p] == to[p] {
				continue
			}
			switch s := &sums[p]; {
			case u.Kind == Contact && to[p]:
				s.add(a)
			case u.Kind == Contact:
				s.remove(a)
			case parts == nil && to[p]:
				s.AddContact(one)
			case parts == nil:
				s.RemoveContact(one)
			default:
				s.RemoveContact(parts[p])
				if to[p] {
					parts[p].add(a)
				} else {
					parts[p].remove(a)
				}
				s.AddContact(parts[p])
			}
		}
	}
}

// Forget takes back all that a contact contributes to the units whose parts are in the tally, and what is counted of itself.
func (t *Tally) Forget(contact string) {
	for k, parts := range t.Parts {
		if k.Contact != contact {
			continue
		}
		sums := t.unit(k.Unit)
		for p := range parts {
			sums[p].RemoveContact(parts[p])
		}
		*parts = Parts{}
	}
	*t.unit(Unit{Contact, contact}) = Periods{}
}
