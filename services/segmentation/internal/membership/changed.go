package membership

import (
	"context"
	"slices"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/segment"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// touchedStep is how many contacts are compared at a time.
const touchedStep = 500

// touched compares the contacts of which something changed with all segments.
func (e *Evaluator) touched(ctx context.Context, o *organization) error {
	for {
		if more, err := e.touchedStep(ctx, o); err != nil || !more {
			return err
		}
	}
}

// touchedStep compares some of the contacts of which something changed, and tells whether there may be more. Those that wait for the comparison of all are left
// to that.
func (e *Evaluator) touchedStep(ctx context.Context, o *organization) (more bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	after := int64(0)
	if o.sweep != nil {
		after = o.sweep.touched
	}
	touches, err := e.store.Touches(ctx, o.id, after, touchedStep)
	if err != nil {
		return false, err
	}
	live := wait{o.id, false}
	if len(touches) == 0 {
		e.waits.end(live)
		return false, nil
	}
	e.waits.set(live, touches[0].Time)
	if err := e.compare(ctx, o, touches); err != nil {
		return false, err
	}
	if len(touches) == touchedStep {
		return true, nil
	}
	e.waits.end(live)
	return false, nil
}

// compare compares contacts with the rules of all segments, while the organisation's lock is held.
func (e *Evaluator) compare(ctx context.Context, o *organization, touches []store.Touch) error {
	segments, err := e.store.ListSegments(ctx, o.id, "", 0)
	if err != nil {
		return err
	}
	b, err := e.open(ctx, o, segments)
	if err != nil {
		return err
	}
	table, err := e.table(ctx, o)
	if err != nil {
		return err
	}
	now := e.now()
	ids := make([]string, len(touches))
	for i, t := range touches {
		ids[i] = t.Contact
	}
	facts, err := e.store.ContactFacts(ctx, o.id, table.Currency, now, ids)
	if err != nil {
		return err
	}
	known := make(map[string]*store.ContactFacts, len(facts))
	for i := range facts {
		known[facts[i].ID] = &facts[i]
	}
	change := store.MembershipChange{Organization: o.id, Rules: map[string]int64{}, Time: now}
	for _, s := range segments {
		if b.rules[s.ID].rule != nil {
			change.Rules[s.ID] = s.RuleVersion
		}
	}
	for _, t := range touches {
		change.Contacts = append(change.Contacts, b.membership(t, known[t.Contact], change.Rules, table, now))
	}
	if err := e.store.PutMemberships(ctx, change); err != nil {
		return err
	}
	if o.sweep != nil {
		o.sweep.note(touches)
	}
	return nil
}

// table is how customers are placed: as they are by the comparison of all that goes on, as far as that is known.
func (e *Evaluator) table(ctx context.Context, o *organization) (store.RFMTable, error) {
	if o.sweep != nil && o.sweep.people != nil {
		return o.sweep.people.RFM, nil
	}
	return e.store.RFMTable(ctx, o.id)
}

// membership is to which segments a contact of which something changed is to belong; facts are nil where there is none any more.
func (b *book) membership(t store.Touch, facts *store.ContactFacts, rules map[string]int64, table store.RFMTable, now time.Time) store.ContactMembership {
	m := store.ContactMembership{Contact: t.Contact, Time: t.Time, Number: t.Number}
	if facts == nil {
		return m
	}
	m.Company, m.Location, m.Region = facts.Company, facts.Location, facts.Region
	evaluate, r := segment.NewEvaluator(b.fields.Schema, now), b.fields.Row(facts, table, now)
	for id := range rules {
		if evaluate.Matches(b.rules[id].rule, r) == segment.True {
			m.In = append(m.In, id)
		}
	}
	slices.Sort(m.In)
	return m
}
