package relational

import (
	"context"
	"slices"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlMembers = `SELECT contact FROM memberships WHERE organization = $1 AND segment = $2 AND leave_time IS NULL AND contact > $3 ORDER BY contact LIMIT $4`
	sqlEnter   = `INSERT INTO memberships (organization, segment, contact, enter_time) VALUES ($1, $2, $3, $4)`
	sqlLeave   = `UPDATE memberships SET leave_time = $4 WHERE organization = $1 AND segment = $2 AND contact = $3 AND leave_time IS NULL`
	sqlAll     = `SELECT count(*) FROM contacts WHERE organization = $1 AND merged_into = ''`
	sqlCount   = `UPDATE segments SET members = members + $3 WHERE organization = $1 AND id = $2`
)

func scanMembership(row relational.Scanner) (m store.Membership, err error) {
	var enter int64
	var leave *int64
	err = row.Scan(&m.Segment, &m.Contact, &enter, &leave)
	m.Enter, m.Leave = relational.FromMicro(enter), relational.FromNull(leave)
	return m, err
}

// ListMemberships implements store.Segments.
func (s *Store) ListMemberships(ctx context.Context, q store.MembershipQuery) ([]store.Membership, bool, error) {
	var c conditions
	c.and("organization = " + c.arg(q.Organization))
	c.equal("segment", q.Segment)
	c.equal("contact", q.Contact)
	if !q.Ended {
		c.and("leave_time IS NULL")
	}
	// The other one of segment and contact puts them in order.
	by := "contact"
	if q.Segment == "" {
		by = "segment"
	}
	if q.After != nil {
		after := q.After.Contact
		if q.Segment == "" {
			after = q.After.Segment
		}
		name, enter := c.arg(after), c.arg(relational.ToMicro(q.After.Enter))
		c.and("(" + by + " > " + name + " OR " + by + " = " + name + " AND enter_time < " + enter + ")")
	}
	all, err := relational.ListOnce(ctx, s.db, scanMembership, `SELECT segment, contact, enter_time, leave_time FROM memberships WHERE `+c.text.String()+
		` ORDER BY `+by+`, enter_time DESC LIMIT `+c.arg(q.Limit+1), c.args...)
	if err != nil {
		return nil, false, s.db.Explain("list memberships", err)
	}
	out, more := relational.Page(all, q.Limit)
	return out, more, nil
}

// Members implements store.Segments.
func (s *Store) Members(ctx context.Context, organization, segment, after string, limit int) ([]string, error) {
	out, err := relational.List(ctx, s.db, relational.Value[string], sqlMembers, organization, segment, after, limit)
	return out, s.db.Explain("list members", err)
}

// CountContacts implements store.Segments.
func (s *Store) CountContacts(ctx context.Context, organization string) (int64, error) {
	n, err := relational.One(ctx, s.db, relational.Value[int64], sqlAll, organization)
	return n, s.db.Explain("count contacts", err)
}

// membersStep is how many contacts are looked up at a time.
const membersStep = 400

// PutMemberships implements store.Segments.
func (s *Store) PutMemberships(ctx context.Context, p store.MembershipChange) error {
	return s.write(ctx, "put memberships", func(ctx context.Context, w *writing) error {
		all, err := relational.List(ctx, w, scanSegment(p.Organization), sqlSegmentsAfter, p.Organization, "")
		if err != nil {
			return err
		}
		compared := map[string]store.Segment{}
		for _, g := range all {
			if version, ok := p.Rules[g.ID]; ok && version == g.RuleVersion {
				compared[g.ID] = g
			}
		}
		for part := range slices.Chunk(p.Contacts, membersStep) {
			if err := w.putMembers(ctx, p.Organization, compared, part); err != nil {
				return err
			}
		}
		return nil
	})
}

// putMembers moves contacts into and out of segments.
func (w *writing) putMembers(ctx context.Context, organization string, compared map[string]store.Segment, contacts []store.ContactMembership) error {
	var c conditions
	c.and("organization = " + c.arg(organization))
	ids := make([]string, len(contacts))
	for i := range contacts {
		ids[i] = contacts[i].Contact
	}
	among(&c, "contact", ids)
	c.and("leave_time IS NULL")
	rows, err := relational.List(ctx, w, scanMembership, `SELECT segment, contact, enter_time, leave_time FROM memberships WHERE `+c.text.String(), c.args...)
	if err != nil {
		return err
	}
	now := map[string]map[string]store.Membership{}
	for _, m := range rows {
		if now[m.Contact] == nil {
			now[m.Contact] = map[string]store.Membership{}
		}
		now[m.Contact][m.Segment] = m
	}
	there, err := contactsIn(ctx, w, organization, ids)
	if err != nil {
		return err
	}
	counts := map[string]int64{}
	for _, contact := range contacts {
		if c, ok := there[contact.Contact]; !ok || c.MergedInto != "" {
			// It was erased or merged since it was compared: it enters nothing.
			contact.In = nil
		}
		for _, id := range contact.In {
			g, ok := compared[id]
			if _, is := now[contact.Contact][id]; ok && !is {
				if err := w.enterSegment(ctx, g, contact); err != nil {
					return err
				}
				counts[id]++
			}
		}
		for id, m := range now[contact.Contact] {
			if g, ok := compared[id]; ok && !slices.Contains(contact.In, id) {
				if err := w.leaveSegment(ctx, g, contact, m); err != nil {
					return err
				}
				counts[id]--
			}
		}
		if contact.Number > 0 {
			if _, err := w.Exec(ctx, sqlUntouch, organization, contact.Contact, contact.Number); err != nil {
				return err
			}
		}
	}
	for id, n := range counts {
		if _, err := w.Exec(ctx, sqlCount, organization, id, n); err != nil {
			return err
		}
	}
	return nil
}

const sqlLastLeave = `SELECT COALESCE(max(leave_time), 0) FROM memberships WHERE organization = $1 AND segment = $2 AND contact = $3`

func (w *writing) enterSegment(ctx context.Context, g store.Segment, c store.ContactMembership) error {
	at := relational.ToMicro(c.Time)
	last, err := relational.One(ctx, w, relational.Value[int64], sqlLastLeave, g.Organization, g.ID, c.Contact)
	if err != nil {
		return err
	}
	// Clocks may differ: nobody enters before they left.
	if last > 0 && at <= last {
		at = last + 1
	}
	if _, err := w.Exec(ctx, sqlEnter, g.Organization, g.ID, c.Contact, at); err != nil {
		return err
	}
	return w.tellMove(ctx, store.SegmentEntered, g, c)
}

func (w *writing) leaveSegment(ctx context.Context, g store.Segment, c store.ContactMembership, m store.Membership) error {
	at := max(relational.ToMicro(c.Time), relational.ToMicro(m.Enter)+1)
	if _, err := w.Exec(ctx, sqlLeave, g.Organization, g.ID, c.Contact, at); err != nil {
		return err
	}
	return w.tellMove(ctx, store.SegmentLeft, g, c)
}

// tellMove tells that a contact moved, unless it was the rule that did.
func (w *writing) tellMove(ctx context.Context, kind store.EventKind, g store.Segment, c store.ContactMembership) error {
	if g.EvaluatedVersion != g.RuleVersion {
		return nil
	}
	body, err := store.EncodeBody(store.SegmentMove{DisplayName: g.DisplayName})
	if err != nil {
		return err
	}
	return w.tell(ctx, g.Organization, store.Event{
		Kind: kind, Resource: "segments/" + g.ID, Contact: c.Contact, Company: c.Company, Location: c.Location, Region: c.Region, Body: body, Time: c.Time,
	})
}
