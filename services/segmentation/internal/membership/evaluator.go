package membership

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/population"
	"github.com/otklik/otklik/services/segmentation/internal/rfm"
	"github.com/otklik/otklik/services/segmentation/internal/segment"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// errStopped ends a reading of which no more is wanted.
var errStopped = errors.New("no more is wanted")

const (
	// touchedStep is how many contacts are compared at a time, and movedStep how many are moved in a transaction.
	touchedStep = 500
	movedStep   = 1000
	// membersStep is how many members are read at a time.
	membersStep = 10_000
)

// Evaluator compares contacts with rules, in the process that leads.
type Evaluator struct {
	store Store
	now   func() time.Time

	// mu is held while contacts are compared, so that nothing is overtaken by what was read before.
	mu    sync.Mutex
	rules map[string]*book
}

// book are the compiled rules of an organisation.
type book struct {
	declared []attribute.Definition
	fields   *Fields
	rules    map[string]compiled
}

// compiled is a rule; nil where it cannot be compiled any more.
type compiled struct {
	version int64
	rule    *segment.Rule
}

// NewEvaluator makes an evaluator.
func NewEvaluator(s Store, now func() time.Time) *Evaluator {
	return &Evaluator{store: s, now: now, rules: map[string]*book{}}
}

// Step does what is to be done. The leader calls it from time to time.
func (e *Evaluator) Step(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	work, err := e.store.SegmentWork(ctx, rfm.Day(e.now()))
	if err != nil {
		return err
	}
	// What fails for an organisation stops no other one.
	var failed []error
	for _, w := range work {
		if w.Sweep {
			err = e.sweep(ctx, w.Organization)
		} else {
			err = e.touched(ctx, w.Organization)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("compare contacts with rules: %w", err))
		}
	}
	return errors.Join(failed...)
}

// CatchUp compares the contacts of organisations that were touched, unless all are being compared: who is asked for their segments is to belong to those that
// they do by what was known.
func (e *Evaluator) CatchUp(ctx context.Context, organizations []string) error {
	if !e.mu.TryLock() {
		return nil
	}
	defer e.mu.Unlock()
	for _, o := range organizations {
		if err := e.touched(ctx, o); err != nil {
			return fmt.Errorf("compare contacts with rules: %w", err)
		}
	}
	return nil
}

// open compiles the rules of segments, unless it has.
func (e *Evaluator) open(ctx context.Context, organization string, segments []store.Segment) (*book, error) {
	declared, err := e.store.ListAttributes(ctx, organization)
	if err != nil {
		return nil, err
	}
	b := e.rules[organization]
	if b == nil || !slices.EqualFunc(b.declared, declared, func(a, b attribute.Definition) bool { return a.Number == b.Number && a.Key == b.Key }) {
		b = &book{declared: declared, rules: map[string]compiled{}}
		if b.fields, err = FieldsOf(declared); err != nil {
			return nil, err
		}
		e.rules[organization] = b
	}
	for _, s := range segments {
		if c, ok := b.rules[s.ID]; !ok || c.version != s.RuleVersion {
			c = compiled{version: s.RuleVersion}
			var fault *segment.Fault
			if c.rule, err = segment.Compile(b.fields.Schema, s.Rule); err != nil && !errors.As(err, &fault) {
				return nil, err
			}
			b.rules[s.ID] = c
		}
	}
	return b, nil
}

// touched compares the contacts of which something changed with the segments that all were compared with.
func (e *Evaluator) touched(ctx context.Context, organization string) error {
	touches, err := e.store.Touches(ctx, organization, touchedStep)
	if err != nil || len(touches) == 0 {
		return err
	}
	segments, err := e.store.ListSegments(ctx, organization, "", 0)
	if err != nil {
		return err
	}
	segments = slices.DeleteFunc(segments, func(s store.Segment) bool { return s.RuleVersion != s.EvaluatedVersion })
	b, err := e.open(ctx, organization, segments)
	if err != nil {
		return err
	}
	table, err := e.store.RFMTable(ctx, organization)
	if err != nil {
		return err
	}
	for len(touches) > 0 {
		if err := e.compare(ctx, organization, b, segments, table, touches); err != nil {
			return err
		}
		if len(touches) < touchedStep {
			return nil
		}
		if touches, err = e.store.Touches(ctx, organization, touchedStep); err != nil {
			return err
		}
	}
	return nil
}

func (e *Evaluator) compare(ctx context.Context, organization string, b *book, segments []store.Segment, table store.RFMTable, touches []store.Touch) error {
	now := e.now()
	ids := make([]string, len(touches))
	for i, t := range touches {
		ids[i] = t.Contact
	}
	facts, err := e.store.ContactFacts(ctx, organization, table.Currency, now, ids)
	if err != nil {
		return err
	}
	known := make(map[string]*store.ContactFacts, len(facts))
	for i := range facts {
		known[facts[i].ID] = &facts[i]
	}
	change := store.MembershipChange{Organization: organization, Rules: map[string]int64{}}
	for _, s := range segments {
		if b.rules[s.ID].rule != nil {
			change.Rules[s.ID] = s.RuleVersion
		}
	}
	evaluate := segment.NewEvaluator(b.fields.Schema, now)
	for _, t := range touches {
		m := store.ContactMembership{Contact: t.Contact, Time: t.Time, Number: t.Number}
		if c := known[t.Contact]; c != nil {
			m.Company, m.Location, m.Region = c.Company, c.Location, c.Region
			r := b.fields.Row(c, table, now)
			for id := range change.Rules {
				if evaluate.Matches(b.rules[id].rule, r) == segment.True {
					m.In = append(m.In, id)
				}
			}
			slices.Sort(m.In)
		}
		change.Contacts = append(change.Contacts, m)
	}
	return e.store.PutMemberships(ctx, change)
}

// sweep compares all contacts with all rules.
func (e *Evaluator) sweep(ctx context.Context, organization string) error {
	segments, err := e.store.ListSegments(ctx, organization, "", 0)
	if err != nil {
		return err
	}
	now := e.now()
	people, err := Load(ctx, e.store, organization, now)
	if err != nil {
		return err
	}
	done := store.Sweep{
		Organization: organization, Day: rfm.Day(now), Touched: people.RFM.Touched, Time: now, Rules: map[string]int64{}, Faults: map[string]string{}, RFM: people.RFM,
	}
	sets := map[string]*population.Set{}
	for _, s := range segments {
		rule, err := segment.Compile(people.Fields.Schema, s.Rule)
		if err != nil {
			done.Faults[s.ID] = err.Error()
			continue
		}
		sets[s.ID], done.Rules[s.ID] = people.Plan(rule, now).Evaluate(), s.RuleVersion
	}
	moved, err := e.moved(ctx, organization, people, sets, now)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(moved, movedStep) {
		if err := e.store.PutMemberships(ctx, store.MembershipChange{Organization: organization, Rules: done.Rules, Contacts: part}); err != nil {
			return err
		}
	}
	return e.store.EndSweep(ctx, done)
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
