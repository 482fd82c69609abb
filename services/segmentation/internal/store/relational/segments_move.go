package relational

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// In the order of the index by contact, which is not taken otherwise, and with those that ended: it has them.
	sqlMembershipsIn   = `SELECT segment, contact, enter_time, leave_time FROM memberships WHERE organization = $1 AND contact IN (`
	membershipsInOrder = ` ORDER BY contact, segment, enter_time`
	sqlTouchedIn       = `SELECT contact, number, time FROM segment_touches WHERE organization = $1 AND contact IN (`
	sqlStanding        = `SELECT contact FROM contacts WHERE organization = $1 AND merged_into = '' AND contact IN (`

	sqlEnter = `INSERT INTO memberships (organization, segment, contact, enter_time) VALUES ($1, $2, $3, $4)`
	sqlLeave = `UPDATE memberships SET leave_time = $5 WHERE organization = $1 AND segment = $2 AND contact = $3 AND enter_time = $4`
)

// membershipOf names a membership that lasts.
type membershipOf struct{ contact, segment string }

// moving is how contacts move into and out of segments: everything about them is read at once, and written at once.
type moving struct {
	organization string
	// compared are the segments that they were compared with, at when that was.
	compared map[string]store.Segment
	at       time.Time

	// now are the memberships that last, by contact and segment; left is when the last of others ended; touched when what waits changed; standing are the
	// contacts that there are and that were not merged.
	now      map[string]map[string]store.Membership
	left     map[membershipOf]time.Time
	touched  map[string]time.Time
	standing map[string]bool

	enter, leave, untouch [][]any
	tell                  []store.Event
	counts                map[string]int64
}

// read reads what is to be known of contacts.
func (m *moving) read(ctx context.Context, w *writing, p store.MembershipChange) error {
	ids := make([]string, len(p.Contacts))
	for i := range p.Contacts {
		ids[i] = p.Contacts[i].Contact
	}
	org := []any{p.Organization}
	found, err := inNamesBy(ctx, w, scanMembership, sqlMembershipsIn, membershipsInOrder, org, ids)
	if err != nil {
		return err
	}
	m.now, m.left = map[string]map[string]store.Membership{}, map[membershipOf]time.Time{}
	for _, f := range found {
		if !f.Leave.IsZero() {
			of := membershipOf{f.Contact, f.Segment}
			m.left[of] = latest(m.left[of], f.Leave)
			continue
		}
		if m.now[f.Contact] == nil {
			m.now[f.Contact] = map[string]store.Membership{}
		}
		m.now[f.Contact][f.Segment] = f
	}
	m.touched = map[string]time.Time{}
	if p.Touched > 0 {
		touched, err := inNames(ctx, w, scanTouch, sqlTouchedIn, org, ids)
		if err != nil {
			return err
		}
		for _, t := range touched {
			if t.Number <= p.Touched {
				m.touched[t.Contact] = t.Time
			}
		}
	}
	standing, err := inNames(ctx, w, relational.Value[string], sqlStanding, org, ids)
	m.standing = make(map[string]bool, len(standing))
	for _, id := range standing {
		m.standing[id] = true
	}
	return err
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// contact moves a contact.
func (m *moving) contact(c store.ContactMembership) error {
	if at, ok := m.touched[c.Contact]; ok {
		c.Time = at
	}
	if !m.standing[c.Contact] {
		// It was erased or merged since it was compared: it enters nothing.
		c.In = nil
	}
	for _, id := range c.In {
		g, ok := m.compared[id]
		if _, is := m.now[c.Contact][id]; !ok || is {
			continue
		}
		at := relational.ToMicro(c.Time)
		// Clocks may differ: nobody enters before they left.
		if left, ever := m.left[membershipOf{c.Contact, id}]; ever {
			at = max(at, relational.ToMicro(left)+1)
		}
		m.enter = append(m.enter, []any{m.organization, id, c.Contact, at})
		m.counts[id]++
		if err := m.tells(store.SegmentEntered, g, c); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.now[c.Contact])) {
		g, ok := m.compared[id]
		if !ok || slices.Contains(c.In, id) {
			continue
		}
		entered := relational.ToMicro(m.now[c.Contact][id].Enter)
		m.leave = append(m.leave, []any{m.organization, id, c.Contact, entered, max(relational.ToMicro(c.Time), entered+1)})
		m.counts[id]--
		if err := m.tells(store.SegmentLeft, g, c); err != nil {
			return err
		}
	}
	if c.Number > 0 {
		m.untouch = append(m.untouch, []any{m.organization, c.Contact, c.Number})
	}
	return nil
}

// tells tells that a contact moved, unless it was the rule that did.
func (m *moving) tells(kind store.EventKind, g store.Segment, c store.ContactMembership) error {
	if g.EvaluatedVersion != g.RuleVersion {
		return nil
	}
	body, err := store.EncodeBody(store.SegmentMove{DisplayName: g.DisplayName})
	// A change that waits may have had others before it: nothing is told to have happened before what caused it.
	m.tell = append(m.tell, store.Event{
		Kind: kind, Resource: "segments/" + g.ID, Contact: c.Contact, Company: c.Company, Location: c.Location, Region: c.Region, Body: body, Time: latest(c.Time, m.at),
	})
	return err
}

// write writes the moves.
func (m *moving) write(ctx context.Context, w *writing) error {
	for _, part := range []struct {
		statement string
		rows      [][]any
	}{{sqlEnter, m.enter}, {sqlLeave, m.leave}, {sqlUntouch, m.untouch}} {
		if err := w.many(ctx, part.statement, part.rows); err != nil {
			return err
		}
	}
	for _, e := range m.tell {
		if err := w.tell(ctx, m.organization, e); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.counts)) {
		if _, err := w.Exec(ctx, sqlCount, m.organization, id, m.counts[id]); err != nil {
			return err
		}
	}
	return nil
}
