package relational

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	contactColumns  = `contact, company, location, merged_into, attributes, sealed, key, version, create_time, update_time`
	identityColumns = `person, contact, home, channel, sealed, key, claim_time`

	sqlContactOf    = `SELECT contact FROM identities WHERE organization = $1 AND person = $2`
	sqlContactsIn   = `SELECT ` + contactColumns + ` FROM contacts WHERE organization = $1 AND contact IN (`
	sqlPersonsOf    = `SELECT person FROM identities WHERE organization = $1 AND contact IN (`
	sqlIdentitiesIn = `SELECT ` + identityColumns + ` FROM identities WHERE organization = $1 AND person IN (`
	sqlPutContact   = `INSERT INTO contacts (organization, ` + contactColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (organization, contact) DO UPDATE SET company = excluded.company, location = excluded.location, merged_into = excluded.merged_into,
attributes = excluded.attributes, sealed = excluded.sealed, key = excluded.key, version = excluded.version, update_time = excluded.update_time`
	sqlPutIdentity = `INSERT INTO identities (organization, ` + identityColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (organization, person) DO UPDATE SET contact = excluded.contact, home = excluded.home, channel = excluded.channel, sealed = excluded.sealed, key = excluded.key`
	// sqlContactPerson prefers the contact's own identifier to what it was known as first.
	sqlContactPerson = `SELECT person FROM identities WHERE organization = $1 AND contact = $2 ORDER BY CASE home WHEN $2 THEN 0 ELSE 1 END, claim_time, person LIMIT 1`
)

func scanContact(row relational.Scanner) (c directory.Contact, err error) {
	var created, updated int64
	err = row.Scan(&c.ID, &c.Company, &c.Location, &c.MergedInto, (*[]byte)(&c.Attributes), &c.Sealed, &c.Key, &c.Version, &created, &updated)
	c.CreateTime, c.UpdateTime = relational.FromMicro(created), relational.FromMicro(updated)
	return c, err
}

func scanIdentity(row relational.Scanner) (i directory.Identity, err error) {
	var claimed int64
	err = row.Scan(&i.Person, &i.Contact, &i.Home, &i.Channel, &i.Sealed, &i.Key, &claimed)
	i.ClaimTime = relational.FromMicro(claimed)
	return i, err
}

func contactArgs(organization string, c directory.Contact) []any {
	return []any{
		organization, c.ID, c.Company, c.Location, c.MergedInto, []byte(c.Attributes), c.Sealed, c.Key, c.Version,
		relational.ToMicro(c.CreateTime), relational.ToMicro(c.UpdateTime),
	}
}

func identityArgs(organization string, i directory.Identity) []any {
	return []any{organization, i.Person, i.Contact, i.Home, i.Channel, i.Sealed, i.Key, relational.ToMicro(i.ClaimTime)}
}

// contactOf is the contact that is known by a pseudonym. One that nobody has claimed belongs to a contact that is made now; whoever sees it first comes to the
// same one.
func contactOf(ctx context.Context, w *writing, organization string, person []byte) (string, error) {
	id, err := relational.One(ctx, w, relational.Value[string], sqlContactOf, organization, person)
	if !errors.Is(err, relational.ErrNoRow) {
		return id, err
	}
	now := time.Now()
	c := directory.Contact{ID: directory.KnownAs(person), CreateTime: now, UpdateTime: now, Version: 1}
	if _, err := w.Exec(ctx, sqlPutContact, contactArgs(organization, c)...); err != nil {
		return "", err
	}
	i := directory.Identity{Person: person, Contact: c.ID, Home: c.ID, ClaimTime: now}
	if _, err := w.Exec(ctx, sqlPutIdentity, identityArgs(organization, i)...); err != nil {
		return "", err
	}
	return c.ID, w.touch(ctx, organization, []string{c.ID}, now)
}

// contactPerson is the pseudonym of a contact's own identifier, also of one that was merged into another; nil when there is no such contact. What comes by a
// contact, and by no pseudonym, is kept with it, so that it goes back with the contact when a merge is undone.
func contactPerson(ctx context.Context, r relational.Reader, organization, contact string) ([]byte, error) {
	person, err := relational.One(ctx, r, relational.Value[[]byte], sqlContactPerson, organization, contact)
	if !errors.Is(err, relational.ErrNoRow) {
		return person, err
	}
	// The identities of a contact that was merged are the other one's: the merge says which they were, the contact's own first.
	m, err := relational.One(ctx, r, scanMove, sqlMergeOf, organization, contact, int64(directory.Split))
	if errors.Is(err, relational.ErrNoRow) || err == nil && len(m.Persons) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return m.Persons[0], nil
}

// ContactOf implements store.Contacts.
func (s *Store) ContactOf(ctx context.Context, organization string, person []byte) (string, error) {
	id, err := relational.One(ctx, s.db, relational.Value[string], sqlContactOf, organization, person)
	return id, s.db.Explain("find contact", notFound(err))
}

