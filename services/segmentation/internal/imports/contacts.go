package imports

import (
	"context"
	"errors"
	"strings"

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
func (k Contacts) Columns(ctx context.Context, organization string) ([]Column, error) {
	declared, err := k.declared(ctx, organization, attribute.Contact)
	return columnsOf(declared, []Column{
		{Field: "email"}, {Field: "phone"}, {Field: "company"}, {Field: "location"}, {Field: identityField}, {Field: identityField + "."},
	}...), err
}

// Start implements Kind.
func (k Contacts) Start(ctx context.Context, organization string, fields []string) (Reader, error) {
	declared, err := k.declared(ctx, organization, attribute.Contact)
	return &contactReader{Contacts: k, organization: organization, declared: declared, fields: fields, there: map[directory.Ref]bool{}}, err
}

// contactReader reads contacts.
type contactReader struct {
	Contacts
	organization string
	declared     attribute.Set
	fields       []string
	there        map[directory.Ref]bool
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
	if p := problemOf("", stated.Check()); p != nil {
		problems = append(problems, *p)
	}
	out := profile.Change{ID: id, AllowMissing: true, Identifiers: r.identifiers(row)}
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
	out := make([]Outcome, len(records))
	// A contact that is there twice is changed by one row after the other.
	for done := 0; done < len(records); {
		var part []profile.Change
		seen := map[string]bool{}
		for _, record := range records[done:] {
			c, _ := record.(profile.Change)
			if seen[c.ID] {
				break
			}
			seen[c.ID] = true
			part = append(part, c)
		}
		outcomes, err := r.Register.Put(ctx, r.organization, r.Now(), true, part)
		if err != nil {
			return nil, err
		}
		for i, o := range outcomes {
			at := &out[done+i]
			at.Created, at.Changed = o.Created && o.Err == nil, o.Changed
			if o.Err == nil {
				continue
			}
			if at.Problem = problemOf("", o.Err); at.Problem == nil {
				return nil, o.Err
			}
		}
		done += len(part)
	}
	return out, nil
}

// Settle implements Settler.
func (r *contactReader) Settle(ctx context.Context) error {
	return r.Register.Store.SettleContacts(ctx, r.organization, r.Now())
}
