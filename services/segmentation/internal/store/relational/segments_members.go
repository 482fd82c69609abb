package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlMembers = `SELECT contact FROM memberships WHERE organization = $1 AND segment = $2 AND leave_time IS NULL AND contact > $3 ORDER BY contact LIMIT $4`
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

// PutMemberships implements store.Segments.
func (s *Store) PutMemberships(ctx context.Context, p store.MembershipChange) error {
	return s.write(ctx, "put memberships", func(ctx context.Context, w *writing) error {
		all, err := relational.List(ctx, w, scanSegment(p.Organization), sqlSegmentsAfter, p.Organization, "")
		if err != nil {
			return err
		}
		m := moving{organization: p.Organization, compared: map[string]store.Segment{}, at: p.Time, counts: map[string]int64{}}
		for _, g := range all {
			if version, ok := p.Rules[g.ID]; ok && version == g.RuleVersion {
				m.compared[g.ID] = g
			}
		}
		if err := m.read(ctx, w, p); err != nil {
			return err
		}
		for _, c := range p.Contacts {
			if err := m.contact(c); err != nil {
				return err
			}
		}
		return m.write(ctx, w)
	})
}