// GetContacts implements store.Contacts.
func (s *Store) GetContacts(ctx context.Context, organization string, ids []string) (map[string]directory.Contact, error) {
	out, err := contactsIn(ctx, s.db, organization, ids)
	return out, s.db.Explain("get contacts", err)
}

func contactsIn(ctx context.Context, r relational.Reader, organization string, ids []string) (map[string]directory.Contact, error) {
	found, err := inNames(ctx, r, scanContact, sqlContactsIn, []any{organization}, ids)
	out := make(map[string]directory.Contact, len(found))
	for _, c := range found {
		out[c.ID] = c
	}
	return out, err
}

// Identities implements store.Contacts.
func (s *Store) Identities(ctx context.Context, organization string, contacts []string) (map[string][]directory.Identity, error) {
	out, err := identitiesOf(ctx, s.db, organization, contacts)
	return out, s.db.Explain("read identities", err)
}

func identitiesOf(ctx context.Context, r relational.Reader, organization string, contacts []string) (map[string][]directory.Identity, error) {
	persons, err := inNames(ctx, r, relational.Value[[]byte], sqlPersonsOf, []any{organization}, contacts)
	if err != nil {
		return nil, err
	}
	found, err := inNames(ctx, r, scanIdentity, sqlIdentitiesIn, []any{organization}, persons)
	out := map[string][]directory.Identity{}
	for _, i := range found {
		out[i.Contact] = append(out[i.Contact], i)
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b directory.Identity) int {
			if own := a.Home == a.Contact; own != (b.Home == b.Contact) {
				if own {
					return -1
				}
				return 1
			}
			if c := a.ClaimTime.Compare(b.ClaimTime); c != 0 {
				return c
			}
			return slices.Compare(a.Person, b.Person)
		})
	}
	return out, err
}

// ListContacts implements store.Contacts.
func (s *Store) ListContacts(ctx context.Context, q store.ContactQuery) (out []directory.Contact, more bool, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		out, err = listContacts(ctx, r, q)
		return err
	})
	if err != nil {
		return nil, false, s.db.Explain("list contacts", err)
	}
	out, more = relational.Page(out, q.Limit)
	return out, more, nil
}

// listContacts reads a page of contacts and one more.
func listContacts(ctx context.Context, r relational.Reader, q store.ContactQuery) ([]directory.Contact, error) {
	of, err := reachOf(ctx, r, q.Organization, q.Units)
	if err != nil {
		return nil, err
	}
	if len(q.Units) > 0 && q.Company == "" {
		ids, err := of.contacts(ctx, r, q.Organization, q.After, q.Limit+1)
		if err != nil {
			return nil, err
		}
		found, err := contactsIn(ctx, r, q.Organization, ids)
		return slices.SortedFunc(maps.Values(found), func(a, b directory.Contact) int { return strings.Compare(a.ID, b.ID) }), err
	}
	where := conditions{}
	where.and("organization = " + where.arg(q.Organization))
	if where.equal("company", q.Company); q.Company != "" {
		where.and("company <> ''")
	}
	where.and("contact > " + where.arg(q.After))
	where.and("merged_into = ''")
	of.seen(&where)
	return relational.List(ctx, r, scanContact, `SELECT `+contactColumns+` FROM contacts WHERE `+where.text.String()+` ORDER BY contact LIMIT `+where.arg(q.Limit+1), where.args...)
}

// SeeContacts implements store.Contacts.
func (s *Store) SeeContacts(ctx context.Context, organization string, units store.Units, ids []string) (out map[string]store.SeenContact, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		out = map[string]store.SeenContact{}
		found, err := contactsIn(ctx, r, organization, ids)
		if err != nil {
			return err
		}
		of, err := reachOf(ctx, r, organization, units)
		if err != nil {
			return err
		}
		var others []string
		for id, c := range found {
			if of.owns(c) {
				out[id] = store.SeenContact{Contact: c, Own: true}
			} else {
				others = append(others, id)
			}
		}
		here, err := of.wereHere(ctx, r, organization, others)
		for id := range here {
			out[id] = store.SeenContact{Contact: found[id]}
		}
		return err
	})
	return out, s.db.Explain("see contacts", err)
}

// StandingContact implements store.Contacts.
func (s *Store) StandingContact(ctx context.Context, organization string, units store.Units, id string) (out store.SeenContact, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		of, err := reachOf(ctx, r, organization, units)
		if err != nil {
			return err
		}
		out.Contact, err = standing(ctx, r, organization, id)
		out.Own = of.owns(out.Contact)
		return err
	})
	return out, s.db.Explain("find contact", err)
}

// SettleContacts implements store.Contacts.
func (s *Store) SettleContacts(ctx context.Context, organization string, at time.Time) error {
	return s.write(ctx, "settle contacts", func(ctx context.Context, w *writing) error { return w.settleDirectory(ctx, organization, at) })
}

// unitThere tells whether there is a unit.
func unitThere(ctx context.Context, r relational.Reader, organization string, kind attribute.Kind, id string) (bool, error) {
	return relational.Exists(ctx, r, sqlUnitThere, organization, int64(kind), id)
}
