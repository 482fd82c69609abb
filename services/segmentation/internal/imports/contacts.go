package imports

import (
	"context"
	"errors"
	"strings"

	"github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/profile"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Contacts are rows of contacts.
type Contacts struct {
	Directory
	Register *profile.Register
}

const identityField = "identity"

// Columns implements Kind.
func (k Contacts) Columns(ctx context.Context, organization string) ([]sheet.Column, error) {
	declared, err := k.declared(ctx, organization, attribute.Contact)
	return columnsOf(declared, []sheet.Column{
		{Field: "email"}, {Field: "phone"}, {Field: "company"}, {Field: "location"}, {Field: identityField}, {Field: identityField + "."},
	}...), err
}

// Start implements Kind.
func (k Contacts) Start(ctx context.Context, organization string, fields []string) (Reader, error) {
	declared, err := k.declared(ctx, organization, attribute.Contact)
	return &contactReader{Contacts: k, organization: organization, declared: declared, fields: fields, there: map[directory.Ref]bool{}, seen: newSeen()}, err
}

// contactReader reads contacts.
type contactReader struct {
	Contacts
	organization string
	declared     attribute.Set
	fields       []string
	there        map[directory.Ref]bool
	seen         *seen
}

var _ Settler = (*contactReader)(nil)

// Check implements Reader.
func (r *contactReader) Check(ctx context.Context, row Row) (any, []Problem, error) {
	id, _ := row.Get("id")
	set, problems := values(r.declared, r.fields, row)
	if p := problemOf("id", directory.CheckID("id", id)); p != nil {
		problems = append(problems, *p)
	}
	var stated directory.Profile
	for field, into := range map[string]*string{"display_name": &stated.DisplayName, "email": &stated.Email, "phone": &stated.Phone} {
		*into, _ = row.Get(field)
	}
	problems = append(problems, problemsOf(stated.Check())...)
	out := profile.Change{ID: id, AllowMissing: true, Identifiers: r.identifiers(row), Reason: "a table that was imported states the identity of the contact"}
	for _, i := range out.Identifiers {
		if p := problemOf(identityField, directory.CheckID(identityField, i.Identifier)); p != nil {
			problems = append(problems, *p)
		}
	}
	company, location := refOf(row, "company", attribute.Company), refOf(row, "location", attribute.Location)
	for _, ref := range []directory.Ref{company, location} {
		p, err := r.checkThere(ctx, ref)
		if err != nil {
			return nil, nil, err
		}
		problems = append(problems, p...)
	}
	if len(problems) == 0 {
		var err error
		if problems, err = r.twice(row, out); err != nil {
			return nil, nil, err
		}
	}
	if len(problems) > 0 {
		return nil, problems, nil
	}
	if stated != (directory.Profile{}) {
		out.Profile = func(p *directory.Profile) { overlay(p, stated) }
	}
	out.Edit = func(c *directory.Contact) error {
		if !company.Empty() {
			c.Company = company.ID
		}
		if !location.Empty() {
			c.Location = location.ID
		}
		c.Attributes = c.Attributes.With(set, nil, func(uint32) bool { return true })
		return nil
	}
	return out, nil, nil
}

// twice refuses contacts, and identifiers of contacts, that are there in a row before.
func (r *contactReader) twice(row Row, c profile.Change) ([]Problem, error) {
	problems, err := r.seen.twice(row, "id", c.ID)
	for _, i := range c.Identifiers {
		if len(problems) == 0 && err == nil {
			problems, err = r.seen.twice(row, identityField, i.Identifier)
		}
	}
	return problems, err
}

// overlay puts what a row says over what was known. What it does not say stays.
func overlay(p *directory.Profile, stated directory.Profile) {
	for _, f := range []struct {
		into  *string
		value string
	}{{&p.DisplayName, stated.DisplayName}, {&p.Email, stated.Email}, {&p.Phone, stated.Phone}} {
		if f.value != "" {
			*f.into = f.value
		}
	}
}

// identifiers are by what a row says that the contact is known.
func (r *contactReader) identifiers(row Row) (out []profile.Identifier) {
	for _, f := range r.fields {
		channel, ok := strings.CutPrefix(f, identityField+".")
		if f != identityField && !ok {
			continue
		}
		if f == identityField {
			channel = ""
		}
		if cell, there := row.Get(f); there {
			out = append(out, profile.Identifier{Channel: channel, Identifier: cell})
		}
	}
	return out
}

// checkThere refuses a unit that there is not.
func (r *contactReader) checkThere(ctx context.Context, ref directory.Ref) ([]Problem, error) {
	if ref.Empty() {
		return nil, nil
	}
	there, known := r.there[ref]
	if !known {
		_, err := r.Store.GetUnit(ctx, r.organization, ref)
		if there = err == nil; err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		r.there[ref] = there
	}
	if there {
		return nil, nil
	}
	return []Problem{{ref.Kind.String(), string(directory.ParentUnknown), "there is no " + ref.Kind.String() + " " + ref.ID}}, nil
}

// Apply implements Reader.
func (r *contactReader) Apply(ctx context.Context, records []any) ([]Outcome, error) {
	changes := make([]profile.Change, len(records))
	for i, record := range records {
		changes[i], _ = record.(profile.Change)
	}
	outcomes, err := r.Register.Put(ctx, r.organization, r.Now(), true, changes)
	if err != nil {
		return nil, err
	}
	out := make([]Outcome, len(records))
	for i, o := range outcomes {
		if out[i], err = outcomeOf(o.Created, o.Changed, o.Err); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Settle implements Settler.
func (r *contactReader) Settle(ctx context.Context) error {
	return r.Register.Store.SettleContacts(ctx, r.organization, r.Now())
}
