package membership

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/population"
	"github.com/otklik/otklik/services/segmentation/internal/rfm"
	"github.com/otklik/otklik/services/segmentation/internal/segment"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// movedStep is how many contacts are moved in a transaction.
	movedStep = 500
	// membersStep is how many members are read at a time.
	membersStep = 10_000
)

// sweep is that all contacts of an organisation are compared with all rules.
type sweep struct {
	// touched is the last touch before: what is touched later is compared by itself meanwhile.
	touched int64
	// people are the contacts, once they are read.
	people *People
	// early are those that were compared by themselves before that, and not once more yet, newer those that were afterwards: what was read of them is not what they
	// are any more.
	early map[string]store.Touch
	newer map[string]bool
}

// note remembers contacts that were compared by themselves.
func (s *sweep) note(touches []store.Touch) {
	for _, t := range touches {
		if s.people == nil {
			s.early[t.Contact] = t
		} else {
			s.newer[t.Contact] = true
			delete(s.early, t.Contact)
		}
	}
}

// begin begins to compare all.
func (e *Evaluator) begin(ctx context.Context, o *organization) (*sweep, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	table, err := e.store.RFMTable(ctx, o.id)
	if err != nil {
		return nil, err
	}
	o.sweep = &sweep{touched: table.Touched, early: map[string]store.Touch{}, newer: map[string]bool{}}
	return o.sweep, nil
}

func (o *organization) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sweep = nil
}

// sweep compares all contacts with all rules.
func (e *Evaluator) sweep(ctx context.Context, o *organization) error {
	s, err := e.begin(ctx, o)
	if err != nil {
		return err
	}
	defer o.finish()
	segments, err := e.store.ListSegments(ctx, o.id, "", 0)
	if err != nil {
		return err
	}
	now := e.now()
	people, err := Load(ctx, e.store, o.id, now)
	if err != nil {
		return err
	}
	done := store.Sweep{
		Organization: o.id, Day: rfm.Day(now), Touched: s.touched, Time: now, Rules: map[string]int64{}, Faults: map[string]store.RuleFault{}, RFM: people.RFM,
		Contacts: int64(people.Len()),
	}
	sets := map[string]*population.Set{}
	for _, g := range segments {
		rule, err := segment.Compile(people.Fields.Schema, g.Rule)
		if err != nil {
			done.Faults[g.ID] = store.RuleFault{RuleVersion: g.RuleVersion, Reason: err.Error()}
			continue
		}
		sets[g.ID], done.Rules[g.ID] = people.Plan(rule, now).Evaluate(), g.RuleVersion
	}
	if err := e.loaded(ctx, o, s, people); err != nil {
		return err
	}
	moved, err := e.moved(ctx, o.id, people, sets, now)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(moved, movedStep) {
		if err := e.move(ctx, o, s, store.MembershipChange{Organization: o.id, Rules: done.Rules, Time: now, Touched: s.touched, Contacts: part}); err != nil {
			return err
		}
	}
	return e.store.EndSweep(ctx, done)
}

// loaded says that contacts were read. Those that were compared by themselves meanwhile are once more, as customers are placed now, some at a time: who changes
// now does not wait for all of them.
func (e *Evaluator) loaded(ctx context.Context, o *organization, s *sweep, people *People) error {
	for part := range slices.Chunk(o.read(s, people), touchedStep) {
		if err := e.again(ctx, o, s, part); err != nil {
			return err
		}
	}
	return nil
}

// read puts down the contacts that were read, and returns those that were compared by themselves before that, in order.
func (o *organization) read(s *sweep, people *People) []store.Touch {
	o.mu.Lock()
	defer o.mu.Unlock()
	s.people = people
	return slices.SortedFunc(maps.Values(s.early), func(a, b store.Touch) int { return cmp.Compare(a.Contact, b.Contact) })
}

// again compares contacts that were compared by themselves, but for those that were once more meanwhile.
func (e *Evaluator) again(ctx context.Context, o *organization, s *sweep, part []store.Touch) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	part = slices.DeleteFunc(part, func(t store.Touch) bool { _, waits := s.early[t.Contact]; return !waits })
	if len(part) == 0 {
		return nil
	}
	return e.compare(ctx, o, part)
}

// move moves contacts, but for those that were compared by themselves meanwhile.
func (e *Evaluator) move(ctx context.Context, o *organization, s *sweep, change store.MembershipChange) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	change.Contacts = slices.DeleteFunc(change.Contacts, func(c store.ContactMembership) bool { return s.newer[c.Contact] })
	return e.store.PutMemberships(ctx, change)
}

// moved are the contacts that do not belong where they should, in order.
func (e *Evaluator) moved(ctx context.Context, organization string, people *People, sets map[string]*population.Set, now time.Time) ([]store.ContactMembership, error) {
	places, gone := map[int]bool{}, map[string]bool{}
	for id, set := range sets {
		is := newBits(people.Len())
		for after := ""; ; {
			members, err := e.store.Members(ctx, organization, id, after, membersStep)
			if err != nil {
				return nil, err
			}
			for _, contact := range members {
				after = contact
				at, ok := people.Find(contact)
				switch {
				case !ok:
					gone[contact] = true
				case !set.Has(at):
					places[at] = true
				default:
					is.add(at)
				}
			}
			if len(members) < membersStep {
				break
			}
		}
		for at := range set.All {
			if !is.has(at) {
				places[at] = true
			}
		}
	}
	moved := make([]store.ContactMembership, 0, len(places)+len(gone))
	for contact := range gone {
		moved = append(moved, store.ContactMembership{Contact: contact, Time: now})
	}
	for at := range places {
		where := people.Place(at)
		m := store.ContactMembership{Contact: people.ID(at), Company: where.Company, Location: where.Location, Region: where.Region, Time: now}
		for id, set := range sets {
			if set.Has(at) {
				m.In = append(m.In, id)
			}
		}
		slices.Sort(m.In)
		moved = append(moved, m)
	}
	slices.SortFunc(moved, func(a, b store.ContactMembership) int { return cmp.Compare(a.Contact, b.Contact) })
	return moved, nil
}

// bits is a set of places.
type bits []uint64

func newBits(n int) bits { return make(bits, (n+63)/64) }

func (b bits) add(at int) { b[at/64] |= 1 << (at % 64) }

func (b bits) has(at int) bool { return b[at/64]>>(at%64)&1 == 1 }
