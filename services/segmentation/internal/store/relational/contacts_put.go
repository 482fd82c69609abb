package relational

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// PutContacts implements store.Contacts.
func (s *Store) PutContacts(ctx context.Context, organization string, at time.Time, bulk bool, changes []store.ContactChange) (out []store.ContactOutcome, err error) {
	err = s.write(ctx, "put contacts", func(ctx context.Context, w *writing) error {
		p := &contactPutter{writing: w, organization: organization, at: at, there: map[directory.Ref]bool{}}
		if err := p.read(ctx, changes); err != nil {
			return err
		}
		out = make([]store.ContactOutcome, len(changes))
		var changed []string
		var done importCount
		for i, c := range changes {
			if err := p.put(ctx, c, &out[i]); err != nil {
				return err
			}
			if out[i].Changed {
				changed = append(changed, c.ID)
				done.add(out[i].Created)
			}
		}
		if store.IsRehearsal(ctx) {
			return nil
		}
		if err := p.flush(ctx); err != nil {
			return err
		}
		if err := w.countImported(ctx, organization, done); err != nil || bulk || len(changed) == 0 {
			return err
		}
		return w.contactsChanged(ctx, organization, changed, at)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// contactPutter puts contacts in one transaction. Rows are kept back and written together.
type contactPutter struct {
	*writing
	organization string
	at           time.Time
	contacts     map[string]directory.Contact
	identities   map[string]directory.Identity
	// there are units that were looked for.
	there map[directory.Ref]bool
	// erased are pseudonyms that are not entered again.
	erased                 map[string]bool
	newContacts, newPeople [][]any
}

// read reads what is there of what changes name.
func (p *contactPutter) read(ctx context.Context, changes []store.ContactChange) (err error) {
	var ids []string
	var persons [][]byte
	for _, c := range changes {
		ids = append(ids, c.ID)
		for _, i := range c.Identities {
			persons = append(persons, i.Person)
		}
	}
	if p.erased, err = erasedSince(ctx, p, p.organization); err != nil {
		return err
	}
	if p.contacts, err = contactsIn(ctx, p, p.organization, ids); err != nil {
		return err
	}
	found, err := inNames(ctx, p, scanIdentity, sqlIdentitiesIn, []any{p.organization}, persons)
	p.identities = make(map[string]directory.Identity, len(found))
	for _, i := range found {
		p.identities[string(i.Person)] = i
	}
	return err
}

// put changes a contact. What is refused is the outcome, and no error.
func (p *contactPutter) put(ctx context.Context, c store.ContactChange, out *store.ContactOutcome) error {
	before, there := p.contacts[c.ID]
	now := before
	switch {
	case !there && !c.AllowMissing:
		out.Err = store.ErrNotFound
		return nil
	case !there && directory.GivenByService(c.ID):
		out.Err = directory.Refuse("name", directory.Invalid, "contacts of this form are made by answers alone")
		return nil
	case !there:
		now, out.Created = directory.Contact{ID: c.ID, CreateTime: p.at}, true
	case before.MergedInto != "":
		out.Err = directory.Refuse("name", directory.Merged, "the contact was merged into %s: change that", before.MergedInto)
		return nil
	}
	if out.Err = c.Edit(&now); out.Err != nil {
		return nil //nolint:nilerr // it is the outcome
	}
	now.ID, now.CreateTime, now.Version, now.MergedInto = c.ID, before.CreateTime, before.Version, ""
	if out.Created {
		now.CreateTime = p.at
	}
	var err error
	if out.Err, err = p.checkPlaces(ctx, before, now); err != nil || out.Err != nil {
		return err
	}
	var claims []directory.Identity
	if claims, out.Err = p.claims(c); out.Err != nil {
		return nil //nolint:nilerr // it is the outcome
	}
	if out.Contact = now; !out.Created && len(claims) == 0 && sameContact(before, now) {
		return nil
	}
	now.Version, now.UpdateTime = now.Version+1, p.at
	out.Contact, out.Changed = now, true
	p.contacts[c.ID] = now
	p.newContacts = append(p.newContacts, contactArgs(p.organization, now))
	absorbed, err := p.claim(ctx, c, claims)
	if err != nil || !absorbed {
		return err
	}
	found, err := contactsIn(ctx, p, p.organization, []string{c.ID})
	p.contacts[c.ID], out.Contact = found[c.ID], found[c.ID]
	return err
}

func sameContact(a, b directory.Contact) bool {
	return a.Company == b.Company && a.Location == b.Location && string(a.Attributes) == string(b.Attributes) && string(a.Sealed) == string(b.Sealed)
}

// checkPlaces refuses a company or location that there is not.
func (p *contactPutter) checkPlaces(ctx context.Context, before, now directory.Contact) (refusal, err error) {
	for _, d := range [...]struct {
		field, before string
		ref           directory.Ref
	}{
		{"company", before.Company, directory.Ref{Kind: attribute.Company, ID: now.Company}},
		{"location", before.Location, directory.Ref{Kind: attribute.Location, ID: now.Location}},
	} {
		if d.ref.ID == "" || d.ref.ID == d.before {
			continue
		}
		there, known := p.there[d.ref]
		if !known {
			if there, err = unitThere(ctx, p, p.organization, d.ref.Kind, d.ref.ID); err != nil {
				return nil, err
			}
			p.there[d.ref] = there
		}
		if !there {
			return directory.Refuse(d.field, directory.ParentUnknown, "there is no %s %s", d.ref.Kind, d.ref.ID), nil
		}
	}
	return nil, nil
}

// claims are the identities that are new to a contact; refused are those of other contacts, but for those that are known by nothing else.
func (p *contactPutter) claims(c store.ContactChange) (claims []directory.Identity, refusal error) {
	for _, i := range c.Identities {
		if p.erased[string(i.Person)] {
			return nil, directory.Refuse("id", directory.Erased, "the person was erased since the import began")
		}
		i.Contact, i.ClaimTime = c.ID, p.at
		known, there := p.identities[string(i.Person)]
		switch {
		case there && known.Contact == c.ID:
			// A channel that is stated is learnt; what is not stated is not forgotten.
			if known.Channel == i.Channel && (len(known.Sealed) > 0 || len(i.Sealed) == 0) {
				continue
			}
			i.ClaimTime, i.Home = known.ClaimTime, known.Home
		case there && known.Contact != directory.KnownAs(i.Person):
			field := "identities"
			if i.Home != "" {
				field = "name"
			}
			return nil, directory.Refuse(field, directory.IdentityTaken, "an identity is that of the contact %s: merge the two", known.Contact)
		}
		claims = append(claims, i)
	}
	return claims, nil
}

// claim gives identities to a contact. What is known of a contact by one of them alone goes with it; absorbed tells that there was one.
func (p *contactPutter) claim(ctx context.Context, c store.ContactChange, claims []directory.Identity) (absorbed bool, err error) {
	contact := c.ID
	for _, i := range claims {
		known, there := p.identities[string(i.Person)]
		p.identities[string(i.Person)] = i
		if !there || known.Contact == contact {
			p.newPeople = append(p.newPeople, identityArgs(p.organization, i))
			continue
		}
		if err := p.flush(ctx); err != nil {
			return false, err
		}
		if _, err := p.absorb(ctx, p.organization, directory.Move{Kind: directory.Claim, From: known.Contact, To: contact, Actor: c.Actor, Reason: c.Reason, Time: p.at}); err != nil {
			return false, err
		}
		if _, err := p.Exec(ctx, sqlPutIdentity, identityArgs(p.organization, i)...); err != nil {
			return false, err
		}
		if err := p.contactsChanged(ctx, p.organization, []string{known.Contact}, p.at); err != nil {
			return false, err
		}
		if err := p.reread(ctx, known.Contact, contact); err != nil {
			return false, err
		}
		absorbed = true
	}
	return absorbed, nil
}

// reread brings up to date what was read of a contact that was merged into another one: a later change sees that.
func (p *contactPutter) reread(ctx context.Context, from, to string) error {
	found, err := contactsIn(ctx, p, p.organization, []string{from})
	if err != nil {
		return err
	}
	p.contacts[from] = found[from]
	for person, i := range p.identities {
		if i.Contact == from {
			i.Contact = to
			p.identities[person] = i
		}
	}
	return nil
}

// flush writes rows that were kept back.
func (p *contactPutter) flush(ctx context.Context) error {
	for _, table := range []struct {
		statement string
		rows      *[][]any
	}{{sqlPutContact, &p.newContacts}, {sqlPutIdentity, &p.newPeople}} {
		if len(*table.rows) == 0 {
			continue
		}
		if err := p.Many(ctx, table.statement, *table.rows); err != nil {
			return err
		}
		*table.rows = nil
	}
	return nil
}
